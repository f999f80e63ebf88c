"""Many daily cost series as one matrix: what detectors and forecasters work on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from finops_cost_management.query.cost_query import CostMetric
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import date

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

FEED = ("x_Source", "x_FeedProvider", "x_FeedAccount")
"""Source, provider and billing account: what arrives, or is late, together."""

LATE_DAYS = 31
"""A feed that is further behind its source than this has ended."""

MODEL_HISTORY = 2 * 366
"""Days before a window that models learn from, where the store has them: two of each season."""

DAILY_DAYS, DAILY_SHARE = 7, 0.8
"""A feed with so many days, and charges on such a share of them, is expected every day."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CostPanel:
    """Daily costs, series × days.

    A cell is 0 where the store has data of the series' sources for the day and the series cost
    nothing, and NaN where the store has none: a missing day is missing.

    Attributes:
        values: Costs as float64, shape (series, days).
        dates: The days, datetime64[D], shape (days,), without gaps.
        keys: Per series, dimension → value.
        currencies: Per series, the ISO 4217 code of its costs.
        cost: Which cost the values are.
    """

    values: NDArray[np.float64]
    dates: NDArray[np.datetime64]
    keys: tuple[Mapping[str, str | None], ...]
    currencies: tuple[str, ...]
    cost: CostMetric = CostMetric.EFFECTIVE

    def __post_init__(self) -> None:
        shape = (len(self.keys), len(self.dates))
        if self.values.shape != shape or len(self.currencies) != len(self.keys):
            raise ValueError(f"values have shape {self.values.shape}, keys and dates say {shape}")

    def __len__(self) -> int:
        return len(self.keys)

    def until(self, day: date) -> CostPanel:
        """The same series, knowing only the days before ``day``."""
        import numpy as np

        return self._on(self.dates < np.datetime64(day, "D"))

    def known_before(self, day: date) -> CostPanel:
        """The same series without the first days that none of them knows, up to ``day``."""
        import numpy as np

        begun = np.logical_or.accumulate(np.isfinite(self.values).any(axis=0))
        return self._on(begun | (self.dates >= np.datetime64(day, "D")))

    def knowing_only(self, days: Collection[date]) -> CostPanel:
        """The same series, missing on all other days."""
        import numpy as np

        known = np.isin(self.dates, np.array(sorted(days), dtype="datetime64[D]"))
        return replace(self, values=np.where(known, self.values, np.nan))

    def _on(self, days: NDArray[np.bool_]) -> CostPanel:
        return replace(self, values=self.values[:, days], dates=self.dates[days])


def build_panel(
    costs: pa.Table,
    feeds: pa.Table,
    coverage: pa.Table,
    *,
    dimensions: Sequence[str],
    window: DateWindow,
    cost: CostMetric,
) -> CostPanel:
    """Turn three small answers of the store into a panel.

    Args:
        costs: ``Period``, dimensions, ``BillingCurrency``, the cost and ``UnknownRows``.
        feeds: Distinct dimensions, ``BillingCurrency`` and `FEED`: who feeds a series.
        coverage: Distinct `FEED`, ``FirstDay`` and ``EndDay`` (exclusive) of the charge periods
            of the whole store: which days it has.
        dimensions: Column names of the keys.
        window: The days of the panel.
        cost: Which cost the values are.
    """
    import numpy as np

    names = [*dimensions, "BillingCurrency"]
    of_costs, of_feeds = _numbers(names, costs, feeds)
    keys, row_of = _in_order(names, feeds, of_feeds)
    values = np.zeros((len(keys), window.days))
    days = costs["Period"].to_numpy() - np.datetime64(window.start, "D")
    # A sum that leaves a row out is not the cost of the day.
    whole = costs["UnknownRows"].to_numpy() == 0
    # By way of text: Arrow's own cast is not always the float nearest to the decimal.
    amounts = costs[cost.column].cast("string").cast("float64").to_numpy()
    values[row_of[of_costs], days.astype(np.int64)] = np.where(whole, amounts, np.nan)
    missing = _missing_days(coverage, window)
    for number, feed in zip(of_feeds, _rows(feeds, FEED), strict=True):
        values[row_of[number], missing[feed]] = np.nan

    return CostPanel(
        values=values,
        dates=np.arange(np.datetime64(window.start, "D"), np.datetime64(window.end, "D")),
        keys=tuple(dict(zip(dimensions, key, strict=False)) for key in keys),
        currencies=tuple(key[-1] for key in keys),
        cost=cost,
    )


def _numbers(names: Sequence[str], *tables: pa.Table) -> list[NDArray[np.int64]]:
    """Per table, a number for each row: the same where all columns of these names are the same."""
    import numpy as np
    import pyarrow as pa

    rows = pa.concat_tables([table.select(names) for table in tables])
    numbers = np.zeros(len(rows), dtype=np.int64)
    for name in names:
        column = rows[name].combine_chunks().dictionary_encode(null_encoding="encode")
        both = numbers * len(column.dictionary) + column.indices.to_numpy()
        numbers = np.unique(both, return_inverse=True)[1]
    return np.split(numbers, np.cumsum([len(table) for table in tables])[:-1])


def _in_order(
    names: Sequence[str], feeds: pa.Table, numbers: NDArray[np.int64]
) -> tuple[list[tuple[Any, ...]], NDArray[np.int64]]:
    """The series as people read them, null last, and number → place among them."""
    import numpy as np

    _, somewhere = np.unique(numbers, return_index=True)
    keys = list(_rows(feeds.take(somewhere), names))
    order = sorted(
        range(len(keys)), key=lambda number: [(part is None, part or "") for part in keys[number]]
    )
    places = np.empty(len(keys), dtype=np.int64)
    places[order] = np.arange(len(keys))
    return [keys[number] for number in order], places


def _missing_days(
    coverage: pa.Table, window: DateWindow
) -> dict[tuple[Any, ...], NDArray[np.bool_]]:
    """Per feed, the days of the window of which the store has no data, or not yet.

    The store has data for a day when the day's source has any charge on it. Charges longer than
    a day (tax, fees) tell nothing of the days in them, unless a source has no others. A feed that
    delivered nearly every day and is behind its source is late, until it is so far behind that it
    must have ended.
    """
    import numpy as np

    of_feeds: dict[tuple[Any, ...], list[tuple[date, date]]] = {}
    for *parts, first, end in _rows(coverage, [*FEED, "FirstDay", "EndDay"]):
        of_feeds.setdefault(tuple(parts), []).append((first, end))
    of_sources: dict[str, list[tuple[date, date]]] = {}
    for key, spans in of_feeds.items():
        of_sources.setdefault(key[0], []).extend(spans)
    seen = {source: _days(spans) for source, spans in of_sources.items()}
    missing = {}
    for feed, spans in of_feeds.items():
        had = seen[feed[0]]
        last, newest = max(_days(spans)), max(had)
        late = _is_daily(spans) and (newest - last).days <= LATE_DAYS
        missing[feed] = np.array(
            [day not in had or (late and day > last) for day in window.dates()]
        )
    return missing


def _days_of_daily_charges(spans: Sequence[tuple[date, date]]) -> set[date]:
    return {first for first, end in spans if (end - first).days <= 1}


def _days(spans: Sequence[tuple[date, date]]) -> set[date]:
    return _days_of_daily_charges(spans) or {
        day for first, end in spans for day in DateWindow(first, end).dates()
    }


def _is_daily(spans: Sequence[tuple[date, date]]) -> bool:
    daily = _days_of_daily_charges(spans)
    return len(daily) >= DAILY_DAYS and len(daily) >= DAILY_SHARE * (
        (max(daily) - min(daily)).days + 1
    )


def _rows(table: pa.Table, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(table.column(name).to_pylist() for name in names), strict=True)
