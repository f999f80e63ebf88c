"""Advice of AWS Compute Optimizer."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from finops_aws.answered_case import AnsweredCase
from finops_aws.checks.advice.advice_words import EFFORTS, NO_AMOUNT, Saving, kind_of
from finops_aws.checks.advice.optimizer_questions import IDLE, QUESTIONS, Question, View
from finops_aws.checks.advice.provider_advice import (
    MEMBERS,
    ProviderAdvice,
    out_of_reach,
    switched_off,
)
from finops_aws.checks.asking_check import AskingOptions, Verdict
from finops_aws.checks.named import name_in
from finops_aws.checks.own_costs import OwnCosts
from finops_aws.checks.places import NO_REGION, AccountId, RegionName, unseen_accounts
from finops_aws.checks.region import Region
from finops_aws.checks.resource_ids import billed_id, region_of
from finops_cost_management import Effort, FinopsError, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_cost_management import CostSnapshot, DateWindow, SavingsCase

Resources = Literal["instances", "volumes", "functions", "groups", "databases", "services", "idle"]

_BILL_DAYS = 14
_HUNDRED = Decimal(100)
_HIGHEST_RISK = 4
_CANNOT_TELL = "Unavailable"
NO_SAVINGS_MODE = (
    f"{NO_AMOUNT}: Compute Optimizer takes prices from Cost Explorer, which must be enabled"
)
_WANTS_LESS = frozenset({"Overprovisioned", "NotOptimized"})
_STOPPABLE = frozenset({"EC2Instance", "RDSDBInstance"})
"""What can wait, switched off, for somebody to miss it; the rest can only be deleted."""


class ComputeOptimizerOptions(AskingOptions):
    """Where Compute Optimizer is asked, and what of."""

    regions: tuple[RegionName, ...] = ()
    """Regions that are asked; those in which the bill has costs of AWS where absent."""

    accounts: tuple[AccountId, ...] = ()
    """Member accounts that are asked about, from the management account; your own where absent.
    Each multiplies requests."""

    resources: tuple[Resources, ...] = (
        "instances",
        "volumes",
        "functions",
        "groups",
        "databases",
        "services",
        "idle",
    )
    """What it is asked about."""

    maximum_risk: float = Field(default=2, ge=0, le=_HIGHEST_RISK)
    """Performance risk, as AWS counts it from 0 to 4, above which a proposal is not taken."""


class ComputeOptimizer(ProviderAdvice[ComputeOptimizerOptions]):
    """Imports what Compute Optimizer advises, region by region.

    Of what it proposes for a resource, the best of its ranking that saves something within
    `maximum_risk` is taken. `aws.cost_optimization_hub` has the same advice for all accounts
    and regions in one call: this check is for accounts that have not enabled the hub.
    """

    Options = ComputeOptimizerOptions
    use = "aws.compute_optimizer"
    adviser = "AWS Compute Optimizer"
    permissions: ClassVar[tuple[str, ...]] = (
        *sorted(question.action for question in QUESTIONS),
        # Compute Optimizer looks these up in the name of who asks.
        MEMBERS,
        "ec2:DescribeInstances",
        "ec2:DescribeVolumes",
        "ecs:ListClusters",
        "ecs:ListServices",
        "lambda:ListFunctions",
        "lambda:ListProvisionedConcurrencyConfigs",
        "rds:DescribeDBClusters",
        "rds:DescribeDBInstances",
        "sts:GetCallerIdentity",
    )
    not_enabled = (
        "Compute Optimizer is not enabled: opt in to it in its console, in the management account "
        "for all accounts, and wait for a day"
    )

    def verdicts(self, costs: CostSnapshot, window: DateWindow) -> Iterator[Verdict]:
        """One verdict for everything that it looked at."""
        own = OwnCosts(costs, window.end, _BILL_DAYS)
        regions = self.options.regions or own.regions
        if not regions:
            yield Unknown(subject=self.use, reason=NO_REGION, broad=True)
            return
        if not self.options.accounts:
            here = Region(regions[0], self, window.end, _BILL_DAYS)
            yield from unseen_accounts(own.accounts, here)
        for region in regions:
            for account in self.options.accounts or (None,):
                yield from self._of_account(region, account)

    def _of_account(self, region: str, account: str | None) -> Iterator[Verdict]:
        asked = {"accountIds": [account]} if account else {}
        where = f"in {region}" + (f" of {account}" if account else "")
        for question in QUESTIONS:
            if question.name not in self.options.resources:
                continue
            try:
                for page in self.answers(question.action, region, **asked):
                    for item in page.get(question.result, ()):
                        yield from self._of_resource(item, question, region)
                    yield from (_not_told(error, where) for error in page.get("errors", ()))
            except FinopsError as error:
                subject = f"{self.use}: {question.name} {where}"
                yield Unknown(subject=subject, reason=self.why(error), broad=True)
                if switched_off(error) or out_of_reach(error):  # for all kinds of resources alike
                    return

    def _of_resource(
        self, item: Mapping[str, Any], question: Question, region: str
    ) -> Iterator[Verdict]:
        arn = item.get(question.id) or item.get("resourceId") or question.name
        if question is IDLE:
            yield self._idle(item, arn, region)
        for view in question.views:
            yield self._view(item, arn, view, region)

    def _view(self, item: Mapping[str, Any], arn: str, view: View, region: str) -> Verdict:
        finding = item.get(view.finding)
        reasons = ", ".join(item.get(view.reasons, ()))
        if finding == _CANNOT_TELL:
            return Unknown(
                subject=billed_id(arn),
                reason=f"Compute Optimizer cannot tell: {reasons or 'it gives no reason'}",
            )
        safe = [
            option
            for option in item.get(view.options, ())
            if option.get("performanceRisk", 0) <= self.options.maximum_risk
        ]
        best_first = sorted(safe, key=lambda option: option.get("rank", 1))
        priced = [(one, saving) for one in best_first if (saving := _saving(one)) is not None]
        if safe and not priced and finding in _WANTS_LESS:
            return Unknown(subject=billed_id(arn), reason=NO_SAVINGS_MODE)
        for option, saving in priced:
            risk = option.get("performanceRisk")
            found = self.imported(
                kind=kind_of(view.kind),
                action="Rightsize",
                variant=f"Rightsize {view.kind}",
                resource=arn,
                saving=saving,
                target=view.then(option),
                certainty=1 - (risk or 0) / (2 * _HIGHEST_RISK),
                current_configuration=view.now(item),
                implementation_effort=EFFORTS.get(option.get("migrationEffort", ""), Effort.MEDIUM),
                **_details(item, arn, region),
                evidence={
                    **_figures(item),
                    "reasons": reasons,
                    "performance risk": "" if risk is None else f"{risk:g} of {_HIGHEST_RISK}",
                },
            )
            if found is not None:
                return found
        return None

    def _idle(self, item: Mapping[str, Any], arn: str, region: str) -> Verdict:
        saving = _saving(item)
        if saving is None:
            return Unknown(subject=billed_id(arn), reason=NO_SAVINGS_MODE)
        kind = item.get("resourceType", "resource")
        stops = kind in _STOPPABLE
        return self.imported(
            kind=kind_of(kind),
            action="Stop" if stops else "Delete",
            variant=f"idle {kind}",
            resource=arn,
            saving=saving,
            target={"state": "stopped" if stops else "deleted"},
            implementation_effort=Effort.LOW,
            reversible=stops,
            **_details(item, arn, region),
            evidence={
                **_figures(item),
                "finding": item.get("finding", ""),
                "description": item.get("findingDescription", ""),
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """An oversized instance, one that is right, and an account that has not opted in."""
        here = {"regions": ["us-east-1"]}

        def listed(**differing: Any) -> dict[str, Any]:
            return {
                "GetEC2InstanceRecommendations": [
                    {"instanceRecommendations": [oversized_instance(**differing)]}
                ]
            }

        refused = {
            "Error": "OptInRequiredException",
            "Message": "Aws account is not registered for recommendations",
        }
        return (
            AnsweredCase(
                name="an oversized instance", verdict="finding", answers=listed(), options=here
            ),
            AnsweredCase(
                name="an instance of the right size",
                verdict="clean",
                answers=listed(finding="Optimized", recommendationOptions=[]),
                options=here,
            ),
            AnsweredCase(
                name="an account that has not opted in",
                verdict="unknown",
                answers={"GetEC2InstanceRecommendations": [refused]},
                options=here,
            ),
        )


def opportunity(amount: float, share: float = 50.0) -> dict[str, Any]:
    """A saving as Compute Optimizer writes it, for cases and tests."""
    return {
        "savingsOpportunityPercentage": share,
        "estimatedMonthlySavings": {"currency": "USD", "value": amount},
    }


def oversized_instance(**differing: Any) -> dict[str, Any]:
    """Advice on an instance as Compute Optimizer gives it, for cases and tests."""
    return {
        "instanceArn": "arn:aws:ec2:us-east-1:012345678901:instance/i-0123456789abcdef0",
        "accountId": "012345678901",
        "instanceName": "reports",
        "currentInstanceType": "m5.xlarge",
        "finding": "Overprovisioned",
        "findingReasonCodes": ["CPUOverprovisioned"],
        "utilizationMetrics": [{"name": "Cpu", "statistic": "Maximum", "value": 11.5}],
        "lookBackPeriodInDays": 14.0,
        "recommendationOptions": [
            {
                "instanceType": "m5.large",
                "performanceRisk": 1.0,
                "rank": 1,
                "migrationEffort": "VeryLow",
                "savingsOpportunity": opportunity(70.08),
                "savingsOpportunityAfterDiscounts": opportunity(56.1),
            }
        ],
        "lastRefreshTimestamp": datetime(2026, 9, 30, 6, tzinfo=UTC),
        **differing,
    }


def _saving(option: Mapping[str, Any]) -> Saving | None:
    """After discounts where AWS says so; None where it gives no amount."""
    for key in ("savingsOpportunityAfterDiscounts", "savingsOpportunity"):
        told = option.get(key) or {}
        amount = told.get("estimatedMonthlySavings") or {}
        if amount.get("value") is None or not amount.get("currency"):
            continue
        value, share = Decimal(str(amount["value"])), told.get("savingsOpportunityPercentage")
        return Saving.of(
            value,
            value / Decimal(str(share)) * _HUNDRED if share else None,
            amount["currency"],
            discounts=key.endswith("AfterDiscounts"),
        )
    return None


def _details(item: Mapping[str, Any], arn: str, region: str) -> dict[str, Any]:
    """What it says of every resource alike; of look-backs, it has two spellings."""
    days = item.get("lookBackPeriodInDays") or item.get("lookbackPeriodInDays") or 14
    tags = (
        {"Key": tag.get("key", ""), "Value": tag.get("value", "")} for tag in item.get("tags", ())
    )
    return {
        "lookback_days": max(round(days), 1),
        "sub_account_id": item.get("accountId"),
        "region_id": region_of(arn) or region,
        "resource_name": item.get("instanceName")
        or item.get("autoScalingGroupName")
        or name_in(tags),
    }


def _figures(item: Mapping[str, Any]) -> dict[str, str]:
    """What it measured; it gives most figures as they peak."""
    refreshed = item.get("lastRefreshTimestamp")
    figures = {
        f"{one.get('statistic', '')} {one['name']}".strip(): f"{one['value']:.4g}"
        for one in item.get("utilizationMetrics", ())
        if one.get("name") and one.get("value") is not None
    }
    return {**figures, "refreshed": f"{refreshed:%Y-%m-%d}" if refreshed else ""}


def _not_told(error: Mapping[str, Any], where: str) -> Unknown:
    """A resource, or an account, of which it says only why it says nothing."""
    subject = error.get("identifier")
    return Unknown(
        subject=billed_id(subject) if subject else where,
        reason=f"{error.get('code')}: {error.get('message')}",
        broad=subject is None or not subject.startswith("arn:"),
    )
