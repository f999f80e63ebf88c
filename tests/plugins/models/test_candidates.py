"""The models that `auto` chooses from, the calendar under them, and how it chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops_models.candidates import GENERAL_ERRORS, candidates
from finops_models.choosing import choosing_origins, say, weighted_median
from finops_models.holidays import holiday_factors
from finops_models.lifespan import has_ended, irregular_mean, without_time_before
from finops_models.recurring import billing_calendar, monthly_prices
from finops_models.seasons import seasons, smooth_level

if TYPE_CHECKING:
    from collections.abc import Callable

    from finops_models.billing_calendar import Dates
    from finops_models.robust import Floats

pytestmark = pytest.mark.invented

NAN = float("nan")


def days(count: int, first: str = "2024-01-01") -> Dates:
    return np.datetime64(first, "D") + np.arange(count)


def of_month(dates: Dates) -> Floats:
    since: Floats = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1.0
    return since


def test_every_model_has_a_name_and_continues_a_week_exactly() -> None:
    week = np.array([5.0, 6, 7, 8, 9, 2, 1])
    values = np.tile(week, 60)[None]
    (said,) = candidates(values / values.mean(), days(420), 14, [420])
    assert said.shape == (len(GENERAL_ERRORS), 1, 14)
    for name, model in zip(GENERAL_ERRORS, said[:, 0] * values.mean(), strict=True):
        if name != "level":
            np.testing.assert_allclose(model, np.tile(week, 2), atol=0.1, err_msg=name)


def test_what_came_after_an_origin_does_not_change_what_was_said(
    invented: Callable[..., Any],
) -> None:
    values = invented(3, series=8, days=300).panel.values
    values = values / values.mean(axis=1, keepdims=True)
    other = values.copy()
    other[:, 250:] *= 3
    before, after = (candidates(some, days(300), 30, [300, 250])[1] for some in (values, other))
    np.testing.assert_array_equal(before, after)
    charges = [billing_calendar(some, days(300), 30, [250]) for some in (values, other)]
    charged = [calendar.charges[250] / calendar.factors[:, :1] ** -1 for calendar in charges]
    np.testing.assert_allclose(charged[0], charged[1])
    assert np.abs(charged[0]).max() > 0


def test_the_calendar_gives_back_what_it_took() -> None:
    dates = days(200)
    fee = np.where(of_month(dates) == 10, 30.0, 0.0)
    calendar = billing_calendar((10 + fee)[None, :170], dates[:170], 30, [170])
    back = calendar.bill(np.full((1, 1, 30), calendar.costs[0, 150]), 170)[0, 0]
    np.testing.assert_allclose(back, 10 + fee[170:], rtol=0.02)


def test_only_prices_per_month_are_prices_per_month() -> None:
    dates = days(300)
    length = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    priced = 300 / np.array(
        [length[month] for month in dates.astype("datetime64[M]").astype(int) % 12]
    )
    noise = np.random.default_rng(2).normal(1, 0.002, (3, 300))
    values = np.stack([priced, np.full(300, 10.0), 10 + np.arange(300) * 0.1]) * noise
    assert monthly_prices(values, dates).tolist() == [True, False, False]


def test_say_goes_to_who_was_right_and_adds_up() -> None:
    random = np.random.default_rng(1)
    origins = [200, *choosing_origins(200, 30)]
    truth = random.normal(100, 1, (len(origins), 4, 30))
    truth[0] = NAN
    wrong = np.array([3.0, 1.0, 9.0])[:, None, None]
    forecasts = truth[:, None] + wrong * random.normal(0, 1, (len(origins), 3, 4, 30))
    forecasts[0] = 100
    weights = say(forecasts, truth, origins, np.zeros(3))
    for weight in weights:
        np.testing.assert_allclose(weight.sum(axis=0), 1)
    assert (weights[0][1] > 0.9).all()
    # The oldest origin knows nothing but the general errors.
    np.testing.assert_allclose(weights[-1], 1 / 3)


@settings(max_examples=50)
@given(data=st.data(), models=st.integers(1, 6))
def test_a_weighted_median_is_one_of_the_forecasts(data: st.DataObject, models: int) -> None:
    said = np.array(data.draw(st.lists(st.floats(-1e6, 1e6), min_size=models, max_size=models)))
    weight = np.array(data.draw(st.lists(st.floats(0.01, 1), min_size=models, max_size=models)))
    weight /= weight.sum()
    middle = weighted_median(said[:, None, None], weight[:, None])[0, 0]
    assert middle in said
    assert weight[said < middle].sum() <= 0.5 + 1e-9
    assert weight[said > middle].sum() <= 0.5 + 1e-9


def test_holidays_are_found_on_their_days() -> None:
    dates = days(1100, "2023-01-01")
    closed = {"2023-04-07", "2023-11-23", "2023-12-25", "2024-03-29", "2024-11-28", "2024-12-25"}
    values = np.where(np.isin(dates.astype(str), list(closed)), 40.0, 100.0)
    factors = holiday_factors(values[None, :730], dates)[0]
    expected = {"2024-03-29", "2024-11-28", "2024-12-25", "2025-04-18", "2025-11-27", "2025-12-25"}
    found = dates[np.abs(factors - 0.4) < 1e-9].astype(str)
    assert set(found) == expected
    assert (factors != 1).sum() == len(expected)


def test_a_charge_of_every_month_is_no_holiday() -> None:
    dates = days(700, "2023-01-01")
    values = np.where(of_month(dates) == 25, 500.0, 100.0)
    assert (holiday_factors(values[None, :690], dates) == 1).all()


@pytest.mark.parametrize(
    ("costs", "ended"),
    [
        ([5.0] * 60 + [0.0] * 3, False),
        ([5.0] * 60 + [0.0] * 4, True),
        ([5.0] * 60 + [NAN] * 9, False),
        ([5.0, 5, 5, 5, 5, 0, 0] * 9 + [0.0] * 3, False),
        ([5.0, 5, 5, 5, 5, 0, 0] * 9 + [0.0] * 7, True),
        ([0.0] * 29 + [9.0] + [0.0] * 29, False),
        ([0.0] * 60, False),
    ],
)
def test_a_silence_that_never_was_is_an_end(costs: list[float], *, ended: bool) -> None:
    assert has_ended(np.array([costs])).tolist() == [ended]


def test_the_time_before_a_series_is_not_its_level() -> None:
    values = np.array([[0.0] * 20 + [5.0] * 5, [0.0] * 5 + [5.0] * 20, [0.0] * 25])
    assert np.isnan(without_time_before(values)).sum(axis=1).tolist() == [20, 0, 0]


def test_a_schedule_is_not_irregular() -> None:
    random = np.random.default_rng(4)
    at_random = np.where(random.random(91) < 0.4, 10.0, 0.0)
    scheduled = np.tile([10.0, 0, 10, 0, 0, 0, 0], 13)
    monthly = np.where(np.arange(91) % 30 == 0, 10.0, 0.0)
    mean = irregular_mean(np.stack([at_random, scheduled, monthly, np.full(91, 10.0)]))
    assert mean[0] == pytest.approx(at_random.mean())
    assert np.isnan(mean[1:]).all()


def test_seasons_are_told_where_they_are() -> None:
    dates = days(800)
    random = np.random.default_rng(8)
    noise = random.normal(0, 3, (4, 800))
    weekly = np.where(dates.astype(int) % 7 < 2, -30.0, 12.0)
    monthly = np.where(of_month(dates) == 1, 200.0, 0.0)
    yearly = 40 * np.sin(2 * np.pi * dates.astype(int) / 365.25)
    values = 200 + noise + np.stack([np.zeros(800), weekly, monthly, yearly])
    told = list(seasons(values, dates))
    assert [set(one) for one in told] == [set(), {"weekly"}, {"monthly"}, {"yearly"}]
    assert all(0.5 < strength <= 1 for one in told for strength in one.values())


def test_the_level_is_smooth_and_keeps_steps() -> None:
    values = np.concatenate([np.full(60, 10.0), np.full(60, 30.0)])
    values[[20, 80]] = 500
    level = smooth_level(values[None])[0]
    assert set(np.unique(level)) == {10.0, 30.0}
