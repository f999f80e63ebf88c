"""What can be saved on AWS, seen through its read-only APIs."""
