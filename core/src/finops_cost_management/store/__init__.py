"""Where cost rows live, and what was believed when."""
