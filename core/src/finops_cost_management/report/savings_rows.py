"""Recommendations as rows of a table or of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finops_cost_management.report.wording import amount, money, percent

if TYPE_CHECKING:
    from finops_cost_management.answers.recommendations import Recommendation
    from finops_cost_management.answers.verification import CheckRecord, VerifiedSaving


def short_row(one: Recommendation) -> dict[str, Any]:
    """What a person scans for: as texts, within a terminal's width."""
    counted = one.counted_savings
    return {
        "Id": one.id,
        "Priority": one.priority.value,
        "Recommendation": one.recommendation,
        "Where": " ".join(filter(None, (one.sub_account_id, one.region_id))),
        "Saves a month": money(one.estimated_monthly_savings, one.currency),
        "Counts": "" if counted is None else amount(counted, one.currency),
        "Effort": one.implementation_effort.value,
        "Risk": one.risk.value,
    }


def full_row(one: Recommendation) -> dict[str, Any]:
    """Everything, for programs: amounts as Decimal, the rest as text, numbers and lists."""
    return {
        "id": one.id,
        "status": one.status.value,
        "priority": one.priority.value,
        "check": one.check,
        "source": one.source,
        "category": one.category.value,
        "provider": one.provider,
        "sub_account_id": one.sub_account_id,
        "region_id": one.region_id,
        "resource_id": one.resource_id,
        "resource_name": one.resource_name,
        "resource_type": one.resource_type,
        "recommendation": one.recommendation,
        "steps": list(one.steps),
        "current_configuration": dict(one.current_configuration),
        "recommended_configuration": dict(one.recommended_configuration),
        "currency": one.currency,
        "current_cost": one.current_cost,
        "estimated_monthly_savings": one.estimated_monthly_savings,
        "counted_savings": one.counted_savings,
        "better": list(one.better),
        "basis": one.basis.value,
        "confidence": one.confidence,
        "implementation_effort": one.implementation_effort.value,
        "risk": one.risk.value,
        "restart_needed": one.restart_needed,
        "reversible": one.reversible,
        "lookback_days": one.lookback_days,
        "evidence": dict(one.evidence),
    }


def verified_row(one: VerifiedSaving) -> dict[str, Any]:
    """A carried out recommendation: claimed, and what the bill says."""
    advice = one.entry.recommendation
    known = one.realised
    return {
        "Id": advice.id,
        "Since": one.ended_on,
        "Recommendation": advice.recommendation,
        "Claimed": money(one.claimed, advice.currency),
        "Before": "" if one.before is None else money(one.before, advice.currency),
        "After": "" if one.after is None else money(one.after, advice.currency),
        "Realised": f"unknown: {one.reason}" if known is None else money(known, advice.currency),
    }


def record_row(one: CheckRecord) -> dict[str, Any]:
    """What the advice of a check was worth."""
    return {
        "Check": one.check,
        "Carried out": one.count,
        "Verified": one.verified,
        "Claimed": money(one.claimed, one.currency),
        "Realised": money(one.realised, one.currency),
        "Share": "" if one.share is None else percent(one.share, digits=0),
    }
