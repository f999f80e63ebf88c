"""Data that grows from week to week, and of which nothing is ever deleted."""

from __future__ import annotations

from decimal import Decimal
from itertools import accumulate, pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from pydantic import Field

from finops_cost_management.answers.recommendations import (
    DAYS_A_MONTH,
    Effort,
    OptimizationCategory,
    Recommendation,
    Risk,
)
from finops_cost_management.builtin.checks.bill_check import (
    BillCheck,
    BillCheckOptions,
    Subject,
    category_of,
)
from finops_cost_management.builtin.checks.held_data import HeldWeek, held_weeks, per_holder
from finops_cost_management.plugins.savings_case import SavingsCase, daily_charges
from finops_cost_management.query.charge_facts import is_held
from finops_cost_management.report.wording import money, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import ibis

    from finops_cost_management.plugins.savings_case import Charge

_DATABASE, _STORAGE = OptimizationCategory.DATABASE, OptimizationCategory.STORAGE

_FEWEST_WEEKS = 4
"""Fewer weeks show no habit."""

_TOLERANCE = Decimal("0.01")
"""A fall by less than this share of the most that was held is noise."""

_PRICE = Decimal("0.03")
"""A month of a gigabyte, in the cases."""


class GrowingStorageOptions(BillCheckOptions):
    """How much data must grow, and cost."""

    lookback_days: int = Field(default=90, ge=28, le=366)
    """How many of the newest days of the bill are looked at; younger resources are not judged."""

    minimum_growth: Decimal = Field(default=Decimal("0.05"), gt=0)
    """Growth from the first week to the last one below which storage is clean; 0.05 is 5 %."""

    minimum_cost: Decimal = Field(default=Decimal(50), ge=0)
    """What the data must cost a month now, in the currency of the bill, to be worth a look."""


class GrowingStorage(BillCheck[GrowingStorageOptions]):
    """Finds storage that grows week by week and never falls: nothing is ever deleted from it.

    The saving is what the growth of the look-back costs a month now: the cost of the last week
    less that of the first one, large single loads left out. A rule that deletes as much as
    arrives, had it been there, would have kept that off the bill.
    """

    Options = GrowingStorageOptions
    use = "growing_storage"

    def subjects(self, charges: ibis.Table) -> ibis.Table:
        """Everything that is billed for data that it holds."""
        return per_holder(charges.filter(is_held(charges)))

    def judge(self, subject: Subject) -> Recommendation | str | None:
        """Growth without a fall is advised to be bounded."""
        weeks = held_weeks(subject.facts["HeldDays"])
        if weeks is None:
            return "charges without a quantity"
        if len(weeks) < _FEWEST_WEEKS:
            return f"charges of fewer than {_FEWEST_WEEKS} weeks"
        first, last = weeks[0], weeks[-1]
        if last.monthly_cost < self.options.minimum_cost or _falls(weeks):
            return None
        habit = _habit(weeks)
        if first.held <= 0 or habit < self.options.minimum_growth * first.held:
            return None
        growth = last.held / first.held - 1
        more = min(last.monthly_cost - first.monthly_cost, last.monthly_cost * habit / last.held)
        saving = max(more, Decimal(0))
        return self.advice(
            subject,
            saving=self._in_lookback(saving),
            cost=self._in_lookback(last.monthly_cost),
            category=_DATABASE if category_of(subject) is _DATABASE else _STORAGE,
            recommendation=(
                f"Decide how long {subject.name} keeps its data: it grew by {percent(growth)} in "
                f"{len(weeks)} weeks, and nothing is ever deleted"
            ),
            steps=(
                f"Ask the owner of {subject.name} how old data may be and still be of use.",
                "Look for old versions, unfinished uploads and logs: they grow unseen.",
                "Set a rule that moves data to a colder class at that age, or deletes it.",
            ),
            current_configuration={"retention": "for ever"},
            recommended_configuration={"retention": "limited by a rule"},
            confidence=0.5,
            implementation_effort=Effort.MEDIUM,
            risk=Risk.MEDIUM,
            reversible=False,
            evidence={
                "growth": percent(growth),
                "growth, large single loads left out": percent(habit / first.held),
                "weeks": str(len(weeks)),
                "cost a month, by the first week": money(first.monthly_cost, subject.currency),
                "cost a month, by the last week": money(last.monthly_cost, subject.currency),
                "assumption": f"as much could go as came in {len(weeks)} weeks",
            },
        )

    def _in_lookback(self, monthly_cost: Decimal) -> Decimal:
        """What a cost per month is in the days of the look-back."""
        return monthly_cost * self.options.lookback_days / DAYS_A_MONTH

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Steady growth, data that comes and goes, one large load, and a young bucket."""

        def bucket(held: Callable[[int], int], **columns: Any) -> list[Charge]:
            """The day's share of a month each: a thirtieth of the gigabytes."""
            return daily_charges(
                0,
                **{
                    "ResourceId": "arn:aws:s3:::events",
                    "ServiceCategory": "Storage",
                    "SkuMeter": "TimedStorage-ByteHrs",
                    "PricingUnit": "GB-Mo",
                    "PricingQuantity": held,
                    "EffectiveCost": lambda day: held(day) * _PRICE,
                    **columns,
                },
            )

        return (
            SavingsCase(
                name="a little more every day",
                verdict="finding",
                charges=bucket(lambda day: 300 + day),
            ),
            SavingsCase(
                name="emptied once a month",
                verdict="clean",
                charges=bucket(lambda day: 300 + 7 * (day % 30)),
            ),
            SavingsCase(
                name="one large load",
                verdict="clean",
                charges=bucket(lambda day: 300 + 150 * (day // 45)),
            ),
            SavingsCase(
                name="nobody says how much",
                verdict="unknown",
                charges=bucket(lambda day: 300 + day, PricingQuantity=None),
            ),
            SavingsCase(
                name="growing for six weeks",
                verdict="unknown",
                charges=[
                    *daily_charges("9", ResourceId="i-1", SkuMeter="BoxUsage:m6i.large"),
                    *bucket(lambda day: 300 + 2 * day)[-42:],
                ],
            ),
        )


def _falls(weeks: Sequence[HeldWeek]) -> bool:
    """Whether a week holds less than any week before it."""
    sizes = [week.held for week in weeks]
    most = accumulate(sizes, max)
    return any(size < peak * (1 - _TOLERANCE) for size, peak in zip(sizes, most, strict=True))


def _habit(weeks: Sequence[HeldWeek]) -> Decimal:
    """What the weeks would have added if all were usual ones: a single large load is no habit."""
    rises = [later.held - earlier.held for earlier, later in pairwise(weeks)]
    return median(rises) * len(rises)
