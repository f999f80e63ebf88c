"""Nodes of which nearly all is idle, and which the others could replace."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import Field

from finops_cost_management import Effort, Recommendation, Risk, Unknown
from finops_cost_management.answers.alternatives import shares_by_cost
from finops_cost_management.report.wording import percent
from finops_kubecost.checks.allocations import ZERO
from finops_kubecost.checks.cluster_check import CENT, ClusterCheck, Verdict
from finops_kubecost.checks.options import ClusterCheckOptions
from finops_kubecost.checks.workloads import costs_by_container, days_of
from finops_kubecost.nodes import KUBERNETES, Machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_cost_management import SavingsCase
    from finops_kubecost.checks.allocations import Allocation
    from finops_kubecost.checks.questions import Questions
    from finops_kubecost.checks.workloads import ClusterDays

_WITH_THE_NODE = ("daemonset", "node")
"""What controls pods that come and go with their node: daemon sets, and the node itself."""

_CONTROL_PLANE = ("kube-apiserver", "etcd", "kube-controller-manager", "kube-scheduler")
"""How pods begin whose node must stay."""

_MOST_NAMES = 10
"""So many workloads are named in the evidence."""


class IdleNodesOptions(ClusterCheckOptions):
    """When a node is idle, and how full the others may become."""

    idle_percent: Decimal = Field(default=Decimal(80), gt=0, le=100)
    """At least so much of its cpu, and of its memory, nobody asks for and nobody uses."""

    target_percent: Decimal = Field(default=Decimal(80), gt=0, le=100)
    """The other nodes may be filled up to this, in per cent of their cpu and of their memory."""

    minimum_nodes: int = Field(default=2, ge=1)
    """So many nodes stay in each cluster, at least."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """What the look-back has of one node, on average of its steps.

    Attributes:
        name: Its name in the cluster.
        machine: What stands behind it.
        days: On how many days it is there.
        cpu: Cores.
        memory: GiB.
        moving_cpu: Cores that would have to move: of request and usage the larger; daemon sets
            stay with their node.
        moving_memory: GiB, likewise.
        idle_cpu: Cores that nobody asks for or uses; None where idle is not told by node.
        idle_memory: GiB, likewise.
        cost: In the look-back: of its cpu, memory and GPUs, used or idle.
        workloads: Names of what would have to move.
        containers: Container → what it costs here in the look-back, of what would have to move.
        is_needed: Whether its GPUs are in use, or it holds the control plane of the cluster.
        bare: Pods that nothing controls: nobody makes them anew.
        stateful: Workloads with volumes or of a stateful set.
    """

    name: str
    machine: Machine
    days: int
    cpu: Decimal
    memory: Decimal
    moving_cpu: Decimal
    moving_memory: Decimal
    idle_cpu: Decimal | None
    idle_memory: Decimal | None
    cost: Decimal
    workloads: tuple[str, ...]
    containers: Mapping[str, Decimal]
    is_needed: bool
    bare: tuple[str, ...]
    stateful: tuple[str, ...]

    @property
    def idle_share(self) -> Decimal:
        """The idle part of cpu or of memory, whichever is less; 0 where it is not known."""
        shares = [
            idle / whole
            for idle, whole in ((self.idle_cpu, self.cpu), (self.idle_memory, self.memory))
            if idle is not None and whole > 0
        ]
        return min(shares) if len(shares) == 2 else ZERO  # noqa: PLR2004 # cpu and memory


class IdleNodes(ClusterCheck[IdleNodesOptions]):
    """Finds nodes that hold next to nothing, where the other nodes have room for it.

    The emptiest node is tried first; what moves from it fills the others, before the next one is
    tried: all nodes that are found can go together. The saving is what the node costs, used or
    idle: what moves is charged where it moves to.
    """

    Options = IdleNodesOptions
    use = "kubecost.idle_nodes"

    def verdicts(self, questions: Questions) -> Iterator[Verdict]:
        """Each node of the newest step, cluster by cluster."""
        for cluster in self.clusters(questions):
            nodes = nodes_of(cluster)
            if all(node.idle_cpu is None for node in nodes):
                yield Unknown(
                    subject=cluster.name, reason="idle cost is not told by node", broad=True
                )
                continue
            yield from self.judge(nodes, cluster)

    def judge(self, nodes: Sequence[Node], cluster: ClusterDays) -> Iterator[Verdict]:
        """Which of the nodes of a cluster can go, all together.

        Args:
            nodes: All of its nodes.
            cluster: Where they are.
        """
        staying = {node.name: node for node in nodes}
        moved_cpu = moved_memory = ZERO
        for node in sorted(nodes, key=lambda one: (-one.idle_share, one.name)):
            if (reason := self._why_not_idle(node)) is not None:
                yield Unknown(subject=_id(node, cluster), reason=reason) if reason else None
                continue
            others = [one for name, one in staying.items() if name != node.name]
            cpu, memory = moved_cpu + node.moving_cpu, moved_memory + node.moving_memory
            if len(others) < self.options.minimum_nodes or not self._fits(others, cpu, memory):
                yield None
                continue
            found = self._found(node, cluster, others)
            if found is not None:
                del staying[node.name]
                moved_cpu, moved_memory = cpu, memory
            yield found

    def _why_not_idle(self, node: Node) -> str | None:
        """Why a node is not looked at further, empty where it is in use; None where it is idle."""
        if node.idle_cpu is None or node.idle_memory is None:
            return "its idle part is not told"
        if node.is_needed or node.idle_share * 100 < self.options.idle_percent:
            return ""
        return self.why_young(node.days)

    def _fits(self, others: Sequence[Node], cpu: Decimal, memory: Decimal) -> bool:
        """Whether other nodes have room, and none of them would be filled above the target.

        It is the sum of their room that counts: Kubernetes packs pods, and may not find a node
        for a very large one.
        """
        target = self.options.target_percent / 100

        def room(whole: Decimal, idle: Decimal | None) -> Decimal:
            return max(whole * target - (whole - (idle or ZERO)), ZERO)

        return (
            sum((room(one.cpu, one.idle_cpu) for one in others), ZERO) >= cpu
            and sum((room(one.memory, one.idle_memory) for one in others), ZERO) >= memory
        )

    def _found(
        self, node: Node, cluster: ClusterDays, others: Sequence[Node]
    ) -> Recommendation | None:
        cost = cluster.monthly(node.cost)
        names = ", ".join(node.workloads[:_MOST_NAMES])
        more = len(node.workloads) - _MOST_NAMES
        hard = bool(node.bare or node.stateful)
        return self.advice(
            cluster.name,
            saving=cost,
            cost=cost,
            provider=cluster.provider,
            resource_id=_id(node, cluster),
            resource_name=node.name,
            resource_type="Kubernetes node",
            # Smaller requests of what runs here save a part of the same cost.
            shares=shares_by_cost(cost.quantize(CENT), node.containers, node.cost),
            recommendation=f"Drain and remove the node {node.name}: {percent(node.idle_share)} of "
            "it is idle, and the other nodes have room for the rest",
            current_configuration={"nodes": str(len(others) + 1)},
            recommended_configuration={"nodes": str(len(others))},
            steps=_steps(node),
            evidence={
                "idle": percent(node.idle_share),
                "cpu": f"{node.cpu:.2f} cores, of which {node.moving_cpu:.2f} would move",
                "memory": f"{node.memory:.2f} GiB, of which {node.moving_memory:.2f} would move",
                "what would move": (names or "nothing") + (f" and {more} more" if more > 0 else ""),
                "days": str(node.days),
            },
            confidence=0.5 if hard else 0.65,
            implementation_effort=Effort.MEDIUM,
            risk=Risk.HIGH if node.bare else Risk.MEDIUM,
            restart_needed=bool(node.workloads),
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """One node that is empty beside two, all full, and idle that is told by cluster."""
        from finops_kubecost.checks.cluster_case import ClusterCase, container, idle_of

        def half(node: str) -> list[dict[str, object]]:
            level = ("2", "1.5", "1.8")
            return [
                container("web", pod=node, cpu=level, memory=level, cost="2.40", node=node),
                idle_of(node, cpu="2", memory="2", cost="2.40"),
            ]

        little = container(
            "tool",
            cpu=("0.2", "0.1", "0.2"),
            memory=("0.2", "0.1", "0.2"),
            cost="0.24",
            node="node-3",
        )
        empty = [little, idle_of("node-3", cpu="3.8", memory="3.8", cost="4.56")]
        return (
            ClusterCase(
                name="one that is empty beside two with room",
                verdict="finding",
                day=[*half("node-1"), *half("node-2"), *empty],
            ),
            ClusterCase(
                name="nodes in use", verdict="clean", day=[*half("node-1"), *half("node-2")]
            ),
            ClusterCase(name="one that is empty, and the only one", verdict="clean", day=empty),
            ClusterCase(name="nodes of which idle is not told", verdict="unknown", day=[little]),
            ClusterCase(
                name="nodes of yesterday",
                verdict="unknown",
                day=[*half("node-1"), *half("node-2"), *empty],
                days=1,
            ),
        )


def _id(node: Node, cluster: ClusterDays) -> str:
    """The id that the bill knows the machine by, so that advice on it counts once."""
    return node.machine.bill_id or f"{cluster.name}/node/{node.name}"


def nodes_of(cluster: ClusterDays) -> list[Node]:
    """The nodes that are there in the newest step."""
    grouped: dict[str, list[Allocation]] = {}
    for one in cluster.allocations:
        if one.node:
            grouped.setdefault(one.node, []).append(one)
    return [
        _node(name, mine)
        for name, mine in sorted(grouped.items())
        if any(one.step == cluster.newest for one in mine)
    ]


def _node(name: str, mine: Sequence[Allocation]) -> Node:
    hours = Decimal(len({one.step for one in mine})) * _step_hours(mine)
    idle = [one for one in mine if one.is_idle]
    moving = [one for one in mine if not one.is_idle and one.kind not in _WITH_THE_NODE]
    pods = [one for one in moving if one.is_workload]
    machines = {Machine.of(one.provider_id, name) for one in mine}

    def average(runs: Sequence[Allocation], of: str) -> Decimal:
        return sum((getattr(one, of).hours for one in runs), ZERO) / hours

    return Node(
        name=name,
        machine=max(machines, key=_best_known),
        days=days_of(mine),
        cpu=average(mine, "cpu"),
        memory=average(mine, "memory"),
        moving_cpu=average(moving, "cpu"),
        moving_memory=average(moving, "memory"),
        idle_cpu=average(idle, "cpu") if idle else None,
        idle_memory=average(idle, "memory") if idle else None,
        cost=sum((one.cpu.cost + one.memory.cost + one.gpu_cost for one in mine), ZERO),
        workloads=_names(pods),
        containers=costs_by_container(pods),
        is_needed=any(one.gpu_cost > 0 for one in moving)
        or any(
            one.namespace == "kube-system" and one.pod.startswith(_CONTROL_PLANE) for one in mine
        ),
        bare=_names([one for one in pods if one.kind == "pod"]),
        stateful=_names([one for one in pods if one.kind == "statefulset" or one.volumes]),
    )


def _best_known(machine: Machine) -> tuple[bool, bool, str]:
    """Sorts by what is told: idle cost often has no more than the node's name."""
    known = machine.bill_id or ""
    return bool(known), machine.provider != KUBERNETES, known


def _step_hours(mine: Sequence[Allocation]) -> Decimal:
    """How long a node runs in a step: as long as what runs longest on it."""
    return max(one.hours for one in mine) or Decimal(1)


def _names(runs: Sequence[Allocation]) -> tuple[str, ...]:
    return tuple(sorted({f"{one.namespace}/{one.controller}" for one in runs}))


def _steps(node: Node) -> tuple[str, ...]:
    steps = [
        f"See what runs there: `kubectl get pods -A --field-selector spec.nodeName={node.name}`.",
        f"Keep new pods away from it: `kubectl cordon {node.name}`.",
    ]
    if node.bare:
        steps.append(
            f"Nothing makes these pods anew: {', '.join(node.bare[:_MOST_NAMES])}. Move them first."
        )
    if node.stateful:
        steps.append(
            "See that the volumes of these can move with them: "
            f"{', '.join(node.stateful[:_MOST_NAMES])}."
        )
    return (
        *steps,
        f"Move the rest: `kubectl drain {node.name} --ignore-daemonsets`.",
        (
            "Make the node group smaller by one; the least that it may shrink to decides whether "
            "the autoscaler does so by itself."
        ),
    )
