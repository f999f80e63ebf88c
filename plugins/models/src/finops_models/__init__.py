"""Anomaly detectors and forecasters for panels of daily cost."""
