"""The same costs from two sources are told."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import daily_charges
from finops_cost_management.query.overlaps import overlaps_of
from finops_cost_management.testing.bills import bill_snapshot

pytestmark = pytest.mark.real_component


def overlaps(engine: Engine, *charges: dict[str, Any]) -> list[Any]:
    rows = bill_snapshot(engine, charges).rows
    return overlaps_of(rows.drop("x_Source").rename(x_Source="x_From"))


def of(source: str, **columns: Any) -> list[dict[str, Any]]:
    return [{**one, "x_From": source} for one in daily_charges("1", days=3, **columns)]


def test_one_account_from_two_sources_is_told(engine: Engine) -> None:
    (found,) = overlaps(engine, *of("cur"), *of("focus"), *of("focus", SubAccountId="other"))

    assert (found.provider, found.sources, found.accounts) == ("AWS", ("cur", "focus"), 1)
    assert "cur and focus both have costs of AWS account 0002" in found.warning


@pytest.mark.parametrize(
    "other",
    [
        {"SubAccountId": "other"},
        {"ServiceName": "AWS Support"},
        {"ChargeCategory": "Credit"},
        {"until": date(2026, 6, 1)},
        {"SubAccountId": None},
    ],
)
def test_what_two_sources_may_share(engine: Engine, other: dict[str, Any]) -> None:
    assert not overlaps(engine, *of("cur"), *of("focus", **other))
