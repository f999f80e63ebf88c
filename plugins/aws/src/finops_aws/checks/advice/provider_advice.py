"""What AWS's own advisers have in common: how their advice becomes a recommendation."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from finops_aws.checks.advice.advice_words import Kind, Saving, action_of
from finops_aws.checks.asking_check import AskingCheck, AskingOptions, Verdict
from finops_aws.checks.resource_ids import billed_id, region_of
from finops_cost_management import (
    Effort,
    FinopsError,
    Recommendation,
    RetryLaterError,
    SavingsBasis,
    hookimpl,
)
from finops_cost_management.answers.alternatives import shares_by_cost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from finops_cost_management import CostSnapshot, DateWindow, SavingsAnswer

MEMBERS = "autoscaling:DescribeAutoScalingGroups"
"""The IAM action that tells which instances a group has."""

_AFTER, _BEFORE = 0.85, 0.65
"""Confidence in savings after discounts, and in those that leave commitments out."""

_SWITCHED_OFF = re.compile(
    r"opt.?in|not (yet )?(enrolled|registered|enabled|opted|active)|DataUnavailable", re.IGNORECASE
)
_DENIED = re.compile(r"not authorized to perform", re.IGNORECASE)

OptionsT = TypeVar("OptionsT", bound=AskingOptions)


class ProviderAdvice(AskingCheck[OptionsT]):
    """Imports what an adviser of AWS says, in the one shape that all advice has.

    Resources have the id that bills know them by, so that this advice is an alternative to our own
    on the same resource: only the best of them counts.
    """

    adviser: ClassVar[str]
    """AWS's name of it."""

    not_enabled: ClassVar[str]
    """What to do where an account has not switched it on."""

    @hookimpl
    def find_savings(self, costs: CostSnapshot, window: DateWindow) -> SavingsAnswer:
        """Import what the adviser says."""
        self._groups: dict[str, dict[str, list[str]]] = {}
        answer: SavingsAnswer = super().find_savings(costs, window)
        return answer

    def why(self, error: FinopsError) -> str:
        """The reason that is told: what to do, where the adviser is switched off."""
        return self.not_enabled if switched_off(error) else error.what

    def imported(
        self,
        *,
        kind: Kind,
        action: str,
        resource: str,
        saving: Saving,
        target: Mapping[str, str],
        evidence: Mapping[str, str],
        certainty: float = 1.0,
        **details: Any,
    ) -> Verdict:
        """A finding, or clean where it saves too little.

        Args:
            kind: What the resource is.
            action: What should happen, in AWS's word: ``Rightsize``.
            resource: Its id or ARN.
            saving: AWS's amounts.
            target: What it should become, name → value.
            evidence: AWS's figures; those without a value are left out.
            certainty: What the confidence is multiplied by.
            **details: The other fields of a `Recommendation`.
        """
        if not self.is_worth_it(saving.amount):
            return None
        step = action_of(action)
        known = billed_id(resource)
        told = {"adviser": self.adviser, "saving": saving.words, **evidence}
        settled: dict[str, Any] = {
            "implementation_effort": Effort.MEDIUM,
            "restart_needed": kind.restart,
            "variant": action,
            **details,
        }
        return Recommendation(
            check=self.use,
            category=kind.category,
            provider="AWS",
            resource_id=known,
            resource_type=kind.title,
            recommendation=step.sentence.format(
                kind=kind.title,
                name=details.get("resource_name") or known,
                target=", ".join(target.values()) or "what AWS proposes",
            ),
            steps=step.steps,
            risk=step.risk,
            currency=saving.currency,
            current_cost=saving.cost,
            estimated_monthly_savings=saving.amount,
            basis=SavingsBasis.PROVIDER_FIGURE,
            confidence=round((_AFTER if saving.discounts else _BEFORE) * certainty, 2),
            source=self.adviser,
            recommended_configuration=target,
            evidence={key: value for key, value in told.items() if value},
            shares=self._shares(known, saving.amount),
            **settled,
        )

    def _shares(self, resource: str, saving: Decimal) -> dict[str, Decimal]:
        """The saving on an Auto Scaling group as one on its members, in equal parts.

        Bills name the members and not the group, and other checks advise on them: without shares
        the same money would be counted twice. Groups of other accounts cannot be looked up.
        """
        region = region_of(resource)
        if ":autoScalingGroup:" not in resource or region is None:
            return {}
        members = self._members_of_groups(region).get(resource, ())
        return shares_by_cost(saving, dict.fromkeys(members, Decimal(1)))

    def _members_of_groups(self, region: str) -> Mapping[str, list[str]]:
        """ARN of a group → ids of its instances; empty where they may not be asked for."""
        if region not in self._groups:
            try:
                self._groups[region] = {
                    group["AutoScalingGroupARN"]: [
                        one["InstanceId"] for one in group.get("Instances", ())
                    ]
                    for page in self.answers(MEMBERS, region)
                    for group in page["AutoScalingGroups"]
                }
            except FinopsError:
                self._groups[region] = {}
        return self._groups[region]


def switched_off(error: FinopsError) -> bool:
    """Whether AWS says that an account has not enabled what it is asked for."""
    response = getattr(error.__cause__, "response", None) or {}
    code = str(response.get("Error", {}).get("Code", ""))
    told = f"{code} {error.what}"
    return bool(_SWITCHED_OFF.search(told)) and not _DENIED.search(told)


def out_of_reach(error: FinopsError) -> bool:
    """Whether nothing of AWS answers there: all further questions would wait for as long."""
    from botocore.exceptions import ClientError

    return isinstance(error, RetryLaterError) and not isinstance(error.__cause__, ClientError)
