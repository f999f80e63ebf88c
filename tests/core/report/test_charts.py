from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from finops_cost_management.report import charts
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from finops_cost_management.answers.outcome import Outcome

pytestmark = pytest.mark.invented

WINDOW = DateWindow(date(2026, 11, 1), date(2026, 11, 21))
DAILY = {day: Decimal(day.day) for day in WINDOW.dates() if day.day != 9}


def draw(*anomalies: date, name: str = "daily") -> str:
    return charts.daily_costs(DAILY, WINDOW, "USD", anomalies, name=name)


def wide(chart: str) -> ET.Element:
    (svg,) = ET.fromstring(f"<p>{chart}</p>").findall("div[@class='wide']/svg")  # noqa: S314 # our own drawing
    return svg


def test_the_same_figures_give_the_same_bytes() -> None:
    assert draw(date(2026, 11, 3)) == draw(date(2026, 11, 3))


def test_every_known_day_has_a_bar_and_every_missing_day_is_shaded() -> None:
    styles = [path.get("style") or "" for path in wide(draw()).iter("path")]

    assert sum("fill: var(--blue)" in style for style in styles) == len(DAILY)
    assert sum("fill: var(--line)" in style for style in styles) == 1


def test_anomalies_are_marked_on_known_days_only() -> None:
    marked = wide(draw(date(2026, 11, 3), date(2026, 11, 9)))
    uses = [use for use in marked.iter("use") if "--vermilion" in (use.get("style") or "")]

    assert "anomaly" in "".join(marked.itertext())
    assert len(uses) == 2, "one in the chart, one in the legend"
    assert "anomaly" not in "".join(wide(draw()).itertext())


def test_two_charts_share_no_id_and_refer_to_their_own() -> None:
    page = draw(date(2026, 11, 3), name="one") + draw(date(2026, 11, 3), name="two")
    ids = re.findall(r'\bid="([^"]+)"', page)
    referred = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page)

    assert len(ids) == len(set(ids))
    assert referred
    assert {one or two for one, two in referred} <= set(ids)


def test_nothing_comes_from_elsewhere() -> None:
    chart = draw(date(2026, 11, 3))

    assert "http" not in chart
    assert "<style" not in chart
    assert "#0" not in re.sub(r"#daily-\S+", "", chart), "all colours are the page's"


def test_a_forecast_has_history_and_bands(outcome: Outcome) -> None:
    svg = wide(charts.forecast(outcome.forecasts[0], name="forecast"))
    text = "".join(svg.itertext())

    assert all(
        word in text for word in ("history", "forecast", "80% of outcomes", "95% of outcomes")
    )


def test_one_day_and_no_day_can_be_drawn() -> None:
    one = DateWindow(date(2026, 11, 1), date(2026, 11, 2))

    assert "<svg" in charts.daily_costs({one.start: Decimal(-3)}, one, "USD", name="a")
    assert "<svg" in charts.daily_costs({}, one, "USD", name="b")
