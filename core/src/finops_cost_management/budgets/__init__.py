"""Budgets: what may be spent, and where that stands."""

from finops_cost_management.budgets.budget import Budget, period_of
from finops_cost_management.budgets.evaluation import evaluate

__all__ = ["Budget", "evaluate", "period_of"]
