"""Everything that a run could not tell, in one list: what is missing is never nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from finops_cost_management.answers.outcome import StepState
from finops_cost_management.answers.recommendations import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finops_cost_management.answers.outcome import Outcome


def unknowns(outcome: Outcome) -> list[Unknown]:
    """What a reader of the outcome must not take for 0, for clean, or for on track."""
    return [
        *_of_costs(outcome),
        *_of_steps(outcome),
        *_of_forecasts(outcome),
        *_of_savings(outcome),
        *_of_budgets(outcome),
        *_of_policies(outcome),
    ]


def _of_costs(outcome: Outcome) -> Iterator[Unknown]:
    costs = outcome.costs
    if costs is None:
        failed = any(
            step.step.section == "store" and step.state is not StepState.DONE
            for step in outcome.steps
        )
        reason = "the store cannot be asked" if failed else "the store has no row in the window"
        yield Unknown(subject="costs", reason=reason)
        return
    if costs.unknown_rows:
        yield Unknown(
            subject="costs",
            reason=f"{costs.unknown_rows:,} of {costs.rows:,} rows do not say their effective cost",
        )
    for one in costs.currencies:
        missing = [day for day in costs.window.dates() if day not in one.daily]
        untold = [day for day, cost in one.daily.items() if cost is None]
        if missing:
            yield Unknown(
                subject=f"costs in {one.currency}",
                reason=f"no data for {len(missing)} of {costs.window.days} days, "
                f"the first of them {missing[0]}",
            )
        if untold:
            yield Unknown(
                subject=f"costs in {one.currency}",
                reason=f"no row says its effective cost on {len(untold)} of "
                f"{costs.window.days} days, the first of them {untold[0]}",
            )


def _of_steps(outcome: Outcome) -> Iterator[Unknown]:
    for record in outcome.steps:
        if record.state is not StepState.DONE:
            state = record.state.replace("_", " ")
            yield Unknown(subject=str(record.step), reason=f"{state}: {record.message}")
        if record.refused:
            yield Unknown(subject=str(record.step), reason=f"{record.refused:,} rows were refused")


def _of_forecasts(outcome: Outcome) -> Iterator[Unknown]:
    problems = Counter(
        (one.forecaster, one.problem) for one in outcome.forecasts if one.problem is not None
    )
    for (forecaster, problem), count in problems.most_common():
        yield Unknown(subject=forecaster, reason=f"no forecast of {count:,} series: {problem}")


def _of_savings(outcome: Outcome) -> Iterator[Unknown]:
    for check, answer in outcome.savings.items():
        reasons = Counter(item.reason for item in answer.unknown)
        for reason, count in reasons.most_common():
            yield Unknown(subject=check, reason=f"could not tell {count:,}: {reason}")


def _of_budgets(outcome: Outcome) -> Iterator[Unknown]:
    for report in outcome.budgets:
        if report.reason:
            yield Unknown(subject=f"budget {report.name}", reason=report.reason)
        elif report.missing_days:
            yield Unknown(
                subject=f"budget {report.name}",
                reason=f"{report.missing_days} days before today are not known yet",
            )


def _of_policies(outcome: Outcome) -> Iterator[Unknown]:
    for report in outcome.policies:
        reasons = Counter(item.reason for item in report.unknown)
        for reason, count in reasons.most_common():
            times = "" if count == 1 else f"{count:,} times: "
            yield Unknown(subject=f"policy {report.policy}", reason=times + reason)
