"""Replays detectors and forecasters on the past, each day knowing what was known then."""
