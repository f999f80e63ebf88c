"""Reserved Instances and Savings Plans."""
