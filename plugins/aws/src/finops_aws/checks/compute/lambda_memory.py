"""Lambda functions that have more memory, or more provisioned concurrency, than they use."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.aws_check import NO_PRICE, AwsCheck, AwsCheckOptions, Resource
from finops_aws.checks.list_prices import HOURS_A_MONTH
from finops_aws.checks.measured import measured
from finops_aws.checks.region import Metric
from finops_cost_management import Effort, OptimizationCategory, Risk
from finops_cost_management.answers.recommendations import DAYS_A_MONTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_aws.checks.region import Region, Statistic
    from finops_cost_management import Recommendation, SavingsCase

_CONCURRENCY = "Lambda provisioned concurrency"
_MEMORY_METERS, _CONCURRENCY_METERS = "Lambda-(Provisioned-)?GB-Second", "Provisioned-Concurrency"
_GB_SECOND = {"x86_64": Decimal("0.0000166667"), "arm64": Decimal("0.0000133334")}
_HELD_GB_SECOND = {"x86_64": Decimal("0.0000041667"), "arm64": Decimal("0.0000033334")}
"""Architecture → list price in USD of running, and of holding, a gigabyte for a second
(us-east-1, November 2026)."""

_SMALLEST, _STEP = 128, 64
_INVOCATIONS, _DURATION, _USED = "Invocations", "Duration", "used_memory_max"
_UTILIZATION = "ProvisionedConcurrencyUtilization"


class LambdaMemoryOptions(AwsCheckOptions):
    """How much a function must use of what it has."""

    lookback_days: int = Field(default=30, ge=1, le=93)
    """How many days are looked at."""

    memory_headroom_percent: float = Field(default=30, ge=0)
    """What comes on top of the most memory that was used, in per cent of that."""

    minimum_invocations: int = Field(default=50, ge=1)
    """Invocations within the look-back below which memory cannot be told."""

    minimum_concurrency_percent: float = Field(default=50, gt=0, le=100)
    """Provisioned concurrency is found where its highest use stays below this, in per cent."""


class LambdaMemory(AwsCheck[LambdaMemoryOptions]):
    """Finds Lambda functions with far more memory, or provisioned concurrency, than they use.

    Memory used is known where Lambda Insights is on; else it is unknown, unless all that the
    function costs is below `minimum_savings`. Provisioned concurrency costs without a single
    invocation: it is looked at wherever a function has it. A function that is never invoked and
    has none costs nothing, and is clean.
    """

    Options = LambdaMemoryOptions
    use = "aws.lambda_memory"
    permissions: ClassVar[tuple[str, ...]] = (
        "cloudwatch:GetMetricData",
        "lambda:ListFunctions",
        "lambda:ListProvisionedConcurrencyConfigs",
        "sts:GetCallerIdentity",
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every function, and beside it the provisioned concurrency of those that have some."""
        functions, held = [], []
        versions = {
            told["FunctionName"]
            for told in _functions(region, FunctionVersion="ALL")
            if told["Version"] != "$LATEST"
        }
        for told in _functions(region):
            one = _function(told)
            functions.append(one)
            # Only published versions can have some, and each question is a request.
            if told["FunctionName"] in versions and (of := _concurrency(region, one)):
                held.append(of)
        yield from measured(region, functions, _function_metrics)
        yield from measured(region, held, _concurrency_metrics)

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """Of a function what its running time costs; of concurrency what holding it costs."""
        told = resource.told
        gigabytes = Decimal(told["MemorySize"]) / 1024
        processor = (told.get("Architectures") or ["x86_64"])[0]
        if resource.type == _CONCURRENCY:
            rate = _HELD_GB_SECOND.get(processor)
            held = sum(one["AllocatedProvisionedConcurrentExecutions"] for one in told["Held"])
            return None if rate is None else rate * gigabytes * held * HOURS_A_MONTH * 3600
        rate = _GB_SECOND.get(processor)
        if rate is None:
            return None
        seconds = Decimal(str(sum(resource.metrics[_DURATION]))) / 1000
        return rate * gigabytes * seconds / self.options.lookback_days * DAYS_A_MONTH

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """A finding if much of the memory, or of the concurrency, is never used."""
        if resource.type == _CONCURRENCY:
            return self._held(resource, region)
        return self._memory(resource, region)

    def _memory(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """A finding if the most memory that was used leaves much of it idle."""
        price = self.price(resource, region, meters=_MEMORY_METERS)
        if price is None:
            return NO_PRICE
        if price.avoidable < self.options.minimum_savings:
            return None
        calls = sum(resource.metrics[_INVOCATIONS])
        if calls < self.options.minimum_invocations:
            return (
                f"fewer than {self.options.minimum_invocations} invocations in {region.days} days"
            )
        if not resource.metrics[_USED]:
            return (
                f"no metrics of {_USED}: switch Lambda Insights on, or ask Compute Optimizer "
                "(aws.compute_optimizer)"
            )
        now, most = resource.told["MemorySize"], max(resource.metrics[_USED])
        wanted = most * (1 + self.options.memory_headroom_percent / 100)
        then = max(_SMALLEST, ceil(wanted / _STEP) * _STEP)
        if then >= now:
            return None
        return self.advice(
            resource,
            region,
            price,
            share=1 - Decimal(then) / now,
            category=OptimizationCategory.COMPUTE,
            recommendation=f"Give the function {resource.label} {then} MB of memory, not {now}",
            steps=(
                (
                    "Try it on a copy: CPU comes in proportion to memory, so it may run longer; "
                    "AWS Lambda Power Tuning measures that."
                ),
                f"Set the memory to {then} MB, or to the size that costs least there.",
                "Watch duration, time-outs and errors for a week; the way back is the old size.",
            ),
            recommended_configuration={"memory": f"{then} MB"},
            confidence=0.4,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            evidence={
                "most memory used": f"{most:.0f} MB of {now} MB",
                "invocations": f"{calls:.0f} in {region.days} days",
                "average duration": f"{sum(resource.metrics[_DURATION]) / calls:.0f} ms",
                "saving": "at most: with less memory it has less CPU, and may run longer",
            },
        )

    def _held(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """A finding if the highest use of concurrency leaves much of it idle."""
        held = resource.told["Held"]
        is_called = bool(sum(resource.metrics[_INVOCATIONS]))
        all_of_it = needed = 0
        highest = {}
        for one in held:
            alias, allocated = _alias(one), one["AllocatedProvisionedConcurrentExecutions"]
            values = resource.metrics[alias]
            if not values and is_called:
                return f"no metrics of {_UTILIZATION} of {alias}"
            # Lambda writes metrics when it is invoked: none at all says that it never was.
            most = max(values, default=0.0)
            highest[alias] = f"{most * 100:.0f} % of {allocated}"
            all_of_it += allocated
            is_low = most * 100 < self.options.minimum_concurrency_percent
            needed += ceil(allocated * most) if is_low else allocated
        if needed >= all_of_it:
            return None
        return self.advice(
            resource,
            region,
            self.price(resource, region, meters=_CONCURRENCY_METERS),
            share=1 - Decimal(needed) / all_of_it,
            variant="provisioned concurrency",
            category=OptimizationCategory.COMPUTE,
            recommendation=(
                f"Lower the provisioned concurrency of {resource.label} from {all_of_it} to "
                f"{needed}"
                if needed
                else f"Remove the provisioned concurrency of {resource.label}: nobody uses it"
            ),
            steps=(
                "Ask whether a peak is to come that the look-back has not seen.",
                "Lower it in steps, or let Application Auto Scaling follow its use.",
                "Watch ProvisionedConcurrencySpilloverInvocations and cold starts for a week.",
            ),
            recommended_configuration={"provisioned concurrency": str(needed)},
            confidence=0.75,
            implementation_effort=Effort.LOW,
            risk=Risk.LOW,
            evidence={
                **{f"highest use of {alias}": use for alias, use in highest.items()},
                "invocations": f"{sum(resource.metrics[_INVOCATIONS]):.0f} in {region.days} days",
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Functions that use little memory, most of it, nobody knows how much, and none."""
        from finops_aws.checks.compute.function_cases import function
        from finops_aws.checks.compute.instance_cases import put

        def called(used: float | None, memory: int = 2048) -> Any:
            def made(aws: Any) -> None:
                name = function(aws, memory)
                of = {"FunctionName": name}
                put(aws, "AWS/Lambda", of, days=30, Invocations=20_000.0, Duration=4e6)
                if used is not None:
                    of = {"function_name": name}
                    put(aws, "LambdaInsights", of, days=30, used_memory_max=used)

            return made

        return (
            AwsCase(name="a tenth of its memory is used", verdict="finding", made=called(200)),
            AwsCase(name="most of its memory is used", verdict="clean", made=called(1800)),
            AwsCase(
                name="never invoked: it costs nothing",
                verdict="clean",
                made=lambda aws: function(aws, 2048),
            ),
            AwsCase(name="without Lambda Insights", verdict="unknown", made=called(None)),
        )


def _functions(region: Region, **arguments: Any) -> Iterator[Mapping[str, Any]]:
    return region.pages("lambda:ListFunctions", "list_functions", "Functions", **arguments)


def _function(told: Mapping[str, Any]) -> Resource:
    return Resource(
        id=told["FunctionArn"].removesuffix(":$LATEST"),
        name=told["FunctionName"],
        type="Lambda function",
        configuration={
            "memory": f"{told['MemorySize']} MB",
            "architecture": (told.get("Architectures") or ["x86_64"])[0],
            "last modified": told["LastModified"][:10],
        },
        told=told,
    )


def _concurrency(region: Region, function: Resource) -> Resource | None:
    """What a function holds ready; None if nothing."""
    held = list(
        region.pages(
            "lambda:ListProvisionedConcurrencyConfigs",
            "list_provisioned_concurrency_configs",
            "ProvisionedConcurrencyConfigs",
            FunctionName=function.label,
        )
    )
    held = [one for one in held if one.get("AllocatedProvisionedConcurrentExecutions")]
    if not held:
        return None
    return replace(
        function,
        type=_CONCURRENCY,
        created=max(datetime.fromisoformat(one["LastModified"]) for one in held),
        configuration={
            "provisioned concurrency": ", ".join(
                f"{_alias(one)}: {one['AllocatedProvisionedConcurrentExecutions']}" for one in held
            )
        },
        told={**function.told, "Held": held},
    )


def _alias(held: Mapping[str, Any]) -> str:
    """The alias or version that concurrency is held for."""
    return str(held["FunctionArn"].rpartition(":")[2])


def _function_metrics(function: Resource) -> Mapping[str, Metric]:
    return {
        _INVOCATIONS: _metric(_INVOCATIONS, "Sum", FunctionName=function.label),
        _DURATION: _metric(_DURATION, "Sum", FunctionName=function.label),
        _USED: Metric(
            namespace="LambdaInsights",
            name=_USED,
            dimensions={"function_name": function.label},
            statistic="Maximum",
        ),
    }


def _concurrency_metrics(held: Resource) -> Mapping[str, Metric]:
    name = held.label
    aliases = map(_alias, held.told["Held"])
    return {
        _INVOCATIONS: _metric(_INVOCATIONS, "Sum", FunctionName=name),
        **{
            alias: _metric(_UTILIZATION, "Maximum", FunctionName=name, Resource=f"{name}:{alias}")
            for alias in aliases
        },
    }


def _metric(name: str, statistic: Statistic, **dimensions: str) -> Metric:
    return Metric(namespace="AWS/Lambda", name=name, dimensions=dimensions, statistic=statistic)
