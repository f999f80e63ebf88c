"""How much to commit: arithmetic on what each day would have cost on demand."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HOURS_A_DAY = 24
_STEP = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Commitment:
    """Money promised for every hour, used or not.

    Attributes:
        hourly: What is promised an hour.
        discount: What it takes off the on-demand price.
    """

    hourly: Decimal
    discount: Decimal

    @property
    def daily(self) -> Decimal:
        """What it costs a day."""
        return self.hourly * HOURS_A_DAY

    @property
    def capacity(self) -> Decimal:
        """On-demand cost of a day that it can cover."""
        return self.daily / (1 - self.discount)

    def covered(self, days: Sequence[Decimal]) -> Decimal:
        """On-demand cost that it would have covered on these days.

        Args:
            days: On-demand cost of each day.
        """
        return sum((min(day, self.capacity) for day in days), Decimal(0))

    def saved(self, days: Sequence[Decimal]) -> Decimal:
        """What it would have saved on these days; negative if it would have cost more."""
        return self.covered(days) - self.daily * len(days)


def best_commitment(days: Sequence[Decimal], discount: Decimal, limit: Decimal) -> Commitment:
    """The commitment that would have saved most on these days, rounded down to cents an hour.

    A commitment that covers ``k`` a day costs ``(1 - d) k`` on each of ``T`` days, and saves
    ``sum(min(x, k)) - T (1 - d) k`` of the days' costs ``x``. One more unit of ``k`` is worth it
    as long as more than ``T (1 - d)`` days cost more than ``k``: the best ``k`` is the
    ``d``-quantile of the days, the ``ceil(d T)``-th smallest. It is the newsvendor's critical
    fractile (Arrow, Harris and Marschak, 1951). The saving is concave in ``k``, so that under a
    limit the best is the smaller of the two.

    Args:
        days: On-demand cost of each day, not negative; at least one day.
        discount: What a commitment takes off, in (0, 1).
        limit: On-demand cost of a day that it may cover at most.
    """
    place = max(ceil(discount * len(days)), 1)
    capacity = min(sorted(days)[place - 1], max(limit, Decimal(0)))
    hourly = capacity * (1 - discount) / HOURS_A_DAY
    return Commitment(hourly.quantize(_STEP, rounding=ROUND_DOWN), discount)


def trend(days: Sequence[Decimal]) -> Decimal:
    """How much more the newer half of the days costs than the older; 0.1 is 10 % more."""
    half = len(days) // 2
    older, newer = sum(days[:half], Decimal(0)), sum(days[-half:], Decimal(0))
    return newer / older - 1 if older else Decimal(0)
