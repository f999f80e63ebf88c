"""Replays detectors on the days of the past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from finops_cost_management.answers.anomalies import Anomaly
from finops_cost_management.backtest.alert_report import report_on
from finops_cost_management.backtest.alerts import AlertLog, judged_days
from finops_cost_management.backtest.memory import panel_before
from finops_cost_management.backtest.naive import rolling_mean
from finops_cost_management.errors import DataError
from finops_cost_management.query.panel import CostPanel
from finops_cost_management.window import DateWindow, days_after

if TYPE_CHECKING:
    from finops_cost_management.backtest.alert_report import AlertReport
    from finops_cost_management.backtest.labels import Label
    from finops_cost_management.backtest.memory import SeriesOf, StoreMemory

Detect = Callable[[CostPanel, DateWindow], Sequence[Anomaly]]
"""Judges the days of a window, each knowing only the days before it."""

NAIVE = "30-day mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedDetector:
    """A detector and the series that it judges.

    Attributes:
        name: Its name.
        series: Brings its series.
        detect: The detector itself.
    """

    name: str
    series: SeriesOf
    detect: Detect
    told: AlertLog = field(default_factory=AlertLog, init=False)
    naive: AlertLog = field(default_factory=AlertLog, init=False)

    def judge(self, panel: CostPanel, judged: DateWindow, new: DateWindow) -> None:
        """Let it and the naive rule see the same days."""
        self.told.hear(self.detect(panel, judged), judged=judged, new=new)
        self.naive.hear(rolling_mean(panel, judged), judged=judged, new=new)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorResult:
    """What a detector told, beside what the naive rule told of the same series."""

    detector: AlertReport
    naive: AlertReport


def replay_detectors(
    memory: StoreMemory,
    detectors: Sequence[ReplayedDetector],
    days: DateWindow,
    *,
    history: int,
    lag: int,
    advance: Callable[[int], None],
) -> None:
    """Judge each day as a run would have done that began when the day was over.

    A detector judges each day on the days before it. So the runs that saw the same version of
    the store are asked as one: for all their days at once, on one panel.

    Args:
        memory: The store.
        detectors: Whom to replay; they remember what they told.
        days: The days to judge.
        history: How many days before the first day of a stretch its panel has.
        lag: How many days a run leaves out because clouds still correct them.
        advance: Is told how many more days are done.
    """
    ends = DateWindow(days_after(days.start, 1), days_after(days.end, 1))
    for place, (stretch, costs) in enumerate(memory.recall(ends, lag=lag)):
        new = DateWindow(days_after(stretch.ends.start, -1), days_after(stretch.ends.end, -1))
        judged = judged_days(new, days, again=place > 0)
        for one in detectors:
            panel = panel_before(costs, one.series, new.end, days=history + new.days)
            one.judge(panel, judged, new)
        advance(new.days)


def series_judged(
    memory: StoreMemory, one: ReplayedDetector, days: DateWindow, *, history: int
) -> CostPanel:
    """The series of a detector, as they are known today.

    Raises:
        DataError: There is none.
    """
    panel = panel_before(memory.today, one.series, days.end, days=history + days.days)
    if not len(panel):
        raise DataError(
            f"the store has no costs from {days} or the {history} days before for {one.name}",
            hint="`finops store show` says which days it holds; check `where`, too",
        )
    return panel


def results(
    one: ReplayedDetector, panel: CostPanel, days: DateWindow, labels: Sequence[Label] | None
) -> DetectorResult:
    """What came out of a replay.

    Args:
        one: A detector that was replayed.
        panel: Its series, as they are known today.
        days: The days that were judged.
        labels: What is known to have happened; None where nobody said.
    """
    return DetectorResult(
        detector=report_on(one.name, one.told.alerts, panel, days, labels),
        naive=report_on(NAIVE, one.naive.alerts, panel, days, labels),
    )
