"""What ``finops backtest`` prints: tables within 80 columns, or one JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from finops_cost_management.backtest.forecasters import NAIVE
from finops_cost_management.commands.tables import Row, show
from finops_cost_management.query.dimensions import series_label
from finops_cost_management.report.wording import percent, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from finops_cost_management.backtest.alert_report import AlertReport
    from finops_cost_management.backtest.alerts import Alert
    from finops_cost_management.backtest.detectors import DetectorResult
    from finops_cost_management.backtest.forecast_errors import Accuracy
    from finops_cost_management.backtest.forecasters import ForecasterResult, SeriesResult
    from finops_cost_management.backtest.memory import StoreMemory
    from finops_cost_management.window import DateWindow

WIDTH = 80
_LONGEST_LABEL = 40
_MOST_MONTHS = 4
_UNKNOWN = "?"
_MEASURES = """\
MASE: daily error over the weekly change of the past; WAPE: daily error over cost;
Total: the same for whole horizons; Sum: for all series together; in 80 %: share
of the days that the band held."""


def show_anomalies(
    results: Sequence[DetectorResult],
    days: DateWindow,
    memory: StoreMemory,
    *,
    fmt: str,
    top: int,
) -> None:
    """Print a replay of detectors.

    Args:
        results: One for each detector.
        days: The days that were judged.
        memory: What they were judged on.
        fmt: ``table`` or ``json``.
        top: How many series a table lists.
    """
    if fmt == "json":
        told = [_detector_json(result) for result in results]
        _print_json({"backtest": "anomalies", **_replayed(days, memory), "detectors": told})
        return
    reports = [report for result in results for report in (result.detector, result.naive)]
    _table([_alert_row(report) for report in reports], f"alerts, {days}")
    if any(report.score for report in reports):
        rows = [_score_row(report) for report in reports]
        _table(rows, "held against the labels; false alerts are per series and month")
    months = list(reports[0].by_month())
    rows = [_month_row(month, reports) for month in months]
    _table(rows, "alerts told in each month")
    for result in results:
        _show_loudest(result.detector, months, top)
    _say_what_was_known(memory)


def _alert_row(report: AlertReport) -> dict[str, Any]:
    return {
        "Detector": report.detector,
        "Series": len(report.series_days),
        "Alerts": len(report.alerts),
        "A series and month": _number(report.rate, 3),
        "Series with any": len(report.by_series()),
    }


def _score_row(report: AlertReport) -> dict[str, Any]:
    score = report.score
    if score is None:
        raise ValueError("a report without labels has no score")
    return {
        "Detector": report.detector,
        "Hits": f"{score.hits} of {score.events}",
        "Precision": _share(score.precision),
        "Recall": _share(score.recall),
        "F1": _number(score.f1, 2),
        "Delay, days": _number(score.delay, 1),
        "False": _number(report.false_rate, 3),
    }


def _month_row(month: str, reports: Sequence[AlertReport]) -> dict[str, Any]:
    row: dict[str, Any] = {"Month": month}
    for place, report in enumerate(reports):
        # Two detectors have a naive rule beside each: the same name twice is one key.
        name = report.detector if report.detector not in row else f"{report.detector} ({place})"
        row[name] = report.by_month().get(month, 0)
    return row


def _show_loudest(report: AlertReport, months: Sequence[str], top: int) -> None:
    told = report.by_series()
    shown = months[-_MOST_MONTHS:]
    earlier = months[:-_MOST_MONTHS]
    currencies = {currency for _, currency in report.series_days}
    rows = []
    for one in told[:top]:
        row: dict[str, Any] = {"Series": _label(one.dimensions, one.currency, currencies)}
        if earlier:
            row["Before"] = sum(one.by_month[month] for month in earlier)
        rows.append({**row, **{month: one.by_month[month] for month in shown}})
    if rows:
        _table(rows, f"series with the most alerts of {report.detector}")
        _say_more(len(told) - len(rows), "series with alerts")


def show_forecasts(
    results: Sequence[ForecasterResult],
    origins: DateWindow,
    every: int,
    memory: StoreMemory,
    *,
    fmt: str,
    top: int,
) -> None:
    """Print a replay of forecasters.

    Args:
        results: One for each forecaster and currency.
        origins: The days from which was forecast.
        every: How many days lie between two forecasts.
        memory: What was forecast on.
        fmt: ``table`` or ``json``.
        top: How many series a table lists.
    """
    if fmt == "json":
        told = [_forecaster_json(result) for result in results]
        head = {"backtest": "forecast", **_replayed(origins, memory), "every": every}
        _print_json({**head, "forecasters": told})
        return
    known = [result for result in results if result.forecaster.forecasts]
    for result in known:
        _table(
            [
                _accuracy_row(result.name, result.forecaster),
                _accuracy_row(NAIVE, result.naive),
            ],
            f"{result.name}, {result.currency}: {_compared(result, memory)}",
        )
        if result.relative_error is not None:
            click.echo(f"{_against(result)}\n")
        rows = [_series_row(one, result.forecaster) for one in result.series[:top]]
        if rows:
            _table(rows, "series with the largest errors in money")
            _say_more(len(result.series) - len(rows), "series")
    click.echo(_MEASURES, err=True)
    _say_what_was_known(memory)


def _compared(result: ForecasterResult, memory: StoreMemory) -> str:
    untold = f", {result.untold:,} could not be told" if result.untold else ""
    return (
        f"{result.forecaster.forecasts:,} forecasts of {len(result.series):,} series "
        f"on {memory.runs} {'day' if memory.runs == 1 else 'days'}{untold}"
    )


def _against(result: ForecasterResult) -> str:
    share = result.relative_error
    if share is None:
        raise ValueError("nothing to compare with")
    worse = "smaller" if share < 1 else "larger"
    return (
        f"Typical error of a series: {percent(abs(1 - share), digits=0)} {worse} than that of "
        "the naive rule."
    )


def _accuracy_row(name: str, accuracy: Accuracy) -> dict[str, Any]:
    return {
        "": name,
        "MASE": _number(accuracy.mase, 2),
        "WAPE": _share(accuracy.wape),
        "Total": _share(accuracy.total_error),
        "Sum": _share(accuracy.sum_error),
        **{f"in {percent(level, digits=0)}": _share(of) for level, of in accuracy.coverage.items()},
    }


def _series_row(one: SeriesResult, overall: Accuracy) -> dict[str, Any]:
    widest = max(overall.coverage)
    return {
        "Series": _cut(plain(series_label(one.dimensions))),
        "MASE": _number(one.forecaster.mase, 2),
        "naive": _number(one.naive.mase, 2),
        "WAPE": _share(one.forecaster.wape),
        "Total": _share(one.forecaster.total_error),
        f"in {percent(widest, digits=0)}": _share(one.forecaster.coverage[widest]),
    }


def _table(rows: Sequence[Row], title: str) -> None:
    """Print a table whose first column names its lines and whose others are figures."""
    _, *figures = rows[0]
    show(rows, "table", title=title, width=WIDTH, figures=figures)


def _say_more(count: int, what: str) -> None:
    if count > 0:
        click.echo(f"and {count:,} more {what}: raise --top\n")


def _say_what_was_known(memory: StoreMemory) -> None:
    if memory.forgotten:
        click.echo(
            f"{memory.forgotten} of {memory.runs} days are from before the store's memory: "
            "replayed on\ntoday's figures, cut off at the day.",
            err=True,
        )


def _label(dimensions: Mapping[str, str | None], currency: str, currencies: set[str]) -> str:
    label = _cut(plain(series_label(dimensions)))
    return f"{label}, {currency}" if len(currencies) > 1 else label


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 3]}..."


def _number(value: float | None, digits: int) -> str:
    return _UNKNOWN if value is None else f"{value:,.{digits}f}"


def _share(value: float | None) -> str:
    return _UNKNOWN if value is None else percent(value, digits=1)


def _print_json(document: Mapping[str, Any]) -> None:
    click.echo(json.dumps(document, indent=2))


def _replayed(days: DateWindow, memory: StoreMemory) -> dict[str, Any]:
    *_, last = days.dates()
    return {
        "from": days.start.isoformat(),
        "to": last.isoformat(),
        "runs": memory.runs,
        "runs_on_todays_figures": memory.forgotten,
    }


def _detector_json(result: DetectorResult) -> dict[str, Any]:
    return {
        "name": result.detector.detector,
        **_report_json(result.detector),
        "alerts": [_alert_json(alert) for alert in result.detector.alerts],
        "naive": _report_json(result.naive),
    }


def _report_json(report: AlertReport) -> dict[str, Any]:
    score = report.score
    return {
        "series": len(report.series_days),
        "series_months": _rounded(report.series_months),
        "alert_count": len(report.alerts),
        "alerts_per_series_month": _rounded(report.rate),
        "by_month": report.by_month(),
        "by_series": [
            {
                "dimensions": dict(one.dimensions),
                "currency": one.currency,
                "by_month": dict(sorted(one.by_month.items())),
            }
            for one in report.by_series()
        ],
        "labels": None
        if score is None
        else {
            "events": score.events,
            "hits": score.hits,
            "precision": _rounded(score.precision),
            "recall": _rounded(score.recall),
            "f1": _rounded(score.f1),
            "mean_delay_days": _rounded(score.delay),
            "false_alerts_per_series_month": _rounded(report.false_rate),
        },
    }


def _alert_json(alert: Alert) -> dict[str, Any]:
    *_, last = alert.days.dates()
    return {
        "dimensions": dict(alert.dimensions),
        "currency": alert.currency,
        "date": alert.days.start.isoformat(),
        "last_date": last.isoformat(),
        "told": alert.told.isoformat(),
        "cost_impact": f"{alert.impact.normalize():f}",
        "severity": alert.severity.value,
    }


def _forecaster_json(result: ForecasterResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "currency": result.currency,
        "series_count": len(result.series),
        "untold": result.untold,
        "error_relative_to_naive": _rounded(result.relative_error),
        "accuracy": _accuracy_json(result.forecaster),
        "naive": _accuracy_json(result.naive),
        "series": [
            {
                "dimensions": dict(one.dimensions),
                "accuracy": _accuracy_json(one.forecaster),
                "naive": _accuracy_json(one.naive),
            }
            for one in result.series
        ],
    }


def _accuracy_json(accuracy: Accuracy) -> dict[str, Any]:
    def by_level(coverage: Mapping[float, float | None]) -> dict[str, float | None]:
        return {f"{level:g}": _rounded(share) for level, share in coverage.items()}

    return {
        "forecasts": accuracy.forecasts,
        "mase": _rounded(accuracy.mase),
        "wape": _rounded(accuracy.wape),
        "total_error": _rounded(accuracy.total_error),
        "sum_error": _rounded(accuracy.sum_error),
        "coverage": by_level(accuracy.coverage),
        "total_coverage": by_level(accuracy.total_coverage),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
