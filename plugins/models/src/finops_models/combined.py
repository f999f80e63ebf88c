"""Several detectors in one: what enough of them agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from finops_models.isolation_forest import IsolationForest
from finops_models.judging import JudgingOptions
from finops_models.panel_detector import PanelDetector
from finops_models.seasonal import Seasonal
from finops_models.zscore import ZScore

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from finops_cost_management.query.panel import CostPanel
    from finops_models.robust import Floats

METHODS: dict[str, type[PanelDetector[Any]]] = {
    "isolation_forest": IsolationForest,
    "seasonal": Seasonal,
    "statistical": ZScore,
    "zscore": ZScore,
}

OWN_OPTIONS = {
    IsolationForest: ("sensitivity", "contamination", "lookback_days", "history"),
    Seasonal: ("sensitivity", "history"),
    ZScore: ("sensitivity", "lookback_days", "history"),
}
"""What each detector is told of the options; amounts are asked of what they agree on."""


class CombinedOptions(JudgingOptions):
    """Which detectors, and how many of them must agree."""

    detection_methods: tuple[
        Literal["isolation_forest", "seasonal", "statistical", "zscore"], ...
    ] = Field(default=("isolation_forest", "statistical", "seasonal"), min_length=1)
    """The detectors. ``statistical`` and ``zscore`` are the same."""

    agreement: Literal["any", "majority", "all"] = "majority"
    """How many of the detectors that can judge a day must find it surprising, in the same
    direction."""

    contamination: float = Field(default=0.05, gt=0, le=0.5)
    """See ``isolation_forest``."""

    lookback_days: int = Field(default=60, ge=28)
    """See ``isolation_forest`` and ``zscore``; ``seasonal`` looks as far back as it needs."""

    @field_validator("detection_methods")
    @classmethod
    def _one_vote_each(cls, methods: tuple[str, ...]) -> tuple[str, ...]:
        if len({METHODS[method] for method in methods}) < len(methods):
            raise ValueError("a detector is named twice; name each once")
        return methods


class Combined(PanelDetector[CombinedOptions]):
    """Tells the days on which enough detectors agree.

    A day is as surprising as the least surprised of the detectors whose agreement is needed, and
    its expected cost is what that one expected: with ``all`` the most cautious decides, with
    ``any`` the boldest.
    """

    Options = CombinedOptions

    def surprises(self, panel: CostPanel, days: slice) -> tuple[Floats, Floats]:
        """See `PanelDetector.surprises`."""
        import numpy as np

        answers = [method.surprises(panel, days) for method in self._methods()]
        expected, surprise = (np.array(parts) for parts in zip(*answers, strict=True))
        judging = np.isfinite(surprise).sum(axis=0)
        needed = {"any": np.minimum(judging, 1), "majority": judging // 2 + 1, "all": judging}
        least = np.clip(needed[self.options.agreement], 1, len(answers)) - 1
        above, who_above = _agreed(surprise, least)
        below, who_below = _agreed(-surprise, least)
        up = above >= below
        who = np.where(up, who_above, who_below)
        return (
            np.take_along_axis(expected, who[None], axis=0)[0],
            np.where(judging > 0, np.where(up, above, -below), np.nan),
        )

    def _methods(self) -> Iterator[PanelDetector[Any]]:
        for method in self.options.detection_methods:
            detector = METHODS[method]
            shared = OWN_OPTIONS[detector]
            told = {name: getattr(self.options, name) for name in shared}
            yield detector(detector.Options(**told))


def _agreed(surprise: Floats, place: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """The surprise that enough detectors share, at least 0, and which detector has it.

    Args:
        surprise: Detectors × series × days, NaN where one cannot judge.
        place: Per series and day, how many are more surprised.
    """
    import numpy as np

    order = np.argsort(np.where(np.isfinite(surprise), -surprise, np.inf), axis=0, kind="stable")
    who = np.take_along_axis(order, place[None], axis=0)
    shared = np.take_along_axis(surprise, who, axis=0)[0]
    return np.maximum(np.nan_to_num(shared), 0.0), who[0]
