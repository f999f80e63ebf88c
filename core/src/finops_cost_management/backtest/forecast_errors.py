"""How far forecasts of the past were off, and how often their bands held the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from finops_cost_management.answers.forecasts import PanelForecast

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Errors of several forecasts, of one series or of all series of a currency.

    Every measure is None where nothing can be measured.

    Attributes:
        forecasts: How many forecasts of a series are compared.
        mase: Mean absolute error over that of the seasonal naive rule within the history that
            each forecast knew; the mean over forecasts, then over series.
        wape: Sum of absolute daily errors over the sum of absolute daily costs.
        total_error: The same for the totals of whole horizons, series by series.
        sum_error: The same for the total of all series together; only of a currency.
        coverage: Level → share of days that its band held.
        total_coverage: Level → share of totals that its band held.
    """

    forecasts: int
    mase: float | None
    wape: float | None
    total_error: float | None
    sum_error: float | None
    coverage: Mapping[float, float | None]
    total_coverage: Mapping[float, float | None]


class ErrorSums:
    """Adds up the errors of one forecaster, series by series, from origin to origin.

    Args:
        series: How many series there are.
        levels: The bands that are asked for.
    """

    def __init__(self, series: int, levels: Sequence[float]) -> None:
        import numpy as np

        self.levels = tuple(levels)
        names = ("forecasts", "scaled", "scales", "error", "cost", "days")
        totals = ("total_error", "total_cost", "totals")
        self._of = {name: np.zeros(series) for name in (*names, *totals)}
        self._held = {level: np.zeros(series) for level in levels}
        self._total_held = {level: np.zeros(series) for level in levels}
        self._sums: list[tuple[Floats, Floats]] = []

    def add(
        self, answer: PanelForecast, rows: NDArray[np.intp], truth: Floats, scale: Floats
    ) -> None:
        """Hold a forecast against what it cost.

        Args:
            answer: The forecasts, of which only rows that are not NaN count.
            rows: Which of all series each of its rows is.
            truth: What they cost, series of the answer × horizon; NaN where nobody knows.
            scale: Mean absolute weekly change of each series in the history known to it.
        """
        import numpy as np

        off = np.abs(truth - answer.mean)
        known = np.isfinite(off)
        days = known.sum(axis=1)
        error = np.where(known, off, 0.0).sum(axis=1)
        self._add("forecasts", rows, days > 0)
        self._add("days", rows, days)
        self._add("error", rows, error)
        self._add("cost", rows, np.where(known, np.abs(truth), 0.0).sum(axis=1))
        scaled = np.isfinite(scale) & (scale > 0) & (days > 0)
        mase = np.divide(error, days * scale, out=np.zeros(len(rows)), where=scaled)
        self._add("scaled", rows, mase)
        self._add("scales", rows, scaled)

        whole = known.all(axis=1)
        total = np.where(whole, truth.sum(axis=1), 0.0)
        expected = np.where(whole, answer.mean.sum(axis=1), 0.0)
        self._add("totals", rows, whole)
        self._add("total_error", rows, np.abs(total - expected))
        self._add("total_cost", rows, np.abs(total))
        self._sums.append((_placed(total, rows, self._size), _placed(expected, rows, self._size)))
        for level in self.levels:
            held = known & (truth >= answer.lower[level]) & (truth <= answer.upper[level])
            np.add.at(self._held[level], rows, held.sum(axis=1))
            lower, upper = answer.total_lower[level], answer.total_upper[level]
            np.add.at(self._total_held[level], rows, whole & (total >= lower) & (total <= upper))

    @property
    def _size(self) -> int:
        return len(self._of["days"])

    def _add(
        self, name: str, rows: NDArray[np.intp], values: NDArray[np.generic] | np.bool_
    ) -> None:
        import numpy as np

        np.add.at(self._of[name], rows, values)

    @property
    def money_off(self) -> Floats:
        """The absolute errors of all days of each series, added up."""
        return self._of["error"]

    def of(self, series: int) -> Accuracy:
        """How one series was forecast."""
        import numpy as np

        return self._accuracy(np.array([series]), together=False)

    def of_all(self, chosen: NDArray[np.bool_]) -> Accuracy:
        """How series of one currency were forecast, together."""
        import numpy as np

        return self._accuracy(np.flatnonzero(chosen), together=True)

    def mean_errors(self) -> Floats:
        """The mean absolute error of each series; NaN where nothing is known."""
        import numpy as np

        days, means = self._of["days"], np.full(self._size, np.nan)
        np.divide(self._of["error"], days, out=means, where=days > 0)
        return means

    def _accuracy(self, chosen: NDArray[np.intp], *, together: bool) -> Accuracy:
        import numpy as np

        def total(name: str) -> float:
            return float(self._of[name][chosen].sum())

        scaled = chosen[self._of["scales"][chosen] > 0]
        mase = self._of["scaled"][scaled] / self._of["scales"][scaled]
        days, totals = total("days"), total("totals")
        return Accuracy(
            forecasts=int(total("forecasts")),
            mase=float(np.mean(mase)) if len(mase) else None,
            wape=_share(total("error"), total("cost")),
            total_error=_share(total("total_error"), total("total_cost")),
            sum_error=self._sum_error(chosen) if together else None,
            coverage={
                level: _share(float(held[chosen].sum()), days) for level, held in self._held.items()
            },
            total_coverage={
                level: _share(float(held[chosen].sum()), totals)
                for level, held in self._total_held.items()
            },
        )

    def _sum_error(self, chosen: NDArray[np.intp]) -> float | None:
        summed = [
            (float(real[chosen].sum()), float(told[chosen].sum())) for real, told in self._sums
        ]
        off = sum(abs(real - told) for real, told in summed)
        return _share(off, sum(abs(real) for real, _ in summed))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _placed(values: Floats, rows: NDArray[np.intp], size: int) -> Floats:
    import numpy as np

    placed = np.zeros(size)
    placed[rows] = values
    return placed


def relative_error(model: ErrorSums, naive: ErrorSums, chosen: NDArray[np.bool_]) -> float | None:
    """Geometric mean over series of the model's mean absolute error over the naive rule's.

    Below 1 the model is better. Series that one of them forecast without any error do not
    count; None where none is left.
    """
    import numpy as np

    ours, theirs = model.mean_errors()[chosen], naive.mean_errors()[chosen]
    both = (ours > 0) & (theirs > 0)
    return float(np.exp(np.mean(np.log(ours[both] / theirs[both])))) if both.any() else None
