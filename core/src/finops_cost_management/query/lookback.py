"""The newest days of a bill, as far back as a check looks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from finops_cost_management.query.cost_query import midnight
from finops_cost_management.query.dimensions import PROVIDER, Dimension
from finops_cost_management.query.panel import DAILY_DAYS, DAILY_SHARE, LATE_DAYS
from finops_cost_management.query.resource_keys import resource_key
from finops_cost_management.window import DateWindow, days_after

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.query.snapshot import CostSnapshot

_A_WEEK = 7
"""What rests at weekends has charges on some day of it."""


def _last_day(feeds: Sequence[Mapping[str, Any]]) -> date:
    """The last day that all current feeds of a provider have.

    Of several payers, or of two exports, one may be days behind: what it has not delivered yet
    must not look like something that is gone. Feeds that ended, and those that do not have
    charges nearly every day, do not hold the others back.
    """
    newest: date = max(feed["Last"] for feed in feeds)
    current = [
        feed["Last"]
        for feed in feeds
        if (newest - feed["Last"]).days <= LATE_DAYS
        and feed["Days"] >= DAILY_DAYS
        and feed["Days"] >= DAILY_SHARE * ((feed["Last"] - feed["First"]).days + 1)
    ]
    return min(current, default=newest)


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
            .group_by(Dimension(PROVIDER).of(rows), "x_Source", "BillingAccountId")
            .aggregate(First=day.min(), Last=day.max(), Days=day.nunique())
            .to_pyarrow()
            .to_pylist()
        )
        feeds: dict[str | None, list[dict[str, Any]]] = {}
        for row in held:
            feeds.setdefault(row[PROVIDER], []).append(row)
        lasts = {provider: _last_day(mine) for provider, mine in feeds.items()}
        return cls(
            days=days,
            windows={
                provider: DateWindow.last(days, until=days_after(last, 1))
                for provider, last in lasts.items()
                if last >= days_after(until, -days)
            },
            known_since={
                provider: min(feed["First"] for feed in mine) for provider, mine in feeds.items()
            },
        )

    @property
    def ended(self) -> tuple[str | None, ...]:
        """Providers whose bill has nothing in the last days: nothing can be told of them."""
        return tuple(provider for provider in self.known_since if provider not in self.windows)

    def select(self, rows: ibis.Table) -> ibis.Table:
        """The charges of each provider's last days."""
        return rows.filter(self._within(rows, self.windows))

    def old_resources(self, rows: ibis.Table) -> frozenset[tuple[str | None, str]]:
        """(Provider, key) of what had charges when the look-back began, or in the week before.

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
        each = [begun.select(provider, resource_key(begun[name]).name("Id")) for name in ids]
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
