"""Auto Scaling groups that do not scale, and empty ones whose load balancers cost on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.compute.instances import HOUR, HOURS, InstanceCheck
from finops_aws.checks.compute.scaling_groups import scaling_groups
from finops_aws.checks.list_prices import HOURS_A_MONTH, LOAD_BALANCER_HOUR
from finops_aws.checks.measured import MeasuredOptions, measured, percentile, why_unmeasured
from finops_aws.checks.network.group_balancers import only_balancers
from finops_aws.checks.region import Metric
from finops_cost_management import Effort, OptimizationCategory, Risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase

_CPU = "CPUUtilization"
_BALANCER = "Load balancer"


class AutoScalingOptions(MeasuredOptions):
    """How full the members of a group may be."""

    target_cpu_percent: float = Field(default=60, gt=0, le=100)
    """CPU that the members of a smaller group may reach at the peak, in per cent."""

    peak_percentile: float = Field(default=99, gt=50, le=100)
    """The peak is what this share, in per cent, of the group's hours does not exceed."""

    minimum_members: int = Field(default=2, ge=1)
    """Members that every group keeps, in case one fails."""


class AutoScaling(InstanceCheck[AutoScalingOptions]):
    """Finds Auto Scaling groups that are larger than their peak needs, and cannot shrink.

    A group cannot shrink where its desired size is its minimum, or where no policy scales it. How
    many members the peak needs, the group's CPU tells. An empty group costs nothing; the load
    balancers that serve empty groups alone do, and are found.
    """

    Options = AutoScalingOptions
    use = "aws.auto_scaling"
    permissions: ClassVar[tuple[str, ...]] = (
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribePolicies",
        "autoscaling:DescribeScalingActivities",
        "cloudwatch:GetMetricData",
        "ec2:DescribeInstances",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "sts:GetCallerIdentity",
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every group: with its members and their CPU, or else with what it leaves idle."""
        groups = list(scaling_groups(region))
        self._policies = {
            told["AutoScalingGroupName"]
            for told in region.pages(
                "autoscaling:DescribePolicies", "describe_policies", "ScalingPolicies"
            )
            if told.get("Enabled", True)
        }
        filled = [one for one in groups if one.told["DesiredCapacity"]]
        yield from measured(
            region,
            filled,
            lambda one: {
                _CPU: Metric(
                    namespace="AWS/EC2",
                    name=_CPU,
                    dimensions={"AutoScalingGroupName": one.label},
                    seconds=HOUR,
                )
            },
        )
        for one in groups:
            if not one.told["DesiredCapacity"]:
                yield replace(one, parts=tuple(only_balancers(region, one)))

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:
        """Of a member its hours; of a load balancer its hours too, without what it carries."""
        if resource.type == _BALANCER:
            hour = LOAD_BALANCER_HOUR.get(resource.configuration["type"])
            return None if hour is None else hour * HOURS_A_MONTH
        return super().list_price(resource, region)

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """A finding if fewer members hold the peak, or if nobody is behind its balancers."""
        if not resource.told["DesiredCapacity"]:
            return self._empty(resource, region)
        members = len(resource.parts)
        if members <= self.options.minimum_members or not self._is_stuck(resource):
            return None
        if unmeasured := why_unmeasured(resource, [_CPU], self.options):
            return unmeasured
        cpu = resource.metrics[_CPU]
        peak = percentile(cpu, self.options.peak_percentile)
        needed = max(
            self.options.minimum_members, ceil(members * peak / self.options.target_cpu_percent)
        )
        if needed >= members:
            return None
        return self.advice(
            resource,
            region,
            self.price_of_parts(resource, region, meters=HOURS),
            share=Decimal(members - needed) / members,
            category=OptimizationCategory.COMPUTE,
            recommendation=(
                f"Let {resource.label} shrink to {needed} members: {members} are always on"
            ),
            steps=(
                f"See that {needed} members have enough memory, and span two zones.",
                f"Set the minimum of {resource.label} to {needed}.",
                (
                    f"Give it a target tracking policy for a CPU of "
                    f"{self.options.target_cpu_percent:g} %, so that it grows by itself."
                ),
                "Watch latency and errors for two weeks; the way back is the old minimum.",
            ),
            recommended_configuration={
                "minimum": str(needed),
                "policy": f"target tracking, CPU {self.options.target_cpu_percent:g} %",
            },
            confidence=0.6,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            evidence={
                "members": str(members),
                f"CPU of the group, {self.options.peak_percentile:g} % of hours below": (
                    f"{peak:.1f} %"
                ),
                "highest hour of CPU": f"{max(cpu):.1f} %",
                f"CPU with {needed} members": f"{peak * members / needed:.1f} %",
                "scaling policies": "yes" if resource.label in self._policies else "none",
                "memory": "not looked at",
                "hours measured": str(len(cpu)),
            },
        )

    def _is_stuck(self, resource: Resource) -> bool:
        at_minimum = resource.told["DesiredCapacity"] <= resource.told["MinSize"]
        return at_minimum or resource.label not in self._policies

    def _empty(self, resource: Resource, region: Region) -> Recommendation | str | None:
        if not resource.parts or self._changed(resource, region):
            return None
        names = ", ".join(one.label for one in resource.parts)
        return self.advice(
            resource,
            region,
            self.price_of_parts(resource, region),
            variant="empty",
            category=OptimizationCategory.COMPUTE,
            recommendation=f"Delete the empty group {resource.label}, and its balancers: {names}",
            steps=(
                "Ask whether the group is a standby that is filled when another region fails.",
                "See that no listener of the balancers redirects or answers by itself.",
                f"Delete {names}, and its target groups.",
                f"Delete the group {resource.label} and its launch template.",
            ),
            recommended_configuration={"state": "deleted"},
            confidence=0.7,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            reversible=False,
            evidence={
                "members": "none",
                "last change of its size": f"more than {region.days} days ago",
                "balancers with no other targets": names,
                "created": f"{resource.created:%Y-%m-%d}",
            },
        )

    def _changed(self, resource: Resource, region: Region) -> bool:
        """Whether it had members within the look-back."""
        activities = region.pages(
            "autoscaling:DescribeScalingActivities",
            "describe_scaling_activities",
            "Activities",
            AutoScalingGroupName=resource.label,
        )
        newest = next(iter(activities), None)  # the newest comes first
        return newest is not None and newest["StartTime"] >= region.since

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Groups that are too large, right, not measured, and empty behind a balancer."""
        from finops_aws.checks.compute.group_cases import balancer_for, group
        from finops_aws.checks.compute.instance_cases import put

        def used(cpu: float, **sizes: Any) -> Any:
            def made(aws: Any) -> None:
                group(aws, "web", **{"members": 6, **sizes})
                put(aws, "AWS/EC2", {"AutoScalingGroupName": "web"}, days=14, CPUUtilization=cpu)

            return made

        def empty(aws: Any) -> None:
            group(aws, "old", members=0, TargetGroupARNs=[balancer_for(aws, "old")])

        return (
            AwsCase(name="six members, of which two are enough", verdict="finding", made=used(9)),
            AwsCase(name="six members that work", verdict="clean", made=used(55)),
            AwsCase(name="two members", verdict="clean", made=used(1, members=2)),
            AwsCase(name="an empty group behind a balancer", verdict="finding", made=empty),
            AwsCase(
                name="an empty group alone",
                verdict="clean",
                made=lambda aws: group(aws, "old", members=0),
            ),
            AwsCase(
                name="six members that nobody measures",
                verdict="unknown",
                made=lambda aws: group(aws, "web", members=6),
            ),
        )
