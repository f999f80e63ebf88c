"""Detectors side by side: every day judged knowing only the days before, on made-up costs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from accuracy.cost_series import GeneratedCosts, generate
from accuracy.incidents import Event
from accuracy.judge_alerts import Alert, AlertScore, judge_alerts
from accuracy.online_rules import ONLINE_RULES, OnlineRule
from accuracy.plugins import installed, usable
from standings import Bound, Standing

from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from finops_cost_management.answers.anomalies import Anomaly
    from finops_cost_management.query.panel import CostPanel

    Detect = Callable[[CostPanel, DateWindow], Sequence[Anomaly]]

OURS = "seasonal"
DAYS, FIRST_JUDGED = 400, 130
CUTS = (200, 333)
"""Days on which a detector is asked again, without those that follow."""
MONTHLY = frozenset({"month_start", "month_end", "monthly_fee"})
PROMISES = {
    "F1": Bound(at_least=0.9),
    "false": Bound(at_most=0.02),
    "of charges": Bound(at_most=0.05),
    "of totals": Bound(at_most=0.05),
    "delay": Bound(at_most=0.8),
    "hindsight": Bound(at_most=0),
}
RECALL_PROMISES = {
    kind: Bound(at_least=least)
    for least, kinds in {
        0.95: ("level_shift", "new_service", "duplicated_day", "credit_day"),
        0.9: ("spike", "drop"),
        0.75: ("ramp",),
        0.5: ("creep",),
    }.items()
    for kind in kinds
}
_BEST_OF = 60
"""Thresholds that are tried for a rule's best."""


@dataclass(frozen=True, slots=True)
class _Cases:
    """Several made-up panels, their series counted through."""

    panels: tuple[GeneratedCosts, ...]

    def first(self, series: int) -> _Cases:
        """About so many series, as many of each panel."""
        each = -(-series // len(self.panels))
        return _Cases(tuple(_first(costs, each) for costs in self.panels))

    @property
    def series(self) -> int:
        return sum(len(costs.panel) for costs in self.panels)

    def judge(self, alerts: Sequence[Iterable[Alert]]) -> AlertScore:
        """Judge the alerts of every panel together."""
        counted: list[Alert] = []
        events: list[Event] = []
        planned: list[Event] = []
        habits: list[str] = []
        for costs, told in zip(self.panels, alerts, strict=True):
            before = len(habits)
            counted += [Alert(each.series + before, each.first, each.last) for each in told]
            events += _moved(costs.events, before)
            planned += _moved(costs.planned, before)
            habits += costs.habits
        days = range(FIRST_JUDGED, DAYS)
        return judge_alerts(counted, events, habits=habits, days=days, planned=planned)


def measure_alerts(benchmark: str, series: int, seeds: Sequence[int]) -> Iterator[Standing]:
    """Judge all installed detectors and the rules that everybody has.

    Args:
        benchmark: Name for the tables.
        series: How many, of all seeds together.
        seeds: One made-up panel for each.
    """
    each = -(-series // len(seeds))
    cases = _Cases(tuple(generate(each, DAYS, seed=seed) for seed in seeds))
    rows: dict[str, Mapping[str, float]] = {}
    recalls: dict[str, Mapping[str, float]] = {}
    absent: dict[str, str] = {}
    for name, detector in usable(installed("detectors"), absent):
        rows[name], recalls[name] = _detector_rows(detector().detect_anomalies, cases)
    for name, rule in usable(ONLINE_RULES, absent):
        rows[name], recalls[name] = _rule_rows(rule, cases.first(rule.at_most))
    title = f"{DAYS - FIRST_JUDGED} days of made-up costs, judged online"
    yield Standing(
        benchmark=benchmark,
        title=f"anomalies: {title}; false alerts are per series and month; "
        "best: with the threshold that would have been",
        ours=OURS,
        rows=rows,
        promises=PROMISES,
        absent=absent,
    )
    yield Standing(
        benchmark=benchmark,
        title=f"share of the incidents that are told, by kind: {title}",
        ours=OURS,
        rows=recalls,
        promises=RECALL_PROMISES,
    )


def _detector_rows(
    detect: Detect, cases: _Cases
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    start = time.perf_counter()
    told = [_alerts(detect, costs, DAYS) for costs in cases.panels]
    taken = time.perf_counter() - start
    score = cases.judge(told)
    hindsight = sum(
        len(_begun(whole, cut) ^ _begun(_alerts(detect, costs, cut), cut))
        for cut in CUTS
        for costs, whole in zip(cases.panels, told, strict=True)
    )
    row = {**_row(score, cases.series), "hindsight": hindsight, "series/s": cases.series / taken}
    return row, score.recalls


def _alerts(detect: Detect, costs: GeneratedCosts, until: int) -> list[Alert]:
    """What a detector tells when it knows the days before `until`."""
    dates = costs.panel.dates
    known = costs.panel.until(dates[until - 1].item() + timedelta(days=1))
    window = DateWindow(dates[FIRST_JUDGED].item(), dates[until - 1].item() + timedelta(days=1))
    row_of = {key["ServiceName"]: row for row, key in enumerate(costs.panel.keys)}
    return [
        Alert(row_of[anomaly.service], first, first + anomaly.days - 1)
        for anomaly in detect(known, window)
        for first in [(anomaly.date - dates[0].item()).days]
    ]


def _begun(alerts: Iterable[Alert], before: int) -> set[tuple[int, int]]:
    return {(alert.series, alert.first) for alert in alerts if alert.first < before}


def _rule_rows(rule: OnlineRule, cases: _Cases) -> tuple[Mapping[str, float], Mapping[str, float]]:
    start = time.perf_counter()
    scores = [rule.scores(costs.panel.values, FIRST_JUDGED) for costs in cases.panels]
    speed = cases.series / (time.perf_counter() - start)

    def told(threshold: float) -> AlertScore:
        return cases.judge(
            [
                [Alert(int(row), int(day), int(day)) for row, day in np.argwhere(each > threshold)]
                for each in scores
            ]
        )

    judged = np.concatenate([each[:, FIRST_JUDGED:].ravel() for each in scores])
    tried = np.quantile(judged, 1 - np.geomspace(0.0005, 0.2, _BEST_OF))
    usual = told(rule.threshold)
    others = [told(float(threshold)) for threshold in tried]
    best = max([usual, *others], key=lambda score: score.f1)
    row = {
        **_row(usual, cases.series),
        "series/s": speed,
        "best F1": best.f1,
        "its false": best.false_alerts,
    }
    return row, usual.recalls


def _row(score: AlertScore, series: int) -> dict[str, float]:
    return {
        "series": series,
        "precision": score.precision,
        "recall": score.recall,
        "F1": score.f1,
        "false": score.false_alerts,
        "of charges": score.false_alerts_of(MONTHLY),
        "of totals": score.false_alerts_of({"total"}),
        **({} if score.delay is None else {"delay": score.delay}),
    }


def _moved(events: Iterable[Event], by: int) -> list[Event]:
    return [Event(each.series + by, each.kind, each.start, each.end) for each in events]


def _first(costs: GeneratedCosts, series: int) -> GeneratedCosts:
    if series >= len(costs.panel):
        return costs
    panel = costs.panel
    return GeneratedCosts(
        panel=type(panel)(
            values=panel.values[:series],
            dates=panel.dates,
            keys=panel.keys[:series],
            currencies=panel.currencies[:series],
        ),
        events=tuple(event for event in costs.events if event.series < series),
        habits=costs.habits[:series],
        planned=tuple(event for event in costs.planned if event.series < series),
    )
