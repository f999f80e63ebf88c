"""AWS's own advice, on requests and answers that are checked against botocore's models."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_aws.checks.advice.advice_words import Saving, action_of, kind_of
from finops_aws.checks.advice.compute_optimizer import (
    ComputeOptimizer,
    opportunity,
    oversized_instance,
)
from finops_aws.checks.advice.cost_explorer_advice import CostExplorerAdvice, idle_instance
from finops_aws.checks.advice.cost_optimization_hub import CostOptimizationHub, advice
from finops_aws.checks.compute.idle_instances import IdleInstances
from finops_aws.checks.compute.lambda_memory import LambdaMemory
from finops_aws.checks.database.idle_caches import IdleCaches
from finops_aws.checks.database.idle_databases import IdleDatabases
from finops_aws.checks.network.idle_load_balancers import IdleLoadBalancers
from finops_aws.checks.network.idle_nat_gateways import IdleNatGateways
from finops_aws.checks.resource_ids import billed_id, region_of
from finops_aws.checks.storage.unattached_volumes import UnattachedVolumes
from finops_aws.described_case import DescribingAws
from finops_cost_management import (
    Effort,
    OptimizationCategory,
    Optimizer,
    Recommendation,
    Risk,
    SavingsAnswer,
    SavingsBasis,
)
from finops_cost_management.answers.alternatives import monthly_savings, without_double_count
from finops_cost_management.answers.priority import PriorityFormula
from finops_cost_management.plugins.savings_case import daily_charges

pytestmark = pytest.mark.model_checked_fake

ACCOUNT = "012345678901"
INSTANCE = "i-0123456789abcdef0"
GROUP = (
    f"arn:aws:autoscaling:us-east-1:{ACCOUNT}:autoScalingGroup:"
    "b1f1c2d3-0000-4000-8000-000000000001:autoScalingGroupName/web"
)
ARN = {
    "IdleInstances": f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance",
    "UnattachedVolumes": f"arn:aws:ec2:us-east-1:{ACCOUNT}:volume",
}
DENIED = "User: arn:aws:iam::012345678901:user/opt-in is not authorized to perform: {}"
Find = Callable[..., SavingsAnswer]
Aws = Callable[..., DescribingAws]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An AWS that gives these answers until the test ends; waiting costs no time."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    with ExitStack() as stack:

        def start(**answers: Any) -> DescribingAws:
            made = DescribingAws(answers)
            stack.enter_context(made.answering())
            return made

        yield start


def refused(code: str, message: str = "Rate exceeded") -> dict[str, str]:
    return {"Error": code, "Message": message}


def listed(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"items": list(items), **more}


def asked_of(fake: DescribingAws, operation: str) -> list[dict[str, Any]]:
    return [question for name, question in fake.asked if name == operation]


def only(answer: SavingsAnswer) -> Recommendation:
    assert not answer.unknown
    (found,) = answer.findings
    return found


def our_advice(resource: str, saving: str, **differing: Any) -> Recommendation:
    """What one of our own checks says of a resource."""
    told: dict[str, Any] = {
        "check": "aws.rightsizing",
        "category": OptimizationCategory.COMPUTE,
        "provider": "AWS",
        "resource_id": resource,
        "recommendation": "Resize it",
        "currency": "USD",
        "current_cost": Decimal(1000),
        "estimated_monthly_savings": Decimal(saving),
        "confidence": 0.8,
        "implementation_effort": Effort.MEDIUM,
    }
    return Recommendation(**{**told, **differing})


class TestHub:
    def test_all_that_the_hub_says_is_told(self, aws: Aws, find: Find) -> None:
        aws(
            ListRecommendations=[listed(advice())],
            GetPreferences=[{"savingsEstimationMode": "AfterDiscounts"}],
        )
        found = only(find(CostOptimizationHub))
        assert found.resource_id == INSTANCE
        assert found.resource_name == "reports"
        assert found.resource_type == "EC2 Instance"
        assert found.recommendation == "Resize the EC2 Instance reports to m5.large"
        assert found.estimated_monthly_savings == Decimal("61.32")
        assert found.current_cost == Decimal("122.64")
        assert found.basis is SavingsBasis.PROVIDER_FIGURE
        assert found.source == "AWS Cost Optimization Hub"
        assert found.implementation_effort is Effort.MEDIUM
        assert found.restart_needed
        assert found.reversible
        assert (found.sub_account_id, found.region_id) == (ACCOUNT, "eu-central-1")
        assert found.evidence["saving"] == "after discounts"
        assert found.evidence["refreshed"] == "2026-09-30"

    @pytest.mark.parametrize(
        ("preferences", "words", "confidence"),
        [
            ({"savingsEstimationMode": "AfterDiscounts"}, "after discounts", 0.85),
            ({"savingsEstimationMode": "BeforeDiscounts"}, "before discounts", 0.65),
            (
                refused("AccessDeniedException", "no"),
                "AWS does not say whether after discounts",
                0.65,
            ),
        ],
    )
    def test_savings_before_discounts_are_trusted_less(
        self, aws: Aws, find: Find, preferences: Any, words: str, confidence: float
    ) -> None:
        aws(ListRecommendations=[listed(advice())], GetPreferences=[preferences])
        found = only(find(CostOptimizationHub))
        assert found.evidence["saving"] == words
        assert found.confidence == confidence

    def test_all_pages_are_read_in_the_one_region_of_the_hub(self, aws: Aws, find: Find) -> None:
        other = advice(
            recommendationId="b",
            resourceId="vol-0123456789abcdef0",
            resourceArn=f"arn:aws:ec2:eu-west-1:{ACCOUNT}:volume/vol-0123456789abcdef0",
            currentResourceType="EbsVolume",
            actionType="Delete",
        )
        fake = aws(ListRecommendations=[listed(advice(), nextToken="2"), listed(other)])
        answer = find(CostOptimizationHub, regions=["eu-west-1"], accounts=[ACCOUNT])
        assert {one.resource_id for one in answer.findings} == {INSTANCE, "vol-0123456789abcdef0"}
        questions = asked_of(fake, "ListRecommendations")
        assert [one.get("nextToken") for one in questions] == [None, "2"]
        assert len(asked_of(fake, "GetPreferences")) == 1
        for question in questions:
            assert question["filter"]["accountIds"] == [ACCOUNT]
            assert "PurchaseSavingsPlans" not in question["filter"]["actionTypes"]
            assert question["includeAllRecommendations"] is False

    def test_an_account_that_is_not_enrolled_says_what_to_do(self, aws: Aws, find: Find) -> None:
        message = "AWS account is not enrolled for recommendations"
        aws(ListRecommendations=[refused("AccessDeniedException", message)])
        (unknown,) = find(CostOptimizationHub).unknown
        assert unknown.reason == CostOptimizationHub.not_enabled
        assert unknown.broad

    def test_a_denied_action_is_named(self, aws: Aws, find: Find) -> None:
        message = DENIED.format("cost-optimization-hub:ListRecommendations")
        aws(ListRecommendations=[refused("AccessDeniedException", message)])
        (unknown,) = find(CostOptimizationHub).unknown
        assert unknown.reason.startswith("AWS refuses cost-optimization-hub:ListRecommendations")

    def test_throttled_on_the_second_page_keeps_the_first(self, aws: Aws, find: Find) -> None:
        aws(
            ListRecommendations=[listed(advice(), nextToken="2"), refused("ThrottlingException")],
        )
        answer = find(CostOptimizationHub)
        assert len(answer.findings) == 1
        (unknown,) = answer.unknown
        assert unknown.reason.startswith("AWS is busy at cost-optimization-hub:ListRecommenda")
        assert unknown.broad

    def test_throttled_once_is_asked_again(self, aws: Aws, find: Find) -> None:
        aws(ListRecommendations=[refused("ThrottlingException"), listed(advice())])
        assert only(find(CostOptimizationHub)).resource_id == INSTANCE

    def test_advice_without_an_amount_is_unknown_by_the_id_of_the_bill(
        self, aws: Aws, find: Find
    ) -> None:
        bare = advice()
        del bare["estimatedMonthlySavings"]
        aws(ListRecommendations=[listed(bare)])
        (unknown,) = find(CostOptimizationHub).unknown
        assert (unknown.subject, unknown.broad) == (INSTANCE, False)

    def test_next_to_nothing_is_known_of_it(self, aws: Aws, find: Find) -> None:
        least = {"recommendationId": "a", "estimatedMonthlySavings": 9.0, "currencyCode": "EUR"}
        aws(ListRecommendations=[listed(least)])
        found = only(find(CostOptimizationHub))
        assert found.current_cost == found.estimated_monthly_savings == Decimal(9)
        assert found.currency == "EUR"
        assert found.sub_account_id is None

    def test_a_negative_amount_saves_nothing(self, aws: Aws, find: Find) -> None:
        aws(ListRecommendations=[listed(advice(estimatedMonthlySavings=-3.0))])
        answer = find(CostOptimizationHub, minimum_savings=0)
        assert (answer.clean, answer.checked) == (1, 1)


class TestComputeOptimizer:
    def test_savings_after_discounts_come_first(self, aws: Aws, find: Find) -> None:
        aws(GetEC2InstanceRecommendations=[{"instanceRecommendations": [oversized_instance()]}])
        found = only(find(ComputeOptimizer))
        assert found.resource_id == INSTANCE
        assert found.estimated_monthly_savings == Decimal("56.10")
        assert found.current_cost == Decimal("112.20")  # 50 % of it
        assert found.evidence["saving"] == "after discounts"
        assert found.evidence["performance risk"] == "1 of 4"
        assert found.evidence["Maximum Cpu"] == "11.5"
        assert found.implementation_effort is Effort.LOW
        assert found.restart_needed
        assert found.current_configuration == {"type": "m5.xlarge"}
        assert found.recommended_configuration == {"type": "m5.large"}

    def test_list_prices_are_second_and_trusted_less(self, aws: Aws, find: Find) -> None:
        option = {"instanceType": "m5.large", "rank": 1, "savingsOpportunity": opportunity(70.08)}
        item = oversized_instance(recommendationOptions=[option])
        aws(GetEC2InstanceRecommendations=[{"instanceRecommendations": [item]}])
        found = only(find(ComputeOptimizer))
        assert found.estimated_monthly_savings == Decimal("70.08")
        assert (found.evidence["saving"], found.confidence) == ("before discounts", 0.65)

    def test_the_best_of_its_ranking_within_the_risk_is_taken(self, aws: Aws, find: Find) -> None:
        def option(name: str, rank: int, risk: float, amount: float) -> dict[str, Any]:
            return {
                "instanceType": name,
                "rank": rank,
                "performanceRisk": risk,
                "savingsOpportunity": opportunity(amount),
            }

        options = [
            option("t3.large", 3, 1.0, 50.0),
            option("t3.medium", 1, 3.0, 90.0),  # too risky
            option("m5.large", 2, 1.0, 70.0),
        ]
        item = oversized_instance(recommendationOptions=options)
        aws(GetEC2InstanceRecommendations=[{"instanceRecommendations": [item]}])
        assert only(find(ComputeOptimizer)).recommended_configuration == {"type": "m5.large"}
        brave = only(find(ComputeOptimizer, maximum_risk=4))
        assert brave.recommended_configuration == {"type": "t3.medium"}

    def test_every_kind_of_resource(self, aws: Aws, find: Find) -> None:
        saves = {"rank": 1, "savingsOpportunity": opportunity(20.0)}
        named = {"accountId": ACCOUNT, "lastRefreshTimestamp": datetime(2026, 9, 30, tzinfo=UTC)}
        here = f"us-east-1:{ACCOUNT}"
        fake = aws(
            GetEC2InstanceRecommendations=[{"instanceRecommendations": [oversized_instance()]}],
            GetEBSVolumeRecommendations=[
                {
                    "volumeRecommendations": [
                        {
                            **named,
                            "volumeArn": f"arn:aws:ec2:{here}:volume/vol-0123456789abcdef0",
                            "currentConfiguration": {"volumeType": "io1", "volumeSize": 100},
                            "finding": "NotOptimized",
                            "volumeRecommendationOptions": [
                                {**saves, "configuration": {"volumeType": "gp3"}}
                            ],
                        }
                    ]
                }
            ],
            GetLambdaFunctionRecommendations=[
                {
                    "lambdaFunctionRecommendations": [
                        {
                            **named,
                            "functionArn": f"arn:aws:lambda:{here}:function:mail:$LATEST",
                            "currentMemorySize": 1024,
                            "finding": "NotOptimized",
                            "findingReasonCodes": ["MemoryOverprovisioned"],
                            "memorySizeRecommendationOptions": [{**saves, "memorySize": 512}],
                        }
                    ]
                }
            ],
            GetAutoScalingGroupRecommendations=[
                {
                    "autoScalingGroupRecommendations": [
                        {
                            **named,
                            "autoScalingGroupArn": GROUP,
                            "autoScalingGroupName": "web",
                            "currentConfiguration": {"instanceType": "m5.xlarge"},
                            "finding": "NotOptimized",
                            "recommendationOptions": [
                                {**saves, "configuration": {"instanceType": "m5.large"}}
                            ],
                        }
                    ]
                }
            ],
            GetRDSDatabaseRecommendations=[
                {
                    "rdsDBRecommendations": [
                        {
                            **named,
                            "resourceArn": f"arn:aws:rds:{here}:db:orders",
                            "currentDBInstanceClass": "db.r5.xlarge",
                            "instanceFinding": "Overprovisioned",
                            "instanceRecommendationOptions": [
                                {**saves, "dbInstanceClass": "db.r5.large"}
                            ],
                            "currentStorageConfiguration": {
                                "storageType": "io1",
                                "allocatedStorage": 100,
                            },
                            "storageFinding": "Overprovisioned",
                            "storageRecommendationOptions": [
                                {**saves, "storageConfiguration": {"storageType": "gp3"}}
                            ],
                        }
                    ]
                }
            ],
            GetECSServiceRecommendations=[
                {
                    "ecsServiceRecommendations": [
                        {
                            **named,
                            "serviceArn": f"arn:aws:ecs:{here}:service/shop/web",
                            "currentServiceConfiguration": {"cpu": 1024, "memory": 4096},
                            "finding": "Overprovisioned",
                            "serviceRecommendationOptions": [
                                {
                                    "cpu": 512,
                                    "memory": 2048,
                                    "savingsOpportunity": opportunity(20.0),
                                }
                            ],
                        }
                    ]
                }
            ],
            GetIdleRecommendations=[
                {
                    "idleRecommendations": [
                        {
                            **named,
                            "resourceArn": f"arn:aws:ec2:{here}:natgateway/nat-0123456789abcdef0",
                            "resourceType": "NatGateway",
                            "finding": "Unused",
                            "savingsOpportunity": opportunity(32.85, 100.0),
                        }
                    ]
                }
            ],
            DescribeAutoScalingGroups=[{"AutoScalingGroups": []}],
        )
        answer = find(ComputeOptimizer)
        assert not answer.unknown
        assert {(one.resource_id, one.resource_type) for one in answer.findings} == {
            (INSTANCE, "EC2 Instance"),
            ("vol-0123456789abcdef0", "EBS Volume"),
            (f"arn:aws:lambda:{here}:function:mail", "Lambda Function"),
            (GROUP, "Auto Scaling Group"),
            (f"arn:aws:rds:{here}:db:orders", "RDS Instance"),
            (f"arn:aws:rds:{here}:db:orders", "RDS Storage"),
            (f"arn:aws:ecs:{here}:service/shop/web", "ECS Service"),
            (f"arn:aws:ec2:{here}:natgateway/nat-0123456789abcdef0", "NAT Gateway"),
        }
        gateway = next(one for one in answer.findings if one.resource_type == "NAT Gateway")
        assert gateway.recommendation.startswith("Delete")
        assert not gateway.reversible
        assert gateway.risk is Risk.HIGH
        service = next(one for one in answer.findings if one.resource_type == "ECS Service")
        assert service.recommended_configuration == {"CPU units": "512", "memory": "2048 MiB"}
        asked = {f"compute-optimizer:{name}" for name, _ in fake.asked if "Describe" not in name}
        assert asked < set(ComputeOptimizer.permissions)

    def test_an_idle_instance_is_stopped_first(self, aws: Aws, find: Find) -> None:
        item = {
            "resourceArn": f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/{INSTANCE}",
            "resourceType": "EC2Instance",
            "finding": "Idle",
            "savingsOpportunityAfterDiscounts": opportunity(60.0, 100.0),
        }
        aws(GetIdleRecommendations=[{"idleRecommendations": [item]}])
        found = only(find(ComputeOptimizer))
        assert found.recommended_configuration == {"state": "stopped"}
        assert found.reversible

    def test_all_pages_of_all_accounts_and_regions(self, aws: Aws, find: Find) -> None:
        fake = aws(
            GetEC2InstanceRecommendations=[
                {"instanceRecommendations": [oversized_instance()], "nextToken": "2"},
                {"instanceRecommendations": []},
            ]
        )
        find(
            ComputeOptimizer,
            resources=["instances"],
            accounts=[ACCOUNT, "000000000002"],
            regions=["us-east-1", "eu-west-1"],
        )
        questions = asked_of(fake, "GetEC2InstanceRecommendations")
        assert [(one["accountIds"], one.get("nextToken")) for one in questions] == [
            ([ACCOUNT], None),
            ([ACCOUNT], "2"),
            (["000000000002"], None),
            ([ACCOUNT], None),
            (["000000000002"], None),
        ]

    def test_not_opted_in_is_told_once_for_each_region(self, aws: Aws, find: Find) -> None:
        message = "Aws account is not registered for recommendations"
        fake = aws(GetEC2InstanceRecommendations=[refused("OptInRequiredException", message)])
        answer = find(ComputeOptimizer, regions=["us-east-1", "eu-west-1"])
        assert [one.reason for one in answer.unknown] == [ComputeOptimizer.not_enabled] * 2
        assert all(one.broad for one in answer.unknown)
        assert len(fake.asked) == 2

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (
                refused(
                    "AccessDeniedException",
                    DENIED.format("compute-optimizer:GetEC2InstanceRecommendations"),
                ),
                "AWS refuses compute-optimizer:GetEC2InstanceRecommendations",
            ),
            (
                refused("ThrottlingException"),
                "AWS is busy at compute-optimizer:GetEC2InstanceRecommendations",
            ),
            (
                refused("UnrecognizedClientException", "The security token is invalid."),
                "AWS does not accept the credentials",
            ),
        ],
    )
    def test_one_kind_that_is_refused_leaves_the_others(
        self, aws: Aws, find: Find, error: dict[str, str], reason: str
    ) -> None:
        idle = {
            "resourceArn": f"arn:aws:ec2:us-east-1:{ACCOUNT}:volume/vol-0123456789abcdef0",
            "resourceType": "EBSVolume",
            "savingsOpportunity": opportunity(8.0, 100.0),
        }
        aws(
            GetEC2InstanceRecommendations=[error],
            GetIdleRecommendations=[{"idleRecommendations": [idle]}],
        )
        answer = find(ComputeOptimizer)
        assert [one.resource_id for one in answer.findings] == ["vol-0123456789abcdef0"]
        (unknown,) = answer.unknown
        assert unknown.reason.startswith(reason)
        assert unknown.broad

    def test_what_it_could_not_look_at_is_unknown(self, aws: Aws, find: Find) -> None:
        arn = f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/{INSTANCE}"
        errors = [
            {"identifier": arn, "code": "InsufficientData", "message": "too young"},
            {"identifier": "000000000002", "code": "NotEnrolled", "message": "no"},
        ]
        aws(GetEC2InstanceRecommendations=[{"instanceRecommendations": [], "errors": errors}])
        one, other = find(ComputeOptimizer).unknown
        assert (one.subject, one.reason, one.broad) == (
            INSTANCE,
            "InsufficientData: too young",
            False,
        )
        assert (other.subject, other.broad) == ("000000000002", True)

    def test_no_prices_are_unknown(self, aws: Aws, find: Find) -> None:
        item = oversized_instance(recommendationOptions=[{"instanceType": "m5.large"}])
        aws(GetEC2InstanceRecommendations=[{"instanceRecommendations": [item]}])
        (unknown,) = find(ComputeOptimizer).unknown
        assert "Cost Explorer" in unknown.reason

    def test_what_is_too_small_saves_nothing(self, aws: Aws, find: Find) -> None:
        item = oversized_instance(
            finding="Underprovisioned", recommendationOptions=[{"instanceType": "m5.4xlarge"}]
        )
        aws(GetEC2InstanceRecommendations=[{"instanceRecommendations": [item]}])
        answer = find(ComputeOptimizer)
        assert (answer.clean, answer.checked) == (1, 1)

    def test_a_function_it_cannot_judge_is_unknown(self, aws: Aws, find: Find) -> None:
        item = {
            "functionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:mail",
            "finding": "Unavailable",
            "findingReasonCodes": ["InsufficientData"],
        }
        aws(GetLambdaFunctionRecommendations=[{"lambdaFunctionRecommendations": [item]}])
        (unknown,) = find(ComputeOptimizer).unknown
        assert unknown.reason == "Compute Optimizer cannot tell: InsufficientData"


class TestCostExplorer:
    def test_an_idle_instance(self, aws: Aws, find: Find) -> None:
        fake = aws(
            GetRightsizingRecommendation=[
                {
                    "Metadata": {"LookbackPeriodInDays": "THIRTY_DAYS"},
                    "RightsizingRecommendations": [idle_instance()],
                }
            ]
        )
        found = only(find(CostExplorerAdvice))
        assert found.recommendation == "Delete the EC2 Instance reports: AWS sees it unused"
        assert found.lookback_days == 30
        assert found.region_id is None  # it writes a name for people
        assert found.evidence["region"] == "EU (Frankfurt)"
        assert found.evidence["saving"] == "after discounts"
        ((_, question),) = fake.asked
        assert question["Configuration"]["BenefitsConsidered"] is True

    def test_the_default_target_is_taken(self, aws: Aws, find: Find) -> None:
        def target(name: str, *, default: bool, saving: str) -> dict[str, Any]:
            return {
                "EstimatedMonthlySavings": saving,
                "CurrencyCode": "USD",
                "DefaultTargetInstance": default,
                "ResourceDetails": {"EC2ResourceDetails": {"InstanceType": name}},
            }

        item = idle_instance() | {
            "RightsizingType": "MODIFY",
            "ModifyRecommendationDetail": {
                "TargetInstances": [
                    target("m5.small", default=False, saving="60"),
                    target("m5.medium", default=True, saving="35.04"),
                ]
            },
        }
        aws(GetRightsizingRecommendation=[{"RightsizingRecommendations": [item]}])
        found = only(find(CostExplorerAdvice))
        assert found.recommended_configuration == {"type": "m5.medium"}
        assert found.estimated_monthly_savings == Decimal("35.04")
        assert found.current_cost == Decimal("70.08")

    def test_each_page_is_paid_and_told(
        self, aws: Aws, find: Find, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        fake = aws(
            GetRightsizingRecommendation=[
                {"RightsizingRecommendations": [idle_instance()], "NextPageToken": "2"},
                {"RightsizingRecommendations": []},
            ]
        )
        only(find(CostExplorerAdvice))
        assert [question.get("NextPageToken") for _, question in fake.asked] == [None, "2"]
        assert "2 requests to Cost Explorer, 0.02 USD" in caplog.text

    def test_stops_at_the_limit_and_says_so(self, aws: Aws, find: Find) -> None:
        fake = aws(
            GetRightsizingRecommendation=[
                {"RightsizingRecommendations": [idle_instance()], "NextPageToken": "more"}
            ]
        )
        answer = find(CostExplorerAdvice, maximum_requests=3)
        assert len(fake.asked) == 3
        assert len(answer.findings) == 1
        (unknown,) = answer.unknown
        assert unknown.reason == "stopped at 3 requests to Cost Explorer, 0.03 USD"
        assert unknown.broad

    def test_the_last_page_at_the_limit_is_all(self, aws: Aws, find: Find) -> None:
        aws(GetRightsizingRecommendation=[{"RightsizingRecommendations": [idle_instance()]}])
        assert only(find(CostExplorerAdvice, maximum_requests=1))

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (
                refused(
                    "AccessDeniedException",
                    "Rightsizing EC2 recommendation is an opt-in only feature.",
                ),
                CostExplorerAdvice.not_enabled,
            ),
            (refused("DataUnavailableException", "no data"), CostExplorerAdvice.not_enabled),
            (
                refused("AccessDeniedException", DENIED.format("ce:GetRightsizingRecommendation")),
                "AWS refuses ce:GetRightsizingRecommendation",
            ),
            (refused("LimitExceededException"), "AWS is busy at ce:GetRightsizingRecommendation"),
        ],
    )
    def test_refused_is_unknown(
        self, aws: Aws, find: Find, error: dict[str, str], reason: str
    ) -> None:
        aws(GetRightsizingRecommendation=[error])
        answer = find(CostExplorerAdvice)
        assert answer.checked == 1
        (unknown,) = answer.unknown
        assert unknown.reason.startswith(reason)

    def test_no_amount_and_no_number_are_unknown(self, aws: Aws, find: Find) -> None:
        aws(
            GetRightsizingRecommendation=[
                {"RightsizingRecommendations": [idle_instance(""), idle_instance("many")]}
            ]
        )
        answer = find(CostExplorerAdvice)
        assert not answer.findings
        assert [one.subject for one in answer.unknown] == [INSTANCE, "aws.cost_explorer_advice"]


class TestNeverCountedTwice:
    """Advice of all three advisers and of our own checks on one resource are alternatives."""

    def test_three_advisers_and_two_checks_of_ours(self, aws: Aws, find: Find) -> None:
        aws(
            ListRecommendations=[listed(advice())],
            GetEC2InstanceRecommendations=[{"instanceRecommendations": [oversized_instance()]}],
            GetRightsizingRecommendation=[{"RightsizingRecommendations": [idle_instance()]}],
        )
        arn = f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/{INSTANCE}"
        found = [
            *find(CostOptimizationHub).findings,
            *find(ComputeOptimizer).findings,
            *find(CostExplorerAdvice).findings,
            our_advice(INSTANCE, "40"),
            our_advice(arn, "41", check="idle_resources"),
        ]
        settled = without_double_count(found, PriorityFormula())
        assert len(settled) == 5
        (counted,) = [one for one in settled if one.counted_savings]
        assert monthly_savings(settled) == {"USD": counted.estimated_monthly_savings}
        others = [one for one in settled if one.id != counted.id]
        assert all(one.better == (counted.id,) for one in others)

    @pytest.mark.parametrize(
        "check",
        [
            IdleCaches,
            IdleDatabases,
            IdleInstances,
            IdleLoadBalancers,
            IdleNatGateways,
            LambdaMemory,
            UnattachedVolumes,
        ],
    )
    def test_a_finding_of_our_own(self, check: type[Optimizer[Any]], aws: Aws, find: Find) -> None:
        case = next(one for one in check.cases() if one.verdict == "finding")
        with case.prepared():
            ours = find(check, case.charges, **case.options).findings[0]
        kind, known = check.__name__, ours.resource_id
        arn = known if known.startswith("arn:") else f"{ARN[kind]}/{known}"
        spelled = f"{arn}:$LATEST" if kind == "LambdaMemory" else arn
        aws(ListRecommendations=[listed(advice(resourceArn=spelled))])
        theirs = only(find(CostOptimizationHub))
        assert theirs.resource_id == known
        settled = without_double_count([ours, theirs], PriorityFormula())
        assert sorted(bool(one.counted_savings) for one in settled) == [False, True]

    def test_a_group_and_its_members(self, aws: Aws, find: Find) -> None:
        members = [f"i-0123456789abcde0{number}" for number in range(3)]
        group = {
            "AutoScalingGroupARN": GROUP,
            "AutoScalingGroupName": "web",
            "MinSize": 3,
            "MaxSize": 3,
            "DesiredCapacity": 3,
            "DefaultCooldown": 300,
            "AvailabilityZones": ["us-east-1a"],
            "HealthCheckType": "EC2",
            "CreatedTime": datetime(2026, 1, 1, tzinfo=UTC),
            "Instances": [
                {
                    "InstanceId": member,
                    "AvailabilityZone": "us-east-1a",
                    "LifecycleState": "InService",
                    "HealthStatus": "Healthy",
                    "ProtectedFromScaleIn": False,
                }
                for member in members
            ],
        }
        item = advice(
            resourceArn=GROUP,
            resourceId="web",
            currentResourceType="Ec2AutoScalingGroup",
            estimatedMonthlySavings=30.0,
        )
        aws(
            ListRecommendations=[listed(item)],
            DescribeAutoScalingGroups=[{"AutoScalingGroups": [group]}],
        )
        found = only(find(CostOptimizationHub))
        assert found.shares == dict.fromkeys(members, Decimal(10))
        ours = our_advice(members[0], "9", confidence=0.1)
        settled = without_double_count([found, ours], PriorityFormula())
        assert monthly_savings(settled) == {"USD": Decimal(30)}

    def test_a_group_that_may_not_be_looked_up_keeps_its_saving(self, aws: Aws, find: Find) -> None:
        item = advice(resourceArn=GROUP, currentResourceType="Ec2AutoScalingGroup")
        aws(
            ListRecommendations=[listed(item)],
            DescribeAutoScalingGroups=[refused("AccessDenied", "no")],
        )
        found = only(find(CostOptimizationHub))
        assert (found.resource_id, found.shares) == (GROUP, {})

    def test_a_region_that_is_refused_leaves_what_was_found_there(
        self, aws: Aws, find: Find
    ) -> None:
        aws(
            DescribeVolumes=[
                refused("OptInRequired", "You are not subscribed to this service."),
                {"Volumes": []},
            ]
        )
        answer = find(UnattachedVolumes, regions=["af-south-1", "us-east-1"])
        (unknown,) = answer.unknown
        assert unknown.subject == "aws.unattached_volumes in af-south-1"
        assert "OptInRequired" not in unknown.reason
        assert unknown.broad

    def test_regions_of_the_bill_are_asked(self, aws: Aws, find: Find) -> None:
        fake = aws()
        bill = daily_charges("1", ResourceId=INSTANCE, RegionId="eu-west-1")
        find(ComputeOptimizer, bill, regions=[], resources=["idle"])
        assert len(asked_of(fake, "GetIdleRecommendations")) == 1


@given(st.text("ABCabc "), st.text())
def test_words_that_are_new_to_us_become_a_sentence(action: str, kind: str) -> None:
    sentence = action_of(action).sentence
    assert kind_of(kind).title is not None
    assert "web" in sentence.format(kind=kind, name="web", target="")


@given(st.decimals(-1_000_000, 1_000_000, places=4), st.decimals(-1_000_000, 1_000_000, places=4))
def test_a_saving_is_within_nothing_and_its_cost(amount: Decimal, cost: Decimal) -> None:
    saving = Saving.of(amount, cost, "USD", discounts=None)
    assert 0 <= saving.amount <= saving.cost


@pytest.mark.parametrize(
    ("arn", "known"),
    [
        (f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-0ab", "i-0ab"),
        (f"arn:aws-cn:ec2:cn-north-1:{ACCOUNT}:volume/vol-0ab", "vol-0ab"),
        ("arn:aws:s3:::logs", "logs"),
        (
            f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:mail:7",
            f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:mail",
        ),
        (
            f"arn:aws:rds:us-east-1:{ACCOUNT}:db:orders",
            f"arn:aws:rds:us-east-1:{ACCOUNT}:db:orders",
        ),
        ("i-0ab", "i-0ab"),
        ("", ""),
    ],
)
def test_ids_are_those_of_the_bill(arn: str, known: str) -> None:
    assert billed_id(arn) == known


@given(st.text())
def test_any_text_is_an_id(text: str) -> None:
    billed_id(text)
    region_of(text)
