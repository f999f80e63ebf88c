"""AWS's own advice."""
