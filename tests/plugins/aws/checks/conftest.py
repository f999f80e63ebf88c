"""An AWS account in moto, and checks that look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws

from finops_aws.aws_case import REGION
from finops_cost_management import DateWindow, Optimizer, SavingsAnswer
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import CASE_END
from finops_cost_management.testing.bills import bill_snapshot

WINDOW = DateWindow.last(90, until=CASE_END)


@pytest.fixture
def account() -> Iterator[Callable[[str], Any]]:
    """Gives clients of an empty account, by the name of the service."""
    with mock_aws():
        yield lambda service: boto3.client(service, region_name=REGION)


@pytest.fixture
def on() -> Callable[[datetime], Any]:
    """Makes things happen at another time: ``with on(datetime(2026, 6, 1, tzinfo=UTC)): …``."""
    return time_machine.travel


@pytest.fixture
def find(engine: Engine) -> Callable[..., SavingsAnswer]:
    """What a check says of the account, given a bill and options."""

    def ask(
        check: type[Optimizer[Any]], charges: Iterable[Mapping[str, Any]] = (), **options: Any
    ) -> SavingsAnswer:
        given = {"regions": [REGION], **options}
        known = {name: given[name] for name in given if name in check.Options.model_fields}
        component: Any = check(check.Options.model_validate(known), name="tested")
        costs = bill_snapshot(engine, charges)
        answer: SavingsAnswer = component.find_savings(costs=costs, window=WINDOW)
        return answer

    return ask
