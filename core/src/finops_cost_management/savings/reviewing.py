"""Holds every claim against the bill: what a thing costs, and how old it is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from finops_cost_management.answers.alternatives import billed_resource, resource_key
from finops_cost_management.answers.recommendations import DAYS_A_MONTH, SavingsAnswer, Unknown
from finops_cost_management.query.dimensions import NONE
from finops_cost_management.query.lookback import Lookback
from finops_cost_management.query.resource_costs import resource_costs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from finops_cost_management.answers.recommendations import Recommendation
    from finops_cost_management.query.snapshot import CostSnapshot

_CENT = Decimal("0.01")


def review(
    answers: Mapping[str, SavingsAnswer], costs: CostSnapshot, until: date
) -> dict[str, SavingsAnswer]:
    """The same answers, as far as the bill bears them out.

    Whatever a check or a provider's adviser claims: on each resource that the bill knows, a saving
    is limited to what the resource costs a month and no commitment pays for, and advice on a
    resource that is younger than the look-back becomes unknown. What the bill does not know by
    its id is left as it is.

    Args:
        answers: Step → what it said.
        costs: The rows of the store.
        until: The first day outside the run's window.
    """
    bills: dict[int, _Bill] = {}
    for days in {one.lookback_days for answer in answers.values() for one in answer.findings}:
        claims = [
            one
            for answer in answers.values()
            for one in answer.findings
            if one.lookback_days == days
        ]
        bills[days] = _Bill(costs, until, days, claims)
    return {step: _reviewed(answer, bills) for step, answer in answers.items()}


def _reviewed(answer: SavingsAnswer, bills: Mapping[int, _Bill]) -> SavingsAnswer:
    findings: list[Recommendation] = []
    unknown = list(answer.unknown)
    for one in answer.findings:
        verdict = bills[one.lookback_days].verdict(one)
        if isinstance(verdict, Unknown):
            unknown.append(verdict)
        else:
            findings.append(verdict)
    return SavingsAnswer(findings=tuple(findings), clean=answer.clean, unknown=tuple(unknown))


class _Bill:
    """What the last days of the bill say of the resources that advice is about."""

    def __init__(
        self, costs: CostSnapshot, until: date, days: int, claims: Iterable[Recommendation]
    ) -> None:
        self._costs = costs
        self._lookback = Lookback.of(costs, until, days)
        self._keys = {resource_key(billed_resource(part)) for one in claims for part in one.parts}

    @cached_property
    def _monthly(self) -> dict[tuple[str, str, str], Decimal | None]:
        rows = self._lookback.select(self._costs.rows)
        return {
            (provider or NONE, currency, resource): None
            if cost is None
            else (cost / self._lookback.days * DAYS_A_MONTH).quantize(_CENT)
            for (provider, currency, resource), cost in resource_costs(
                self._costs, rows, self._keys, avoidable=True
            ).items()
        }

    @cached_property
    def _old(self) -> frozenset[tuple[str, str]]:
        return frozenset(
            (provider or NONE, resource)
            for provider, resource in self._lookback.old_resources(self._costs.rows)
        )

    def verdict(self, one: Recommendation) -> Recommendation | Unknown:
        """The recommendation as far as the bill bears it out."""
        limited: dict[str, Decimal] = {}
        young = 0
        for resource, part in one.parts.items():
            key = (one.provider, one.currency, resource_key(billed_resource(resource)))
            if key not in self._monthly:
                limited[resource] = part  # the bill does not know it by this id
                continue
            own = self._monthly[key]
            if own is None:
                return Unknown(subject=one.resource_id, reason="charges without effective cost")
            if (one.provider, key[2]) not in self._old:
                young += 1
                limited[resource] = Decimal(0)
            else:
                limited[resource] = min(part, max(own, Decimal(0)))
        if young == len(limited):
            return Unknown(
                subject=one.resource_id,
                reason=f"younger than the look-back of {one.lookback_days} days",
            )
        saving = sum(limited.values(), Decimal(0))
        if saving == one.estimated_monthly_savings:
            return one
        if not saving:
            return Unknown(
                subject=one.resource_id, reason="the bill shows no cost that could be saved"
            )
        return replace(
            one,
            estimated_monthly_savings=saving,
            shares=limited if one.shares else {},
            evidence={**one.evidence, "limited to": "what can be avoided, by the bill"},
        )
