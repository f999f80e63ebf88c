"""Cases that a savings check ships: a bill on which it must fire, must not, and must be unknown."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Charge = dict[str, Any]
"""FOCUS column → value; what is left out is null."""

CASE_END = date(2026, 10, 1)
"""The day before which the bills of cases end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsCase:
    """A bill, and what a check must say of it.

    Attributes:
        name: What it shows, in words.
        verdict: What the check must answer, once at least, and nothing else but clean beside it.
        charges: The bill.
        options: Options of the check that differ from the defaults.
    """

    name: str
    verdict: Literal["finding", "clean", "unknown"]
    charges: Sequence[Charge]
    options: Mapping[str, Any] = field(default_factory=dict)

    def prepared(self) -> AbstractContextManager[None]:
        """What surrounds the check while it is asked: nothing, where the bill says it all.

        A check that asks somebody overrides it with an imitation of whom it asks.
        """
        return nullcontext()

    @property
    def window(self) -> DateWindow:
        """The days that the check is asked about."""
        return DateWindow.last(90, until=CASE_END)


def daily_charges(
    cost: Decimal | str | int, *, days: int = 90, until: date = CASE_END, **columns: Any
) -> list[Charge]:
    """The same usage charge on each of the last days.

    Args:
        cost: Billed, effective, list and contracted cost of a day, in USD unless said otherwise.
        days: How many days.
        until: The first day without a charge.
        **columns: FOCUS columns that differ; a function of the number of the day, from 0, gives
            each day its own value.
    """
    amount = Decimal(cost)
    charges = []
    for number in range(days):
        start = datetime.combine(until - timedelta(days=days - number), time(), UTC)
        charge = {
            "ChargePeriodStart": start,
            "ChargePeriodEnd": start + timedelta(days=1),
            "BillingPeriodStart": start.replace(day=1),
            "BillingPeriodEnd": (start.replace(day=1) + timedelta(days=32)).replace(day=1),
            **dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), amount),
            "BillingCurrency": "USD",
            "BillingAccountId": "0001",
            "SubAccountId": "0002",
            "ChargeCategory": "Usage",
            "PricingCategory": "Standard",
            "HostProviderName": "AWS",
            "ServiceProviderName": "AWS",
            "InvoiceIssuerName": "AWS",
            "ServiceCategory": "Compute",
            "ServiceName": "Amazon Elastic Compute Cloud",
            "RegionId": "us-east-1",
            "x_Source": "case",
        }
        charge |= {
            name: value(number) if callable(value) else value for name, value in columns.items()
        }
        charges.append(charge)
    return charges
