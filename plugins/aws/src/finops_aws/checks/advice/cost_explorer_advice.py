"""Rightsizing advice of AWS Cost Explorer."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from finops_aws.answered_case import AnsweredCase
from finops_aws.checks.advice.advice_words import NO_AMOUNT, Saving, kind_of
from finops_aws.checks.advice.provider_advice import ProviderAdvice
from finops_aws.checks.commitments.commitment_check import CostExplorerCheck, PaidOptions, amount
from finops_cost_management import Effort, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_aws.checks.asking_check import Verdict
    from finops_cost_management import CostSnapshot, DateWindow, SavingsCase

PAGE_SIZE = 100
"""Advice a page: the fewer pages, the fewer requests."""

_DAYS = {"SEVEN_DAYS": 7, "THIRTY_DAYS": 30, "SIXTY_DAYS": 60}
_USUAL_DAYS = 14
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_METRICS = {
    "MaxCpuUtilizationPercentage": "highest CPU",
    "MaxMemoryUtilizationPercentage": "highest memory",
    "MaxStorageUtilizationPercentage": "highest storage",
}


class CostExplorerAdviceOptions(PaidOptions):
    """What Cost Explorer is asked, and how often."""

    families: Literal["same", "any"] = "same"
    """Whether targets are of the instance's own family, or of any."""

    minimum_savings: Decimal = Field(default=Decimal(1), ge=0)
    """Saving per month, in the currency of the advice, below which an instance is clean."""


class CostExplorerAdvice(
    ProviderAdvice[CostExplorerAdviceOptions], CostExplorerCheck[CostExplorerAdviceOptions]
):
    """Imports the rightsizing advice of Cost Explorer: EC2 instances to resize or to end.

    It is the oldest adviser of the three, and each request costs money: prefer
    `aws.cost_optimization_hub` where it is enabled.
    """

    Options = CostExplorerAdviceOptions
    use = "aws.cost_explorer_advice"
    adviser = "AWS Cost Explorer"
    permissions: ClassVar[tuple[str, ...]] = ("ce:GetRightsizingRecommendation",)
    not_enabled = (
        "rightsizing recommendations are not enabled: switch them on in the preferences of Cost "
        "Explorer, in the management account, and wait for a day"
    )

    def verdicts(self, costs: CostSnapshot, window: DateWindow) -> Iterator[Verdict]:  # noqa: ARG002 # Cost Explorer knows its own days
        """One verdict for each instance."""
        yield from self.answered(self.use, self._listed())

    def _listed(self) -> Iterator[Verdict]:
        family = "SAME" if self.options.families == "same" else "CROSS"
        for page in self.pages(
            "GetRightsizingRecommendation",
            Service="AmazonEC2",
            PageSize=PAGE_SIZE,
            Configuration={
                "RecommendationTarget": f"{family}_INSTANCE_FAMILY",
                "BenefitsConsidered": True,  # savings after reservations and Savings Plans
            },
        ):
            days = _days(page.get("Metadata", {}).get("LookbackPeriodInDays", ""))
            for item in page.get("RightsizingRecommendations", ()):
                yield self._verdict(item, days)

    def _verdict(self, item: Mapping[str, Any], days: int) -> Verdict:
        instance = item.get("CurrentInstance", {})
        resource = instance.get("ResourceId", "")
        if item.get("RightsizingType") == "TERMINATE":
            action, option = "Delete", item.get("TerminateRecommendationDetail", {})
        else:
            targets = item.get("ModifyRecommendationDetail", {}).get("TargetInstances", ())
            action, option = "Rightsize", next(iter(sorted(targets, key=_default_first)), {})
        saved = amount(option, "EstimatedMonthlySavings")
        currency = option.get("CurrencyCode") or instance.get("CurrencyCode")
        if not resource or saved is None or not currency:
            return Unknown(subject=resource or self.use, reason=NO_AMOUNT)
        now = instance.get("ResourceDetails", {}).get("EC2ResourceDetails", {})
        target = option.get("ResourceDetails", {}).get("EC2ResourceDetails", {})
        region = now.get("Region", "")
        used = instance.get("ResourceUtilization", {}).get("EC2ResourceUtilization", {})
        return self.imported(
            kind=kind_of("Ec2Instance"),
            action=action,
            resource=resource,
            resource_name=instance.get("InstanceName") or None,
            saving=Saving.of(saved, amount(instance, "MonthlyCost"), currency, discounts=True),
            target=_configuration(target) or {"state": "deleted"},
            current_configuration=_configuration(now),
            implementation_effort=Effort.LOW if action == "Delete" else Effort.MEDIUM,
            reversible=action != "Delete",
            lookback_days=days,
            sub_account_id=instance.get("AccountId") or item.get("AccountId"),
            region_id=region if _REGION.fullmatch(region) else None,
            evidence={
                "region": region,  # Cost Explorer writes its name: "EU (Frankfurt)"
                "reasons": ", ".join(item.get("FindingReasonCodes", ())),
                **{
                    words: f"{float(used[name]):.1f} %"
                    for name, words in _METRICS.items()
                    if used.get(name)
                },
                "hours on demand": instance.get("OnDemandHoursInLookbackPeriod", ""),
                "hours covered by Savings Plans": instance.get(
                    "SavingsPlansCoveredHoursInLookbackPeriod", ""
                ),
                "hours covered by reservations": instance.get(
                    "ReservationCoveredHoursInLookbackPeriod", ""
                ),
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """An idle instance, one that saves cents, and an account without the advice."""

        def listed(amount: str) -> dict[str, Any]:
            return {
                "GetRightsizingRecommendation": [
                    {"RightsizingRecommendations": [idle_instance(amount)]}
                ]
            }

        refused = {
            "Error": "AccessDeniedException",
            "Message": "Rightsizing EC2 recommendation is an opt-in only feature.",
        }
        return (
            AnsweredCase(name="an idle instance", verdict="finding", answers=listed("70.08")),
            AnsweredCase(name="an instance that costs cents", verdict="clean", answers=listed("0")),
            AnsweredCase(
                name="an account that has not enabled it",
                verdict="unknown",
                answers={"GetRightsizingRecommendation": [refused]},
            ),
        )


def idle_instance(saving: str = "70.08") -> dict[str, Any]:
    """Advice to end an instance as Cost Explorer gives it, for cases and tests."""
    return {
        "AccountId": "012345678901",
        "CurrentInstance": {
            "ResourceId": "i-0123456789abcdef0",
            "InstanceName": "reports",
            "ResourceDetails": {
                "EC2ResourceDetails": {
                    "InstanceType": "m5.large",
                    "Platform": "Linux",
                    "Region": "EU (Frankfurt)",
                }
            },
            "ResourceUtilization": {
                "EC2ResourceUtilization": {"MaxCpuUtilizationPercentage": "0.8"}
            },
            "OnDemandHoursInLookbackPeriod": "336",
            "MonthlyCost": "70.08",
            "CurrencyCode": "USD",
        },
        "RightsizingType": "TERMINATE",
        "TerminateRecommendationDetail": {
            "EstimatedMonthlySavings": saving,
            "CurrencyCode": "USD",
        },
    }


def _default_first(target: Mapping[str, Any]) -> bool:
    return not target.get("DefaultTargetInstance")


def _configuration(details: Mapping[str, Any]) -> dict[str, str]:
    return {"type": details["InstanceType"]} if details.get("InstanceType") else {}


def _days(text: str) -> int:
    return _DAYS.get(text) or (int(text) if text.isdecimal() else _USUAL_DAYS)
