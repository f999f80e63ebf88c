"""A forecast as a picture: for a page in print, for a slide, for people who see no colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finops_cost_management.errors import ConfigurationError
from finops_cost_management.report.explaining import forecast_name
from finops_cost_management.report.seasonal_pattern import seasonal_patterns
from finops_cost_management.report.wording import amount, money, percent
from finops_cost_management.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from finops_cost_management.answers.forecasts import Forecast
    from finops_cost_management.report.seasonal_pattern import SeasonalPattern

_FORMATS = {
    ".png": {"Software": None},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}
"""Suffix → the metadata that is left out, so that the same forecast is the same file."""

# Blue and orange of Okabe and Ito. Lines differ in their dashes and bands in their hatching,
# too: in grey print no two of them look alike.
_INK, _SOFT, _FORECAST, _TREND = "#1a1a1a", "#6b6b6b", "#005a8c", "#b85c00"
_BANDS = (("#9cc4e0", ""), ("#d3e4f1", "////"), ("#eef4f9", "...."))
"""Fill and hatching of bands, the narrowest first."""

_INCHES, _ROW_INCHES = 10.0, (4.6, 2.3)
_DPI = 150
_SHOWN_HISTORY = 120
_LONGEST_TITLE = 80
_DAYS_A_MARKER = 7


def plot_forecast(forecast: Forecast, path: Path | str) -> Path:
    """Draw history, forecast, bands, trend and the seasons that were detected.

    Needs no display. A forecast with a problem is drawn as its history, and says the problem.

    Args:
        forecast: What to draw.
        path: The file to write, whole or not at all; ``.png``, ``.svg`` or ``.pdf``.

    Returns:
        The path.

    Raises:
        ConfigurationError: The suffix is none of these.
        AccessError: The file cannot be written.
    """
    from pathlib import Path

    from matplotlib import rc_context

    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _FORMATS:
        raise ConfigurationError(
            f"cannot draw {path.name}: {suffix or 'no suffix'} is no format of pictures",
            hint=f"end the name with {', '.join(_FORMATS)}",
        )
    with rc_context({"svg.hashsalt": "finops", "hatch.linewidth": 0.6, "font.size": 10}):
        figure = _drawn(forecast)
        with whole_file(path) as draft:
            figure.savefig(draft, format=suffix[1:], dpi=_DPI, metadata=_FORMATS[suffix])
    return path


def _drawn(forecast: Forecast) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    patterns = seasonal_patterns(forecast)
    figure = Figure(
        figsize=(_INCHES, sum(_ROW_INCHES[: 2 if patterns else 1])),
        layout=ConstrainedLayoutEngine(h_pad=0.08, w_pad=0.08),
    )
    rows = figure.add_gridspec(
        2 if patterns else 1, 1, height_ratios=_ROW_INCHES[: 1 + bool(patterns)]
    )
    _draw_days(_axes(figure, rows[0]), forecast)
    if patterns:
        widths = [len(pattern.places) + 6 for pattern in patterns]
        columns = rows[1].subgridspec(1, len(patterns), width_ratios=widths)
        for place, pattern in enumerate(patterns):
            _draw_pattern(_axes(figure, columns[0, place]), pattern, forecast)
    figure.suptitle(
        _title(forecast), x=0.01, ha="left", fontsize=13, fontweight="bold", parse_math=False
    )
    return figure


def _title(forecast: Forecast) -> str:
    name = forecast_name(forecast)
    return name if len(name) <= _LONGEST_TITLE else f"{name[: _LONGEST_TITLE - 3]}..."


def _summary(forecast: Forecast) -> str:
    """The totals in one line."""
    total = forecast.forecasted_total
    if total is None:
        return f"no forecast: {forecast.problem}"
    parts = [f"{money(total, forecast.currency)} expected in {len(forecast.dates)} days"]
    if forecast.intervals:
        widest = forecast.intervals[-1]
        lower, upper = (
            amount(bound, forecast.currency) for bound in (widest.lower_total, widest.upper_total)
        )
        parts.append(f"{percent(widest.level, digits=0)} between {lower} and {upper}")
    if forecast.growth_rate is not None:
        parts.append(f"growth {percent(forecast.growth_rate, signed=True)}")
    return f"{', '.join(parts)} ({forecast.model_type})"


def _axes(figure: Figure, place: Any) -> Axes:
    axes = figure.add_subplot(place)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_SOFT)
    axes.tick_params(colors=_INK, labelsize=9)
    axes.grid(axis="y", color="#d8d8d8", linewidth=0.7)
    axes.set_axisbelow(True)
    return axes


def _draw_days(axes: Axes, forecast: Forecast) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    shown = max(_SHOWN_HISTORY, 3 * len(forecast.dates))
    past = forecast.history_dates[-shown:]
    axes.plot(
        _numbers(past),
        _floats(forecast.history[-shown:]),
        color=_INK,
        linewidth=1.3,
        label="history",
    )
    if forecast.problem is None:
        _draw_future(axes, forecast)
    if forecast.trend:
        days = (*past, *forecast.dates)
        axes.plot(
            _numbers(days),
            _floats(forecast.trend[-len(days) :]),
            color=_TREND,
            linewidth=1.4,
            linestyle=(0, (6, 2, 1, 2)),
            label="trend",
        )
    axes.set_title(
        _summary(forecast), loc="left", fontsize=9.5, color=_INK, pad=24, parse_math=False
    )
    axes.set_ylabel(f"{forecast.currency} a day", color=_INK)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call] # matplotlib has no type for it
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call] # matplotlib has no type for it
    axes.margins(x=0.01)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=6,
        frameon=False,
        fontsize=9,
        borderaxespad=0.1,
        handlelength=3,
    )


def _draw_future(axes: Axes, forecast: Forecast) -> None:
    days = _numbers(forecast.dates)
    # The widest first, so that the narrower lie on it.
    for place, interval in reversed(list(enumerate(forecast.intervals))):
        fill, hatch = _BANDS[min(place, len(_BANDS) - 1)]
        axes.fill_between(
            days,
            _floats(interval.lower),
            _floats(interval.upper),
            facecolor=fill,
            edgecolor=_FORECAST,
            hatch=hatch,
            linewidth=0.5,
            label=f"{percent(interval.level, digits=0)} of outcomes",
        )
    axes.plot(
        days,
        _floats(forecast.mean),
        color=_FORECAST,
        linewidth=2,
        linestyle="--",
        marker="o",
        markersize=4.5,
        markevery=_DAYS_A_MARKER,
        markerfacecolor="white",
        label="forecast",
    )
    axes.axvline(days[0] - 0.5, color=_SOFT, linewidth=0.9, linestyle=":")


def _draw_pattern(axes: Axes, pattern: SeasonalPattern, forecast: Forecast) -> None:
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    places = range(len(pattern.places))
    axes.bar(places, pattern.above, width=0.75, color="#9fb8c9", edgecolor=_INK, linewidth=0.6)
    axes.axhline(0, color=_INK, linewidth=0.9)
    every = -(-len(pattern.places) // 16)  # as many names as there is room for
    axes.set_xticks(list(places)[::every], list(pattern.places)[::every])
    axes.tick_params(axis="x", length=0)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:+,.10g}"))
    axes.set_title(
        f"{pattern.title}: {forecast.currency} above or below the level", loc="left", fontsize=9.5
    )


def _numbers(days: Sequence[date]) -> list[float]:
    from matplotlib.dates import date2num

    return [float(date2num(day)) for day in days]  # type: ignore[no-untyped-call] # matplotlib has no type for it


def _floats(costs: Sequence[Any]) -> list[float]:
    return [float("nan") if cost is None else float(cost) for cost in costs]
