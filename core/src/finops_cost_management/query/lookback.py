"""The newest days of a bill, as far back as a check looks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from finops_cost_management.query.cost_query import midnight
from finops_cost_management.query.dimensions import PROVIDER, Dimension
from finops_cost_management.window import DateWindow, days_after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.query.snapshot import CostSnapshot

_A_WEEK = 7
"""What rests at weekends has charges on some day of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookback:
    """Per provider, the last days of which its bill has charges.

    Bills lag, each by days of its own: the last day with charges is what "still" is measured by,
    not today.

    Attributes:
        days: How many days each window has.
        windows: Provider → its last days; providers without charges in them are absent.
        known_since: Provider → the first day of which the store has charges.
    """

    days: int
    windows: Mapping[str | None, DateWindow]
    known_since: Mapping[str | None, date]

    @classmethod
    def of(cls, costs: CostSnapshot, until: date, days: int) -> Lookback:
        """The last days before ``until``, of each provider.

        A provider whose newest charge is more than ``days`` older than ``until`` has ended: it
        has no window.
        """
        rows = costs.rows
        day = rows.ChargePeriodStart.date()
        held = (
            # A correction stands on the day that it corrects, of which nothing else may be known.
            rows.filter(rows.ChargePeriodStart < midnight(until), rows.ChargeClass.isnull())
            .group_by(Dimension(PROVIDER).of(rows))
            .aggregate(First=day.min(), Last=day.max())
            .to_pyarrow()
            .to_pylist()
        )
        windows = {
            row[PROVIDER]: DateWindow.last(days, until=days_after(row["Last"], 1))
            for row in held
            if row["Last"] >= days_after(until, -days)
        }
        return cls(
            days=days, windows=windows, known_since={row[PROVIDER]: row["First"] for row in held}
        )

    def select(self, rows: ibis.Table) -> ibis.Table:
        """The charges of each provider's last days."""
        return rows.filter(self._within(rows, self.windows))

    def old_resources(self, rows: ibis.Table) -> frozenset[tuple[str | None, str]]:
        """(Provider, id) of what had charges when the look-back began, or in the week before.

        These are resources and commitments. All others are younger than the look-back, as far as
        the store knows.
        """
        import ibis

        beginnings = {
            provider: DateWindow(days_after(window.start, -_A_WEEK), days_after(window.start, 1))
            for provider, window in self.windows.items()
        }
        begun = rows.filter(self._within(rows, beginnings))
        provider = Dimension(PROVIDER).of(begun)
        ids = ("ResourceId", "CommitmentDiscountId")
        each = [begun.select(provider, begun[name].name("Id")) for name in ids]
        pairs = ibis.union(*each, distinct=True)
        held = pairs.filter(pairs.Id.notnull()).to_pyarrow()
        return frozenset(zip(held[PROVIDER].to_pylist(), held["Id"].to_pylist(), strict=True))

    @staticmethod
    def _within(
        rows: ibis.Table, windows: Mapping[str | None, DateWindow]
    ) -> ir.BooleanValue | ir.BooleanScalar:
        import ibis

        provider = Dimension(PROVIDER).of(rows)
        start = rows.ChargePeriodStart
        each = [
            (provider.isnull() if name is None else provider == name)
            & (start >= midnight(window.start))
            & (start < midnight(window.end))
            for name, window in windows.items()
        ]
        return reduce(or_, each, ibis.literal(False))  # noqa: FBT003 # Ibis takes it by position only

    def why_short(self, provider: str | None) -> str:
        """Why the bill of a provider is too short to look back so far; empty where it is not."""
        since, window = self.known_since[provider], self.windows[provider]
        if since <= window.start:
            return ""
        return f"the store has only {(window.end - since).days} of the {self.days} days"
