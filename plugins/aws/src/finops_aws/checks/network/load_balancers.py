"""The load balancers of a region, of all four kinds, with their targets and their traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finops_aws.access import explained
from finops_aws.checks.aws_check import Resource
from finops_aws.checks.region import Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from finops_aws.checks.region import Region

BALANCER_PERMISSIONS = (
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
)

_DESCRIBE = "elasticloadbalancing:DescribeLoadBalancers"
_DEAD = frozenset({"unhealthy", "unhealthy.draining", "unused", "draining", "OutOfService"})
"""States of targets that get no requests; without health checks a target is `unavailable`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How CloudWatch counts what a kind of load balancer does.

    Attributes:
        namespace: Of its metrics.
        traffic: Sums that have values only where there is traffic.
        presence: A metric that has values whether there is traffic or not: a missing value of
            ``traffic`` beside it is a zero.
    """

    namespace: str
    traffic: Sequence[str]
    presence: str


KINDS = {
    "application": Kind(
        namespace="AWS/ApplicationELB",
        # Redirects and fixed responses never reach a target, and are no requests for CloudWatch.
        traffic=("RequestCount", "HTTP_Redirect_Count", "HTTP_Fixed_Response_Count"),
        presence="ConsumedLCUs",
    ),
    "network": Kind(
        namespace="AWS/NetworkELB", traffic=("ProcessedBytes",), presence="ConsumedLCUs"
    ),
    "gateway": Kind(
        namespace="AWS/GatewayELB", traffic=("ProcessedBytes",), presence="ConsumedLCUs"
    ),
    "classic": Kind(
        namespace="AWS/ELB",
        traffic=("RequestCount", "EstimatedProcessedBytes"),
        presence="HealthyHostCount",
    ),
}
"""Type of a load balancer, as ELB calls it → how its metrics are read."""


def load_balancers(region: Region) -> Iterator[Resource]:
    """Every load balancer; ``told["Kind"]`` is one of `KINDS`."""
    for told in region.pages(
        _DESCRIBE, "describe_load_balancers", "LoadBalancers", service="elbv2"
    ):
        yield Resource(
            id=told["LoadBalancerArn"],
            name=told["LoadBalancerName"],
            type="Load Balancer",
            created=told["CreatedTime"],
            configuration={"kind": told["Type"]},
            told={**told, "Kind": told["Type"]},
        )
    for told in region.pages(
        _DESCRIBE, "describe_load_balancers", "LoadBalancerDescriptions", service="elb"
    ):
        yield Resource(
            id=region.arn("elasticloadbalancing", f"loadbalancer/{told['LoadBalancerName']}"),
            name=told["LoadBalancerName"],
            type="Load Balancer",
            created=told["CreatedTime"],
            configuration={"kind": "classic"},
            told={**told, "Kind": "classic"},
        )


def traffic_metrics(balancer: Resource) -> dict[str, Metric]:
    """Its traffic, and the metric that shows that CloudWatch knows it."""
    kind = KINDS[balancer.told["Kind"]]
    if balancer.told["Kind"] == "classic":
        of = {"LoadBalancerName": balancer.told["LoadBalancerName"]}
    else:
        of = {"LoadBalancer": balancer.id.partition(":loadbalancer/")[2]}
    return {
        name: Metric(namespace=kind.namespace, name=name, dimensions=of, statistic="Sum")
        for name in (*kind.traffic, kind.presence)
    }


def target_states(region: Region) -> dict[str, list[str]]:
    """ARN of a load balancer → the states of its targets; absent where no group is its own."""
    states: dict[str, list[str]] = {}
    for group in region.pages(
        "elasticloadbalancing:DescribeTargetGroups",
        "describe_target_groups",
        "TargetGroups",
        service="elbv2",
    ):
        balancers = group.get("LoadBalancerArns", ())
        if not balancers:
            continue
        health = region.pages(
            "elasticloadbalancing:DescribeTargetHealth",
            "describe_target_health",
            "TargetHealthDescriptions",
            service="elbv2",
            TargetGroupArn=group["TargetGroupArn"],
        )
        found = [one["TargetHealth"]["State"] for one in health]
        for balancer in balancers:
            states.setdefault(balancer, []).extend(found)
    return states


def instance_states(region: Region, balancer: Resource) -> list[str]:
    """The states of the instances of a classic load balancer."""
    if not balancer.told.get("Instances"):
        return []
    with explained("elasticloadbalancing:DescribeInstanceHealth"):
        told: dict[str, Any] = region.client("elb").describe_instance_health(
            LoadBalancerName=balancer.told["LoadBalancerName"]
        )
    return [one["State"] for one in told["InstanceStates"]]


def are_dead(states: Sequence[str]) -> bool:
    """Whether none of the targets gets requests."""
    return all(state in _DEAD for state in states)
