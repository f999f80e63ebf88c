"""Where a budget stands: spend that is known, a projection that was forecast, and no guess."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from finops_cost_management.answers.budgets import BudgetPeriod, BudgetReport, BudgetStatus
from finops_cost_management.budgets.budget import period_of
from finops_cost_management.query.cost_query import CostQuery
from finops_cost_management.query.panel import CostPanel
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from finops_cost_management.answers.forecasts import PanelForecast
    from finops_cost_management.budgets.budget import Budget
    from finops_cost_management.query.snapshot import CostSnapshot

    Forecast = Callable[[CostPanel, int], PanelForecast | None]

UNKNOWN_CURRENCY = "XXX"
"""ISO 4217's own code for "no currency": a budget whose rows do not say theirs."""

EVIDENCE_DAYS = 31
"""A source that fed the budget so many days before the period is expected to feed it still."""

HISTORY_DAYS = 400
"""How much history a projection is forecast from: a year, and the evidence before it."""

HIGHEST_LEVEL = 0.95
"""Wider bands than this say too little to plan with."""

_DAY = timedelta(days=1)


def evaluate(
    budget: Budget, costs: CostSnapshot, today: date, forecast: Forecast | None = None
) -> BudgetReport:
    """Say where a budget stands in the period of today.

    Spend is the exact sum over the known days before today. A day is known when every source
    that feeds the budget has delivered it. A daily budget is judged on the newest known day,
    because today is not over.

    Args:
        budget: The budget.
        costs: The store.
        today: The current day, UTC; itself not counted.
        forecast: Forecasts a panel of one series for so many days; None for no projection.

    Returns:
        The report. Its status is unknown, with the reason, where the currency is not one, or
        where days are missing and no threshold is reached without them. A missing projection
        has a reason, too; it is never a straight line.
    """
    current = period_of(budget.period, today)
    evidence = DateWindow(current.start - EVIDENCE_DAYS * _DAY, today)
    panel = costs.panel(CostQuery(window=evidence, cost=budget.cost, where=budget.where))
    currencies = [one for one in panel.currencies if budget.currency in {None, one}]
    if len(currencies) != 1:
        return _unknown(budget, current, today, _why_not_one(budget, panel, evidence))

    currency = currencies[0]
    known = _known_days(panel, currency)
    period = _judged_period(budget, today, known)
    days = _Days.of(period, today, known)
    spend = _spend(budget, costs, currency, days.known)
    problem = days.problem(budget.tolerated_lag, today)
    projection = (
        problem
        if problem and (days.gaps or days.newest is None)
        else _project(
            budget,
            costs,
            currency=currency,
            today=today,
            period=period,
            days=days,
            spend=spend,
            forecast=forecast,
        )
    )
    return _judge(
        budget,
        currency=currency,
        period=period,
        days=days,
        spend=spend,
        projection=projection,
        problem=problem,
    )


@dataclass(frozen=True, slots=True)
class _Days:
    """What is known of the days of a period that are over."""

    known: tuple[date, ...]
    missing: tuple[date, ...]
    newest: date | None

    @classmethod
    def of(cls, period: DateWindow, today: date, known: set[date]) -> _Days:
        elapsed = [day for day in period.dates() if day < today]
        return cls(
            known=tuple(day for day in elapsed if day in known),
            missing=tuple(day for day in elapsed if day not in known),
            newest=max(known, default=None),
        )

    @property
    def gaps(self) -> tuple[date, ...]:
        """Missing days with newer days known: they are not just late."""
        return tuple(day for day in self.missing if self.newest and day < self.newest)

    def problem(self, tolerated_lag: int, today: date) -> str:
        """Why the spend so far is not to be trusted; empty where it is."""
        if self.newest is None:
            return "the store knows no cost of the rows that match the budget"
        if gaps := self.gaps:
            return f"the store does not know the cost of {_listed(gaps)}"
        if (late := (today - self.newest).days - 1) > tolerated_lag:
            return (
                f"the store knows costs until {self.newest}, {late} days behind: "
                "ingest the days since"
            )
        return ""


@dataclass(frozen=True, slots=True)
class _Projection:
    """Spend expected by the end of the period."""

    expected: Decimal
    lower: Decimal | None
    upper: Decimal | None


def _listed(days: Sequence[date], at_most: int = 3) -> str:
    names = ", ".join(map(str, days[:at_most]))
    return names if len(days) <= at_most else f"{names} and {len(days) - at_most} more days"


def _why_not_one(budget: Budget, panel: CostPanel, evidence: DateWindow) -> str:
    if not panel.currencies:
        return f"no cost of {evidence} matches the budget: check its `where`, or ingest the days"
    named = " and ".join(panel.currencies)
    if budget.currency is None:
        return f"the costs are in {named}: name one of them as `currency`"
    return f"the costs are in {named}, the budget is in {budget.currency}"


def _known_days(panel: CostPanel, currency: str) -> set[date]:
    import numpy as np

    values = panel.values[panel.currencies.index(currency)]
    days: list[date] = panel.dates[~np.isnan(values)].tolist()
    return set(days)


def _judged_period(budget: Budget, today: date, known: set[date]) -> DateWindow:
    if budget.period is not BudgetPeriod.DAILY:
        return period_of(budget.period, today)
    oldest = today - (1 + budget.tolerated_lag) * _DAY
    newest = max((day for day in known if day >= oldest), default=today - _DAY)
    return period_of(BudgetPeriod.DAILY, newest)


def _spend(budget: Budget, costs: CostSnapshot, currency: str, known: Sequence[date]) -> Decimal:
    if not known:
        return Decimal(0)
    query = CostQuery(
        window=DateWindow(known[0], known[-1] + _DAY),
        cost=budget.cost,
        where=budget.where,
        grain="daily",
    )
    counted = set(known)
    return sum(
        (
            row[budget.cost.column]
            for row in costs.ask(query).to_pylist()
            if row["BillingCurrency"] == currency and row["Period"] in counted
        ),
        Decimal(0),
    )


def _project(
    budget: Budget,
    costs: CostSnapshot,
    *,
    currency: str,
    today: date,
    period: DateWindow,
    days: _Days,
    spend: Decimal,
    forecast: Forecast | None,
) -> _Projection | str:
    """The spend at the period's end, or why it is not known."""
    assert days.newest is not None  # noqa: S101 # the caller asks only where a day is known
    tomorrow = days.newest + _DAY
    if tomorrow >= period.end:
        return _Projection(spend, spend, spend)
    if forecast is None:
        return "no projection without a forecaster"
    history = _history(budget, costs, currency, today).until(tomorrow)
    try:
        answer = forecast(history, (period.end - tomorrow).days)
    except Exception as error:  # noqa: BLE001 # a broken forecaster must not hide an overspent budget
        return f"no projection: the forecaster failed: {error}"
    if answer is None:
        return "no projection: the forecaster gave none"
    if problem := answer.problems[0]:
        return f"no projection: {problem}"
    return _add_forecast(spend, answer, skip=max(0, (period.start - tomorrow).days))


def _add_forecast(spend: Decimal, answer: PanelForecast, *, skip: int) -> _Projection | str:
    """Add what the rest of the period is forecast to cost.

    Args:
        spend: Known spend.
        answer: The forecast of one series.
        skip: How many days of it lie before the period.
    """
    import numpy as np

    rest = float(answer.mean[0][skip:].sum())
    if not np.isfinite(rest):
        return "no projection: the forecaster gave none"
    levels = [level for level in answer.total_lower if level <= HIGHEST_LEVEL]
    # The bounds are of the whole horizon: a part of it cannot be cut out of them.
    if skip or not levels:
        return _Projection(spend + _cents(rest), None, None)
    level = max(levels)
    return _Projection(
        spend + _cents(rest),
        spend + _cents(float(answer.total_lower[level][0])),
        spend + _cents(float(answer.total_upper[level][0])),
    )


def _cents(estimate: float) -> Decimal:
    return Decimal(repr(estimate)).quantize(Decimal("0.01"))


def _history(budget: Budget, costs: CostSnapshot, currency: str, today: date) -> CostPanel:
    """The budget's own daily costs as one series, from its first cost on."""
    import numpy as np

    window = DateWindow.last(HISTORY_DAYS, until=today)
    panel = costs.panel(CostQuery(window=window, cost=budget.cost, where=budget.where))
    row = panel.currencies.index(currency)
    spent = np.flatnonzero(np.nan_to_num(panel.values[row]))
    first = int(spent[0]) if spent.size else 0
    return CostPanel(
        values=panel.values[[row], first:],
        dates=panel.dates[first:],
        keys=(panel.keys[row],),
        currencies=(currency,),
        cost=panel.cost,
    )


def _judge(
    budget: Budget,
    *,
    currency: str,
    period: DateWindow,
    days: _Days,
    spend: Decimal,
    projection: _Projection | str,
    problem: str,
) -> BudgetReport:
    projected = projection if isinstance(projection, _Projection) else None
    expected = projected.expected if projected else None
    reached = tuple(share for share in budget.alert_at if spend >= _part(budget, share))
    coming = tuple(
        share
        for share in budget.alert_at
        if share not in reached and expected is not None and expected >= _part(budget, share)
    )
    if not days.known and projected is None:
        problem = problem or "no day of the period is known yet"
    if spend > budget.amount:
        status = BudgetStatus.OVER_BUDGET
    elif reached:
        status = BudgetStatus.AT_RISK
    elif problem:
        status = BudgetStatus.UNKNOWN
    elif expected is not None and expected > budget.amount:
        status = BudgetStatus.AT_RISK
    else:
        status = BudgetStatus.ON_TRACK
    return BudgetReport(
        name=budget.name,
        amount=budget.amount,
        currency=currency,
        period=period,
        current_spend=spend,
        known_days=len(days.known),
        missing_days=len(days.missing),
        projected_spend=expected,
        projected_lower=projected.lower if projected else None,
        projected_upper=projected.upper if projected else None,
        thresholds_reached=reached,
        thresholds_projected=coming,
        status=status,
        reason=problem or (projection if isinstance(projection, str) else ""),
    )


def _part(budget: Budget, share: float) -> Decimal:
    return budget.amount * Decimal(repr(share))


def _unknown(budget: Budget, period: DateWindow, today: date, reason: str) -> BudgetReport:
    return BudgetReport(
        name=budget.name,
        amount=budget.amount,
        currency=budget.currency or UNKNOWN_CURRENCY,
        period=period,
        current_spend=Decimal(0),
        known_days=0,
        missing_days=sum(day < today for day in period.dates()),
        projected_spend=None,
        projected_lower=None,
        projected_upper=None,
        thresholds_reached=(),
        thresholds_projected=(),
        status=BudgetStatus.UNKNOWN,
        reason=reason,
    )
