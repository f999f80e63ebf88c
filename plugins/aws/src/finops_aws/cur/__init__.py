"""From a Cost and Usage Report, legacy or 2.0, to FOCUS."""
