"""EC2 instances outside production that run while nobody uses them."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.account_names import account_names
from finops_aws.checks.compute.instances import (
    HOUR,
    HOURS,
    InstanceCheck,
    ec2_metric,
    group_of,
    instances,
)
from finops_aws.checks.measured import MeasuredOptions, added, measured, why_unmeasured
from finops_aws.checks.named import tags_of
from finops_cost_management import Effort, OptimizationCategory, Risk, hookimpl
from finops_cost_management.builtin.checks.always_on import HOURS_A_WEEK, NON_PRODUCTION
from finops_cost_management.builtin.checks.environments import pattern_of
from finops_cost_management.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Metric, Region
    from finops_cost_management import (
        CostSnapshot,
        DateWindow,
        Recommendation,
        SavingsAnswer,
        SavingsCase,
    )

_CPU, _IN, _OUT = "CPUUtilization", "NetworkIn", "NetworkOut"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS_A_DAY = 24


class SchedulesOptions(MeasuredOptions):
    """What is no production, and when it is at rest."""

    environments: tuple[str, ...] = Field(default=NON_PRODUCTION, min_length=1)
    """Words that tell an environment that may rest, in a tag or in the name of the account."""

    tags: tuple[str, ...] = ("environment", "env", "stage")
    """Keys of the tags that name the environment, the first that is there counts."""

    idle_cpu_percent: float = Field(default=5, gt=0, le=100)
    """An hour's average CPU below which it is at rest, in per cent."""

    idle_network_bytes_per_second: float = Field(default=1000, gt=0)
    """An hour's average traffic, in and out, below which it is at rest."""

    minimum_rest_hours: int = Field(default=4, ge=1, le=HOURS_A_WEEK)
    """Hours in a row that must be at rest, each week, before a stop is worth it."""

    needed_hours_per_week: int = Field(default=60, ge=0, lt=HOURS_A_WEEK)
    """Hours of the week in which it is needed, where no metrics say: 60 is twelve on five days."""


class Schedules(InstanceCheck[SchedulesOptions]):
    """Finds running EC2 instances outside production that could be off for part of the week.

    Which hours of the week they rest in, CPU and network tell: an hour counts where it was at
    rest in every week of the look-back, and only in rows of `minimum_rest_hours`. An instance
    without metrics that has run since before the look-back is judged by `needed_hours_per_week`.
    """

    Options = SchedulesOptions
    use = "aws.schedules"
    permissions: ClassVar[tuple[str, ...]] = (
        "cloudwatch:GetMetricData",
        "ec2:DescribeInstances",
        "sts:GetCallerIdentity",
    )

    @hookimpl
    def find_savings(self, costs: CostSnapshot, window: DateWindow) -> SavingsAnswer:
        """Judge every instance outside production, of every region."""
        self._accounts = account_names(costs, window)
        return super().find_savings(costs, window)

    def resources(self, region: Region) -> Iterator[Resource]:
        """Running instances outside production, with CPU and network by the hour."""
        mine = [one for one in instances(region, "running") if self._may_rest(one, region)]

        def wanted(resource: Resource) -> Mapping[str, Metric]:
            return {
                _CPU: ec2_metric(resource, _CPU, seconds=HOUR),
                _IN: ec2_metric(resource, _IN, "Sum", seconds=HOUR),
                _OUT: ec2_metric(resource, _OUT, "Sum", seconds=HOUR),
            }

        yield from measured(region, mine, wanted)

    def _may_rest(self, resource: Resource, region: Region) -> bool:
        said = self._environment(resource, region).lower()
        return re.search(pattern_of(self.options.environments), said) is not None

    def _environment(self, resource: Resource, region: Region) -> str:
        """What the first of the tags says, else the name of the account."""
        tags = {key.lower(): value for key, value in tags_of(resource.told.get("Tags")).items()}
        values = (tags.get(key.lower()) for key in self.options.tags)
        tagged = next((value for value in values if value), None)
        return tagged or self._accounts.get(region.account, "")

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """A finding if there are hours of the week in which it always rests."""
        if not resource.metrics[_CPU]:
            if resource.told["LaunchTime"] > region.since:
                return why_unmeasured(resource, [_CPU], self.options)
            needed = self.options.needed_hours_per_week
            return self._advise(
                resource,
                region,
                rest=Decimal(HOURS_A_WEEK - needed) / HOURS_A_WEEK,
                needed=f"{needed} hours a week",
                confidence=0.4,
                evidence={"hours at rest": "not measured: assumed from needed_hours_per_week"},
            )
        if unmeasured := why_unmeasured(resource, [_CPU, _IN], self.options):
            return unmeasured
        on, rest = self._hours_of_the_week(resource)
        blocks = rows_of(rest, self.options.minimum_rest_hours)
        resting = [hour for block in blocks for hour in block]
        if len(resting) == HOURS_A_WEEK:  # it is idle: what a schedule can save is less than all
            resting = resting[self.options.needed_hours_per_week :]
        if not resting:
            return None
        return self._advise(
            resource,
            region,
            rest=Decimal(len(resting)) / len(on),
            needed=f"{len(on) - len(resting)} hours a week",
            confidence=0.75,
            evidence={
                "at rest each week (UTC)": ", ".join(map(_span, blocks)),
                "hours at rest": f"{len(resting)} of the {len(on)} that it is on",
                "hours measured": str(len(resource.metrics[_CPU])),
            },
        )

    def _hours_of_the_week(self, resource: Resource) -> tuple[set[int], set[int]]:
        """The hours of the week, from Monday 0:00 UTC, in which it is on, and always at rest."""
        traffic = added(resource.metrics[_IN], resource.metrics[_OUT])
        limits = {
            "cpu": self.options.idle_cpu_percent,
            "traffic": self.options.idle_network_bytes_per_second * HOUR,
        }
        highest: dict[str, dict[int, float]] = {name: defaultdict(float) for name in limits}
        for name, series in (("cpu", added(resource.metrics[_CPU])), ("traffic", traffic)):
            for when, value in zip(series.times, series, strict=True):
                time = when.astimezone(UTC)
                hour = time.weekday() * _HOURS_A_DAY + time.hour
                highest[name][hour] = max(highest[name][hour], value)
        on = set(highest["cpu"])
        return on, {
            hour for hour in on if all(highest[name][hour] < limits[name] for name in limits)
        }

    def _advise(
        self,
        resource: Resource,
        region: Region,
        *,
        rest: Decimal,
        needed: str,
        confidence: float,
        evidence: Mapping[str, str],
    ) -> Recommendation | str | None:
        group = group_of(resource.told)
        scheduler = (
            f"Give the Auto Scaling group {group} scheduled actions that set its size to 0 and "
            "back: it would replace an instance that is stopped."
            if group
            else "Have it stopped and started by Instance Scheduler on AWS, or by EventBridge "
            "Scheduler."
        )
        return self.advice(
            resource,
            region,
            self.price(resource, region, meters=HOURS),
            share=rest,
            category=OptimizationCategory.COMPUTE,
            recommendation=f"Switch {resource.label} off while nobody uses it",
            steps=(
                f"Ask whoever uses {resource.label} when they need it, and what runs at night.",
                (
                    "Stop it once by hand, start it again, and see that all of it comes back; what "
                    "lies on an instance store is lost, and a public address changes."
                ),
                scheduler,
                "Tell people how to start it out of hours.",
            ),
            recommended_configuration={"hours on": needed},
            confidence=confidence,
            implementation_effort=Effort.LOW,
            risk=Risk.LOW,
            restart_needed=True,
            evidence={
                "environment": self._environment(resource, region),
                **evidence,
                "part of its hours": percent(rest),
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """One that rests at night, one that never does, production, and one just started."""
        from finops_aws.checks.compute.instance_cases import a_day, instance, measure

        working_hours = range(7, 19)

        def development(at_night: float) -> Any:
            cpu = a_day(lambda hour: 40.0 if hour in working_hours else at_night)
            return lambda aws: measure(
                aws,
                instance(aws, Tags={"Env": "dev"}),
                days=14,
                every=1,
                CPUUtilization=cpu,
                NetworkIn=1e4,
                NetworkOut=1e4,
            )

        return (
            AwsCase(name="one that rests at night", verdict="finding", made=development(0.5)),
            AwsCase(
                name="one that works at night", verdict="clean", made=development(30), days_ago=100
            ),
            AwsCase(
                name="one that runs, and that nobody measures",
                verdict="finding",
                made=lambda aws: instance(aws, Tags={"stage": "test-2"}),
            ),
            AwsCase(
                name="one that was started yesterday, and that nobody measures",
                verdict="unknown",
                made=lambda aws: instance(aws, Tags={"stage": "test-2"}),
                days_ago=1,
            ),
        )


def rows_of(hours: Collection[int], at_least: int) -> list[list[int]]:
    """Hours of the week that follow each other, where there are enough of them in a row.

    Args:
        hours: Hours of the week, 0 to 167; Sunday's last is followed by Monday's first.
        at_least: The shortest row.

    Example:
        >>> rows_of({0, 1, 5, 166, 167}, 3)
        [[166, 167, 0, 1]]
    """
    held = set(hours)
    if len(held) == HOURS_A_WEEK:
        return [list(range(HOURS_A_WEEK))]
    rows = []
    for begin in sorted(hour for hour in held if (hour - 1) % HOURS_A_WEEK not in held):
        row = [begin]
        while (row[-1] + 1) % HOURS_A_WEEK in held:
            row.append((row[-1] + 1) % HOURS_A_WEEK)
        if len(row) >= at_least:
            rows.append(row)
    return rows


def _span(row: Sequence[int]) -> str:
    """A row of hours in words: ``Fri 19:00 to Mon 07:00``."""
    return " to ".join(_clock(hour % HOURS_A_WEEK) for hour in (row[0], row[-1] + 1))


def _clock(hour: int) -> str:
    day, time = divmod(hour, _HOURS_A_DAY)
    return f"{_DAYS[day]} {time:02}:00"
