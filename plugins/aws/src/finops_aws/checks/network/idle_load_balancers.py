"""Load balancers that have nobody to balance between, or nothing to balance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase, daily_metric
from finops_aws.checks.aws_check import AwsCheck
from finops_aws.checks.list_prices import HOURS_A_MONTH, LOAD_BALANCER_HOUR
from finops_aws.checks.measured import MeasuredOptions, measured, why_unmeasured
from finops_aws.checks.network.load_balancers import (
    BALANCER_PERMISSIONS,
    KINDS,
    are_dead,
    instance_states,
    load_balancers,
    target_states,
    traffic_metrics,
)
from finops_cost_management import Effort, OptimizationCategory, Risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase


class IdleLoadBalancersOptions(MeasuredOptions):
    """How little traffic counts as none."""

    maximum_daily_requests: float = Field(default=0, ge=0)
    """Requests (of network and gateway load balancers, bytes) on an average day that count as
    none; those of scanners reach whatever is public."""


class IdleLoadBalancers(AwsCheck[IdleLoadBalancersOptions]):
    """Finds load balancers of all kinds without targets, without healthy ones, or without traffic.

    CloudWatch has no traffic of a balancer that has none: that is a zero only beside a metric
    that is always there. Without that metric it is unknown; but a classic one without instances,
    which has no metrics, passes nothing.
    """

    Options = IdleLoadBalancersOptions
    use = "aws.idle_load_balancers"
    permissions: ClassVar[tuple[str, ...]] = (
        "cloudwatch:GetMetricData",
        *BALANCER_PERMISSIONS,
        "sts:GetCallerIdentity",
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every load balancer, with the states of its targets and its traffic."""
        states = target_states(region)
        for one in measured(region, list(load_balancers(region)), traffic_metrics):
            if one.told["Kind"] == "classic":
                own = instance_states(region, one)
            else:
                own = states.get(one.id, [])
            yield replace(one, told={**one.told, "States": own})

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price for all
        """Its hours."""
        return LOAD_BALANCER_HOUR[resource.told["Kind"]] * HOURS_A_MONTH

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Traffic is use, whatever the targets; without it, targets say how sure that is."""
        kind, states = KINDS[resource.told["Kind"]], resource.told["States"]
        traffic = sum(sum(resource.metrics[name]) for name in kind.traffic)
        if traffic / region.days > self.options.maximum_daily_requests:
            return None
        # CloudWatch measures a classic balancer only while it has instances, and nothing passes
        # it without them. An application load balancer answers some requests on its own.
        instanceless = resource.told["Kind"] == "classic" and not states
        unmeasured = why_unmeasured(resource, (kind.presence,), self.options)
        if unmeasured and not instanceless:
            return unmeasured
        if not states:
            because, confidence = "it has no targets", 0.9
        elif are_dead(states):
            because, confidence = "none of its targets is healthy", 0.8
        else:
            because, confidence = f"in {region.days} days nothing passed it", 0.75
        return self.advice(
            resource,
            region,
            self.price(resource, region),
            category=OptimizationCategory.NETWORK,
            recommendation=(
                f"Delete the {resource.told['Kind']} load balancer {resource.label}: {because}"
            ),
            steps=(
                "Look for its name in DNS records, CloudFront origins and templates.",
                "See whether a deployment or an Auto Scaling group is going to fill it again.",
                "Note its listeners, rules and certificates, then delete it.",
                "Delete target groups that nothing else uses.",
            ),
            recommended_configuration={"state": "deleted"},
            confidence=confidence,
            implementation_effort=Effort.LOW,
            risk=Risk.LOW if not states else Risk.MEDIUM,
            reversible=False,
            evidence={
                "targets": _counted(states),
                "traffic": (
                    "not measured: without instances nothing can pass it"
                    if unmeasured
                    else f"{traffic:,.0f} in {region.days} days"
                ),
                "made": f"{resource.created:%Y-%m-%d}",
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Balancers of all kinds without targets, with requests, and without metrics."""

        def empty(kind: str) -> Any:
            def make(aws: Any) -> None:
                of = {"LoadBalancer": _balancer(aws, kind).partition(":loadbalancer/")[2]}
                daily_metric(aws, KINDS[kind].namespace, KINDS[kind].presence, of, [0] * 14)

            return make

        def unmeasured(aws: Any) -> None:
            _balancer(aws, "application")

        def busy(aws: Any) -> None:
            of = {"LoadBalancer": _balancer(aws, "application").partition(":loadbalancer/")[2]}
            daily_metric(aws, "AWS/ApplicationELB", "RequestCount", of, [900] * 14)

        def redirecting(aws: Any) -> None:
            of = {"LoadBalancer": _balancer(aws, "application").partition(":loadbalancer/")[2]}
            daily_metric(aws, "AWS/ApplicationELB", "HTTP_Redirect_Count", of, [50] * 14)

        def filled(aws: Any) -> None:
            balancer = _balancer(aws, "network")
            elb, ec2 = aws("elbv2"), aws("ec2")
            (instance,) = ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)[
                "Instances"
            ]
            (group,) = elb.create_target_group(
                Name="web", Protocol="TCP", Port=80, VpcId=instance["VpcId"]
            )["TargetGroups"]
            elb.create_listener(
                LoadBalancerArn=balancer,
                Protocol="TCP",
                Port=80,
                DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
            )
            elb.register_targets(
                TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": instance["InstanceId"]}]
            )

        return (
            *(
                AwsCase(name=f"a {kind} balancer without targets", verdict="finding", made=made)
                for kind in ("application", "network", "gateway")
                for made in (empty(kind),)
            ),
            AwsCase(name="a classic balancer without targets", verdict="finding", made=_classic),
            AwsCase(name="requests", verdict="clean", made=busy),
            AwsCase(name="redirects alone", verdict="clean", made=redirecting),
            AwsCase(name="a healthy target, no metrics", verdict="unknown", made=filled),
            AwsCase(name="no target, no metrics", verdict="unknown", made=unmeasured),
        )


def _counted(states: Sequence[str]) -> str:
    if not states:
        return "none"
    return ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))


def _balancer(aws: Any, kind: str) -> str:
    subnets = [one["SubnetId"] for one in aws("ec2").describe_subnets()["Subnets"][:2]]
    (made,) = aws("elbv2").create_load_balancer(Name="case", Subnets=subnets, Type=kind)[
        "LoadBalancers"
    ]
    return str(made["LoadBalancerArn"])


def _classic(aws: Any) -> None:
    aws("elb").create_load_balancer(
        LoadBalancerName="case",
        Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}],
        AvailabilityZones=["us-east-1a"],
    )
