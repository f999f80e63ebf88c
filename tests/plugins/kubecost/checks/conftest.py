"""Clusters, and checks that look at them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from finops_cost_management import DateWindow, Optimizer, SavingsAnswer
from finops_cost_management.plugins.savings_case import CASE_END
from finops_kubecost.checks.cluster_case import FakeCluster

WINDOW = DateWindow.last(90, until=CASE_END)


@pytest.fixture
def find() -> Callable[..., SavingsAnswer]:
    """What a check says of a cluster, given options; no network, and no bill."""

    def ask(check: type[Optimizer[Any]], server: FakeCluster, **options: Any) -> SavingsAnswer:
        component: Any = check(check.Options.model_validate(options), name="tested")
        with server.answering():
            answer: SavingsAnswer = component.find_savings(costs=None, window=WINDOW)
        return answer

    return ask
