"""The judges count as people would."""

from __future__ import annotations

import numpy as np
import pytest
from accuracy.incidents import Event
from accuracy.judge_alerts import Alert, AlertScore, judge_alerts
from accuracy.judge_forecasts import Bands, judge_forecasts, seasonal_naive
from hypothesis import given
from hypothesis import strategies as st
from standings import Bound, Standing

pytestmark = pytest.mark.invented

DAYS = range(304)
SPIKE, CREEP = Event(0, "spike", 100, 102), Event(1, "creep", 150, 200)


def _judged(*alerts: tuple[int, int], planned: tuple[Event, ...] = ()) -> AlertScore:
    told = [Alert(series, first, first) for series, first in alerts]
    return judge_alerts(
        told, [SPIKE, CREEP], habits=["weekday", "total"], days=DAYS, planned=planned
    )


@pytest.mark.parametrize(
    ("day", "hits", "false"),
    [(99, 0, 1), (100, 1, 0), (103, 1, 0), (104, 0, 0), (108, 0, 0), (109, 0, 1)],
)
def test_an_alert_hits_its_incident_or_is_neutral_or_false(day: int, hits: int, false: int) -> None:
    score = _judged((0, day))

    assert (score.hits, sum(score.false.values())) == (hits, false)


def test_only_the_first_alert_of_an_incident_counts() -> None:
    score = _judged((1, 165), (1, 170), (1, 220), (0, 101))

    assert (score.hits, score.precision, score.recall, score.f1) == (2, 1, 1, 1)
    assert score.delay == (15 + 1) / 2
    assert score.recalls == {"creep": 1, "spike": 1}


def test_false_alerts_are_told_by_series_and_month_and_by_habit() -> None:
    score = _judged((0, 10), (0, 20), (1, 30), (1, 160))

    assert (score.precision, score.recall) == (1 / 4, 1 / 2)
    assert score.false_alerts == pytest.approx(3 / 20)
    assert score.false_alerts_of({"total"}) == pytest.approx(1 / 10)


def test_another_series_is_no_excuse_and_a_planned_change_is_one() -> None:
    assert sum(_judged((1, 100)).false.values()) == 1
    assert not any(_judged((1, 110), planned=(Event(1, "commitment", 100, 101),)).false.values())


def test_silence_is_neither_precise_nor_late() -> None:
    score = _judged()

    assert (score.precision, score.recall, score.f1, score.delay) == (0, 0, 0, None)


def test_the_naive_rule_is_one_by_definition() -> None:
    random = np.random.default_rng(0)
    series = random.lognormal(3, 0.3, (40, 130))
    score = judge_forecasts(
        series[:, :100], series[:, 100:], seasonal_naive(series[:, :100], 30, (0.8, 0.95))
    )

    assert score.relative_mase == pytest.approx(1)
    assert score.relative_msis == pytest.approx(1)
    assert 0.7 < score.coverage[0.8] < score.coverage[0.95]


def test_the_naive_rule_is_that_of_statsforecast() -> None:
    """What SeasonalNaive(season_length=7) of statsforecast 2.1.1 answers for these days."""
    series = np.array([5, 7, 6, 8, 9, 3, 2, 6, 7, 5, 9, 9, 4, 2, 5, 8, 6, 8, 11, 3, 3], float)
    own = seasonal_naive(series[None], 9, (0.95,))

    assert own.mean[0].tolist() == [5, 8, 6, 8, 11, 3, 3, 5, 8]
    below = own.mean[0] - own.lower[0.95][0]
    above = own.upper[0.95][0] - own.mean[0]
    assert below == pytest.approx([1.959964] * 7 + [2.771808] * 2, abs=1e-6)
    assert above == pytest.approx(below)


def test_errors_are_those_one_would_count_by_hand() -> None:
    history = np.tile([1.0, 1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3], (2, 1))
    actual = np.full((2, 2), 4.0)
    mean = np.array([[3.0, 5.0], [2.0, 2.0]])
    score = judge_forecasts(
        history,
        actual,
        Bands(mean=mean, lower={0.95: mean - 1}, upper={0.95: mean + 1}),
    )

    assert score.mase == pytest.approx((1 / 2 + 2 / 2) / 2)
    assert score.relative_mase == pytest.approx(np.sqrt(1 * 2))
    assert score.total_error == pytest.approx((0 + 0.5) / 2)
    assert score.coverage == {0.95: 0.5}


def test_series_without_a_forecast_or_a_past_are_left_out() -> None:
    history = np.ones((3, 20))
    history[2] = 0
    mean = np.ones((3, 5))
    mean[1] = np.nan
    score = judge_forecasts(
        history, np.ones((3, 5)), Bands(mean=mean, lower={0.95: mean}, upper={0.95: mean})
    )

    assert score.tasks == 1
    assert score.relative_mase == 1


@given(st.integers(0, 1000), st.floats(1e-3, 1e6))
def test_the_currency_unit_changes_no_forecast_score(seed: int, times: float) -> None:
    random = np.random.default_rng(seed)
    series = random.normal(0, 1, (5, 60))
    mean = random.normal(0, 1, (5, 10))

    def score(by: float) -> list[float]:
        bands = Bands(mean=mean * by, lower={0.95: mean * by - by}, upper={0.95: mean * by + by})
        judged = judge_forecasts(series[:, :50] * by, series[:, 50:] * by, bands)
        return [judged.mase, judged.relative_mase, judged.total_error, judged.relative_msis]

    assert score(times) == pytest.approx(score(1), rel=1e-6)


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 303)), max_size=30),
    st.randoms(use_true_random=False),
)
def test_every_alert_is_counted_at_most_once_in_any_order(
    alerts: list[tuple[int, int]], random: object
) -> None:
    score = _judged(*alerts)
    random.shuffle(alerts)  # type: ignore[attr-defined] # hypothesis types it as random.Random

    assert _judged(*alerts) == score
    assert score.hits + sum(score.false.values()) <= len(alerts)
    assert 0 <= score.f1 <= 1


def test_promises_are_about_our_row_alone() -> None:
    standing = Standing(
        benchmark="accuracy",
        title="t",
        ours="a",
        rows={"a": {"F1": 0.9, "in 80 %": 0.83}, "b": {"F1": 0.1}},
        promises={"F1": Bound(at_least=0.9), "in 80 %": Bound(at_least=0.78, at_most=0.82)},
    )

    assert standing.kept == {"F1": True, "in 80 %": False}
    assert [str(bound) for bound in standing.promises.values()] == ["≥ 0.9", "0.78-0.82"]
