from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from math import isnan
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from finops_cost_management import Forecast, Interval, plot_forecast
from finops_cost_management.errors import AccessError, ConfigurationError
from finops_cost_management.report.seasonal_pattern import seasonal_patterns

pytestmark = pytest.mark.invented

FIRST, HISTORY, HORIZON = date(2026, 5, 4), 140, 30
WEEKEND, MONTH_START = Decimal(-80), Decimal(400)


def cost(day: date) -> Decimal:
    level = 300 + Decimal((day - FIRST).days) / 2
    return level + WEEKEND * (day.weekday() >= 5) + MONTH_START * (day.day == 1)


def forecast(**more: Any) -> Forecast:
    past = [FIRST + timedelta(days=number) for number in range(HISTORY)]
    future = [past[-1] + timedelta(days=number + 1) for number in range(HORIZON)]
    mean = tuple(cost(day) for day in future)
    values: dict[str, Any] = {
        "dimensions": {"Provider": "AWS", "ServiceName": "Compute"},
        "currency": "EUR",
        "history_dates": tuple(past),
        "history": (None, *(cost(day) for day in past[1:])),
        "dates": tuple(future),
        "mean": mean,
        "intervals": tuple(
            Interval(
                level=level,
                lower=tuple(one - width for one in mean),
                upper=tuple(one + width for one in mean),
                lower_total=sum(mean, Decimal(0)) - 9 * width,
                upper_total=sum(mean, Decimal(0)) + 9 * width,
            )
            for level, width in ((0.8, 20), (0.95, 40))
        ),
        "model_type": "regression",
        "forecaster": "next-month",
        "seasonality": {"weekly": 0.9, "monthly": 0.4},
        "trend": tuple(300 + Decimal(number) / 2 for number in range(HISTORY + HORIZON)),
    }
    return Forecast(**{**values, **more})


def words(path: Path) -> str:
    """Text that matplotlib drew as shapes says itself in comments."""
    text = path.read_text(encoding="utf-8")
    ET.fromstring(text)  # noqa: S314 # our own drawing
    return " ".join(re.findall(r"<!-- (.*?) -->", text))


@pytest.mark.parametrize(
    ("name", "begins"), [("f.png", b"\x89PNG"), ("f.PDF", b"%PDF"), ("f.svg", b"<?xml")]
)
def test_the_suffix_says_the_format(tmp_path: Path, name: str, begins: bytes) -> None:
    path = plot_forecast(forecast(), str(tmp_path / "new" / name))

    assert path.read_bytes().startswith(begins)
    assert [one.name for one in path.parent.iterdir()] == [name]


def test_all_parts_are_named(tmp_path: Path) -> None:
    told = words(plot_forecast(forecast(), tmp_path / "f.svg"))

    for word in (
        "AWS / Compute",
        "EUR a day",
        "history",
        "forecast",
        "trend",
        "80 % of outcomes",
        "95 % of outcomes",
        "Week: EUR above or below the level",
        "Day of the month: EUR above or below the level",
    ):
        assert word in told


def test_without_seasons_trend_and_bands_there_is_the_forecast(tmp_path: Path) -> None:
    bare = forecast(seasonality={}, trend=(), intervals=())
    told = words(plot_forecast(bare, tmp_path / "f.svg"))

    assert "forecast" in told
    assert not any(word in told for word in ("trend", "outcomes", "level"))


def test_a_problem_is_said_over_the_history(tmp_path: Path) -> None:
    without = forecast(mean=(), intervals=(), problem="insufficient data: 3 of 14 days")
    told = words(plot_forecast(without, tmp_path / "f.svg"))

    assert "no forecast: insufficient data: 3 of 14 days" in told
    assert "outcomes" not in told


def test_nothing_at_all_can_be_drawn(tmp_path: Path) -> None:
    empty = forecast(
        history_dates=(), history=(), mean=(), intervals=(), trend=(), dates=(), problem="no data"
    )
    assert plot_forecast(empty, tmp_path / "f.png").stat().st_size > 0


def test_a_long_name_is_cut_and_markup_stays_text(tmp_path: Path) -> None:
    name = "$x^{2$ <b>& " + "y" * 500
    told = words(plot_forecast(forecast(dimensions={"ServiceName": name}), tmp_path / "f.svg"))

    assert "y..." in told
    assert "y" * 80 not in told


def test_the_same_forecast_is_the_same_file(tmp_path: Path) -> None:
    for suffix in ("png", "svg", "pdf"):
        first = plot_forecast(forecast(), tmp_path / f"1.{suffix}").read_bytes()
        assert plot_forecast(forecast(), tmp_path / f"2.{suffix}").read_bytes() == first


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    for name in ("forecast.docx", "forecast"):
        with pytest.raises(ConfigurationError, match=r"end the name with \.png, \.svg, \.pdf"):
            plot_forecast(forecast(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_stays_when_it_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    path = tmp_path / "f.png"
    path.write_text("old")

    def fail(_: Figure, draft: Path, **__: object) -> None:
        draft.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(AccessError, match="No space left"):
        plot_forecast(forecast(), path)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("f.png", "old")]


def test_patterns_are_those_of_the_history() -> None:
    week, month = seasonal_patterns(forecast())

    assert dict(zip(week.places, week.above, strict=True)) == {
        **dict.fromkeys(("Mon", "Tue", "Wed", "Thu", "Fri"), 0.0),
        **dict.fromkeys(("Sat", "Sun"), float(WEEKEND)),
    }
    assert month.above[0] == float(MONTH_START)
    assert set(month.above[1:]) == {0.0}


def test_without_a_trend_the_level_is_a_mean_of_four_weeks() -> None:
    (week,) = seasonal_patterns(forecast(trend=(), seasonality={"weekly": 0.9}))

    assert week.above[0] - week.above[5] == pytest.approx(-float(WEEKEND), abs=3)


def test_a_year_has_a_profile_by_month() -> None:
    answer = forecast(seasonality={"yearly": 0.5})
    (year,) = seasonal_patterns(answer)

    assert len(year.places) == 12
    unknown = [place for place, above in zip(year.places, year.above, strict=True) if isnan(above)]
    assert unknown == ["Jan", "Feb", "Mar", "Apr", "Oct", "Nov", "Dec"]
