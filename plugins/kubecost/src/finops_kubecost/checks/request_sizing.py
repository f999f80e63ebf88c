"""Containers that ask for more cpu or memory than they use."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from finops_cost_management import Effort, Risk, Unknown
from finops_cost_management.report.wording import percent
from finops_kubecost.checks.allocations import ZERO
from finops_kubecost.checks.cluster_check import ClusterCheck, Verdict
from finops_kubecost.checks.options import ClusterCheckOptions
from finops_kubecost.checks.own_advice import requests_advised
from finops_kubecost.checks.quantities import (
    cpu_words,
    whole_mebibytes,
    whole_millicores,
)
from finops_kubecost.checks.sizing import (
    CPU,
    MEMORY,
    Kind,
    Sizing,
    busiest_pods,
    freed_hours,
    peak_of,
    percentile,
)
from finops_kubecost.checks.workloads import days_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from finops_cost_management import Recommendation, SavingsCase
    from finops_kubecost.checks.allocations import Allocation
    from finops_kubecost.checks.questions import Questions
    from finops_kubecost.checks.workloads import ClusterDays

_MEBIBYTES = Decimal(1024)
_AUTOSCALED = ("horizontalpodautoscaler", "autoscaling.alpha.kubernetes.io", "scaledobject.keda.sh")
"""Parts of labels and annotations that autoscalers leave; the API writes ``_`` for their signs."""

_CONFIDENCE = {"day": 0.6, "hour": 0.75}
"""Averages of days hide hours; averages of hours hide minutes."""


class RequestSizingOptions(ClusterCheckOptions):
    """How large a request must be."""

    step: Literal["day", "hour"] = "day"
    """What one data point is the average of; servers keep hours for two days or so only."""

    minimum_points: int = Field(default=7, ge=1)
    """How many data points a container must have; with `step: hour`, 100 are a good number."""

    cpu_percentile: Decimal = Field(default=Decimal("0.95"), gt=0, le=1)
    """The part of the data points in which the cpu that is used must fit, without the headroom."""

    cpu_headroom: Decimal = Field(default=Decimal("0.15"), ge=0)
    """What is added to that cpu: 0.15 is 15 %."""

    memory_headroom: Decimal = Field(default=Decimal("0.15"), ge=0)
    """What is added to the highest memory: 0.15 is 15 %."""

    minimum_cpu_millicores: int = Field(default=10, ge=1)
    """No smaller cpu request is recommended."""

    minimum_memory_mebibytes: int = Field(default=100, ge=1)
    """No smaller memory request is recommended, in MiB."""

    hpa_managed: tuple[str, ...] = ()
    """`namespace/name` of workloads that a HorizontalPodAutoscaler scales: they are not judged."""


class RequestSizing(ClusterCheck[RequestSizingOptions]):
    """Finds containers whose requests are larger than what they use.

    A data point is the busiest pod of a step, so that one busy pod among quiet ones decides. The
    saving is what the smaller request would have cost less in the look-back, by what the workload
    itself is charged for a core-hour and a GiB-hour.
    """

    Options = RequestSizingOptions
    use = "kubecost.request_sizing"

    def verdicts(self, questions: Questions) -> Iterator[Verdict]:
        """Ours on each container, then Kubecost's."""
        costs: dict[str, Decimal] = {}
        autoscaled: set[str] = set()
        step = "1h" if self.options.step == "hour" else None
        providers: dict[str, str] = {}
        for cluster in self.clusters(questions, step):
            providers[cluster.name] = cluster.provider
            containers = cluster.workloads(lambda one: f"{one.workload}/{one.container}")
            for container, runs in containers.items():
                costs[container] = cluster.monthly(sum((_charged(one) for one in runs), ZERO))
                if self._is_autoscaled(runs):
                    autoscaled.add(container)
                yield self.judge(container, runs, cluster)
        if self.options.kubecost_advice and costs:
            for advised in requests_advised(
                questions,
                cpu_headroom=self.options.cpu_headroom,
                memory_headroom=self.options.memory_headroom,
            ):
                listed = advised.workload in self.options.hpa_managed
                if not listed and advised.resource_id not in autoscaled:
                    yield self.imported(advised, costs, providers)

    def judge(self, container: str, runs: Sequence[Allocation], cluster: ClusterDays) -> Verdict:
        """Whether smaller requests are enough for a container.

        Args:
            container: Its id here: ``cluster/namespace/kind/name/container``.
            runs: Its allocations, in the order of their steps.
            cluster: Where it runs.
        """
        cost = cluster.monthly(sum((_charged(one) for one in runs), ZERO))
        if not self.is_worth_it(cost):
            return None
        if self._is_autoscaled(runs):
            return Unknown(subject=container, reason="scaled by a HorizontalPodAutoscaler")
        if young := self.why_young(days_of(runs)):
            return Unknown(subject=container, reason=young)
        sized = {kind: self._sized(kind, runs, cluster.newest) for kind in (CPU, MEMORY)}
        known = {kind: one for kind, one in sized.items() if isinstance(one, Sizing)}
        untold = {kind.name: one for kind, one in sized.items() if isinstance(one, str)}
        saving = cluster.monthly(sum((one.saving for one in known.values()), ZERO))
        if found := self._advice(container, known, untold, saving, cost, cluster, runs):
            return found
        if not untold:
            return None
        reasons = dict.fromkeys(untold.values())
        return Unknown(subject=container, reason="; ".join(reasons))

    def _is_autoscaled(self, runs: Sequence[Allocation]) -> bool:
        first = runs[0]
        if f"{first.namespace}/{first.controller}" in self.options.hpa_managed:
            return True
        marks = {mark for one in runs for mark in one.marks}
        return any(_plain(sign) in _plain(mark) for mark in marks for sign in _AUTOSCALED)

    def _sized(self, kind: Kind, runs: Sequence[Allocation], newest: str) -> Sizing | str:
        """What a resource should be, or why that cannot be told."""
        requests = [kind.of(one).request for one in runs if one.step == newest]
        told = [one for one in requests if one is not None]
        if not told:
            return f"its {kind.name} request is not told"
        request = max(told)
        if not request:
            return f"it has no {kind.name} request"
        points = busiest_pods(kind, runs)
        if len(points) < self.options.minimum_points:
            return (
                f"usage of {kind.name} is measured at {len(points)} of the "
                f"{self.options.minimum_points} data points that are needed"
            )
        hours = sum((kind.of(one).hours for one in runs), ZERO)
        cost = sum((kind.of(one).cost for one in runs), ZERO)
        if hours <= 0:
            return f"it has no price of {kind.name}"
        peak = peak_of(kind, runs)
        if kind is CPU:
            used = percentile(points, self.options.cpu_percentile)
            needed = self._needed_cpu(used)
        elif peak is None:
            return "the highest memory is not told, only averages"
        else:
            used, needed = peak, self._needed_memory(peak)
        freed = sum((freed_hours(kind.of(one), one.hours, request, needed) for one in runs), ZERO)
        return Sizing(
            request=request,
            needed=needed,
            used=used,
            points=len(points),
            saving=min(freed * max(cost, ZERO) / hours, max(cost, ZERO)),
            cost=cost,
        )

    def _needed_cpu(self, used: Decimal) -> Decimal:
        options = self.options
        least = Decimal(options.minimum_cpu_millicores) / 1000
        return max(whole_millicores(used * (1 + options.cpu_headroom)), least)

    def _needed_memory(self, peak: Decimal) -> Decimal:
        options = self.options
        least = Decimal(options.minimum_memory_mebibytes) / _MEBIBYTES
        return max(whole_mebibytes(peak * (1 + options.memory_headroom)), least)

    def _advice(
        self,
        container: str,
        known: dict[Kind, Sizing],
        untold: dict[str, str],
        saving: Decimal,
        cost: Decimal,
        cluster: ClusterDays,
        runs: Sequence[Allocation],
    ) -> Recommendation | None:
        lower = {kind: one for kind, one in known.items() if one.needed < one.request}
        if not lower or saving <= 0:
            return None
        first = runs[-1]
        smaller = " and ".join(
            f"{kind.words(one.needed)} of {kind.name} instead of {kind.words(one.request)}"
            for kind, one in lower.items()
        )
        name = f"{first.namespace}/{first.controller}"
        changes = {kind: one for kind, one in known.items() if one.needed != one.request}
        return self.advice(
            cluster.name,
            saving=saving,
            cost=cost,
            provider=cluster.provider,
            resource_id=container,
            resource_name=name,
            resource_type=f"Kubernetes {first.kind}",
            recommendation=f"Request {smaller} for the container {first.container} of {name}",
            current_configuration={
                f"{kind.name} request": kind.words(one.request) for kind, one in changes.items()
            },
            recommended_configuration={
                f"{kind.name} request": kind.words(one.needed) for kind, one in changes.items()
            },
            steps=_steps(name, first.container, changes),
            evidence=self._evidence(known, untold, runs),
            confidence=_CONFIDENCE[self.options.step],
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            restart_needed=True,
        )

    def _evidence(
        self, known: dict[Kind, Sizing], untold: dict[str, str], runs: Sequence[Allocation]
    ) -> dict[str, str]:
        share = percent(self.options.cpu_percentile)
        told = {"days": str(days_of(runs))}
        for kind, one in known.items():
            measure = f"{kind.name} in {share} of the data points"
            label = measure if kind is CPU else "highest memory"
            told[label] = kind.words(one.used)
            told[f"data points of {kind.name}"] = f"{one.points} {self.options.step}s"
        highest = peak_of(CPU, runs)
        if CPU in known and highest is not None:
            told["highest cpu"] = cpu_words(highest)
        told |= {f"{name} not judged": reason for name, reason in untold.items()}
        return told

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Much too large, right, without a request, autoscaled, and hardly measured."""
        from finops_kubecost.checks.cluster_case import ClusterCase, container

        def large(**more: Any) -> dict[str, Any]:
            return container(
                "web", cpu=("2", "0.2", "0.4"), memory=("4", "0.5", "1"), cost="3.00", **more
            )

        return (
            ClusterCase(name="requests far above what is used", verdict="finding", day=[large()]),
            ClusterCase(
                name="requests as large as what is used",
                verdict="clean",
                day=[
                    container(
                        "web", cpu=("1", "0.9", "1"), memory=("1", "0.9", "0.95"), cost="3.00"
                    )
                ],
            ),
            ClusterCase(
                name="no request at all",
                verdict="unknown",
                day=[
                    container("web", cpu=("0", "0.2", "0.4"), memory=("0", "0.5", "1"), cost="3.00")
                ],
            ),
            ClusterCase(
                name="an autoscaler's workload",
                verdict="unknown",
                day=[large()],
                options={"hpa_managed": ["shop/web"]},
            ),
            ClusterCase(name="three days old", verdict="unknown", day=[large()], days=3),
            ClusterCase(
                name="usage that nobody measures",
                verdict="unknown",
                day=[
                    container("web", cpu=("2", None, None), memory=("4", None, None), cost="3.00")
                ],
            ),
        )


def _charged(one: Allocation) -> Decimal:
    return one.cpu.cost + one.memory.cost


def _plain(mark: str) -> str:
    return "".join(letter for letter in mark.lower() if letter.isalnum())


def _steps(name: str, container: str, changes: dict[Kind, Sizing]) -> tuple[str, ...]:
    manifest = [
        f"{'Lower' if one.needed < one.request else 'Raise'} the {kind.name} request of the "
        f"container {container} of {name} from {kind.words(one.request)} to "
        f"{kind.words(one.needed)}, in its manifest or chart."
        for kind, one in changes.items()
    ]
    return (
        "Ask its owner what it does at month's end or on busy days outside of the look-back.",
        *manifest,
        "Leave the memory limit where it is, and roll it out on one environment first.",
        (
            "Watch restarts (OOMKilled) and throttling for a week; put the old requests back if "
            "they rise."
        ),
        (
            "The money is saved when the nodes become fewer or smaller: let the cluster autoscaler "
            "remove what is free."
        ),
    )
