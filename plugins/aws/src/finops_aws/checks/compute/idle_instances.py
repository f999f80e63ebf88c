"""EC2 instances that run and do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.compute.instance_types import family_of, is_accelerated, types_of
from finops_aws.checks.compute.instances import InstanceCheck, ec2_metric, group_of, instances
from finops_aws.checks.measured import (
    MeasuredOptions,
    added,
    agent_metrics,
    measured,
    why_unmeasured,
)
from finops_cost_management import Effort, OptimizationCategory, Risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Metric, Region
    from finops_cost_management import Recommendation, SavingsCase

_GPU = "nvidia_smi_utilization_gpu"
_MEGABYTE = 1_000_000


class IdleInstancesOptions(MeasuredOptions):
    """Below what an instance is idle."""

    cpu_percent: float = Field(default=5, gt=0, le=100)
    """The highest CPU of the look-back must stay below this, in per cent."""

    network_megabytes_per_day: float = Field(default=5, gt=0)
    """What comes and goes through the network must stay below this, on every day."""

    gpu_percent: float = Field(default=5, gt=0, le=100)
    """Where it has GPUs, their highest use must stay below this too, in per cent."""


class IdleInstances(InstanceCheck[IdleInstancesOptions]):
    """Finds running EC2 instances whose CPU and network do nothing.

    Each day's highest CPU, and each day's bytes, of the whole look-back must be below the
    thresholds: a short peak makes an instance a used one. A type with GPUs needs the
    CloudWatch agent's GPU metrics; other accelerators cannot be told.
    """

    Options = IdleInstancesOptions
    use = "aws.idle_instances"
    permissions: ClassVar[tuple[str, ...]] = (
        "cloudwatch:GetMetricData",
        "cloudwatch:ListMetrics",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstances",
        "sts:GetCallerIdentity",
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every running instance, with its CPU, network and GPUs."""
        running = list(instances(region, "running"))
        families = {family_of(one.told["InstanceType"]) for one in running}
        self._types = types_of(region, families)
        accelerated = any(self._is_accelerated(one) for one in running)
        gpus = agent_metrics(region, [_GPU]) if accelerated else {}

        def wanted(resource: Resource) -> Mapping[str, Metric]:
            of_gpus = enumerate(gpus.get(resource.id, ()))
            return {
                "CPUUtilization": ec2_metric(resource, "CPUUtilization", "Maximum"),
                "NetworkIn": ec2_metric(resource, "NetworkIn", "Sum"),
                "NetworkOut": ec2_metric(resource, "NetworkOut", "Sum"),
                **{f"{_GPU} {number}": metric for number, metric in of_gpus},
            }

        yield from measured(region, running, wanted)

    def _is_accelerated(self, resource: Resource) -> bool:
        return is_accelerated(self._types.get(resource.told["InstanceType"], {}))

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Idle is what is idle by every measure."""
        limits = self.options
        needed = ("CPUUtilization", "NetworkIn", "NetworkOut")
        highest = {name: max(values) for name, values in resource.metrics.items() if values}
        if highest.get("CPUUtilization", 0) >= limits.cpu_percent:
            return None
        if unmeasured := why_unmeasured(resource, needed, limits):
            return unmeasured
        network = added(*(resource.metrics[name] for name in needed[1:]))
        megabytes = max(network) / _MEGABYTE
        if megabytes >= limits.network_megabytes_per_day:
            return None
        gpus = [name for name in resource.metrics if name.startswith(_GPU)]
        busiest = max((highest.get(name, 0) for name in gpus), default=0)
        if busiest >= limits.gpu_percent:
            return None
        if self._is_accelerated(resource) and (unseen := self._why_unseen(resource, gpus)):
            return unseen
        group = group_of(resource.told)
        return self.advice(
            resource,
            region,
            self.price(resource, region),
            category=OptimizationCategory.COMPUTE,
            recommendation=f"Stop the instance {resource.label}, and delete it: it does nothing",
            steps=(
                *(
                    (f"It is one of the Auto Scaling group {group}: make that smaller instead.",)
                    if group
                    else ()
                ),
                "Ask whose it is: a standby, or a licence server, does nothing most of the time.",
                (
                    "Stop it, and wait for two weeks whether somebody misses it; its volumes and "
                    "addresses go on costing."
                ),
                "Make an image of it, if it may be needed again, and terminate it.",
                "Delete the volumes and release the addresses that stay.",
            ),
            recommended_configuration={"state": "terminated"},
            confidence=0.85,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            restart_needed=True,
            reversible=False,
            evidence={
                "highest CPU": f"{highest['CPUUtilization']:.1f} %",
                "busiest day of the network": f"{megabytes:.1f} MB",
                **({"highest GPU": f"{busiest:.1f} %"} if gpus else {}),
                "days measured": f"{len(resource.metrics['CPUUtilization'])} of {region.days}",
                "created": f"{resource.created:%Y-%m-%d}",
            },
        )

    def _why_unseen(self, resource: Resource, gpus: Sequence[str]) -> str | None:
        """Why it cannot be told whether accelerators are idle; None where it can."""
        if not gpus:
            return "no metrics of its accelerators: the CloudWatch agent can measure GPUs"
        return why_unmeasured(resource, gpus, self.options)

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """One that does nothing, one that works for an hour a day, and one nobody measures."""
        from finops_aws.checks.compute.instance_cases import a_day, instance, measure

        def idle(aws: Any) -> None:
            made = instance(aws)
            measure(aws, made, days=14, CPUUtilization=2.0, NetworkIn=9e5, NetworkOut=4e5)

        def busy(aws: Any) -> None:
            made = instance(aws)
            nightly = a_day(lambda hour: 70.0 if hour == 3 else 1.0)  # noqa: PLR2004 # at three
            measure(
                aws, made, days=14, every=1, CPUUtilization=nightly, NetworkIn=1e4, NetworkOut=1e4
            )

        return (
            AwsCase(name="an instance that does nothing", verdict="finding", made=idle),
            AwsCase(name="one that works for an hour a day", verdict="clean", made=busy),
            AwsCase(name="one without metrics", verdict="unknown", made=instance),
            AwsCase(name="one of yesterday", verdict="unknown", made=idle, days_ago=1),
            AwsCase(
                name="one with GPUs that nobody measures",
                verdict="unknown",
                made=lambda aws: measure(
                    aws,
                    instance(aws, "g4dn.xlarge"),
                    days=14,
                    CPUUtilization=1.0,
                    NetworkIn=1e3,
                    NetworkOut=1e3,
                ),
            ),
        )
