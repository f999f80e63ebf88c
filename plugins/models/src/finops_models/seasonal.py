"""The default detector: what no habit of a series explains."""

from __future__ import annotations

from decimal import Context, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, field_validator

from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity
from finops_cost_management.plugins.component import Detector, Options
from finops_cost_management.plugins.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.window import DateWindow
    from finops_models.robust import Floats

SERIES_AT_ONCE = 256
"""Panels are worked on in blocks of this many series, to bound memory."""

_EXACT = Context(prec=400)
"""Wide enough for every float64 with twelve decimals."""


class SeasonalOptions(Options):
    """How surprising and how expensive a day must be to be told."""

    sensitivity: float = Field(default=4.0, gt=0)
    """Robust standard deviations from which a day is an anomaly. Lower finds more and errs more."""

    ignore_below: Decimal = Field(default=Decimal(1), ge=0)
    """Smallest difference worth telling, in the series' currency per day."""

    min_share: float = Field(default=0.1, ge=0)
    """Smallest difference worth telling, as a share of the expected cost of the day."""

    history: int = Field(default=28, ge=14)
    """Known days that a series needs before a day of it is judged."""

    false_discovery_rate: float = Field(default=0.2, gt=0, le=1)
    """Share of false alarms accepted among the alarms of one day; 1 turns the control off."""

    severity_surprise: tuple[float, float, float] = (6.0, 10.0, 20.0)
    """Robust standard deviations from which an anomaly may be medium, high and critical."""

    severity_impact: tuple[float, float, float] = (0.02, 0.1, 0.3)
    """Difference from which an anomaly may be medium, high and critical, as a share of what all
    series of its currency together were expected to cost that day."""

    @field_validator("severity_surprise", "severity_impact")
    @classmethod
    def _rising(cls, steps: tuple[float, ...]) -> tuple[float, ...]:
        if steps[0] < 0 or any(later < earlier for earlier, later in pairwise(steps)):
            raise ValueError("the steps must not be negative and must not fall")
        return steps


class Seasonal(Detector[SeasonalOptions]):
    """Tells the days that weekday, recent level, growth and the billing calendar do not explain.

    A day is an anomaly when all of these hold:

    - it is known, and at least ``history`` days before it are;
    - it lies ``sensitivity`` robust standard deviations or more from the nearest habit;
    - the difference reaches ``ignore_below`` and ``min_share``;
    - it passes the Benjamini-Hochberg procedure at ``false_discovery_rate`` among all series
      judged that day, so that ten thousand series do not alarm ten thousand times as often.

    The tail probability behind the control and behind ``confidence`` is that of a Laplace
    distribution with the same median absolute deviation: costs have heavier tails than normal
    noise.

    The severity is the lower of two ranks: how surprising the day is (``severity_surprise``)
    and what share of the currency's whole daily cost it moves (``severity_impact``).
    """

    Options: ClassVar[type[SeasonalOptions]] = SeasonalOptions

    @hookimpl
    def detect_anomalies(self, panel: CostPanel, window: DateWindow) -> Sequence[Anomaly]:
        """Judge the days of the window, each knowing only the days before it.

        Args:
            panel: Daily costs, with as much history as there is; about eight months are used.
            window: The days to judge. Days outside the panel are not judged.

        Returns:
            Anomalies by day, then in the order of the panel.
        """
        import numpy as np

        from finops_models.expectation import MEMORY

        judged = np.flatnonzero(
            (panel.dates >= np.datetime64(window.start)) & (panel.dates < np.datetime64(window.end))
        )
        if not len(judged) or not len(panel):
            return []
        first, end = int(judged[0]), int(judged[-1]) + 1
        start = max(first - MEMORY, 0)
        values = np.where(np.isfinite(panel.values), panel.values, np.nan)[:, :end]

        known = np.isfinite(values)
        enough = (np.cumsum(known, axis=1) - known)[:, first:] >= self.options.history

        # Costs that no bill can hold overflow to "nothing can be expected".
        with np.errstate(over="ignore", invalid="ignore"):
            expected, surprise = _expect_in_blocks(
                values[:, start:], panel.dates[start:end], first - start
            )
            surprise = np.where(enough, surprise, np.nan)
            flagged = self._tells(values[:, first:], expected, surprise)
            return list(self._anomalies(panel, first, flagged, expected, surprise))

    def _tells(self, actual: Floats, expected: Floats, surprise: Floats) -> NDArray[np.bool_]:
        import numpy as np

        impact = np.abs(actual - expected)
        return (
            (np.abs(surprise) >= self.options.sensitivity)
            & (impact >= float(self.options.ignore_below))
            & (impact >= self.options.min_share * np.abs(expected))
            & _discoveries(_tail_probability(surprise), rate=self.options.false_discovery_rate)
        )

    def _anomalies(
        self,
        panel: CostPanel,
        first: int,
        flagged: NDArray[np.bool_],
        expected: Floats,
        surprise: Floats,
    ) -> Iterator[Anomaly]:
        import numpy as np

        currencies = np.array(panel.currencies)
        for day, row in np.argwhere(flagged.T):
            cost = float(panel.values[row, first + day])
            same_currency = currencies == currencies[row]
            everything = float(np.nansum(np.abs(expected[same_currency, day])))
            score = float(surprise[row, day])
            yield Anomaly(
                date=panel.dates[first + day].item(),
                dimensions=panel.keys[row],
                currency=panel.currencies[row],
                expected_cost=_money(float(expected[row, day]), decimals=6),
                actual_cost=_money(cost, decimals=12),
                score=score,
                severity=self._severity(score, abs(cost - float(expected[row, day])), everything),
                detector=self.name,
                confidence=1 - float(_tail_probability(surprise[row, day])),
            )

    def _severity(self, score: float, impact: float, everything: float) -> AnomalySeverity:
        surprising = sum(abs(score) >= step for step in self.options.severity_surprise)
        costly = sum(impact >= step * everything for step in self.options.severity_impact)
        return list(AnomalySeverity)[min(surprising, costly)]


def _expect_in_blocks(
    values: Floats, dates: NDArray[np.datetime64], first: int
) -> tuple[Floats, Floats]:
    import numpy as np

    from finops_models.expectation import expect

    blocks = [
        expect(values[row : row + SERIES_AT_ONCE], dates, first)
        for row in range(0, len(values), SERIES_AT_ONCE)
    ]
    costs, surprises = zip(*blocks, strict=True)
    return np.concatenate(costs), np.concatenate(surprises)


def _tail_probability(surprise: Floats) -> Floats:
    """Chance of ordinary noise at least this far away, on either side (Laplace)."""
    import numpy as np

    from finops_models.robust import SIGMA_PER_MEDIAN

    return np.exp2(-SIGMA_PER_MEDIAN * np.abs(surprise))


def _discoveries(probability: Floats, *, rate: float) -> NDArray[np.bool_]:
    """Benjamini-Hochberg per day (column); NaN is not judged and not counted."""
    import numpy as np

    ordered = np.sort(probability, axis=0)
    judged = np.isfinite(ordered).sum(axis=0)
    rank = np.arange(1, len(ordered) + 1)[:, None]
    passing = np.where(ordered <= rate * rank / np.maximum(judged, 1), ordered, -1.0)
    found: NDArray[np.bool_] = probability <= passing.max(axis=0)
    return found


def _money(amount: float, *, decimals: int) -> Decimal:
    """The shortest decimal that is this float, rounded where it has more decimals."""
    exact = Decimal(repr(amount))
    too_fine = int(exact.as_tuple().exponent) < -decimals
    return exact.quantize(Decimal(1).scaleb(-decimals), context=_EXACT) if too_fine else exact
