"""Replays forecasters on the days of the past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from finops_cost_management.answers.forecasts import PanelForecast
from finops_cost_management.backtest.forecast_errors import Accuracy, ErrorSums, relative_error
from finops_cost_management.backtest.memory import panel_before
from finops_cost_management.backtest.naive import seasonal_naive, weekly_changes
from finops_cost_management.errors import DataError
from finops_cost_management.query.panel import CostPanel
from finops_cost_management.window import DateWindow, days_after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from finops_cost_management.backtest.memory import SeriesOf, StoreMemory

ForecastPanel = Callable[[CostPanel, int, Sequence[float]], PanelForecast]
"""Forecasts every series for a horizon in days, with a band for each level."""

NAIVE = "seasonal naive"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedForecaster:
    """A forecaster and the series that it forecasts.

    Attributes:
        name: Its name.
        series: Brings its series.
        horizon: From the first day to forecast, how many days.
        levels: The bands that are asked for.
        forecast: The forecaster itself.
    """

    name: str
    series: SeriesOf
    horizon: Callable[[date], int]
    levels: tuple[float, ...]
    forecast: ForecastPanel


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesResult:
    """How one series was forecast, beside the naive rule on the same days."""

    dimensions: Mapping[str, str | None]
    forecaster: Accuracy
    naive: Accuracy


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecasterResult:
    """How all series of one currency were forecast, beside the naive rule on the same days.

    Attributes:
        name: The forecaster.
        currency: ISO 4217 code of the series.
        forecaster: How it did.
        naive: How the seasonal naive rule did.
        relative_error: Geometric mean over the series of its error over the rule's; below 1 it
            is better. None where that cannot be told.
        untold: How many forecasts of a series it did not give (too little data, for one).
        series: Each series that was compared, the largest error in money first.
    """

    name: str
    currency: str
    forecaster: Accuracy
    naive: Accuracy
    relative_error: float | None
    untold: int
    series: tuple[SeriesResult, ...]


class ForecastComparison:
    """One forecaster beside the naive rule, from origin to origin.

    Args:
        one: The forecaster.
        truth: All series, as they are known today, to the end of the last horizon.
    """

    def __init__(self, one: ReplayedForecaster, truth: CostPanel) -> None:
        import numpy as np

        self.one = one
        self._truth = truth
        self._row_of = {
            (frozenset(key.items()), currency): row
            for row, (key, currency) in enumerate(zip(truth.keys, truth.currencies, strict=True))
        }
        self._forecaster = ErrorSums(len(truth), one.levels)
        self._naive = ErrorSums(len(truth), one.levels)
        self._untold = np.zeros(len(truth))

    def forecast_from(self, origin: date, panel: CostPanel) -> None:
        """Forecast once, with what was known then, and compare with what it cost.

        Args:
            origin: The first day to forecast.
            panel: The series that were known then; days from the origin on are not looked at.
        """
        import numpy as np

        known = panel.until(origin)
        # A series that was taken back since has no truth to compare with.
        places = [
            (row, self._row_of[key])
            for row, key in enumerate(
                zip((frozenset(key.items()) for key in known.keys), known.currencies, strict=True)
            )
            if key in self._row_of
        ]
        if not places:
            return
        rows, mine = (np.array(part, dtype=np.intp) for part in zip(*places, strict=True))
        horizon = self.one.horizon(origin)
        answer = self.one.forecast(known, horizon, self.one.levels)
        naive = seasonal_naive(known, horizon, self.one.levels)
        truth = self._cost_from(origin, horizon)[mine]
        answer, naive = _rows(answer, rows), _rows(naive, rows)
        told = np.isfinite(answer.mean).all(axis=1, keepdims=True)
        self._untold[mine] += (~told & np.isfinite(truth)).any(axis=1)
        # Both are judged on the same days of the same series.
        both = told & np.isfinite(naive.mean).all(axis=1, keepdims=True)
        truth = np.where(both, truth, np.nan)
        scale = _mean(np.abs(weekly_changes(known.values[rows])))
        self._forecaster.add(answer, mine, truth, scale)
        self._naive.add(naive, mine, truth, scale)

    def _cost_from(self, origin: date, horizon: int) -> NDArray[np.float64]:
        """What the series cost, NaN where that is not known yet."""
        import numpy as np

        start = int((np.datetime64(origin, "D") - self._truth.dates[0]).astype(int))
        costs = self._truth.values[:, start : start + horizon]
        unknown = np.full((len(self._truth), horizon - costs.shape[1]), np.nan)
        return np.concatenate([costs, unknown], axis=1)

    def results(self) -> list[ForecasterResult]:
        """One for each currency.

        Raises:
            DataError: Nothing could be compared.
        """
        import numpy as np

        currencies = self._truth.currencies
        found = [
            self._result(code, np.array([one == code for one in currencies]))
            for code in sorted(set(currencies))
        ]
        if not any(result.forecaster.forecasts for result in found):
            raise DataError(
                f"{self.one.name}: no forecast can be compared with what it cost",
                hint="replay later days, or bring more history: a forecaster needs some weeks",
            )
        return found

    def _result(self, currency: str, chosen: NDArray[np.bool_]) -> ForecasterResult:
        import numpy as np

        errors = np.nan_to_num(self._forecaster.money_off)
        worst = sorted(np.flatnonzero(chosen).tolist(), key=lambda row: -errors[row])
        series = [
            SeriesResult(
                dimensions=self._truth.keys[row],
                forecaster=self._forecaster.of(row),
                naive=self._naive.of(row),
            )
            for row in worst
        ]
        return ForecasterResult(
            name=self.one.name,
            currency=currency,
            forecaster=self._forecaster.of_all(chosen),
            naive=self._naive.of_all(chosen),
            relative_error=relative_error(self._forecaster, self._naive, chosen),
            untold=int(self._untold[chosen].sum()),
            series=tuple(one for one in series if one.forecaster.forecasts),
        )


def replay_forecasters(
    memory: StoreMemory,
    forecasters: Sequence[ReplayedForecaster],
    origins: DateWindow,
    *,
    every: int,
    history: int,
    lag: int,
    known_until: date,
    advance: Callable[[int], None],
) -> list[ForecasterResult]:
    """Forecast from days of the past, as a run would have done then.

    Args:
        memory: The store.
        forecasters: Whom to replay.
        origins: First days of forecasts.
        every: How many days lie between two origins.
        history: How many days before an origin its panel has, at least.
        lag: How many days a run leaves out because clouds still correct them.
        known_until: The first day whose cost is not known today.
        advance: Is told how many more forecasts are done.

    Raises:
        DataError: The store has no costs of these days.
    """
    comparisons = [
        ForecastComparison(one, _truth(memory, one, origins, history, known_until))
        for one in forecasters
    ]
    for stretch, costs in memory.recall(origins, lag=lag, step=every):
        ends = list(stretch.ends.dates())[::every]
        for comparison in comparisons:
            days = history + stretch.ends.days
            panel = panel_before(costs, comparison.one.series, ends[-1], days=days)
            for origin in ends:
                comparison.forecast_from(origin, panel)
                advance(1)
    return [result for comparison in comparisons for result in comparison.results()]


def _truth(
    memory: StoreMemory,
    one: ReplayedForecaster,
    origins: DateWindow,
    history: int,
    known_until: date,
) -> CostPanel:
    last = days_after(origins.end, -1)
    end = min(days_after(last, one.horizon(last)), known_until)
    days = history + (end - origins.start).days
    truth = panel_before(memory.today, one.series, end, days=days)
    if not len(truth):
        raise DataError(
            f"the store has no costs from {DateWindow(origins.start, end)} or before for "
            f"{one.name}",
            hint="`finops store show` says which days it holds; check `where`, too",
        )
    return truth


def _rows(answer: PanelForecast, rows: NDArray[np.intp]) -> PanelForecast:
    """The forecast of some of the series."""
    return replace(
        answer,
        mean=answer.mean[rows],
        lower={level: bound[rows] for level, bound in answer.lower.items()},
        upper={level: bound[rows] for level, bound in answer.upper.items()},
        total_lower={level: bound[rows] for level, bound in answer.total_lower.items()},
        total_upper={level: bound[rows] for level, bound in answer.total_upper.items()},
    )


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the known values of each row; NaN where none is known."""
    import numpy as np

    known = np.isfinite(values)
    count = known.sum(axis=1)
    means = np.full(len(values), np.nan)
    np.divide(np.where(known, values, 0.0).sum(axis=1), count, out=means, where=count > 0)
    return means
