"""Digests for tests: nothing at all, and far too much."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity, Driver
from finops_cost_management.answers.budgets import BudgetReport, BudgetStatus
from finops_cost_management.answers.digest import Digest
from finops_cost_management.answers.forecasts import Forecast, Interval
from finops_cost_management.answers.outcome import Outcome, RunInfo, Step, StepRecord, StepState
from finops_cost_management.answers.policies import PolicyFinding, PolicyReport
from finops_cost_management.answers.recommendations import (
    Effort,
    OptimizationCategory,
    Recommendation,
    Unknown,
)
from finops_cost_management.answers.verification import CheckRecord
from finops_cost_management.query.costs_summary import CostsSummary, CurrencySummary
from finops_cost_management.window import DateWindow

WINDOW = DateWindow(date(2026, 9, 1), date(2026, 10, 1))

AWKWARD_NAMES = (
    "Amazon EC2",
    "[bold]not markup[/bold] <b>&amp;</b> *x* _y_ `z`",
    "Größe 東京 🚀",
    "a\tb\nc",
    "n" * 500,
    "",
)
"""What people really name things, and what breaks templates."""


def run_info(window: DateWindow = WINDOW) -> RunInfo:
    """A run over a window."""
    return RunInfo(
        id="20261001T070000-test",
        pipeline="contract",
        started=datetime(2026, 10, 1, 7, tzinfo=UTC),
        window=window,
        versions={"finops-cost-management": "0"},
    )


def empty_outcome(window: DateWindow = WINDOW) -> Outcome:
    """A run in which nothing happened."""
    return Outcome(run=run_info(window))


def empty_digest() -> Digest:
    """A digest of an empty store: no costs, no findings, no steps."""
    return Digest(
        run=run_info(),
        costs=None,
        anomalies=(),
        forecasts=(),
        recommendations=(),
        coverage={},
        budgets=(),
        files=(),
        steps=(),
    )


def large_digest(findings: int) -> Digest:
    """A digest with everything in it, awkward names and two currencies included.

    Args:
        findings: How many anomalies, and how many recommendations.
    """
    return Digest(
        run=run_info(),
        costs=CostsSummary(
            window=WINDOW,
            currencies=tuple(_summary(currency) for currency in ("USD", "EUR")),
            rows=1_000_000,
            unknown_rows=3,
        ),
        anomalies=tuple(_anomaly(number) for number in range(findings)),
        forecasts=(_forecast(None), _forecast("insufficient data: 2 known days")),
        recommendations=tuple(_recommendation(number) for number in range(findings)),
        coverage={"idle": "checked 12, clean 3, found 1, could not tell 8: no metric (8)"},
        budgets=tuple(_budget(status) for status in BudgetStatus),
        files=(Path("out/report.html"),),
        steps=tuple(_step(state) for state in StepState),
        decided=2,
        verified=(_record(),),
        policies=tuple(_policy(number) for number in range(findings)),
    )


def _record() -> CheckRecord:
    return CheckRecord(
        check="idle",
        currency="USD",
        count=3,
        verified=2,
        claimed=Decimal("24.68"),
        realised=Decimal("-1.5"),
    )


def _policy(number: int) -> PolicyReport:
    return PolicyReport(
        policy=f"owned-{number}",
        rule="required_tags",
        severity=list(AnomalySeverity)[number % len(AnomalySeverity)],
        limit=f"every resource has {_name(number)}",
        measured="2 of 3 resources lack one",
        checked=3,
        findings=(PolicyFinding(subject=_name(number), message=f"{_name(number)} has no tag"),),
        unknown=(Unknown(subject=_name(number), reason="its charges say no cost"),),
    )


def _name(number: int) -> str:
    return AWKWARD_NAMES[number % len(AWKWARD_NAMES)]


def _currency(number: int) -> str:
    return "EUR" if number % 5 == 0 else "USD"


def _summary(currency: str) -> CurrencySummary:
    total = Decimal("12345.678900000001")
    return CurrencySummary(
        currency=currency,
        effective=total,
        billed=-total,
        daily=dict.fromkeys(WINDOW.dates(), total / 30),
        by_provider={"AWS": total, "Microsoft": Decimal("-0.01")},
        by_service={("AWS", name): total for name in AWKWARD_NAMES},
        by_category={"Usage": total, "Credit": -total},
    )


def _anomaly(number: int) -> Anomaly:
    return Anomaly(
        date=WINDOW.start + timedelta(days=number % WINDOW.days),
        dimensions={"ServiceName": _name(number) or None, "tags.team": f"team {number}"},
        currency=_currency(number),
        expected_cost=Decimal(number % 3),
        actual_cost=Decimal("100.123456789012") * (1 if number % 7 else -1),
        score=6.5 if number % 7 else -6.5,
        severity=list(AnomalySeverity)[number % len(AnomalySeverity)],
        detector="spikes",
        confidence=None if number % 2 else 0.99,
        drivers=(Driver(dimension="RegionId", value=None, impact=Decimal(90)),),
    )


def _recommendation(number: int) -> Recommendation:
    return Recommendation(
        check=f"idle-{number}",
        category=list(OptimizationCategory)[number % len(OptimizationCategory)],
        provider="AWS",
        resource_id=_name(number),
        recommendation=f"Remove {_name(number)}",
        currency=_currency(number),
        current_cost=Decimal("99.99"),
        estimated_monthly_savings=Decimal("12.34"),
        counted_savings=Decimal("12.34"),
        steps=("Look at it", "Remove it"),
        confidence=0.9,
        implementation_effort=Effort.LOW,
        evidence={"days without use": "31"},
    )


def _forecast(problem: str | None) -> Forecast:
    days = tuple(WINDOW.dates())
    costs = tuple(Decimal(100) for _ in days)
    band = Interval(
        level=0.8, lower=costs, upper=costs, lower_total=Decimal(3000), upper_total=Decimal(3000)
    )
    return Forecast(
        dimensions={"ServiceName": "Amazon EC2"},
        currency="USD",
        history_dates=days,
        history=(None, *costs[1:]),
        dates=() if problem else days,
        mean=() if problem else costs,
        intervals=() if problem else (band,),
        model_type="none" if problem else "seasonal",
        forecaster="month-end",
        problem=problem,
    )


def _budget(status: BudgetStatus) -> BudgetReport:
    unknown = status is BudgetStatus.UNKNOWN
    return BudgetReport(
        name=f"platform-{status}",
        amount=Decimal(1000),
        currency="USD",
        period=WINDOW,
        current_spend=Decimal("1234.5"),
        known_days=20,
        missing_days=2,
        projected_spend=None if unknown else Decimal(1500),
        projected_lower=None if unknown else Decimal(1400),
        projected_upper=None if unknown else Decimal(1600),
        thresholds_reached=(0.8, 1.0),
        thresholds_projected=(1.2,),
        status=status,
        reason="no data since 2026-09-20" if unknown else "",
    )


def _step(state: StepState) -> StepRecord:
    return StepRecord(
        step=Step(section="sources", name=f"cloud-{state}", use="demo"),
        state=state,
        seconds=1.5,
        rows=10,
        refused=1,
        requests=3,
        message="access denied; ask for finops-read" if state is StepState.FAILED else "10 rows",
    )
