"""Advice of AWS Cost Optimization Hub."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.answered_case import AnsweredCase
from finops_aws.checks.advice.advice_words import EFFORTS, NO_AMOUNT, Saving, kind_of
from finops_aws.checks.advice.provider_advice import MEMBERS, ProviderAdvice
from finops_aws.checks.asking_check import HOME, AskingOptions, Verdict
from finops_aws.checks.named import name_in
from finops_aws.checks.resource_ids import billed_id
from finops_cost_management import Effort, FinopsError, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_cost_management import CostSnapshot, DateWindow, SavingsCase

NO_PURCHASES = (
    "Rightsize",
    "Stop",
    "Upgrade",
    "MigrateToGraviton",
    "Delete",
    "ScaleIn",
)
"""What the hub is asked for: all but commitments to buy."""


class CostOptimizationHubOptions(AskingOptions):
    """Whose advice is imported."""

    accounts: tuple[str, ...] = Field(default=(), max_length=100)
    """Accounts whose advice is imported; all that the hub sees where absent."""


class CostOptimizationHub(ProviderAdvice[CostOptimizationHubOptions]):
    """Imports what Cost Optimization Hub advises: one piece of advice for each resource.

    The hub collects what Compute Optimizer finds in all accounts and regions, and says only the
    best for each resource. Commitments to buy are not asked for: they belong to no resource, and
    `aws.commitment_purchases` and `commitment_purchases` look at them.
    """

    Options = CostOptimizationHubOptions
    use = "aws.cost_optimization_hub"
    adviser = "AWS Cost Optimization Hub"
    permissions: ClassVar[tuple[str, ...]] = (
        MEMBERS,
        "cost-optimization-hub:GetPreferences",
        "cost-optimization-hub:ListRecommendations",
    )
    not_enabled = (
        "Cost Optimization Hub is not enabled: enable it in the console of Billing and Cost "
        "Management, in the management account for all accounts, and wait for a day"
    )

    def verdicts(self, costs: CostSnapshot, window: DateWindow) -> Iterator[Verdict]:  # noqa: ARG002 # the hub knows its own days
        """One verdict for each piece of advice."""
        yield from self.answered(self.use, self._listed())

    def _listed(self) -> Iterator[Verdict]:
        accounts = {"accountIds": list(self.options.accounts)} if self.options.accounts else {}
        after_discounts = None
        pages = self.answers(
            "cost-optimization-hub:ListRecommendations",
            HOME,
            filter={"actionTypes": list(NO_PURCHASES), **accounts},
            includeAllRecommendations=False,
        )
        for number, page in enumerate(pages):
            if number == 0:
                after_discounts = self._after_discounts()
            for item in page.get("items", ()):
                yield self._verdict(item, after_discounts=after_discounts)

    def _after_discounts(self) -> bool | None:
        """Whether amounts are after discounts; None where that may not be asked."""
        try:
            (preferences,) = self.answers("cost-optimization-hub:GetPreferences", HOME)
        except FinopsError:
            return None
        mode = preferences.get("savingsEstimationMode")
        return None if mode is None else mode == "AfterDiscounts"

    def _verdict(self, item: Mapping[str, Any], *, after_discounts: bool | None) -> Verdict:
        resource = item.get("resourceArn") or item.get("resourceId") or item["recommendationId"]
        amount, currency = item.get("estimatedMonthlySavings"), item.get("currencyCode")
        if amount is None or not currency:
            return Unknown(subject=billed_id(resource), reason=NO_AMOUNT)
        kind, action = item.get("currentResourceType", "resource"), item.get("actionType", "Change")
        target = item.get("recommendedResourceSummary")
        refreshed = item.get("lastRefreshTimestamp")
        return self.imported(
            kind=kind_of(kind),
            action=action,
            variant=f"{action} {kind}",
            resource=resource,
            resource_name=name_in(
                {"Key": tag["key"], "Value": tag.get("value", "")} for tag in item.get("tags", ())
            ),
            saving=Saving.of(
                amount, item.get("estimatedMonthlyCost"), currency, discounts=after_discounts
            ),
            target={"configuration": target} if target else {},
            current_configuration=_configuration(item.get("currentResourceSummary")),
            implementation_effort=EFFORTS.get(item.get("implementationEffort", ""), Effort.MEDIUM),
            restart_needed=bool(item.get("restartNeeded")),
            reversible=bool(item.get("rollbackPossible")),
            lookback_days=item.get("recommendationLookbackPeriodInDays") or 14,
            sub_account_id=item.get("accountId"),
            region_id=item.get("region"),
            evidence={
                "found by": item.get("source", ""),
                "refreshed": f"{refreshed:%Y-%m-%d}" if refreshed else "",
                "share of its cost": _percent(item.get("estimatedSavingsPercentage")),
                "recommendation": item.get("recommendationId", ""),
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """An instance to resize, one that saves cents, and an account without the hub."""

        def listed(amount: float) -> dict[str, Any]:
            return {
                "ListRecommendations": [{"items": [advice(estimatedMonthlySavings=amount)]}],
                "GetPreferences": [{"savingsEstimationMode": "AfterDiscounts"}],
            }

        refused = {
            "Error": "AccessDeniedException",
            "Message": "AWS account is not enrolled for recommendations",
        }
        return (
            AnsweredCase(name="an instance to resize", verdict="finding", answers=listed(61.32)),
            AnsweredCase(name="advice that saves cents", verdict="clean", answers=listed(0.4)),
            AnsweredCase(
                name="an account that has not enabled it",
                verdict="unknown",
                answers={"ListRecommendations": [refused]},
            ),
        )


def advice(**differing: Any) -> dict[str, Any]:
    """A piece of advice as the hub lists it, for cases and tests."""
    return {
        "recommendationId": "MDEyMzQ1Njc4OTAxX2E=",
        "accountId": "012345678901",
        "region": "eu-central-1",
        "resourceId": "i-0123456789abcdef0",
        "resourceArn": "arn:aws:ec2:eu-central-1:012345678901:instance/i-0123456789abcdef0",
        "currentResourceType": "Ec2Instance",
        "recommendedResourceType": "Ec2Instance",
        "estimatedMonthlySavings": 61.32,
        "estimatedSavingsPercentage": 50.0,
        "estimatedMonthlyCost": 122.64,
        "currencyCode": "USD",
        "implementationEffort": "Medium",
        "restartNeeded": True,
        "actionType": "Rightsize",
        "rollbackPossible": True,
        "currentResourceSummary": "m5.xlarge",
        "recommendedResourceSummary": "m5.large",
        "lastRefreshTimestamp": datetime(2026, 9, 30, 6, tzinfo=UTC),
        "recommendationLookbackPeriodInDays": 14,
        "source": "ComputeOptimizer",
        "tags": [{"key": "Name", "value": "reports"}],
        **differing,
    }


def _configuration(summary: str | None) -> dict[str, str]:
    return {"configuration": summary} if summary else {}


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1f} %"
