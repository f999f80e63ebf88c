"""What the allocations of a look-back say of one cluster, and of each thing in it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from finops_cost_management.answers.recommendations import DAYS_A_MONTH
from finops_kubecost.nodes import KUBERNETES, Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from finops_kubecost.checks.allocations import Allocation

_A_DAY = Decimal(24)


@dataclass(frozen=True, kw_only=True)
class ClusterDays:
    """The allocations of one cluster.

    Attributes:
        name: The cluster's name.
        provider: Whose cloud it runs on, in FOCUS's words; ``Kubernetes`` where nobody tells.
        allocations: All of them, in the order of their steps.
        step_hours: Length of a step.
    """

    name: str
    provider: str
    allocations: Sequence[Allocation]
    step_hours: int

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The beginnings of the steps with allocations, oldest first."""
        return tuple(sorted({one.step for one in self.allocations}))

    @property
    def newest(self) -> str:
        """The last step: what is not in it is gone."""
        return self.steps[-1]

    def monthly(self, cost: Decimal) -> Decimal:
        """The cost of a month (30.4375 days) that goes on as these steps did."""
        return cost / len(self.steps) / self.step_hours * _A_DAY * DAYS_A_MONTH

    def workloads(self, key: Callable[[Allocation], str]) -> Mapping[str, Sequence[Allocation]]:
        """Key → the allocations of the workloads that still run, in order of the keys."""
        grouped = _grouped((one for one in self.allocations if one.is_workload), key)
        return {
            name: mine
            for name, mine in sorted(grouped.items())
            if any(one.step == self.newest for one in mine)
        }


def by_cluster(
    allocations: Iterable[Allocation], *, step_hours: int, provider: str | None = None
) -> list[ClusterDays]:
    """Part the allocations by cluster.

    Args:
        allocations: Of all clusters and steps.
        step_hours: Length of a step.
        provider: Whose cloud they run on; read from their nodes' ids if not given.
    """
    found = []
    for name, mine in sorted(_grouped(allocations, lambda one: one.cluster).items()):
        clouds = {Machine.of(one.provider_id, one.node).provider for one in mine} - {KUBERNETES}
        found.append(
            ClusterDays(
                name=name,
                provider=provider or min(clouds, default=KUBERNETES),
                allocations=sorted(mine, key=lambda one: one.step),
                step_hours=step_hours,
            )
        )
    return found


def costs_by_container(runs: Iterable[Allocation]) -> dict[str, Decimal]:
    """Container, as all checks write it → what it costs, but for its volumes."""
    costs: dict[str, Decimal] = {}
    for one in runs:
        name = f"{one.workload}/{one.container}"
        costs[name] = costs.get(name, Decimal(0)) + one.cost
    return costs


def days_of(allocations: Iterable[Allocation]) -> int:
    """On how many days there is one of them."""
    return len({one.step[:10] for one in allocations})


def _grouped(
    allocations: Iterable[Allocation], key: Callable[[Allocation], str]
) -> dict[str, list[Allocation]]:
    grouped: dict[str, list[Allocation]] = {}
    for one in allocations:
        grouped.setdefault(key(one), []).append(one)
    return grouped
