"""What forecasters answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from finops_cost_management.query.dimensions import series_label

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestAccuracy:
    """How good forecasts of a series' own past were, each made with what was known then.

    Attributes:
        mase: Mean absolute error over that of the seasonal naive rule (the same weekday of the
            week before) within the history (Hyndman and Koehler, 2006); None where that is 0.
        wape: Sum of absolute errors over the sum of absolute costs; None where that is 0.
        coverage: Level → share of the back-tested days that its band held.
        origins: From how many days of the past it was forecast again.
    """

    mase: float | None
    wape: float | None
    coverage: Mapping[float, float]
    origins: int


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
        accuracy: Per series, how its model did on its past; empty where nothing was back-tested.
        seasonality: Per series, each detected season (``weekly``, ``monthly``, ``yearly``) with
            its strength in (0, 1] (Wang, Smith and Hyndman, 2006); empty where not looked for.
        trend: The level under the seasons, series × (days of the panel + horizon); None where the
            model has none.
        errors: Actual minus forecast of the back-tests, origins × series × horizon, NaN where
            unknown: what bands of sums of series are made of; None where not back-tested.
    """

    mean: NDArray[np.float64]
    lower: Mapping[float, NDArray[np.float64]]
    upper: Mapping[float, NDArray[np.float64]]
    total_lower: Mapping[float, NDArray[np.float64]]
    total_upper: Mapping[float, NDArray[np.float64]]
    models: tuple[str, ...]
    problems: tuple[str | None, ...]
    accuracy: tuple[BacktestAccuracy | None, ...] = ()
    seasonality: tuple[Mapping[str, float], ...] = ()
    trend: NDArray[np.float64] | None = None
    errors: NDArray[np.float64] | None = None


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
        accuracy: How the model did on the series' past; None where that is unknown.
        seasonality: Each detected season with its strength in (0, 1].
        trend: The level under the seasons, for the days of the history and of the horizon; empty
            where the model has none.
        parts: How many series it is the sum of; 0 for a series of its own. Who adds forecasts up
            leaves sums out: they count what is there already.
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
    accuracy: BacktestAccuracy | None = None
    seasonality: Mapping[str, float] = field(default_factory=dict)
    trend: tuple[Decimal | None, ...] = ()
    parts: int = 0

    @property
    def is_sum(self) -> bool:
        """Whether it is the sum of other forecasts, not a series of its own."""
        return self.parts > 0

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
    def lower_bound_total(self) -> Decimal | None:
        """Lower bound of the sum over the horizon, at the widest level; None without a forecast."""
        return self.intervals[-1].lower_total if self.intervals else None

    @property
    def upper_bound_total(self) -> Decimal | None:
        """Upper bound of the sum over the horizon, at the widest level; None without a forecast."""
        return self.intervals[-1].upper_total if self.intervals else None

    @property
    def growth_rate(self) -> float | None:
        """Expected cost of a day over that of the last known days, as many as forecast, minus 1.

        None without a forecast, and where those days cost nothing or less.
        """
        recent = [cost for cost in self.history if cost is not None][-len(self.dates) :]
        total = self.forecasted_total
        if total is None or sum(recent) <= 0:
            return None
        return float(total / len(self.mean) * len(recent) / sum(recent)) - 1

    @property
    def label(self) -> str:
        """The series in words."""
        return series_label(self.dimensions)
