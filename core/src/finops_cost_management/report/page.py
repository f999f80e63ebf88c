"""The report as one HTML page that needs no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from finops_cost_management.answers.alternatives import monthly_savings
from finops_cost_management.answers.verification import records_of, totals_of
from finops_cost_management.query.costs_summary import total
from finops_cost_management.report import charts
from finops_cost_management.report.explaining import (
    accuracy_words,
    by_dimension,
    days_of,
    dimension_name,
    driver_name,
    forecast_name,
    seasons_words,
    seen_also,
    sums_first,
)
from finops_cost_management.report.figures import change_within
from finops_cost_management.report.silences import (
    decided_before,
    known_by_feedback,
    why_empty,
    why_no_costs,
)
from finops_cost_management.report.unknowns import unknowns
from finops_cost_management.report.wording import amount, known, money, percent, series
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from finops_cost_management.answers.forecasts import Forecast
    from finops_cost_management.answers.outcome import Outcome
    from finops_cost_management.query.costs_summary import CurrencySummary
    from finops_cost_management.report.charges import ChargeKind
from finops_cost_management.report.figures import Change

_MOST_CHARTS = 12


@dataclass(frozen=True, slots=True)
class Share:
    """One line of a breakdown.

    Attributes:
        name: What it is.
        cost: Its cost; negative for credits; None where it is unknown.
        share: Its part of the total; None where the total is not positive.
        width: Length of its bar in per cent of the longest, 0 to 100.
    """

    name: str
    cost: Decimal | None
    share: float | None
    width: float


@dataclass(frozen=True, slots=True)
class CurrencySection:
    """All that the page tells about the costs in one currency.

    Attributes:
        total: The sums.
        change: How the window's end compares with its start; None where that cannot be told.
        chart: Daily costs as SVG.
        providers: Costs by provider.
        services: Costs by service.
        charges: Costs by kind of charge.
        odd_days: How many days are marked in the chart.
        savings: What a month could cost less; None where nothing was found.
    """

    total: CurrencySummary
    change: Change | None
    chart: Markup
    providers: Sequence[Share]
    services: Sequence[Share]
    charges: Sequence[ChargeKind]
    odd_days: int
    savings: Decimal | None


@dataclass(frozen=True, slots=True)
class ForecastSection:
    """One forecast and its chart; None beyond the first dozen."""

    answer: Forecast
    chart: Markup | None


def render(outcome: Outcome, charges: Sequence[ChargeKind], *, title: str, limit: int) -> str:
    """Render the page.

    Args:
        outcome: What to tell.
        charges: The kinds of charges in the window, of all currencies.
        title: Heading of the page.
        limit: How many lines a list may have; the rest is counted.
    """
    environment = Environment(
        loader=PackageLoader("finops_cost_management", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        accuracy_words=accuracy_words,
        amount=amount,
        by_dimension=by_dimension,
        days_of=days_of,
        dimension_name=dimension_name,
        driver_name=driver_name,
        forecast_name=forecast_name,
        known=known,
        money=money,
        percent=percent,
        seasons_words=seasons_words,
        seen_also=seen_also,
        series=series,
    )
    return environment.get_template("report.html.j2").render(
        title=title,
        outcome=outcome,
        run=outcome.run,
        limit=limit,
        currencies=_currencies(outcome, charges, limit),
        forecasts=_forecasts(outcome, limit),
        savings=monthly_savings(outcome.recommendations),
        records=[*(records := records_of(outcome.verified)), *totals_of(records)],
        unknowns=unknowns(outcome),
        no_costs=why_no_costs(outcome.steps),
        decided_before=decided_before,
        known_by_feedback=known_by_feedback,
        why_empty=lambda section: why_empty(section, outcome.steps),
    )


def _currencies(
    outcome: Outcome, charges: Sequence[ChargeKind], limit: int
) -> list[CurrencySection]:
    if outcome.costs is None:
        return []
    savings = monthly_savings(outcome.recommendations)
    sections: list[CurrencySection] = []
    for one in outcome.costs.currencies:
        odd = {
            day
            for found in outcome.anomalies
            if found.currency == one.currency
            for day in DateWindow.after(found.date, found.days).dates()
        }
        services = {
            f"{service} ({provider})": cost for (provider, service), cost in one.by_service.items()
        }
        chart = charts.daily_costs(
            one.daily, outcome.costs.window, one.currency, odd, name=f"daily-{len(sections)}"
        )
        sections.append(
            CurrencySection(
                total=one,
                change=change_within(one.daily),
                chart=_drawn(chart),
                providers=_shares(one.by_provider, one.effective, limit),
                services=_shares(services, one.effective, limit),
                charges=[kind for kind in charges if kind.currency == one.currency],
                odd_days=len(odd & one.daily.keys()),
                savings=savings.get(one.currency),
            )
        )
    return sections


def _shares(costs: Mapping[str, Decimal | None], whole: Decimal | None, limit: int) -> list[Share]:
    shown = dict(list(costs.items())[:limit])
    if rest := list(costs.values())[limit:]:
        shown[f"{len(rest):,} more together"] = total(rest)
    largest = max((abs(cost) for cost in shown.values() if cost is not None), default=None) or 1
    return [
        Share(
            name=name,
            cost=cost,
            share=float(cost / whole) if cost is not None and whole and whole > 0 else None,
            width=0 if cost is None else round(float(abs(cost) / largest) * 100, 1),
        )
        for name, cost in shown.items()
    ]


def _forecasts(outcome: Outcome, limit: int) -> list[ForecastSection]:
    return [
        ForecastSection(
            answer,
            _drawn(charts.forecast(answer, name=f"forecast-{place}"))
            if answer.problem is None and place < _MOST_CHARTS
            else None,
        )
        for place, answer in enumerate(sums_first(outcome.forecasts)[:limit])
    ]


def _drawn(svg: str) -> Markup:
    # Safe: the chart's own serialiser has escaped every text in it.
    return Markup(svg)  # noqa: S704 # see above
