from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import CASE_END, Charge
from finops_cost_management.policies.judged_bill import JudgedBill
from finops_cost_management.testing.bills import bill_snapshot

Judged = Callable[..., JudgedBill]


@pytest.fixture
def judged(engine: Engine) -> Judged:
    """Makes the bill that a policy judges, from charges that end with the newest day."""

    def make(charges: Iterable[Charge], *, days: int = 30, **where: Any) -> JudgedBill:
        costs = bill_snapshot(engine, charges)
        return JudgedBill.of(costs, CASE_END, days=days, where=where)

    return make
