"""Checks of machines and functions: edges of what is idle, too large, at rest, or not to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters
from hypothesis import given
from hypothesis import strategies as st

from finops_aws.access import client
from finops_aws.checks import region
from finops_aws.checks.compute.auto_scaling import AutoScaling
from finops_aws.checks.compute.function_cases import function
from finops_aws.checks.compute.group_cases import balancer_for, group
from finops_aws.checks.compute.idle_instances import IdleInstances
from finops_aws.checks.compute.instance_cases import instance, measure, put
from finops_aws.checks.compute.instance_types import hourly_price, price_ratio, units
from finops_aws.checks.compute.lambda_memory import LambdaMemory
from finops_aws.checks.compute.previous_generations import PreviousGenerations
from finops_aws.checks.compute.rightsizing import Rightsizing
from finops_aws.checks.compute.schedules import Schedules, rows_of
from finops_aws.checks.compute.spot_candidates import SpotCandidates
from finops_aws.checks.compute.stopped_instances import StoppedInstances
from finops_aws.checks.measured import percentile
from finops_cost_management import (
    Optimizer,
    PriorityFormula,
    SavingsAnswer,
    SavingsBasis,
    daily_charges,
)
from finops_cost_management.answers.alternatives import without_double_count
from finops_cost_management.answers.recommendations import DAYS_A_MONTH
from finops_cost_management.builtin.checks.always_on import HOURS_A_WEEK

pytestmark = pytest.mark.real_component

Account = Callable[[str], Any]
Find = Callable[..., SavingsAnswer]
LONG_AGO = datetime(2026, 3, 1, tzinfo=UTC)
CHECKS = (
    AutoScaling,
    IdleInstances,
    LambdaMemory,
    PreviousGenerations,
    Rightsizing,
    Schedules,
    SpotCandidates,
    StoppedInstances,
)
QUIET: dict[str, Any] = {"CPUUtilization": 1.0, "NetworkIn": 1e4, "NetworkOut": 1e4}

hours = partial(daily_charges, SkuMeter="USE1-BoxUsage:m5.xlarge")


@pytest.fixture
def made(account: Account, on: Callable[[datetime], Any]) -> Iterator[Account]:
    """The account, in March 2026: what is made is old when it is looked at."""
    with on(LONG_AGO):
        yield account


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Operation → what AWS answers, or raises, in place of moto; checked against its model."""
    given_answers: dict[str, Any] = {}
    real = BaseClient._make_api_call  # where all answers come from

    def call(self: Any, operation: str, arguments: dict[str, Any]) -> Any:
        if operation not in given_answers:
            return real(self, operation, arguments)
        answer = given_answers[operation]
        if isinstance(answer, Exception):
            raise answer
        model = self.meta.service_model.operation_model(operation)
        validate_parameters(arguments, model.input_shape)
        validate_parameters(answer, model.output_shape)
        return answer

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return given_answers


def month(*daily: str) -> Decimal:
    """What these daily costs are a month."""
    return sum((Decimal(one) * DAYS_A_MONTH for one in daily), Decimal(0)).quantize(Decimal("0.01"))


def retold(made: Account, **more: Any) -> dict[str, Any]:
    """The answer of DescribeInstances, with what moto does not say."""
    answer: dict[str, Any] = made("ec2").describe_instances()
    answer.pop("ResponseMetadata", None)
    for reservation in answer["Reservations"]:
        for told in reservation["Instances"]:
            told.update(more)
    return answer


# Idle


def test_idle_instance_costs_what_the_bill_says(made: Account, find: Find) -> None:
    idle = instance(made)
    measure(made, idle, days=14, **QUIET)
    charges = [
        *hours("4.61", ResourceId=idle),
        *daily_charges("0.40", ResourceId=idle, SkuMeter="USE1-DataTransfer-Out-Bytes"),
        *hours("1.00", ResourceId=idle, CommitmentDiscountId="sp-1"),
    ]
    (found,) = find(IdleInstances, charges).findings
    assert found.basis == SavingsBasis.OWN_COST
    assert found.estimated_monthly_savings == month("4.61") + month("0.40")
    assert found.current_cost == month("5.61") + month("0.40")
    assert found.source == "metrics"


def test_idle_instance_of_a_commitment_saves_nothing(made: Account, find: Find) -> None:
    idle = instance(made)
    measure(made, idle, days=14, **QUIET)
    answer = find(IdleInstances, hours("4.61", ResourceId=idle, PricingCategory="Committed"))
    assert (answer.clean, answer.checked) == (1, 1)


@pytest.mark.parametrize(
    ("metrics", "verdict"),
    [
        ({"CPUUtilization": 4.9}, "finding"),
        ({"CPUUtilization": 5.0}, "clean"),
        ({"NetworkIn": 4.98e6}, "finding"),
        ({"NetworkIn": 4.99e6}, "clean"),
        ({"NetworkOut": 5e6}, "clean"),
    ],
)
def test_idle_thresholds(
    made: Account, find: Find, metrics: dict[str, float], verdict: str
) -> None:
    measure(made, instance(made), days=14, **{**QUIET, **metrics})
    answer = find(IdleInstances)
    assert {"finding": len(answer.findings), "clean": answer.clean}[verdict] == 1
    assert answer.checked == 1


def test_idle_for_few_days_is_unknown(made: Account, find: Find) -> None:
    measure(made, instance(made), days=9, **QUIET)
    (unknown,) = find(IdleInstances).unknown
    assert unknown.reason == "metrics of CPUUtilization on only 9 of 14 days"


def test_busy_for_few_days_is_clean(made: Account, find: Find) -> None:
    measure(made, instance(made), days=2, **{**QUIET, "CPUUtilization": 80.0})
    assert find(IdleInstances).clean == 1


@pytest.mark.parametrize(("gpu", "verdict"), [(0.0, "finding"), (40.0, "clean")])
def test_gpus_are_known_by_all_dimensions_of_the_agent(
    made: Account, find: Find, gpu: float, verdict: str
) -> None:
    idle = instance(made, "g4dn.xlarge")
    measure(made, idle, days=14, **QUIET)
    dimensions = {"InstanceId": idle, "index": "0", "name": "Tesla T4"}
    put(made, "CWAgent", dimensions, days=14, nvidia_smi_utilization_gpu=gpu)
    answer = find(IdleInstances, hours("12.62", ResourceId=idle))
    assert {"finding": len(answer.findings), "clean": answer.clean}[verdict] == 1


def test_a_start_does_not_make_an_instance_young(
    account: Account, find: Find, on: Callable[[datetime], Any]
) -> None:
    with on(LONG_AGO):
        idle = instance(account)
        measure(account, idle, days=14, **QUIET)
        account("ec2").stop_instances(InstanceIds=[idle])
    with on(datetime(2026, 9, 30, tzinfo=UTC)):
        account("ec2").start_instances(InstanceIds=[idle])
    (found,) = find(IdleInstances).findings
    assert found.evidence["created"] == "2026-03-01"


# Stopped


def test_stopped_instance_saves_its_volumes(made: Account, find: Find) -> None:
    disks = [
        {"DeviceName": name, "Ebs": {"VolumeSize": size, "VolumeType": "gp3"}}
        for name, size in (("/dev/sda1", 50), ("/dev/sdb", 400))
    ]
    stopped = instance(made, BlockDeviceMappings=disks)
    made("ec2").stop_instances(InstanceIds=[stopped])
    volumes = sorted(made("ec2").describe_volumes()["Volumes"], key=lambda one: one["Size"])
    charges = [
        *daily_charges("0.14", ResourceId=volumes[0]["VolumeId"], SkuMeter="EBS:VolumeUsage.gp3"),
        *daily_charges("1.10", ResourceId=volumes[1]["VolumeId"], SkuMeter="EBS:VolumeUsage.gp3"),
    ]
    (found,) = find(StoppedInstances, charges).findings
    assert found.basis == SavingsBasis.OWN_COST
    assert found.shares == {
        volumes[0]["VolumeId"]: month("0.14"),
        volumes[1]["VolumeId"]: month("1.10"),
    }
    assert sum(found.shares.values()) == found.estimated_monthly_savings
    assert found.evidence["volumes"] == "2, of 450 GiB"


def test_volume_that_the_bill_has_and_one_that_it_has_not(made: Account, find: Find) -> None:
    disks = [
        {"DeviceName": name, "Ebs": {"VolumeSize": 100, "VolumeType": "gp3"}}
        for name in ("/dev/sda1", "/dev/sdb")
    ]
    made("ec2").stop_instances(InstanceIds=[instance(made, BlockDeviceMappings=disks)])
    billed = made("ec2").describe_volumes()["Volumes"][0]["VolumeId"]
    (found,) = find(StoppedInstances, daily_charges("0.20", ResourceId=billed)).findings
    assert found.basis == SavingsBasis.LIST_PRICE
    assert found.estimated_monthly_savings == month("0.20") + 8
    euros = daily_charges("0.20", ResourceId=billed, BillingCurrency="EUR")
    (unknown,) = find(StoppedInstances, euros).unknown
    assert unknown.reason.startswith("no price")


# Rightsizing


def with_memory(made: Account, cpu: float, memory: float, instance_type: str) -> str:
    machine = instance(made, instance_type)
    measure(made, machine, days=14, CPUUtilization=cpu)
    dimensions = {"InstanceId": machine, "InstanceType": instance_type, "ImageId": "ami-12345678"}
    put(made, "CWAgent", dimensions, days=14, mem_used_percent=memory)
    return machine


@pytest.mark.parametrize(
    ("cpu", "memory", "target"),
    [
        (5.0, 5.0, "m5.large"),
        (5.0, 20.0, "m5.xlarge"),  # 12.8 GiB do not fit into 8 with room to spare
        (15.0, 5.0, "m5.xlarge"),
        (39.0, 39.0, "m5.2xlarge"),
        (41.0, 5.0, None),
        (5.0, 41.0, None),
    ],
)
def test_target_holds_cpu_and_memory(
    made: Account, find: Find, cpu: float, memory: float, target: str | None
) -> None:
    with_memory(made, cpu, memory, "m5.4xlarge")
    answer = find(Rightsizing)
    assert [one.recommended_configuration["instance type"] for one in answer.findings] == (
        [target] if target else []
    )
    assert not answer.unknown


def test_without_memory_one_size_down_and_less_sure(made: Account, find: Find) -> None:
    unmeasured = instance(made, "m5.4xlarge")
    measure(made, unmeasured, days=14, CPUUtilization=2.0)
    known = with_memory(made, 2.0, 2.0, "m5.4xlarge")
    found = {one.resource_id: one for one in find(Rightsizing).findings}
    assert found[unmeasured].recommended_configuration == {"instance type": "m5.2xlarge"}
    assert found[known].recommended_configuration == {"instance type": "m5.large"}
    assert found[unmeasured].confidence < found[known].confidence
    assert "not known" in found[unmeasured].evidence["memory used"]


def test_rightsizing_saves_of_uncommitted_hours_alone(made: Account, find: Find) -> None:
    large = with_memory(made, 30.0, 30.0, "m5.xlarge")
    charges = [
        *hours("4.00", ResourceId=large),
        *hours("2.00", ResourceId=large, CommitmentDiscountId="sp-1"),
        *daily_charges("9.00", ResourceId=large, SkuMeter="DataTransfer-Out-Bytes"),
    ]
    (found,) = find(Rightsizing, charges).findings
    assert found.estimated_monthly_savings == (month("4.00") / 2).quantize(Decimal("0.01"))
    assert found.evidence["price"].startswith("0.5 of now")


def test_a_short_peak_counts_less_than_a_long_one(made: Account, find: Find) -> None:
    def peaks(hours_of_peak: int) -> Callable[[datetime], float]:
        end = datetime(2026, 10, 1, tzinfo=UTC)
        return lambda when: 90.0 if when >= end - timedelta(hours=hours_of_peak) else 5.0

    short, long = instance(made), instance(made)
    measure(made, short, days=14, every=1, CPUUtilization=peaks(3))
    measure(made, long, days=14, every=1, CPUUtilization=peaks(4))
    answer = find(Rightsizing)
    assert [one.resource_id for one in answer.findings] == [short]
    assert answer.findings[0].evidence["highest CPU"] == "90.0 %"


@pytest.mark.model_checked_fake
def test_custom_cores_are_what_is_used(made: Account, find: Find, answers: dict[str, Any]) -> None:
    """Four of sixteen CPUs at 70 % are 35 % of eight; all sixteen would be 140 % of them."""
    measure(made, instance(made, "m5.4xlarge"), days=14, CPUUtilization=70.0)
    assert find(Rightsizing).clean == 1
    answers["DescribeInstances"] = retold(made, CpuOptions={"CoreCount": 4, "ThreadsPerCore": 1})
    (found,) = find(Rightsizing).findings
    assert found.evidence["the same on m5.2xlarge"] == "35.0 %"


@pytest.mark.parametrize(
    ("instance_type", "reason"),
    [
        ("m5.metal", "bare metal"),
        ("t3.xlarge", "burstable"),
        ("g4dn.2xlarge", "accelerators"),
    ],
)
def test_what_cpu_does_not_size(made: Account, find: Find, instance_type: str, reason: str) -> None:
    measure(made, instance(made, instance_type), days=14, CPUUtilization=1.0)
    (unknown,) = find(Rightsizing).unknown
    assert reason in unknown.reason


@pytest.mark.model_checked_fake
@pytest.mark.parametrize("check", [Rightsizing, PreviousGenerations], ids=lambda check: check.use)
@pytest.mark.parametrize("platform", ["Red Hat Enterprise Linux", "Windows with SQL Server Web"])
def test_licence_in_the_price(
    made: Account, find: Find, answers: dict[str, Any], platform: str, check: type[Optimizer[Any]]
) -> None:
    measure(made, instance(made, "m4.xlarge"), days=14, CPUUtilization=1.0)
    answers["DescribeInstances"] = retold(made, PlatformDetails=platform)
    (unknown,) = find(check).unknown
    assert "licence" in unknown.reason


def test_member_of_a_group_is_changed_in_its_template(made: Account, find: Find) -> None:
    group(made, "web", members=1, instance_type="m5.2xlarge")
    (member,) = made("autoscaling").describe_auto_scaling_instances()["AutoScalingInstances"]
    measure(made, member["InstanceId"], days=14, CPUUtilization=1.0)
    (found,) = find(Rightsizing).findings
    assert any("launch template of the Auto Scaling group web" in step for step in found.steps)


# Previous generations


def test_successor_saves_of_uncommitted_hours(made: Account, find: Find) -> None:
    old = instance(made, "m4.xlarge")
    charges = [
        *daily_charges("4.80", ResourceId=old, SkuMeter="BoxUsage:m4.xlarge"),
        *daily_charges("1.00", ResourceId=old, SkuMeter="EBSOptimized:m4.xlarge"),
    ]
    (found,) = find(PreviousGenerations, charges).findings
    share = 1 - Decimal("0.1632") / Decimal("0.20")
    assert found.estimated_monthly_savings == (month("4.80") * share).quantize(Decimal("0.01"))
    assert found.recommended_configuration == {"instance type": "m7g.xlarge"}
    assert "Arm" in found.steps[0]


def test_spot_instances_have_no_list_price_to_compare(made: Account, find: Find) -> None:
    instance(made, "m4.xlarge", InstanceMarketOptions={"MarketType": "spot"})
    (told,) = made("ec2").describe_instances()["Reservations"][0]["Instances"]
    assert told.get("InstanceLifecycle") == "spot"
    assert find(PreviousGenerations).checked == 0


@pytest.mark.model_checked_fake
@pytest.mark.parametrize(
    ("told", "hurdle"),
    [
        ({"VirtualizationType": "paravirtual"}, "HVM"),
        ({"VirtualizationType": "hvm", "EnaSupport": False}, "ENA"),
        ({"VirtualizationType": "hvm", "EnaSupport": True}, None),
    ],
)
def test_what_the_image_needs_first(
    made: Account, find: Find, answers: dict[str, Any], told: dict[str, Any], hurdle: str | None
) -> None:
    instance(made, "c3.xlarge")
    answers["DescribeInstances"] = retold(made, **told)
    (found,) = find(PreviousGenerations).findings
    assert (hurdle or "Make snapshots") in found.steps[0]
    answers["DescribeInstances"] = retold(made, Architecture="i386")
    assert "32 bits" in find(PreviousGenerations).unknown[0].reason


# Schedules


def at_work(when: datetime) -> float:
    """Mondays to Fridays from 7 to 19 h."""
    return 50.0 if when.weekday() < 5 and 7 <= when.hour < 19 else 1.0


def test_nights_and_weekends_are_told_in_words(made: Account, find: Find) -> None:
    machine = instance(made, Tags={"user-name": "x", "Environment": "Staging"})
    measure(made, machine, days=14, every=1, **{**QUIET, "CPUUtilization": at_work})
    (found,) = find(Schedules, hours("4.61", ResourceId=machine)).findings
    assert found.evidence["hours at rest"] == "108 of the 168 that it is on"
    assert "Fri 19:00 to Mon 07:00" in found.evidence["at rest each week (UTC)"]
    assert found.estimated_monthly_savings == (month("4.61") * 108 / 168).quantize(Decimal("0.01"))
    assert found.recommended_configuration == {"hours on": "60 hours a week"}


def test_hours_in_which_it_is_off_already_save_nothing(made: Account, find: Find) -> None:
    machine = instance(made, Tags={"env": "dev"})
    end = datetime(2026, 10, 1, tzinfo=UTC)
    for back in range(14 * 24, 0, -1):
        when = end - timedelta(hours=back)
        if at_work(when) > 1:
            data = [
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": "InstanceId", "Value": machine}],
                    "Timestamp": when,
                    "Value": value,
                }
                for name, value in {**QUIET, "CPUUtilization": 50.0}.items()
            ]
            made("cloudwatch").put_metric_data(Namespace="AWS/EC2", MetricData=data)
    answer = find(Schedules, hours("1.65", ResourceId=machine))
    assert (answer.clean, answer.checked) == (1, 1)


def test_environment_is_the_tag_else_the_account(made: Account, find: Find) -> None:
    def bill(name: str) -> list[dict[str, Any]]:
        return hours("1", ResourceId="i-0001", SubAccountId="123456789012", SubAccountName=name)

    for tags in ({}, {"Env": "production"}):
        measure(made, instance(made, Tags=tags), days=14, every=1, **QUIET)
    assert find(Schedules, bill("shop-dev")).checked == 1
    assert find(Schedules, bill("devices")).checked == 0
    assert find(Schedules).checked == 0


def test_idle_all_week_is_needed_all_the_same(made: Account, find: Find) -> None:
    machine = instance(made, Tags={"env": "qa"})
    measure(made, machine, days=14, every=1, **QUIET)
    (found,) = find(Schedules, hours("1.68", ResourceId=machine)).findings
    assert found.estimated_monthly_savings == (month("1.68") * 108 / 168).quantize(Decimal("0.01"))


@given(st.sets(st.integers(0, HOURS_A_WEEK - 1)), st.integers(1, 12))
def test_rows_are_in_a_row_and_lose_no_long_one(held: set[int], at_least: int) -> None:
    rows = rows_of(held, at_least)
    flat = [hour for row in rows for hour in row]
    assert len(flat) == len(set(flat))
    assert set(flat) <= held
    for row in rows:
        assert len(row) >= min(at_least, HOURS_A_WEEK)
        assert all(then == (now + 1) % HOURS_A_WEEK for now, then in pairwise(row))
    if at_least == 1:
        assert set(flat) == held


# Groups


def test_spot_leaves_what_stays_on_demand(made: Account, find: Find) -> None:
    group(made, "web", members=4, instance_type="m5.xlarge")
    members = [
        one["InstanceId"]
        for one in made("autoscaling").describe_auto_scaling_instances()["AutoScalingInstances"]
    ]
    charges = [charge for one in members for charge in hours("4.61", ResourceId=one)]
    (found,) = find(SpotCandidates, charges).findings
    share = Decimal(3) / 4 / 2
    assert found.estimated_monthly_savings == (month("4.61") * 4 * share).quantize(Decimal("0.01"))
    assert found.shares.keys() == set(members)
    assert "assumed: an estimate" in found.evidence["discount"]


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"NewInstancesProtectedFromScaleIn": True}, "protected"),
        (
            {
                "Tags": [
                    {
                        "Key": "role",
                        "Value": "Kafka-3",
                        "PropagateAtLaunch": True,
                    }
                ]
            },
            "kafka",
        ),
    ],
)
def test_what_looks_stateful_is_unknown(
    made: Account, find: Find, details: dict[str, Any], reason: str
) -> None:
    group(made, "web", members=3, **details)
    (unknown,) = find(SpotCandidates).unknown
    assert reason in unknown.reason


def test_advice_on_a_group_and_on_its_members_is_not_added_up(made: Account, find: Find) -> None:
    group(made, "web", members=3, instance_type="m5.2xlarge")
    for one in made("autoscaling").describe_auto_scaling_instances()["AutoScalingInstances"]:
        measure(made, one["InstanceId"], days=14, **QUIET)
    idle, spot = find(IdleInstances).findings, find(SpotCandidates).findings
    assert (len(idle), len(spot)) == (3, 1)
    counted = without_double_count([*idle, *spot], PriorityFormula())
    total = sum(one.counted_savings or 0 for one in counted)
    # The group's own part is what rounding leaves of its members' shares.
    assert 0 <= total - sum(one.estimated_monthly_savings for one in idle) < Decimal("0.05")


@pytest.mark.parametrize(
    ("minimum", "policies", "verdict"),
    [(6, ["cpu"], "finding"), (2, [], "finding"), (2, ["cpu"], "clean")],
)
def test_group_that_can_shrink_is_left_to_its_policy(
    made: Account, find: Find, minimum: int, policies: list[str], verdict: str
) -> None:
    group(made, "web", members=6, minimum=minimum)
    put(made, "AWS/EC2", {"AutoScalingGroupName": "web"}, days=14, CPUUtilization=15.0)
    for name in policies:
        made("autoscaling").put_scaling_policy(
            AutoScalingGroupName="web",
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration={
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ASGAverageCPUUtilization"
                },
                "TargetValue": 60.0,
            },
        )
    answer = find(AutoScaling)
    assert {"finding": len(answer.findings), "clean": answer.clean}[verdict] == 1
    for found in answer.findings:
        assert found.recommended_configuration["minimum"] == "2"
        assert found.estimated_monthly_savings == (found.current_cost * 4 / 6).quantize(
            Decimal("0.01")
        )


def test_balancer_of_an_empty_group_that_others_use(made: Account, find: Find) -> None:
    targets = balancer_for(made, "old")
    group(made, "old", members=0, TargetGroupARNs=[targets])
    (found,) = find(AutoScaling).findings
    assert list(found.shares) == [
        made("elbv2").describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    ]
    made("elbv2").register_targets(TargetGroupArn=targets, Targets=[{"Id": instance(made)}])
    assert find(AutoScaling).clean == 1


@pytest.mark.model_checked_fake
@pytest.mark.parametrize(("day", "verdict"), [(1, "finding"), (20, "clean")])
def test_group_that_was_emptied_lately(
    made: Account, find: Find, answers: dict[str, Any], day: int, verdict: str
) -> None:
    """moto remembers no activity."""
    group(made, "old", members=0, TargetGroupARNs=[balancer_for(made, "old")])
    answers["DescribeScalingActivities"] = {
        "Activities": [
            {
                "ActivityId": str(number),
                "AutoScalingGroupName": "old",
                "Cause": "a user asked for it",
                "StartTime": datetime(2026, 9, when, tzinfo=UTC),
                "StatusCode": "Successful",
            }
            for number, when in enumerate((day, 1))
        ]
    }
    answer = find(AutoScaling)
    assert {"finding": len(answer.findings), "clean": answer.clean}[verdict] == 1


# Lambda


@pytest.mark.model_checked_fake
@pytest.mark.parametrize(
    ("used", "needed"), [(None, "0"), (0.0, "0"), (0.21, "5"), (0.5, None), (1.0, None)]
)
def test_provisioned_concurrency_that_nobody_uses(
    made: Account,
    find: Find,
    answers: dict[str, Any],
    used: float | None,
    needed: str | None,
) -> None:
    """moto has no provisioned concurrency."""
    name = function(made, 1024, publish=True)
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    answers["ListProvisionedConcurrencyConfigs"] = {
        "ProvisionedConcurrencyConfigs": [
            {
                "FunctionArn": f"{arn}:live",
                "RequestedProvisionedConcurrentExecutions": 20,
                "AvailableProvisionedConcurrentExecutions": 20,
                "AllocatedProvisionedConcurrentExecutions": 20,
                "Status": "READY",
                "LastModified": "2026-03-01T10:00:00+0000",
            }
        ]
    }
    if used is not None:
        put(made, "AWS/Lambda", {"FunctionName": name}, days=30, Invocations=10.0)
        put(
            made,
            "AWS/Lambda",
            {"FunctionName": name, "Resource": f"{name}:live"},
            days=30,
            ProvisionedConcurrencyUtilization=used,
        )
    charges = daily_charges("7.20", ResourceId=arn, SkuMeter="USE1-Lambda-Provisioned-Concurrency")
    answer = find(LambdaMemory, charges)
    assert [
        one.recommended_configuration["provisioned concurrency"] for one in answer.findings
    ] == ([needed] if needed else [])
    for found in answer.findings:
        assert found.resource_id == arn
        share = 1 - Decimal(found.recommended_configuration["provisioned concurrency"]) / 20
        assert found.estimated_monthly_savings == (month("7.20") * share).quantize(Decimal("0.01"))


@pytest.mark.model_checked_fake
def test_concurrency_without_metrics_of_a_function_that_is_called(
    made: Account, find: Find, answers: dict[str, Any]
) -> None:
    name = function(made, 1024, publish=True)
    answers["ListProvisionedConcurrencyConfigs"] = {
        "ProvisionedConcurrencyConfigs": [
            {
                "FunctionArn": f"arn:aws:lambda:us-east-1:123456789012:function:{name}:live",
                "AllocatedProvisionedConcurrentExecutions": 20,
                "LastModified": "2026-03-01T10:00:00+0000",
            }
        ]
    }
    put(made, "AWS/Lambda", {"FunctionName": name}, days=30, Invocations=10.0)
    (unknown,) = find(LambdaMemory).unknown
    assert unknown.reason == "no metrics of ProvisionedConcurrencyUtilization of live"


def test_function_that_costs_little_needs_no_insights(made: Account, find: Find) -> None:
    name = function(made, 3008)
    put(made, "AWS/Lambda", {"FunctionName": name}, days=30, Invocations=60.0, Duration=600.0)
    assert find(LambdaMemory).clean == 1


def test_function_saves_of_its_seconds_on_the_bill(made: Account, find: Find) -> None:
    name = function(made, 1024)
    put(made, "AWS/Lambda", {"FunctionName": name}, days=30, Invocations=60.0, Duration=600.0)
    put(made, "LambdaInsights", {"function_name": name}, days=30, used_memory_max=300.0)
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    charges = [
        *daily_charges("2.00", ResourceId=arn, SkuMeter="Lambda-GB-Second"),
        *daily_charges("5.00", ResourceId=arn, SkuMeter="Request"),
    ]
    (found,) = find(LambdaMemory, charges).findings
    assert found.recommended_configuration == {
        "memory": "448 MB"
    }  # 300 MB and 30 %, in steps of 64
    share = 1 - Decimal(448) / 1024
    assert found.estimated_monthly_savings == (month("2.00") * share).quantize(Decimal("0.01"))


# What AWS refuses


def refused(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeInstances")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.use)
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            refused("UnauthorizedOperation", "You are not authorized to perform this operation."),
            "AWS refuses {action}",
        ),
        (
            refused("AuthFailure", "AWS was not able to validate the provided access credentials"),
            "{action}",
        ),
        (refused("RequestLimitExceeded", "Request limit exceeded."), "AWS is busy at {action}"),
    ],
    ids=["denied", "region not opted into", "throttled"],
)
def test_refusal_is_unknown_and_names_the_action(
    account: Account,  # noqa: ARG001 # what is not refused is asked of moto
    find: Find,
    answers: dict[str, Any],
    check: type[Optimizer[Any]],
    error: ClientError,
    words: str,
) -> None:
    operation = "ListFunctions" if check is LambdaMemory else "DescribeInstances"
    answers[operation] = error
    answer = find(check)
    (unknown,) = answer.unknown
    action = f"{'lambda' if check is LambdaMemory else 'ec2'}:{operation}"
    assert words.format(action=action) in unknown.reason
    assert answer.checked == 1


def test_metrics_that_are_denied_are_unknown(
    made: Account, find: Find, answers: dict[str, Any]
) -> None:
    instance(made)
    answers["GetMetricData"] = refused("AccessDenied", "not authorized")
    (unknown,) = find(IdleInstances).unknown
    assert "cloudwatch:GetMetricData" in unknown.reason


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.use)
def test_permissions_are_exactly_what_the_cases_use(
    find: Find, monkeypatch: pytest.MonkeyPatch, check: type[Any]
) -> None:
    used: set[str] = set()

    def watched(component: Any, service: str, name: str | None = None) -> Any:
        made = client(component, service, name)
        prefix = "elasticloadbalancing" if service == "elbv2" else service

        def note(model: Any, **_: object) -> None:
            used.add(f"{prefix}:{model.name}")

        made.meta.events.register("before-call.*", note)
        return made

    monkeypatch.setattr(region, "client", watched)
    for case in check.cases():
        with case.prepared():
            find(check)
    beyond_moto = {"lambda:ListProvisionedConcurrencyConfigs"}
    assert used == set(check.permissions) - beyond_moto


# Sizes


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(1, 100))
def test_percentile_is_a_value_that_enough_do_not_exceed(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(one <= found for one in values) >= len(values) * share / 100


@pytest.mark.parametrize(
    ("name", "price"),
    [
        ("m5.xlarge", "0.192"),
        ("t3.micro", "0.0104"),
        ("m4.xlarge", "0.20"),
        ("c5.24xlarge", "4.08"),
        ("r3.8xlarge", "2.664"),
        ("m5.metal", None),
        ("u-6tb1.112xlarge", None),
    ],
)
def test_prices_are_in_proportion_to_size(name: str, price: str | None) -> None:
    assert hourly_price(name) == (None if price is None else Decimal(price))


def test_sizes_of_a_family() -> None:
    assert price_ratio("m5.4xlarge", "m5.large") == Decimal("0.125")
    assert price_ratio("m5.metal", "m5.large") is None
    assert units("t3.nano") == Decimal("0.25")
