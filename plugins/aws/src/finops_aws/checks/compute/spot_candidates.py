"""Auto Scaling groups that could run on spot instances for a part."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.aws_check import AwsCheckOptions
from finops_aws.checks.compute.instances import HOURS, InstanceCheck, is_spot
from finops_aws.checks.compute.scaling_groups import scaling_groups
from finops_cost_management import Effort, OptimizationCategory, Risk
from finops_cost_management.builtin.checks.environments import pattern_of
from finops_cost_management.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase

STATEFUL = (
    *("db", "database", "postgres", "postgresql", "mysql", "mariadb", "mongo", "mongodb"),
    *("oracle", "cassandra", "scylla", "redis", "elastic", "elasticsearch", "opensearch"),
    *("kafka", "rabbitmq", "zookeeper", "etcd", "consul", "vault", "master", "nfs"),
    *("controlplane", "control-plane"),
)


class SpotCandidatesOptions(AwsCheckOptions):
    """What stays on demand, and what spot is assumed to cost."""

    on_demand_instances: int = Field(default=1, ge=0)
    """Members of a group that stay on demand."""

    assumed_discount: Decimal = Field(default=Decimal("0.5"), gt=0, lt=1)
    """What spot is assumed to take off the on-demand price. Nobody promises one: AWS speaks of up
    to 90 %, and other tools reckon with about 70 %."""

    stateful_words: tuple[str, ...] = STATEFUL
    """Words in the name or the tags of a group that say that its members hold data."""


class SpotCandidates(InstanceCheck[SpotCandidatesOptions]):
    """Finds Auto Scaling groups of two members or more that run wholly on demand.

    A group replaces a member that AWS takes away, so its members can be spot instances, if they
    hold no data. What looks as if they do (protected members, volumes that outlive them, a word in
    the name) is unknown. The saving is an estimate: an assumed discount on the uncommitted cost of
    what need not stay on demand.
    """

    Options = SpotCandidatesOptions
    use = "aws.spot_candidates"
    permissions: ClassVar[tuple[str, ...]] = (
        "autoscaling:DescribeAutoScalingGroups",
        "ec2:DescribeInstances",
        "sts:GetCallerIdentity",
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every group."""
        return scaling_groups(region)

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """A finding if it has members to spare, and nothing speaks against it."""
        members, stay = len(resource.parts), self.options.on_demand_instances
        if members < 2 or members <= stay or _has_spot(resource):  # noqa: PLR2004 # one cannot be replaced without a gap
            return None
        if state := self._state(resource):
            return f"its members may hold data: {state}"
        moved = Decimal(members - stay) / members
        return self.advice(
            resource,
            region,
            self.price_of_parts(resource, region, meters=HOURS),
            share=moved * self.options.assumed_discount,
            category=OptimizationCategory.COMPUTE,
            recommendation=(
                f"Run {members - stay} of the {members} members of {resource.label} on spot "
                "instances"
            ),
            steps=(
                (
                    "See that a member can go at two minutes' notice: no session, no data, no job "
                    "of an hour on it."
                ),
                (
                    f"Give {resource.label} a mixed instances policy with {stay} on demand, four "
                    "instance types or more of one size, and the allocation strategy "
                    "price-capacity-optimized."
                ),
                "Switch capacity rebalancing on, so that it replaces members before they go.",
                "Begin with a quarter of it; watch interruptions and errors for two weeks.",
            ),
            recommended_configuration={
                "on demand": str(stay),
                "spot": str(members - stay),
                "allocation strategy": "price-capacity-optimized",
            },
            confidence=0.4,
            implementation_effort=Effort.MEDIUM,
            risk=Risk.MEDIUM,
            restart_needed=True,
            evidence={
                "members": f"{members}, all on demand",
                "part that moves": percent(moved),
                "discount": f"{percent(self.options.assumed_discount)}, assumed: an estimate",
                "maximum": str(resource.told["MaxSize"]),
                "load balancer": "yes" if _is_balanced(resource.told) else "no",
            },
        )

    def _state(self, resource: Resource) -> str | None:
        """What says that members hold data; None where nothing does."""
        words = pattern_of(self.options.stateful_words)
        tags = [value for key, value in resource.told["Tags"].items() if not key.startswith("aws:")]
        for text in (resource.label, *tags):
            if found := re.search(words, text.lower()):
                return f"it is called {found[2]}"
        if any(one.get("ProtectedFromScaleIn") for one in resource.told.get("Instances", ())):
            return "members are protected from scale-in"
        disks = (
            disk.get("Ebs", {})
            for member in resource.parts
            for disk in member.told.get("BlockDeviceMappings", ())
        )
        if any(disk.get("DeleteOnTermination") is False for disk in disks):
            return "volumes are kept when a member goes"
        return None

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A fleet on demand, one with a single member, and one that may be a database."""
        from finops_aws.checks.compute.group_cases import group

        return (
            AwsCase(
                name="four web servers on demand",
                verdict="finding",
                made=lambda aws: group(aws, "web", members=4),
            ),
            AwsCase(
                name="one member",
                verdict="clean",
                made=lambda aws: group(aws, "web", members=1),
            ),
            AwsCase(
                name="a mixed instances policy with spot",
                verdict="clean",
                made=lambda aws: group(aws, "web", members=4, on_demand_percent=20),
            ),
            AwsCase(
                name="a database",
                verdict="unknown",
                made=lambda aws: group(aws, "shop-cassandra", members=3),
            ),
            AwsCase(
                name="a group of yesterday",
                verdict="unknown",
                made=lambda aws: group(aws, "web", members=4),
                days_ago=1,
            ),
        )


def _has_spot(resource: Resource) -> bool:
    """Whether members are spot instances, or its policy asks for some."""
    policy = resource.told.get("MixedInstancesPolicy", {}).get("InstancesDistribution", {})
    wanted = policy.get("OnDemandPercentageAboveBaseCapacity")
    return any(is_spot(one.told) for one in resource.parts) or (
        wanted is not None and int(wanted) < 100  # noqa: PLR2004 # per cent
    )


def _is_balanced(told: Mapping[str, Any]) -> bool:
    return bool(told.get("TargetGroupARNs") or told.get("LoadBalancerNames"))
