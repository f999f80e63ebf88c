"""How large a request of cpu or memory must be, by what the pods of a container used."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from finops_kubecost.checks.allocations import ZERO
from finops_kubecost.checks.quantities import cpu_words, memory_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from finops_kubecost.checks.allocations import Allocation, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """What one resource of a container is, and what it should be.

    Attributes:
        request: What each pod asks for now, in cores or GiB.
        needed: What it should ask for.
        used: What the recommendation rests on: the percentile of cpu, the peak of memory.
        points: How many data points there are.
        saving: What the change saves in the look-back; negative where more is needed.
        cost: What the resource costs in the look-back.
    """

    request: Decimal
    needed: Decimal
    used: Decimal
    points: int
    saving: Decimal
    cost: Decimal


class Kind(NamedTuple):
    """One of the two resources: how it is read, sized and written."""

    name: str
    of: Callable[[Allocation], Resource]
    words: Callable[[Decimal], str]


CPU = Kind("cpu", lambda one: one.cpu, cpu_words)
MEMORY = Kind("memory", lambda one: one.memory, memory_words)


def busiest_pods(kind: Kind, runs: Sequence[Allocation]) -> list[Decimal]:
    """What the busiest pod of each step used; steps without a figure have no point."""
    busiest: dict[str, Decimal] = {}
    for one in runs:
        usage = kind.of(one).usage
        if usage is not None and one.is_measured:
            busiest[one.step] = max(usage, busiest.get(one.step, usage))
    return list(busiest.values())


def peak_of(kind: Kind, runs: Sequence[Allocation]) -> Decimal | None:
    """The most that was used; None where a run that is measured does not tell.

    A peak of 0 is a missing figure, and one below the average is measured too rarely.
    """
    peaks: list[Decimal] = []
    for one in runs:
        resource = kind.of(one)
        if not one.is_measured:
            continue
        if not resource.peak:
            return None
        peaks.append(max(resource.peak, resource.usage or ZERO))
    return max(peaks, default=None)


def percentile(values: Sequence[Decimal], share: Decimal) -> Decimal:
    """The smallest value that so many of the values do not exceed (nearest rank).

    Args:
        values: One at least.
        share: In (0, 1].
    """
    return sorted(values)[ceil(len(values) * share) - 1]


def freed_hours(run: Resource, hours: Decimal, request: Decimal, needed: Decimal) -> Decimal:
    """Core-hours or GiB-hours that a run is charged less: the larger of request and usage is."""
    usage = run.usage or ZERO
    return (max(request, usage) - max(needed, usage)) * hours
