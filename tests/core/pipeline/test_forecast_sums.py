"""The total that is shown is the sum of its series, in money and with a band of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from finops_cost_management.answers.forecasts import BacktestAccuracy, Forecast, PanelForecast
from finops_cost_management.pipeline.forecast_sums import with_sums
from finops_cost_management.pipeline.forecasting import forecasts_in_money
from finops_cost_management.query.panel import CostPanel
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.invented

LEVELS = {0.8: 1.28, 0.95: 1.96}
DAYS, HORIZON = 5, 4


def forecasts(
    mean: NDArray[np.float64],
    *,
    width: float = 10,
    currencies: Sequence[str] | None = None,
    problems: Sequence[str | None] | None = None,
    history: NDArray[np.float64] | None = None,
    **more: Any,
) -> list[Forecast]:
    series = len(mean)
    panel = CostPanel(
        values=np.ones((series, DAYS)) if history is None else history,
        dates=np.arange(np.datetime64("2026-05-01"), np.datetime64("2026-05-06")),
        keys=tuple({"ServiceName": str(row)} for row in range(series)),
        currencies=tuple(currencies or ["USD"] * series),
    )
    totals = mean.sum(axis=1)
    answer = PanelForecast(
        mean=mean,
        lower={level: mean - z * width for level, z in LEVELS.items()},
        upper={level: mean + 2 * z * width for level, z in LEVELS.items()},
        total_lower={level: totals - z * 2 * width for level, z in LEVELS.items()},
        total_upper={level: totals + z * 4 * width for level, z in LEVELS.items()},
        models=("naive",) * series,
        problems=tuple(problems or [None] * series),
        **more,
    )
    end = date(2026, 5, 6)
    ones = forecasts_in_money(
        panel,
        answer,
        shown=DateWindow.last(DAYS, until=end),
        horizon=DateWindow.after(end, mean.shape[1]),
        forecaster="next",
    )
    return with_sums(ones, answer)


def half_widths(one: Forecast) -> list[float]:
    """Of the first day and of the total, at 95 %, below the mean."""
    band = one.intervals[-1]
    assert one.forecasted_total is not None
    return [float(one.mean[0] - band.lower[0]), float(one.forecasted_total - band.lower_total)]


MEAN = np.full((100, HORIZON), 50.0)


def test_one_series_and_no_series_have_no_sum() -> None:
    assert [one.parts for one in forecasts(MEAN[:1])] == [0]
    assert forecasts(MEAN[:0]) == []
    assert [one.is_sum for one in forecasts(MEAN[:2], problems=[None, "too young"])] == [False] * 2


def test_without_back_tests_the_band_is_the_safe_sum() -> None:
    total = forecasts(MEAN)[0]
    assert half_widths(total) == pytest.approx([1960, 3920])


@pytest.mark.parametrize(
    ("together", "widths"), [(False, [196, 392]), (True, [1960, 3920])], ids=["alone", "together"]
)
def test_back_tests_say_whether_series_err_together(together: bool, widths: list[float]) -> None:  # noqa: FBT001 # pytest hands it over by name
    noise = np.random.default_rng(7).normal(size=(60, 1 if together else 100, HORIZON))
    errors = np.broadcast_to(noise, (60, 100, HORIZON))
    assert half_widths(forecasts(MEAN, errors=errors)[0]) == pytest.approx(widths, rel=0.1)


def test_young_series_do_not_hide_what_the_others_tell() -> None:
    errors = np.random.default_rng(7).normal(size=(60, 100, HORIZON))
    errors[:50, :10] = np.nan
    assert half_widths(forecasts(MEAN, errors=errors)[0]) == pytest.approx([196, 392], rel=0.1)
    errors[2:] = np.nan
    assert half_widths(forecasts(MEAN, errors=errors)[0]) == pytest.approx([1960, 3920])


def test_currencies_are_never_added_and_series_without_forecast_left_out() -> None:
    told = forecasts(
        MEAN[:5],
        currencies=["EUR", "EUR", "USD", "USD", "USD"],
        problems=[None, None, None, "too young", None],
    )
    assert [(one.currency, one.parts, one.forecasted_total) for one in told[:2]] == [
        ("EUR", 2, Decimal(400)),
        ("USD", 2, Decimal(400)),
    ]
    assert [one.parts for one in told[2:]] == [0] * 5


def test_a_day_that_one_series_does_not_know_is_not_known() -> None:
    history = np.ones((2, DAYS))
    history[1, 2] = np.nan
    total = forecasts(MEAN[:2], history=history, trend=np.ones((2, DAYS + HORIZON)))[0]
    assert list(total.history) == [Decimal(2), Decimal(2), None, Decimal(2), Decimal(2)]
    assert total.trend == (Decimal(2),) * (DAYS + HORIZON)


def test_what_the_forecaster_knows_of_a_series_is_told() -> None:
    accuracy = BacktestAccuracy(mase=0.8, wape=0.1, coverage={0.8: 0.79}, origins=6)
    trend = np.ones((2, DAYS + HORIZON))
    trend[0, 0] = np.nan
    one = forecasts(
        MEAN[:2], accuracy=(accuracy, None), seasonality=({"weekly": 0.9}, {}), trend=trend
    )[1]
    assert (one.accuracy, one.seasonality) == (accuracy, {"weekly": 0.9})
    assert one.trend == (None, *[1] * (DAYS + HORIZON - 1))


@given(
    st.lists(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=2), min_size=2, max_size=5).map(
        np.array
    ),
    st.floats(0, 1e6),
    st.integers(0, 9),
)
def test_sums_are_exact_and_bands_nested(
    mean: NDArray[np.float64], width: float, origins: int
) -> None:
    errors = np.random.default_rng(1).normal(size=(origins, len(mean), 2)) if origins else None
    total, *parts = forecasts(mean, width=width, errors=errors)
    assert total.mean == tuple(
        sum(costs) for costs in zip(*(one.mean for one in parts), strict=True)
    )
    assert total.forecasted_total == sum(one.forecasted_total or 0 for one in parts)
    narrow, wide = total.intervals
    for low, less, expected, more, high in zip(
        (*wide.lower, wide.lower_total),
        (*narrow.lower, narrow.lower_total),
        (*total.mean, total.forecasted_total),
        (*narrow.upper, narrow.upper_total),
        (*wide.upper, wide.upper_total),
        strict=True,
    ):
        assert expected is not None
        assert low <= less <= expected <= more <= high
