"""How much data a resource holds, week by week, whichever way its provider counts months."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from finops_cost_management.answers.recommendations import DAYS_A_MONTH
from finops_cost_management.builtin.checks.bill_check import per_resource
from finops_cost_management.query.charge_facts import is_committed, quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    import ibis

_A_WEEK = 7
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldWeek:
    """An average week of seven days.

    Attributes:
        held: How much is held, in the bill's unit without its month: gigabytes of GB-Months.
        monthly_cost: What holding it costs a month, commitments aside.
    """

    held: Decimal
    monthly_cost: Decimal


def per_holder(charges: ibis.Table) -> ibis.Table:
    """`per_resource` of charges for data that is kept, with the fact ``HeldDays``.

    That is what `held_weeks` reads.
    """
    import ibis

    names = ("ResourceName", "ResourceType", "RegionId", "ServiceName", "ServiceCategory")
    held, cost = quantity(charges), charges.EffectiveCost
    days = charges.group_by(
        "HostProviderName",
        "ServiceProviderName",
        "SubAccountId",
        "BillingCurrency",
        "ResourceId",
        Day=charges.ChargePeriodStart.date(),
        Committed=is_committed(charges),
    ).aggregate(
        **{name: charges[name].max() for name in names},
        ChargePeriodStart=charges.ChargePeriodStart.min(),
        ChargePeriodEnd=charges.ChargePeriodEnd.max(),
        CommitmentDiscountId=charges.CommitmentDiscountId.max(),
        PricingCategory=charges.PricingCategory.max(),
        # A sum would pass over what is not known.
        EffectiveCost=ibis.ifelse(cost.isnull().any(), None, cost.sum()),
        Held=ibis.ifelse(held.isnull().any(), None, held.sum()),
    )
    own_cost = ibis.ifelse(days.Committed, 0, days.EffectiveCost)
    day = ibis.struct({"day": days.Day, "held": days.Held, "cost": own_cost})
    return per_resource(days, HeldDays=day.collect())


def held_weeks(held_days: Iterable[Mapping[str, Any]]) -> Sequence[HeldWeek] | None:
    """The whole weeks up to the last day with charges, oldest first.

    A day is charged its share of a month: some providers divide by the days that the month has,
    others always by the same number. Read in the wrong way, what never changes jumps by up to a
    tenth where a month ends. Of both readings, the one whose weeks change more evenly is taken.

    Args:
        held_days: The fact ``HeldDays``: ``day``, ``held`` and ``cost`` each.

    Returns:
        None where the bill leaves a quantity open. Weeks without a charge are left out.
    """
    held: defaultdict[date, Decimal] = defaultdict(Decimal)
    cost: defaultdict[date, Decimal] = defaultdict(Decimal)
    for entry in held_days:
        if entry["held"] is None:
            return None
        held[entry["day"]] += entry["held"]
        cost[entry["day"]] += entry["cost"] or _ZERO
    first, last = min(held), max(held)
    weeks: defaultdict[int, list[date]] = defaultdict(list)
    for day in held:
        weeks[(last - day) // timedelta(days=_A_WEEK)].append(day)
    whole = ((last - first).days + 1) // _A_WEEK
    calendars: tuple[Callable[[date], Decimal], ...] = (_days_of_month, lambda _: DAYS_A_MONTH)
    readings = [
        [
            HeldWeek(
                held=_mean(held[day] * days_of(day) for day in weeks[week]),
                monthly_cost=_mean(cost[day] * days_of(day) for day in weeks[week]),
            )
            for week in reversed(range(whole))
            if week in weeks
        ]
        for days_of in calendars
    ]
    return min(readings, key=_unevenness)


def _days_of_month(day: date) -> Decimal:
    return Decimal(monthrange(day.year, day.month)[1])


def _mean(values: Iterable[Decimal]) -> Decimal:
    known = list(values)
    return sum(known, _ZERO) / len(known)


def _unevenness(weeks: Sequence[HeldWeek]) -> Decimal:
    """How far apart the changes from week to week are, as a share of what is held."""
    size = max((abs(week.held) for week in weeks), default=_ZERO)
    changes = [later.held - earlier.held for earlier, later in pairwise(weeks)]
    return (max(changes) - min(changes)) / size if changes and size else _ZERO
