"""What plugins answer, and what a run comes to, as plain data."""
