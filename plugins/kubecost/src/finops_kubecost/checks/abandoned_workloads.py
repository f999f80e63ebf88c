"""Workloads that nobody talks to, and that do hardly anything."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from pydantic import Field

from finops_cost_management import Effort, Recommendation, Risk, Unknown
from finops_kubecost.checks.allocations import ZERO
from finops_kubecost.checks.cluster_check import CENT, ClusterCheck, Verdict
from finops_kubecost.checks.options import ClusterCheckOptions
from finops_kubecost.checks.own_advice import workloads_advised
from finops_kubecost.checks.quantities import cpu_words
from finops_kubecost.checks.workloads import costs_by_container, days_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_cost_management import SavingsCase
    from finops_kubecost.checks.allocations import Allocation
    from finops_kubecost.checks.questions import Questions
    from finops_kubecost.checks.workloads import ClusterDays

_SECONDS = 3600


class AbandonedWorkloadsOptions(ClusterCheckOptions):
    """Below what a workload is abandoned."""

    network_bytes_per_second: Decimal = Field(default=Decimal(500), gt=0)
    """What its busiest pod sends and receives must stay below this, on every day."""

    cpu_millicores: Decimal = Field(default=Decimal(10), gt=0)
    """What its busiest pod uses of cpu, on average of a day, must stay below this, on every day."""

    exclude_namespaces: tuple[str, ...] = ("kube-system", "kube-public", "kube-node-lease")
    """Namespaces that are not looked at."""


class AbandonedWorkloads(ClusterCheck[AbandonedWorkloadsOptions]):
    """Finds workloads with next to no traffic and next to no cpu on every day of the look-back.

    Daemon sets are not looked at: they serve the node that they run on. The saving is all that the
    workload costs, but for its volumes: they stay, and go on costing.
    """

    Options = AbandonedWorkloadsOptions
    use = "kubecost.abandoned_workloads"

    def verdicts(self, questions: Questions) -> Iterator[Verdict]:
        """Ours on each workload, then Kubecost's."""
        costs: dict[str, Decimal] = {}
        providers: dict[str, str] = {}
        containers: dict[str, dict[str, Decimal]] = {}
        for cluster in self.clusters(questions):
            providers[cluster.name] = cluster.provider
            measured = any(one.network_bytes for one in cluster.allocations)
            for workload, runs in cluster.workloads(lambda one: one.workload).items():
                costs[workload] = _monthly(runs, cluster)
                containers[workload] = costs_by_container(runs)
                if not self._is_excluded(runs[0].namespace, runs[0].kind):
                    yield self.judge(workload, runs, cluster, network_is_measured=measured)
        if not self.options.kubecost_advice or not costs:
            return
        limit = self.options.network_bytes_per_second
        for advised in workloads_advised(questions, bytes_per_second=limit):
            if not self._is_excluded(advised.workload.partition("/")[0], advised.kind):
                mine = containers.get(advised.resource_id, {})
                yield self.imported(
                    advised, costs, providers, shares=split(advised.saving.quantize(CENT), mine)
                )

    def _is_excluded(self, namespace: str, kind: str) -> bool:
        return namespace in self.options.exclude_namespaces or kind == "daemonset"

    def judge(
        self,
        workload: str,
        runs: Sequence[Allocation],
        cluster: ClusterDays,
        *,
        network_is_measured: bool,
    ) -> Verdict:
        """Whether nobody needs a workload.

        Args:
            workload: Its id here: ``cluster/namespace/kind/name``.
            runs: The allocations of its containers, in the order of their steps.
            cluster: Where it runs.
            network_is_measured: Whether any pod of the cluster has traffic: where none has, nobody
                measures it.
        """
        cost = _monthly(runs, cluster)
        if not self.is_worth_it(cost):
            return None
        cpu = max((one.cpu.usage or ZERO for one in runs), default=ZERO)
        if cpu * 1000 >= self.options.cpu_millicores:
            return None
        traffic = _busiest(runs)
        if traffic is not None and traffic >= self.options.network_bytes_per_second:
            return None
        if reason := self._why_untold(runs, traffic if network_is_measured else None):
            return Unknown(subject=workload, reason=reason)
        return self._found(workload, runs, cluster, cost, cpu, traffic or ZERO)

    def _why_untold(self, runs: Sequence[Allocation], traffic: Decimal | None) -> str | None:
        if young := self.why_young(days_of(runs)):
            return young
        if traffic is None:
            return "its network traffic is not measured"
        if not all(one.is_measured for one in runs if one.hours):
            return "its usage is not measured on all days"
        return None

    def _found(
        self,
        workload: str,
        runs: Sequence[Allocation],
        cluster: ClusterDays,
        cost: Decimal,
        cpu: Decimal,
        traffic: Decimal,
    ) -> Recommendation | None:
        last = runs[-1]
        name = f"{last.namespace}/{last.controller}"
        pods = len({one.pod for one in runs if one.step == cluster.newest})
        keeps = bool(last.volumes) or any(one.volumes for one in runs)
        return self.advice(
            cluster.name,
            saving=cost,
            cost=cost,
            provider=cluster.provider,
            resource_id=workload,
            resource_name=name,
            resource_type=f"Kubernetes {last.kind}",
            shares=split(cost.quantize(CENT), costs_by_container(runs)),
            recommendation=f"Scale the {last.kind} {name} down to nothing: in {days_of(runs)} days "
            f"its busiest pod used {cpu_words(cpu)} of cpu and had {traffic:.0f} bytes of traffic "
            "a second",
            current_configuration={"pods": str(pods)},
            recommended_configuration={"pods": "0"},
            steps=(
                (
                    f"Ask the owner of the namespace {last.namespace} whether it waits for "
                    "something: a standby, a yearly job."
                ),
                f"Scale {name} to 0, in its manifest or chart, and wait for two weeks.",
                f"Delete {name} with its services and its configuration.",
                *(
                    ("Save what its volumes hold, and delete their claims: they cost as before.",)
                    if keeps
                    else ()
                ),
            ),
            evidence={
                "days": str(days_of(runs)),
                "highest cpu of a day": cpu_words(cpu),
                "highest traffic of a day": f"{traffic:.1f} bytes/s",
                "pods": str(pods),
            },
            confidence=0.6,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            restart_needed=True,
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """One that does nothing, one that is called, one of yesterday, and one without traffic."""
        from finops_kubecost.checks.cluster_case import ClusterCase, container

        still = ("1", "0.002", "0.003")
        quiet = container("old", cpu=still, network=86_400.0)
        busy = container("web")
        return (
            ClusterCase(name="one that does nothing", verdict="finding", day=[quiet, busy]),
            ClusterCase(name="one that is called", verdict="clean", day=[busy]),
            ClusterCase(
                name="one that computes and is not called",
                verdict="clean",
                day=[container("batch", network=0.0), busy],
            ),
            ClusterCase(name="one of yesterday", verdict="unknown", day=[quiet, busy], days=1),
            ClusterCase(
                name="a cluster whose traffic nobody measures",
                verdict="unknown",
                day=[container("old", cpu=still, network=0.0)],
            ),
        )


def _monthly(runs: Sequence[Allocation], cluster: ClusterDays) -> Decimal:
    return cluster.monthly(sum((one.cost for one in runs), ZERO))


def _busiest(runs: Sequence[Allocation]) -> Decimal | None:
    """Bytes a second of the busiest pod on its busiest day; None where a run does not tell.

    Containers of a pod share its network: the API splits what the pod has among them.
    """
    pods: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for one in runs:
        if one.network_bytes is None:
            return None
        so_far, hours = pods.get((one.step, one.pod), (ZERO, ZERO))
        pods[one.step, one.pod] = (so_far + one.network_bytes, max(hours, one.hours))
    rates = [total / hours / _SECONDS for total, hours in pods.values() if hours]
    return max(rates, default=None)


def split(saving: Decimal, costs: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """A saving on a workload as one on its containers, which other checks advise on.

    Args:
        saving: What it saves a month.
        costs: Container → what it costs; with a negative one (a correction) nothing is split.
    """
    whole = sum(costs.values(), ZERO)
    if saving <= 0 or whole <= 0 or min(costs.values()) < 0:
        return {}
    return {
        name: (saving * cost / whole).quantize(CENT, ROUND_DOWN) for name, cost in costs.items()
    }
