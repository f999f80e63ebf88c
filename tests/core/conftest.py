"""A small bill in a real engine, and the answers of an invented run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity, Driver
from finops_cost_management.answers.budgets import BudgetReport, BudgetStatus
from finops_cost_management.answers.digest import Digest
from finops_cost_management.answers.forecasts import Forecast, Interval
from finops_cost_management.answers.outcome import Outcome, RunInfo, Step, StepRecord, StepState
from finops_cost_management.answers.recommendations import (
    Effort,
    OptimizationCategory,
    Recommendation,
    SavingsAnswer,
    Unknown,
)
from finops_cost_management.engine import Engine
from finops_cost_management.query.costs_summary import CostsSummary, CurrencySummary
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.testing.bills import bill_snapshot
from finops_cost_management.window import DateWindow

Bill = Callable[[list[dict[str, Any]]], CostSnapshot]


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with Engine(threads=1) as engine:
        yield engine


@pytest.fixture
def bill(engine: Engine) -> Bill:
    """Makes a store of charges, each with its ``day``, its ``cost`` and any FOCUS columns."""

    def make(charges: list[dict[str, Any]]) -> CostSnapshot:
        return bill_snapshot(engine, [_charge(**charge) for charge in charges])

    return make


def _charge(day: date, cost: Decimal | str | int | None, **columns: Any) -> dict[str, Any]:
    start = datetime.combine(day, time(), UTC)
    amount = None if cost is None else Decimal(cost)
    return {
        "ChargePeriodStart": start,
        "ChargePeriodEnd": start + timedelta(days=1),
        "BilledCost": amount,
        "EffectiveCost": amount,
        "ListCost": amount,
        "ContractedCost": amount,
        "BillingCurrency": "USD",
        "ChargeCategory": "Usage",
        "ServiceName": "Compute",
        "HostProviderName": "Cloud",
        "x_Source": "bills",
        **columns,
    }


WINDOW = DateWindow(date(2026, 10, 25), date(2026, 11, 22))


@pytest.fixture
def empty_outcome() -> Outcome:
    """A run without any step, over an empty store."""
    return Outcome(
        run=RunInfo(
            id="20261122-01",
            pipeline="daily-watch",
            started=datetime(2026, 11, 22, 6, 0, tzinfo=UTC),
            window=WINDOW,
            versions={"finops-cost-management": "0.1.0", "duckdb": "2.0.0"},
        )
    )


@pytest.fixture
def outcome(empty_outcome: Outcome) -> Outcome:
    """A run that has something to tell in every section, in two currencies."""
    return Outcome(
        run=empty_outcome.run,
        steps=_steps(),
        costs=_costs(),
        anomalies=[_anomaly(), _anomaly(severity=AnomalySeverity.LOW, actual="130.05")],
        forecasts=[_forecast("USD"), _forecast("EUR"), _no_forecast()],
        savings={"unused_commitments": _savings()},
        recommendations=list(_savings().findings),
        budgets=_budgets(),
        files=[Path("out/review.html"), Path("out/focus.parquet")],
    )


@pytest.fixture
def crowded(outcome: Outcome) -> Outcome:
    """A run with 10,000 anomalies and 10,000 recommendations."""
    outcome.anomalies = [_anomaly(service=f"service {n}") for n in range(10_000)]
    findings = tuple(_recommendation(resource=f"resource-{n}") for n in range(10_000))
    outcome.savings = {"unused_commitments": SavingsAnswer(findings=findings)}
    outcome.recommendations = list(findings)
    return outcome


@pytest.fixture
def to_digest() -> Callable[[Outcome], Digest]:
    """Makes the digest that a notifier without ``when`` gets."""
    from finops_cost_management.pipeline.digests import digest_for

    return digest_for


def _anomaly(
    service: str = "Virtual Machines",
    severity: AnomalySeverity = AnomalySeverity.CRITICAL,
    actual: str = "1234.5",
) -> Anomaly:
    return Anomaly(
        date=date(2026, 11, 12),
        dimensions={"Provider": "AWS", "ServiceName": service},
        currency="USD",
        expected_cost=Decimal("100.25"),
        actual_cost=Decimal(actual),
        score=9.5,
        severity=severity,
        detector="spikes",
        drivers=(Driver(dimension="RegionId", value="eu-west-1", impact=Decimal("1000.10")),),
    )


def _recommendation(resource: str = "ri-0001", saving: str = "41.50") -> Recommendation:
    return Recommendation(
        check="unused_commitments",
        category=OptimizationCategory.COMMITMENT,
        provider="AWS",
        resource_id=resource,
        recommendation=f"Use, exchange or let lapse the commitment {resource}",
        currency="USD",
        current_cost=Decimal("300.00"),
        estimated_monthly_savings=Decimal(saving),
        counted_savings=Decimal(saving),
        confidence=0.7,
        implementation_effort=Effort.MEDIUM,
        evidence={"days": "28", "unused share": "13.8 %"},
    )


def _savings() -> SavingsAnswer:
    return SavingsAnswer(
        findings=(_recommendation(), _recommendation("ri-0002", "12.25")),
        clean=4,
        unknown=(Unknown(subject="ri-0003", reason="too young"),),
    )


def _steps() -> list[StepRecord]:
    def record(
        section: str, name: str, state: StepState = StepState.DONE, **more: Any
    ) -> StepRecord:
        step = Step(section=section, name=name, use=f"{name}.plugin")
        return StepRecord(step=step, state=state, seconds=1.234, **more)

    return [
        record("sources", "aws", rows=12_345, refused=2, message="2 rows refused: no currency"),
        record("sources", "cluster", StepState.TOLERATED, message="connection refused; start it"),
        record("detectors", "spikes", message="2 anomalies"),
        record("forecasters", "month-end"),
        record("optimizers", "unused_commitments"),
        record("exports", "warehouse", StepState.FAILED, message="read-only folder; chmod it"),
    ]


def _costs() -> CostsSummary:
    days = list(WINDOW.dates())
    usd = {day: Decimal("120.10") + (day.weekday() < 5) * 35 + n for n, day in enumerate(days[:-1])}
    usd[date(2026, 11, 12)] = Decimal("1384.25")
    eur = dict.fromkeys(days, Decimal("40.005"))
    return CostsSummary(
        window=WINDOW,
        currencies=(_currency("USD", usd), _currency("EUR", eur)),
        rows=12_345,
        unknown_rows=3,
    )


def _currency(code: str, daily: dict[date, Decimal]) -> CurrencySummary:
    total = sum(daily.values(), Decimal(0))
    half = total / 2
    return CurrencySummary(
        currency=code,
        effective=total,
        billed=total - 10,
        daily=daily,
        by_provider={"AWS": total - 50, "Google Cloud": Decimal(50)},
        by_service={
            ("AWS", "Virtual Machines"): half,
            ("AWS", "Object Storage"): total - half - 30,
            ("Google Cloud", "BigQuery"): Decimal(50),
            ("AWS", "Credits"): Decimal(-20),
        },
        by_category={"Usage": total + 20, "Tax": Decimal(40), "Credit": Decimal(-60)},
    )


def _forecast(currency: str) -> Forecast:
    history_dates = tuple(WINDOW.dates())
    history = [Decimal(100 + n) for n, _ in enumerate(history_dates)]
    dates = tuple(DateWindow(WINDOW.end, WINDOW.end + timedelta(days=30)).dates())
    mean = tuple(Decimal("130.50") + n for n, _ in enumerate(dates))
    return Forecast(
        dimensions={"Provider": "AWS"},
        currency=currency,
        history_dates=history_dates,
        history=(*history[:10], None, *history[11:]),
        dates=dates,
        mean=mean,
        intervals=tuple(
            Interval(
                level=level,
                lower=tuple(cost - width for cost in mean),
                upper=tuple(cost + width for cost in mean),
                lower_total=sum(mean, Decimal(0)) - 10 * width,
                upper_total=sum(mean, Decimal(0)) + 10 * width,
            )
            for level, width in ((0.8, 20), (0.95, 35))
        ),
        model_type="seasonal naive",
        forecaster="month-end",
    )


def _no_forecast() -> Forecast:
    return Forecast(
        dimensions={"Provider": "Google Cloud"},
        currency="USD",
        history_dates=(),
        history=(),
        dates=(),
        mean=(),
        intervals=(),
        model_type="none",
        forecaster="month-end",
        problem="insufficient data: 3 of 14 days",
    )


def _budgets() -> list[BudgetReport]:
    on_track = BudgetReport(
        name="data",
        amount=Decimal(5000),
        currency="USD",
        period=DateWindow(date(2026, 11, 1), date(2026, 12, 1)),
        current_spend=Decimal(1200),
        known_days=21,
        missing_days=0,
        projected_spend=Decimal(1700),
        projected_lower=None,
        projected_upper=None,
        thresholds_reached=(),
        thresholds_projected=(),
        status=BudgetStatus.ON_TRACK,
    )
    return [
        replace(
            on_track,
            name="platform",
            current_spend=Decimal("5300.25"),
            projected_spend=None,
            thresholds_reached=(0.8, 1.0),
            status=BudgetStatus.OVER_BUDGET,
        ),
        replace(
            on_track,
            name="company",
            current_spend=Decimal(3900),
            projected_spend=Decimal("5571.43"),
            projected_lower=Decimal(5300),
            projected_upper=Decimal(5900),
            thresholds_projected=(1.0,),
            status=BudgetStatus.AT_RISK,
        ),
        on_track,
        replace(
            on_track,
            name="lab",
            current_spend=Decimal(0),
            known_days=0,
            missing_days=21,
            projected_spend=None,
            status=BudgetStatus.UNKNOWN,
            reason="no cost matches the budget: check its `where`, or ingest the days",
        ),
    ]
