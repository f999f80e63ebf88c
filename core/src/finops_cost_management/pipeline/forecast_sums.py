"""The sum of many forecasts: exactly what its parts add up to, with a band of its own."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from finops_cost_management.answers.forecasts import Forecast, Interval
from finops_cost_management.pipeline.forecasting import amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from finops_cost_management.answers.forecasts import PanelForecast

    Floats = NDArray[np.float64]

LEAST_ORIGINS = 3
"""Fewer back-tests do not tell whether series err together."""


def with_sums(forecasts: Sequence[Forecast], answer: PanelForecast) -> list[Forecast]:
    """The sum of each currency that has several forecasts, then the forecasts.

    A sum is of the series that have a forecast, and so is its history: a day that one of them does
    not know is not known.

    Its half-width lies between that of series which err independently of each other (the squares
    add up) and of series which err together (the half-widths add up). How much larger the errors
    of the sum were in the back-tests than independent ones would be says where; without
    back-tests it is the wider one, which is safe.

    Args:
        forecasts: One per series of the panel, in its order.
        answer: The same in figures.
    """
    sums = []
    for currency in dict.fromkeys(one.currency for one in forecasts):
        rows = [
            row
            for row, one in enumerate(forecasts)
            if one.currency == currency and one.problem is None
        ]
        if len(rows) > 1:
            sums.append(_sum([forecasts[row] for row in rows], answer, rows))
    return [*sums, *forecasts]


def _sum(parts: Sequence[Forecast], answer: PanelForecast, rows: list[int]) -> Forecast:
    first = parts[0]
    mean = tuple(sum(costs, Decimal(0)) for costs in zip(*(one.mean for one in parts), strict=True))
    return Forecast(
        dimensions={},
        currency=first.currency,
        history_dates=first.history_dates,
        history=_known_sums(one.history for one in parts),
        dates=first.dates,
        mean=mean,
        intervals=_intervals(mean, answer, rows),
        model_type=f"sum of {len(parts)} series",
        forecaster=first.forecaster,
        trend=_known_sums(one.trend for one in parts) if all(one.trend for one in parts) else (),
        parts=len(parts),
    )


def _known_sums(series: Iterable[Sequence[Decimal | None]]) -> tuple[Decimal | None, ...]:
    """Day by day; None where one of the series does not know the day."""
    return tuple(
        sum(known, Decimal(0))
        if len(known := [cost for cost in costs if cost is not None]) == len(costs)
        else None
        for costs in zip(*series, strict=True)
    )


def _intervals(
    mean: Sequence[Decimal], answer: PanelForecast, rows: list[int]
) -> tuple[Interval, ...]:
    daily, total = _togetherness(answer, rows)
    expected, expected_total = answer.mean[rows], answer.mean[rows].sum(axis=1)
    mean_total = sum(mean, Decimal(0))

    def days(half_widths: Floats, sign: int) -> tuple[Decimal, ...]:
        widths = _half_width(half_widths, daily)
        return tuple(cost + sign * amount(width) for cost, width in zip(mean, widths, strict=True))

    return tuple(
        Interval(
            level=level,
            lower=days(expected - answer.lower[level][rows], -1),
            upper=days(answer.upper[level][rows] - expected, 1),
            lower_total=mean_total
            - amount(_half_width(expected_total - answer.total_lower[level][rows], total)),
            upper_total=mean_total
            + amount(_half_width(answer.total_upper[level][rows] - expected_total, total)),
        )
        for level in sorted(answer.lower)
    )


def _half_width(half_widths: Floats, togetherness: float) -> Floats:
    """The half-width of the sum of series (first axis), between independent and together."""
    import numpy as np

    widths = np.maximum(half_widths, 0)  # rounding may leave a mean a hair outside of its band
    independent = np.sqrt((widths**2).sum(axis=0))
    widened: Floats = np.minimum(togetherness * independent, widths.sum(axis=0))
    return widened


def _togetherness(answer: PanelForecast, rows: list[int]) -> tuple[float, float]:
    """How much larger errors of the sum are than independent ones: of a day, and of the total.

    Never below 1: that series make up for each other's errors is not to be counted on.
    """
    together = len(rows) ** 0.5  # beyond that the half-widths themselves add up to less
    if answer.errors is None:
        return together, together
    errors = answer.errors[:, rows]
    return _ratio(errors) or together, _ratio(errors.sum(axis=2, keepdims=True)) or together


def _ratio(errors: Floats) -> float | None:
    """Root of squared sums over summed squares, of origins × series × days; None of too few."""
    import numpy as np

    several = np.isfinite(errors).sum(axis=1) > 1
    if several.any(axis=1).sum() < LEAST_ORIGINS:
        return None
    # Young series have no early back-tests: each origin is of the series that have it.
    known = np.where(several[:, None], np.nan_to_num(errors), 0)
    independent = (known**2).sum()
    if not independent:
        return 1.0
    return max(1.0, float(np.sqrt((known.sum(axis=1) ** 2).sum() / independent)))
