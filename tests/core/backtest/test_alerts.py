from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity
from finops_cost_management.backtest.alert_report import DAYS_A_MONTH, report_on
from finops_cost_management.backtest.alerts import Alert, AlertLog, judged_days
from finops_cost_management.backtest.labels import Label
from finops_cost_management.query.panel import CostPanel
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.invented

MakePanel = Callable[..., CostPanel]
MONDAY = date(2026, 1, 5)


def days(first: int, last: int) -> DateWindow:
    return DateWindow(MONDAY + timedelta(days=first), MONDAY + timedelta(days=last + 1))


def anomaly(first: int, length: int = 1, *, service: str = "s0", impact: int = 5) -> Anomaly:
    return Anomaly(
        date=MONDAY + timedelta(days=first),
        days=length,
        dimensions={"ServiceName": service},
        currency="USD",
        expected_cost=Decimal(10),
        actual_cost=Decimal(10 + impact),
        score=5.0,
        severity=AnomalySeverity.HIGH,
        detector="d",
    )


def heard(*stretches: tuple[DateWindow, DateWindow, list[Anomaly]]) -> list[Alert]:
    log = AlertLog()
    for judged, new, anomalies in stretches:
        log.hear(anomalies, judged=judged, new=new)
    return log.alerts


def test_adjacent_days_are_one_alert_told_on_the_first() -> None:
    window = days(0, 20)
    (one,) = heard((window, window, [anomaly(4), anomaly(3), anomaly(5)]))

    assert (one.days, one.told, one.impact) == (days(3, 5), days(3, 3).start, Decimal(15))


def test_what_goes_on_in_the_next_stretch_is_not_told_again() -> None:
    (one,) = heard(
        (days(0, 5), days(0, 5), [anomaly(5)]),
        (days(0, 6), days(6, 6), [anomaly(5, 2, impact=9)]),
        (days(1, 7), days(7, 7), [anomaly(7)]),
    )

    assert (one.days, one.told) == (days(5, 7), days(5, 5).start)


def test_late_data_are_told_when_they_come() -> None:
    (one,) = heard((days(0, 5), days(0, 5), []), (days(0, 9), days(6, 9), [anomaly(3)]))

    assert (one.days, one.told) == (days(3, 3), days(6, 6).start)


def test_the_other_side_another_series_and_a_later_day_are_alerts_of_their_own() -> None:
    window = days(0, 20)
    found = [anomaly(3), anomaly(4, impact=-5), anomaly(3, service="s1"), anomaly(9)]

    assert len(heard((window, window, found))) == 4


def test_days_that_were_not_asked_for_do_not_count() -> None:
    assert heard((days(3, 5), days(5, 5), [anomaly(2), anomaly(6)])) == []


def test_a_new_version_judges_the_last_week_again() -> None:
    replayed = days(0, 30)

    assert judged_days(days(5, 9), replayed, again=False) == days(5, 9)
    assert judged_days(days(20, 22), replayed, again=True) == days(13, 22)
    assert judged_days(days(3, 4), replayed, again=True) == days(0, 4)


@given(st.lists(st.tuples(st.integers(0, 29), st.integers(1, 5), st.booleans()), max_size=15))
def test_every_day_is_told_and_no_incident_twice(found: list[tuple[int, int, bool]]) -> None:
    log = AlertLog()
    for day in range(30):
        new = days(day, day)
        judged = judged_days(new, days(0, 29), again=True)
        told = [
            anomaly(first, min(length, day + 1 - first), impact=5 if up else -5)
            for first, length, up in found
            if first <= day and MONDAY + timedelta(days=first) in judged
        ]
        log.hear(told, judged=judged, new=new)

    assert len(log.alerts) <= len({(first, up) for first, _, up in found})
    for first, length, up in found:
        last = min(first + length - 1, 29)
        alerts = [alert for alert in log.alerts if (alert.impact > 0) == up]
        for told_of in days(first, last).dates():
            assert any(told_of in alert.days for alert in alerts)


def label(first: int, last: int, **dimensions: str) -> Label:
    return Label(days=days(first, last), dimensions=dimensions)


def test_alerts_are_held_against_labels(make_panel: MakePanel) -> None:
    panel = make_panel([1.0] * 31, [1.0] * 31)
    window = days(0, 30)
    alerts = heard(
        (
            window,
            window,
            [anomaly(4), anomaly(8), anomaly(20), anomaly(4, service="s1"), anomaly(29)],
        )
    )
    labels = [
        label(2, 9, ServiceName="s0"),  # told of two days late, twice
        label(19, 21),  # about every series, told of by one
        label(12, 12, ServiceName="s1"),  # missed
        label(40, 45, ServiceName="s0"),  # not judged
        label(4, 4, ServiceName="other"),  # of another detector
    ]
    score = report_on("d", alerts, panel, window, labels).score

    assert score is not None
    assert (score.events, score.hits, score.right, score.wrong) == (3, 2, 3, 2)
    assert score.precision == pytest.approx(3 / 5)
    assert score.recall == pytest.approx(2 / 3)
    assert score.f1 == pytest.approx(2 * 0.6 * (2 / 3) / (0.6 + 2 / 3))
    assert score.delay == pytest.approx((2 + 1) / 2)


def test_a_delay_counts_from_the_first_day_that_was_judged(make_panel: MakePanel) -> None:
    panel = make_panel([1.0] * 31)
    window = days(10, 20)
    alerts = heard((window, window, [anomaly(11)]))
    score = report_on("d", alerts, panel, window, [label(0, 15)]).score

    assert score is not None
    assert score.delay == 1


def test_rates_are_per_series_and_month_of_known_days(make_panel: MakePanel) -> None:
    nan = float("nan")
    panel = make_panel([1.0] * 60, [nan] * 30 + [1.0] * 30, [nan] * 60)
    window = days(0, 59)
    report = report_on("d", heard((window, window, [anomaly(3), anomaly(33)])), panel, window, None)

    assert report.series_months == pytest.approx(90 / DAYS_A_MONTH)
    assert report.rate == pytest.approx(2 * DAYS_A_MONTH / 90)
    assert report.false_rate is None
    assert report.by_month() == {"2026-01": 1, "2026-02": 1, "2026-03": 0}
    assert [one.by_month.total() for one in report.by_series()] == [2]


def test_nothing_known_is_no_rate(make_panel: MakePanel) -> None:
    report = report_on("d", [], make_panel([float("nan")] * 5), days(0, 4), [])

    assert report.rate is None
    assert report.score is not None
    assert (report.score.precision, report.score.recall, report.score.f1) == (None, None, None)
