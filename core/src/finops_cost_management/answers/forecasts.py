"""What forecasters answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops_cost_management.query.dimensions import series_label

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelForecast:
    """Forecasts of all series of a panel, as a forecaster returns them.

    Attributes:
        mean: Expected cost, series × days, float64; NaN where a series has no forecast.
        lower: Level in (0, 1) → lower bounds, series × days.
        upper: Level in (0, 1) → upper bounds, series × days.
        total_lower: Level → lower bound of each series' sum over the horizon.
        total_upper: Level → upper bound of each series' sum over the horizon.
        models: What each series was forecast with.
        problems: Why a series has no forecast (``insufficient data: …``); None where it has.
    """

    mean: NDArray[np.float64]
    lower: Mapping[float, NDArray[np.float64]]
    upper: Mapping[float, NDArray[np.float64]]
    total_lower: Mapping[float, NDArray[np.float64]]
    total_upper: Mapping[float, NDArray[np.float64]]
    models: tuple[str, ...]
    problems: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A band that holds the truth with a given probability.

    Attributes:
        level: The probability, in (0, 1).
        lower: Lower bound per day.
        upper: Upper bound per day.
        lower_total: Lower bound of the sum over the horizon.
        upper_total: Upper bound of the sum over the horizon.
    """

    level: float
    lower: tuple[Decimal, ...]
    upper: tuple[Decimal, ...]
    lower_total: Decimal
    upper_total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The forecast of one series in money.

    Attributes:
        dimensions: FOCUS column (or ``tags.<key>``) → value of the series.
        currency: ISO 4217 code of the amounts.
        history_dates: Days of the history.
        history: Cost per day; None where the store has no data for the day.
        dates: Days of the horizon.
        mean: Expected cost per day; empty where there is a problem.
        intervals: One band per level, narrowest first.
        model_type: What it was forecast with.
        forecaster: Name of the forecaster in the pipeline.
        problem: Why there is no forecast; None where there is one.
    """

    dimensions: Mapping[str, str | None]
    currency: str
    history_dates: tuple[date, ...]
    history: tuple[Decimal | None, ...]
    dates: tuple[date, ...]
    mean: tuple[Decimal, ...]
    intervals: tuple[Interval, ...]
    model_type: str
    forecaster: str
    problem: str | None = None

    @property
    def historical_total(self) -> Decimal:
        """Cost of all known days of the history."""
        from decimal import Decimal

        return sum((cost for cost in self.history if cost is not None), Decimal(0))

    @property
    def forecasted_total(self) -> Decimal | None:
        """Expected cost over the horizon; None where there is no forecast."""
        from decimal import Decimal

        return None if self.problem else sum(self.mean, Decimal(0))

    @property
    def label(self) -> str:
        """The series in words."""
        return series_label(self.dimensions)
