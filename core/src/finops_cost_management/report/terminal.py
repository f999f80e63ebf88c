"""A digest as people read it in a terminal: within 80 columns, with colour or without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from finops_cost_management.answers.alternatives import monthly_savings
from finops_cost_management.answers.anomalies import AnomalySeverity
from finops_cost_management.answers.budgets import BudgetStatus
from finops_cost_management.answers.outcome import StepState
from finops_cost_management.answers.policies import PolicyStatus
from finops_cost_management.answers.recommendations import Priority, RecommendationStatus
from finops_cost_management.query.costs_summary import total
from finops_cost_management.report.explaining import (
    at_most,
    by_dimension,
    dimension_name,
    driver_name,
    forecast_name,
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
from finops_cost_management.report.wording import (
    BETTER_KNOWN,
    amount,
    known,
    money,
    percent,
    plain,
    series,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

    from rich.console import RenderableType

    from finops_cost_management.answers.anomalies import Anomaly
    from finops_cost_management.answers.budgets import BudgetReport
    from finops_cost_management.answers.digest import Digest
    from finops_cost_management.answers.forecasts import Forecast
    from finops_cost_management.answers.recommendations import Recommendation
    from finops_cost_management.query.costs_summary import CurrencySummary

_SEVERITY = {
    AnomalySeverity.CRITICAL: "bold red",
    AnomalySeverity.HIGH: "red",
    AnomalySeverity.MEDIUM: "yellow",
    AnomalySeverity.LOW: "dim",
}
_STATUS = {
    BudgetStatus.OVER_BUDGET: "bold red",
    BudgetStatus.AT_RISK: "yellow",
    BudgetStatus.ON_TRACK: "green",
    BudgetStatus.UNKNOWN: "magenta",
}
_PRIORITY = {
    Priority.CRITICAL: "bold red",
    Priority.HIGH: "red",
    Priority.MEDIUM: "yellow",
    Priority.LOW: "dim",
}
_BAR = 16
_LONGEST_NAME = 90
_LONGEST_DRIVER = 24
_MOST_DRIVERS = 3


@dataclass(frozen=True, slots=True)
class Terms:
    """How a digest is shown.

    Attributes:
        limit: How many lines a list may have; the rest is counted, not shown.
        block: The character that bars are made of.
        line: The character that the rule under the title is made of.
    """

    limit: int
    block: str = "█"
    line: str = "─"


def render(digest: Digest, terms: Terms) -> RenderableType:
    """The whole summary, for a rich console."""
    return Group(
        _title(digest, terms.line),
        *_costs(digest, terms),
        *_anomalies(digest, terms),
        *_forecasts(digest, terms),
        *_savings(digest, terms),
        *_budgets(digest, terms),
        *_policies(digest, terms),
        *_failures(digest),
        *_files(digest),
    )


def _title(digest: Digest, line: str) -> RenderableType:
    run = digest.run
    title = Table.grid(expand=True)
    title.add_column()
    title.add_column(justify="right")
    title.add_row(
        Text.assemble(("finops ", "bold cyan"), (plain(run.pipeline), "bold")),
        Text(f"{run.window}, {run.window.days} days", style="cyan"),
    )
    return Group(title, Rule(style="cyan", characters=line))


def _costs(digest: Digest, terms: Terms) -> Iterator[RenderableType]:
    yield _heading("Costs")
    costs = digest.costs
    if costs is None:
        yield _note(why_no_costs(digest.steps))
        return
    totals = _table("", ">Effective", ">Billed", "Change of effective cost")
    for one in costs.currencies:
        totals.add_row(
            Text(one.currency, style="bold"),
            Text(known(one.effective, one.currency), style="bold"),
            known(one.billed, one.currency),
            _change(one),
        )
    yield _indented(totals)
    if costs.unknown_rows:
        yield _note(
            f"{costs.unknown_rows:,} of {costs.rows:,} rows do not say their effective cost; "
            "they are not in the totals.",
            "magenta",
        )
    for one in costs.currencies:
        suffix = f", {one.currency}" if len(costs.currencies) > 1 else ""
        yield _heading(f"By provider{suffix}")
        yield from _shares(one.by_provider, one, terms)
        yield _heading(f"Top services{suffix}")
        services = {
            f"{service} ({provider})": cost for (provider, service), cost in one.by_service.items()
        }
        yield from _shares(services, one, terms)


def _change(one: CurrencySummary) -> Text:
    change = change_within(one.daily)
    if change is None:
        return Text("")
    text = f"{percent(change.share, signed=True)}, last {change.days} days to first {change.days}"
    return Text(text, style="yellow" if change.share > 0 else "green")


def _shares(
    costs: Mapping[str, Decimal | None], whole: CurrencySummary, terms: Terms
) -> Iterator[RenderableType]:
    """A list of costs with a bar each; the longest bar is the largest amount."""
    table = _table("", ">", ">", "", header=False)
    largest = max((abs(cost) for cost in costs.values() if cost is not None), default=None)
    for name, cost in list(costs.items())[: terms.limit]:
        if cost is None:
            table.add_row(_name(name), Text("unknown", style="magenta"), "", "")
            continue
        share = percent(cost / whole.effective) if whole.effective and whole.effective > 0 else ""
        bar = _bar(float(cost / largest), terms.block) if largest else Text("")
        table.add_row(_name(name), money(cost, whole.currency), share, bar)
    yield _indented(table)
    if rest := list(costs.values())[terms.limit :]:
        left = total(rest)
        together = (
            "their cost is unknown" if left is None else f"together {money(left, whole.currency)}"
        )
        yield _note(f"and {len(rest):,} more, {together}")


def _anomalies(digest: Digest, terms: Terms) -> Iterator[RenderableType]:
    yield _heading(f"Anomalies{_count(digest.anomalies)}")
    if digest.known_anomalies:
        yield _note(known_by_feedback(digest.known_anomalies))
    if not digest.anomalies:
        yield _note(why_empty("detectors", digest.steps, digest.left_out.get("detectors", 0)))
        return
    table = _table("Since", "Series", ">Expected", ">Actual", ">Impact", "Severity")
    for one in digest.anomalies[: terms.limit]:
        table.add_row(*_anomaly(one))
    yield _indented(table)
    yield from _drivers(digest.anomalies[: terms.limit])
    yield from _more(digest, len(digest.anomalies), terms)


def _anomaly(one: Anomaly) -> tuple[RenderableType, ...]:
    style = _SEVERITY[one.severity]
    return (
        str(one.date),
        _name(series(one.dimensions)).append(f", {one.days} days" if one.days > 1 else ""),
        amount(one.expected_cost, one.currency),
        amount(one.actual_cost, one.currency),
        Text(money(one.cost_impact, one.currency, signed=True), style=style),
        Text(one.severity, style=style),
    )


def _drivers(anomalies: Sequence[Anomaly]) -> Iterator[RenderableType]:
    """What drives each anomaly, by the dimension that tells most, and where else it was seen."""
    table = _table("Since", "Driven by")
    for one in anomalies:
        told = []
        for drivers in by_dimension(one)[:1]:
            parts = ", ".join(
                f"{_tail(driver_name(driver))} {amount(driver.impact, one.currency, signed=True)}"
                for driver in at_most(drivers, _MOST_DRIVERS)
            )
            told.append(f"by {dimension_name(drivers[0].dimension)}: {parts}")
        if also := seen_also(one):
            told.append(also)
        if told:
            text = _name(series(one.dimensions))
            text.append(f"\n{'; '.join(told)}", style="dim")
            table.add_row(str(one.date), text)
    if table.row_count:
        yield Text("")
        yield _indented(table)


def _forecasts(digest: Digest, terms: Terms) -> Iterator[RenderableType]:
    yield _heading(f"Forecast{_count(digest.forecasts)}")
    if not digest.forecasts:
        yield _note(why_empty("forecasters", digest.steps, digest.left_out.get("forecasters", 0)))
        return
    table = _table("Series", ">Days", ">Expected", "Band", "Model")
    for one in sums_first(digest.forecasts)[: terms.limit]:
        table.add_row(*_forecast(one))
    yield _indented(table)
    yield from _more(digest, len(digest.forecasts), terms)


def _forecast(one: Forecast) -> tuple[RenderableType, ...]:
    name = _name(forecast_name(one))
    total = one.forecasted_total
    if total is None:
        return name, "", "", Text(f"unknown: {plain(one.problem or '')}", style="magenta"), ""
    band = ""
    if one.intervals:
        widest = one.intervals[-1]
        lower = amount(widest.lower_total, one.currency)
        upper = amount(widest.upper_total, one.currency)
        band = f"{lower} to {upper} ({percent(widest.level, digits=0)})"
    expected = Text(money(total, one.currency), style="bold")
    return name, str(len(one.dates)), expected, band, _model(one)


def _model(one: Forecast) -> Text:
    """The model, the growth, and the error on the past: of the cost, and against a naive rule."""
    text = Text("sum" if one.is_sum else plain(one.model_type))
    if one.growth_rate is not None:
        text.append(f"\ngrowth {percent(one.growth_rate, signed=True)}", style="dim")
    if one.accuracy is None:
        return text
    if one.accuracy.wape is not None:
        text.append(f"\nWAPE {percent(one.accuracy.wape)}", style="dim")
    if one.accuracy.mase is not None:
        text.append(f"\nMASE {one.accuracy.mase:.2f}", style="dim")
    return text


def _savings(digest: Digest, terms: Terms) -> Iterator[RenderableType]:
    found = digest.recommendations
    yield _heading(f"Savings{_count(found)}")
    if found:
        totals = monthly_savings(found)
        together = " and ".join(money(total, currency) for currency, total in totals.items())
        yield _indented(Text(f"up to {together} a month, each resource counted once", "bold green"))
        table = _table("Recommendation", ">A month", "Priority")
        for one in found[: terms.limit]:
            table.add_row(*_recommendation(one))
        yield _indented(table)
        yield from _more(digest, len(found), terms)
        if any(one.better for one in found[: terms.limit]):
            yield _note(BETTER_KNOWN)
    else:
        yield _note(why_empty("optimizers", digest.steps, digest.left_out.get("optimizers", 0)))
    if digest.decided:
        yield _note(decided_before(digest.decided))
    for check, sentence in digest.coverage.items():
        yield _note(f"{check}: {sentence}")
    if digest.verified:
        yield _heading("Savings verified on the bill")
        table = _table("Check", ">Claimed", ">Realised", "Recommendations", header=True)
        for record in digest.verified:
            table.add_row(
                plain(record.check),
                money(record.claimed, record.currency),
                money(record.realised, record.currency),
                f"{record.verified:,} of {record.count:,} can be told",
            )
        yield _indented(table)


def _recommendation(one: Recommendation) -> tuple[RenderableType, ...]:
    saving = money(one.estimated_monthly_savings, one.currency)
    new = " (new)" if one.status is RecommendationStatus.NEW else ""
    # Advice is a sentence: unlike a name, it is never cut.
    return (
        plain(one.recommendation) + new,
        Text(f"{saving} *" if one.better else saving, style="dim" if one.better else "green"),
        Text(f"{one.priority}\n", _PRIORITY[one.priority]).append(
            f"{one.implementation_effort} effort", style="dim"
        ),
    )


def _budgets(digest: Digest, terms: Terms) -> Iterator[RenderableType]:
    yield _heading(f"Budgets{_count(digest.budgets)}")
    if not digest.budgets:
        yield _note(why_empty("budgets", digest.steps, digest.left_out.get("budgets", 0)))
        return
    table = _table("Budget", ">Spent", "", ">Of", "Status")
    for one in digest.budgets[: terms.limit]:
        table.add_row(*_budget(one, terms))
    yield _indented(table)
    yield from _more(digest, len(digest.budgets), terms)


def _budget(one: BudgetReport, terms: Terms) -> tuple[RenderableType, ...]:
    style = _STATUS[one.status]
    status = Text(one.status.replace("_", " "), style=style)
    if one.projected_spend is not None:
        status.append(f"\nprojected {amount(one.projected_spend, one.currency)}", style="default")
    if one.reason:
        status.append(f"\n{plain(one.reason)}", style="dim")
    any_day = one.known_days > 0
    return (
        _name(one.name),
        amount(one.current_spend, one.currency) if any_day else "?",
        _bar(one.percentage_used / 100, terms.block, style, width=8) if any_day else "",
        money(one.amount, one.currency),
        status,
    )


def _policies(digest: Digest, terms: Terms) -> Iterator[RenderableType]:
    """Policies that do not hold; those that do are not worth a line."""
    if not digest.policies:
        return
    yield _heading(f"Policies that do not hold{_count(digest.policies)}")
    table = _table("Policy", "Measured", "Severity")
    for one in digest.policies[: terms.limit]:
        failed = one.status is PolicyStatus.FAILED
        style = _SEVERITY[one.severity] if failed else "magenta"
        table.add_row(
            _name(one.policy),
            plain(f"{one.limit}: {one.measured}" if one.measured else one.limit),
            Text(one.severity if failed else "unknown", style=style),
        )
    yield _indented(table)
    if len(digest.policies) > terms.limit:
        yield _note(f"and {len(digest.policies) - terms.limit:,} more")
    yield _note("`finops check` tells what each of them found")


def _failures(digest: Digest) -> Iterator[RenderableType]:
    broken = [record for record in digest.steps if record.state is not StepState.DONE]
    if not broken:
        return
    yield _heading("Steps that did not end well")
    table = _table("", "", "", header=False)
    for record in broken:
        style = "red" if record.state is StepState.FAILED else "yellow"
        table.add_row(
            Text(plain(str(record.step)), style="bold"),
            Text(record.state.replace("_", " "), style=style),
            plain(record.message),
        )
    yield _indented(table)


def _files(digest: Digest) -> Iterator[RenderableType]:
    if digest.files:
        yield _heading("Files written")
        yield _indented(Group(*(Text(plain(str(path)), overflow="fold") for path in digest.files)))


def _more(digest: Digest, count: int, terms: Terms) -> Iterator[RenderableType]:
    if count > terms.limit:
        reports = [str(path) for path in digest.files if path.suffix == ".html"]
        where = f"see {reports[0]}" if reports else "raise `limit`, or write a report (`use: html`)"
        yield _note(f"and {count - terms.limit:,} more: {where}")


def _heading(text: str) -> RenderableType:
    return Group(Text(""), Text(text, style="bold cyan"))


def _indented(content: RenderableType) -> RenderableType:
    return Padding(content, (0, 0, 0, 2), expand=False)


def _note(text: str, style: str = "dim") -> RenderableType:
    return _indented(Text(plain(text), style=style))


def _count(items: Sequence[object]) -> str:
    return f" ({len(items):,})" if items else ""


def _tail(name: str) -> str:
    """A long identifier's end, which tells it from its neighbours."""
    return name if len(name) <= _LONGEST_DRIVER else f"...{name[3 - _LONGEST_DRIVER :]}"


def _name(text: str) -> Text:
    """A name out of a bill: as text, never as markup, and not without end."""
    text = plain(text)
    if len(text) > _LONGEST_NAME:
        text = f"{text[: _LONGEST_NAME - 3]}..."
    return Text(text, overflow="fold")


def _bar(share: float, block: str, style: str = "cyan", *, width: int = _BAR) -> Text:
    """A bar for a share of its width; negative shares are red."""
    full = min(width, max(1, round(abs(share) * width))) if share else 0
    return Text(block * full, style="red" if share < 0 else style)


def _table(*columns: str, header: bool = True) -> Table:
    """A table without lines; a column that starts with ``>`` holds amounts."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=header)
    table.header_style = "dim"
    for column in columns:
        is_amount = column.startswith(">")
        table.add_column(
            column.removeprefix(">"), justify="right" if is_amount else "left", no_wrap=is_amount
        )
    return table
