"""Budgets: what may be spent, and where that stands."""
