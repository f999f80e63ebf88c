"""From surprise to anomalies: what all detectors of this package do in the same way."""

from __future__ import annotations

from decimal import Context, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity
from finops_cost_management.answers.incidents import join_days
from finops_cost_management.plugins.component import Options

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.window import DateWindow
    from finops_models.robust import Floats

DAYS_PER_SENSITIVITY = 500
"""Ordinary noise passes the threshold `sensitivity` times in so many days of a series."""

GAP = 2
"""Days without surprise that do not end an incident when it goes on in the same direction."""

_EXACT = Context(prec=400)
"""Wide enough for every float64 with twelve decimals."""


class JudgingOptions(Options):
    """How surprising and how expensive a day must be to be told."""

    sensitivity: float = Field(default=0.05, gt=0, le=0.5)
    """How readily days are told: at 0.05 the noise of a series passes for an anomaly 0.05 times in
    500 days; 0.1 tells days that noise produces twice as often, 0.025 half as often."""

    min_cost_threshold: Decimal = Field(default=Decimal("0.01"), ge=0)
    """Smallest difference worth telling, in the series' currency per day."""

    min_share: float = Field(default=0.0, ge=0)
    """Smallest difference worth telling, as a share of the expected cost of the day. Demanded
    together with ``min_cost_threshold``."""

    lookback_days: int | None = Field(default=None, ge=28)
    """How many days before the judged ones are used at most; all that the panel has where null."""

    history: int = Field(default=28, ge=14)
    """Known days that a series needs before a day of it is judged."""

    false_discovery_rate: float = Field(default=0.2, gt=0, le=1)
    """Share of false alarms accepted among the alarms of one day; 1 turns the control off."""

    severity_surprise: tuple[float, float, float] = (5.0, 8.0, 16.0)
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

    @property
    def surprise_needed(self) -> float:
        """Robust standard deviations from which a day is told: the threshold, in `surprise`."""
        import math

        return math.log10(DAYS_PER_SENSITIVITY / self.sensitivity)


def tail_probability(surprise: Floats) -> Floats:
    """Chance of ordinary noise at least this far away, on either side: ``10 ** -|surprise|``.

    Each standard deviation makes noise ten times rarer: costs have heavier tails than normal noise
    and lighter ones than a Laplace distribution.

    Args:
        surprise: Distance in robust standard deviations, of any shape; NaN stays NaN.
    """
    import numpy as np

    probability: Floats = np.power(10.0, -np.abs(surprise))
    return probability


def judged_days(panel: CostPanel, window: DateWindow) -> slice:
    """The columns of the panel that lie in the window; an empty slice where none does."""
    import numpy as np

    inside = np.flatnonzero(
        (panel.dates >= np.datetime64(window.start)) & (panel.dates < np.datetime64(window.end))
    )
    return slice(int(inside[0]), int(inside[-1]) + 1) if len(inside) else slice(0, 0)


def judge(
    panel: CostPanel,
    days: slice,
    *,
    expected: Floats,
    surprise: Floats,
    options: JudgingOptions,
    detector: str,
) -> list[Anomaly]:
    """Tell the days that are surprising and expensive enough, one anomaly for each incident.

    A day is told when all of these hold:

    - ordinary noise produces its surprise less often than ``sensitivity`` allows;
    - the difference reaches ``min_cost_threshold`` and ``min_share``;
    - it passes the Benjamini-Hochberg procedure at ``false_discovery_rate`` among all series
      judged that day, so that ten thousand series do not alarm ten thousand times as often.

    Told days of a series that follow each other on one side are one anomaly, also over up to two
    days between them that lie on the same side.

    Args:
        panel: Daily costs.
        days: The judged columns of the panel, from `judged_days`.
        expected: What the judged days should have cost, series × judged days, in the currencies
            of the series.
        surprise: Signed distance of the actual from the expected cost in robust standard
            deviations, series × judged days; NaN where a day is not judged.
        options: The thresholds.
        detector: The name to tell.

    Returns:
        By first day, then in the order of the panel.
    """
    import numpy as np

    actual = panel.values[:, days]
    judged = np.isfinite(actual) & np.isfinite(expected) & np.isfinite(surprise)
    surprise = np.where(judged, surprise, np.nan)
    # Costs that no bill can hold overflow to a difference that is large enough.
    with np.errstate(over="ignore", invalid="ignore"):
        difference = actual - expected
        told = (
            (np.abs(surprise) >= options.surprise_needed)
            & (np.sign(surprise) == np.sign(difference))
            & (np.abs(difference) >= float(options.min_cost_threshold))
            & (np.abs(difference) >= options.min_share * np.abs(expected))
            & _discoveries(tail_probability(surprise), rate=options.false_discovery_rate)
        )
        side = np.where(judged, np.sign(difference), 0.0)
    told = _without_gaps(told, side)
    return join_days(
        _anomalies(
            panel, days, told, expected=expected, surprise=surprise, options=options, name=detector
        )
    )


def _anomalies(
    panel: CostPanel,
    days: slice,
    told: NDArray[np.bool_],
    *,
    expected: Floats,
    surprise: Floats,
    options: JudgingOptions,
    name: str,
) -> Iterator[Anomaly]:
    import numpy as np

    everything = _costs_of_currencies(panel, expected)
    actual, dates = panel.values[:, days], panel.dates[days]
    for day, row in np.argwhere(told.T):
        currency = panel.currencies[row]
        score, should = float(surprise[row, day]), float(expected[row, day])
        cost = float(actual[row, day])
        yield Anomaly(
            date=dates[day].item(),
            dimensions=panel.keys[row],
            currency=currency,
            expected_cost=_money(should, decimals=6),
            actual_cost=_money(cost, decimals=12),
            score=score,
            severity=_severity(score, abs(cost - should), everything[currency][day], options),
            detector=name,
            confidence=1 - float(tail_probability(surprise[row, day])),
        )


def _severity(
    score: float, impact: float, everything: float, options: JudgingOptions
) -> AnomalySeverity:
    surprising = sum(abs(score) >= step for step in options.severity_surprise)
    costly = sum(impact >= step * everything for step in options.severity_impact)
    return list(AnomalySeverity)[min(surprising, costly)]


def _costs_of_currencies(panel: CostPanel, expected: Floats) -> dict[str, Floats]:
    """Per currency, what all its series together should have cost on each judged day."""
    import numpy as np

    currencies = np.array(panel.currencies)
    with np.errstate(over="ignore"):
        return {
            currency: np.nansum(np.abs(expected[currencies == currency]), axis=0)
            for currency in set(panel.currencies)
        }


def _discoveries(probability: Floats, *, rate: float) -> NDArray[np.bool_]:
    """Benjamini-Hochberg per day (column); NaN is not judged and not counted."""
    import numpy as np

    ordered = np.sort(probability, axis=0)
    judged = np.isfinite(ordered).sum(axis=0)
    rank = np.arange(1, len(ordered) + 1)[:, None]
    passing = np.where(ordered <= rate * rank / np.maximum(judged, 1), ordered, -1.0)
    found: NDArray[np.bool_] = probability <= passing.max(axis=0, initial=-1.0)
    return found


def _without_gaps(told: NDArray[np.bool_], side: Floats) -> NDArray[np.bool_]:
    """The told days and the short gaps between them that lie on the same side."""
    filled = told.copy()
    for gap in range(1, GAP + 1):
        joins = told[:, : -gap - 1] & told[:, gap + 1 :]
        for day in range(1, gap + 2):
            joins = joins & (side[:, day : day - gap - 1 or None] == side[:, : -gap - 1])
        for day in range(1, gap + 1):
            filled[:, day : day - gap - 1] |= joins
    return filled


def _money(amount: float, *, decimals: int) -> Decimal:
    """The shortest decimal that is this float, rounded where it has more decimals."""
    exact = Decimal(repr(amount))
    too_fine = int(exact.as_tuple().exponent) < -decimals
    return exact.quantize(Decimal(1).scaleb(-decimals), context=_EXACT) if too_fine else exact
