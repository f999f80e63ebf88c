"""Load balancers that stand in front of empty Auto Scaling groups, and of nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finops_aws.checks.aws_check import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finops_aws.checks.region import Region

_IAM = "elasticloadbalancing"


def only_balancers(region: Region, group: Resource) -> Iterator[Resource]:
    """Balancers of a group's target groups that have no target in any of theirs.

    Args:
        region: Where they are.
        group: An Auto Scaling group without members.
    """
    mine = list(group.told.get("TargetGroupARNs", ()))
    if not mine:
        return
    arns = {
        arn
        for told in _ask(region, "TargetGroups", TargetGroupArns=mine)
        for arn in told.get("LoadBalancerArns", ())
    }
    unused = [arn for arn in sorted(arns) if not _has_targets(region, arn)]
    for told in _ask(region, "LoadBalancers", LoadBalancerArns=unused) if unused else ():
        yield Resource(
            id=told["LoadBalancerArn"],
            name=told["LoadBalancerName"],
            type="Load balancer",
            created=told["CreatedTime"],
            configuration={"type": told["Type"]},
            told=told,
        )


def _has_targets(region: Region, balancer: str) -> bool:
    groups = _ask(region, "TargetGroups", LoadBalancerArn=balancer)
    return any(
        _ask(
            region,
            "TargetHealth",
            "TargetHealthDescriptions",
            TargetGroupArn=group["TargetGroupArn"],
        )
        for group in groups
    )


def _ask(region: Region, what: str, result: str = "", **arguments: Any) -> list[Any]:
    operation = {
        "TargetGroups": "describe_target_groups",
        "TargetHealth": "describe_target_health",
        "LoadBalancers": "describe_load_balancers",
    }[what]
    pages = region.pages(
        f"{_IAM}:Describe{what}", operation, result or what, service="elbv2", **arguments
    )
    return list(pages)
