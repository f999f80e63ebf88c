"""What all detectors of the package share: they say how surprising days are, no more."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, TypeVar

from finops_cost_management.plugins.component import Detector
from finops_cost_management.plugins.hookspecs import hookimpl
from finops_models.judging import JudgingOptions, judge, judged_days

if TYPE_CHECKING:
    from collections.abc import Sequence

    from finops_cost_management.answers.anomalies import Anomaly
    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.window import DateWindow
    from finops_models.robust import Floats

OptionsT = TypeVar("OptionsT", bound=JudgingOptions)


class PanelDetector(Detector[OptionsT]):
    """A detector of which only `surprises` is left to say."""

    @abstractmethod
    def surprises(self, panel: CostPanel, days: slice) -> tuple[Floats, Floats]:
        """Say what days should have cost and how far off they are, each knowing only the past.

        Args:
            panel: Daily costs with at least one series.
            days: The judged columns of the panel, at least one.

        Returns:
            Expected cost, and signed distance from it in standard deviations; both series ×
            judged days, NaN where a day cannot be judged.
        """

    @hookimpl
    def detect_anomalies(self, panel: CostPanel, window: DateWindow) -> Sequence[Anomaly]:
        """Judge the days of the window, each knowing only the days before it.

        Args:
            panel: Daily costs, with as much history as there is.
            window: The days to judge. Days outside the panel are not judged.

        Returns:
            One anomaly for each incident, by first day, then in the order of the panel.
        """
        days = judged_days(panel, window)
        if days.start == days.stop or not len(panel):
            return []
        expected, surprise = self.surprises(panel, days)
        return judge(
            panel,
            days,
            expected=expected,
            surprise=surprise,
            options=self.options,
            detector=self.name,
        )
