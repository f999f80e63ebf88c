"""Savings checks that need nothing but the bill, whichever provider wrote it."""
