"""Charts as inline SVG: the same bytes for the same figures, in the colours of the page."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING

from finops_cost_management.errors import DefectError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date
    from decimal import Decimal
    from xml.etree.ElementTree import Element

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from finops_cost_management.answers.forecasts import Forecast
    from finops_cost_management.window import DateWindow

# Colours are drawn as placeholders and become variables of the page, which knows light and dark.
_INK, _GRID, _COST, _FORECAST, _ALERT = "#010101", "#020202", "#030303", "#040404", "#050505"
_VARIABLES = {
    _INK: "var(--soft)",
    _GRID: "var(--line)",
    _COST: "var(--blue)",
    _FORECAST: "var(--orange)",
    _ALERT: "var(--vermilion)",
}
_SCREENS = {"wide": (920, 270), "narrow": (400, 260)}
"""Class on the page → width and height in pixels: small text would be lost on a phone."""

_POINTS_PER_INCH = 72
_SHOWN_HISTORY = 120


def daily_costs(
    daily: Mapping[date, Decimal | None],
    window: DateWindow,
    currency: str,
    anomalies: Collection[date] = (),
    *,
    name: str,
) -> str:
    """A bar for the cost of each day; anomalies are marked, days without data are shaded.

    Args:
        daily: Day → cost, only days of which the store has data; None: it does not say the cost.
        window: The days to show.
        currency: ISO 4217 code, for the axis.
        anomalies: Days to mark.
        name: Prefix of the ids in the SVG, unique on the page.

    Returns:
        The chart for wide and for narrow screens, as HTML.
    """
    costs = {day: float(cost) for day, cost in daily.items() if cost is not None and day in window}
    odd = [day for day in costs if day in anomalies]

    def draw(axes: Axes) -> None:
        for day in window.dates():
            if day not in costs:
                axes.axvspan(_ordinal(day) - 0.5, _ordinal(day) + 0.5, color=_GRID, linewidth=0)
        days = [_ordinal(day) for day in costs]
        axes.bar(days, list(costs.values()), width=0.8, color=_COST, linewidth=0)
        if odd:
            _mark(axes, odd, [costs[day] for day in odd])
        axes.axhline(0, color=_INK, linewidth=0.8)
        axes.set_xlim(_ordinal(window.start) - 0.6, _ordinal(window.end) - 0.4)

    description = f"Daily cost in {currency}, {window}, {len(odd)} days with anomalies"
    return _on_every_screen(draw, currency, name, description)


def forecast(answer: Forecast, *, name: str) -> str:
    """History, forecast and its bands.

    Args:
        answer: A forecast without a problem.
        name: Prefix of the ids in the SVG, unique on the page.

    Returns:
        The chart for wide and for narrow screens, as HTML.
    """

    def draw(axes: Axes) -> None:
        past = [_ordinal(day) for day in answer.history_dates[-_SHOWN_HISTORY:]]
        costs = [
            float("nan") if cost is None else float(cost)
            for cost in answer.history[-_SHOWN_HISTORY:]
        ]
        future = [_ordinal(day) for day in answer.dates]
        axes.plot(past, costs, color=_COST, linewidth=1.6, label="history")
        for interval in reversed(answer.intervals):
            axes.fill_between(
                future,
                [float(bound) for bound in interval.lower],
                [float(bound) for bound in interval.upper],
                color=_FORECAST,
                alpha=0.22,
                linewidth=0,
                label=f"{interval.level:.0%} of outcomes",
            )
        mean = [float(cost) for cost in answer.mean]
        axes.plot(future, mean, color=_FORECAST, linewidth=2, linestyle="--", label="forecast")
        _legend(axes)

    description = f"History and forecast in {answer.currency}, {answer.label}"
    return _on_every_screen(draw, answer.currency, name, description)


def _mark(axes: Axes, days: Sequence[date], costs: Sequence[float]) -> None:
    """Put a triangle over each day."""
    low, high = axes.get_ylim()
    gap = (high - low) * 0.05
    tops = [max(cost, 0.0) + gap for cost in costs]
    axes.plot(
        [_ordinal(day) for day in days],
        tops,
        linestyle="none",
        marker="v",
        markersize=8,
        color=_ALERT,
        label="anomaly",
    )
    axes.set_ylim(low, max(high, max(tops) + gap))
    _legend(axes)


def _legend(axes: Axes) -> None:
    narrow = axes.get_figure(root=True).bbox.width < _SCREENS["wide"][0]  # type: ignore[union-attr] # axes of a canvas are in a figure
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        borderaxespad=0.2,
        ncols=2 if narrow else 4,
        frameon=False,
        fontsize=11,
        labelcolor=_INK,
    )


def _on_every_screen(
    draw: Callable[[Axes], None], currency: str, name: str, description: str
) -> str:
    from matplotlib.figure import Figure

    charts = []
    for screen, (width, height) in _SCREENS.items():
        size = (width / _POINTS_PER_INCH, height / _POINTS_PER_INCH)
        figure = Figure(figsize=size, dpi=_POINTS_PER_INCH, layout="constrained")
        draw(_axes(figure, f"{currency} a day", ticks=width // 80))
        svg = _inline(_svg(figure), f"{name}-{screen}", description)
        charts.append(f'<div class="{screen}">{svg}</div>')
    return "".join(charts)


def _axes(figure: Figure, unit: str, ticks: int) -> Axes:
    """Axes without a frame: a light grid, dates below, amounts on the left."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    axes = figure.add_subplot()
    figure.patch.set_visible(False)
    axes.patch.set_visible(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(colors=_INK, labelsize=11, length=0)
    axes.grid(axis="y", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
    axes.set_title(unit, loc="left", fontsize=11, color=_INK)
    locator = AutoDateLocator(minticks=3, maxticks=ticks)  # type: ignore[no-untyped-call] # matplotlib has no type for it
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call] # matplotlib has no type for it
    axes.xaxis.get_offset_text().set(color=_INK, fontsize=11)
    return axes


def _ordinal(day: date) -> float:
    from matplotlib.dates import date2num

    return float(date2num(day))  # type: ignore[no-untyped-call] # matplotlib has no type for it


def _svg(figure: Figure) -> bytes:
    from matplotlib import rc_context

    drawn = BytesIO()
    # Text stays text, in the font of the page; the salt keeps ids the same in every run.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "finops"}):
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return drawn.getvalue()


def _inline(svg: bytes, name: str, description: str) -> str:
    """Make an SVG document a part of a page: no namespaces, own ids, the page's colours."""
    from xml.etree import ElementTree as ET

    root = ET.fromstring(svg)  # noqa: S314 # drawn by us a moment ago
    for parent in root.iter():
        for child in list(parent):
            if _local(child.tag) in {"metadata", "style"}:
                parent.remove(child)
    for element in root.iter():
        _adopt(element, name)
    box = root.get("viewBox")
    if box is None:
        raise DefectError("matplotlib drew an SVG without a viewBox")
    root.attrib.clear()
    root.attrib.update(
        {
            "viewBox": box,
            "role": "img",
            "aria-label": description,
            "style": "stroke-linejoin:round;stroke-linecap:butt",
        }
    )
    return ET.tostring(root, encoding="unicode", short_empty_elements=False)


def _adopt(element: Element, name: str) -> None:
    element.tag = _local(element.tag)
    for key, value in list(element.attrib.items()):
        del element.attrib[key]
        element.set(_local(key), _own(_local(key), value, name))


def _own(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == "href":
        return f"#{name}-{value.removeprefix('#')}"
    if key == "clip-path":
        return value.replace("url(#", f"url(#{name}-")
    if key == "style":
        value = re.sub(r"font-family: [^;]*", "font-family: inherit", value)
        value = re.sub(r"font: (\S+) [^;]*", r"font-size: \1; font-family: inherit", value)
    for placeholder, variable in _VARIABLES.items():
        value = value.replace(placeholder, variable)
    return value


def _local(name: str) -> str:
    """A tag or an attribute without its namespace."""
    return name.rpartition("}")[2]
