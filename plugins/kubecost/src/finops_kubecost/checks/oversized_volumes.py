"""Persistent volumes that are far larger than what lies on them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from pydantic import Field

from finops_cost_management import Effort, Recommendation, Risk, Unknown
from finops_cost_management.answers.recommendations import DAYS_A_MONTH
from finops_cost_management.report.wording import percent
from finops_kubecost.checks.allocations import ZERO, gibibytes, number
from finops_kubecost.checks.cluster_check import ClusterCheck, Verdict
from finops_kubecost.checks.options import ClusterCheckOptions
from finops_kubecost.checks.own_advice import volumes_advised
from finops_kubecost.checks.volumes import volume_id
from finops_kubecost.nodes import KUBERNETES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from finops_cost_management import SavingsCase
    from finops_kubecost.checks.allocations import Told
    from finops_kubecost.checks.questions import Questions


class OversizedVolumesOptions(ClusterCheckOptions):
    """How much of a volume must be free."""

    headroom: Decimal = Field(default=Decimal("0.5"), ge=0)
    """What is added to the highest use: 0.5 is 50 %."""

    used_percent: Decimal = Field(default=Decimal(50), gt=0, le=100)
    """What was used of it at most must stay below this, in per cent of its size."""

    minimum_gibibytes: int = Field(default=1, ge=1)
    """No smaller volume is recommended, in GiB."""


@dataclass(frozen=True, kw_only=True)
class Disk:
    """What the assets of the look-back say of one volume.

    Attributes:
        cluster: The cluster's name.
        name: Of the volume.
        claim: ``namespace/name``; empty where none is told.
        provider_id: The id that its cloud knows it by; empty where it is not told.
        provider: Whose cloud it is in.
        days: On how many days it is there.
        size: The largest of its sizes, in GiB; None where the API does not tell.
        used: The most that was used, in GiB; likewise, also where one day does not tell.
        cost: In the look-back, with adjustments.
    """

    cluster: str
    name: str
    claim: str
    provider_id: str
    provider: str
    days: int
    size: Decimal | None
    used: Decimal | None
    cost: Decimal

    @property
    def id(self) -> str:
        """As all checks of volumes write it."""
        return volume_id(self.cluster, self.name, self.provider_id)


class OversizedVolumes(ClusterCheck[OversizedVolumesOptions]):
    """Finds volumes of which most was never used in the look-back.

    The sizes and the use are those of the asset API. A volume cannot be made smaller: the saving
    is what a smaller one costs less, by what this one costs for a GiB.
    """

    Options = OversizedVolumesOptions
    use = "kubecost.oversized_volumes"

    def verdicts(self, questions: Questions) -> Iterator[Verdict]:
        """Ours on each volume, then Kubecost's."""
        days = questions.assets("Disk")
        known = {day for day, _ in days}
        disks = _disks(days, questions.subject, questions.provider)
        for disk in disks:
            yield self.judge(disk, days=len(known))
        if not self.options.kubecost_advice or not disks:
            return
        ids = {(disk.cluster, disk.name): disk.id for disk in disks}
        costs = {disk.id: _monthly(disk.cost, len(known)) for disk in disks}
        providers = {disk.cluster: disk.provider for disk in disks}
        for advised in volumes_advised(
            questions,
            headroom=self.options.headroom,
            resource_id=lambda cluster, name: ids.get((cluster, name), volume_id(cluster, name)),
        ):
            yield self.imported(advised, costs, providers)

    def judge(self, disk: Disk, *, days: int) -> Verdict:
        """Whether a smaller volume is enough.

        Args:
            disk: The volume.
            days: On how many days the API tells of assets.
        """
        cost = _monthly(disk.cost, days)
        if not self.is_worth_it(cost):
            return None
        if reason := self._why_untold(disk):
            return Unknown(subject=disk.id, reason=reason)
        size, used = disk.size or ZERO, disk.used or ZERO
        if used / size * 100 >= self.options.used_percent:
            return None
        return self._found(disk, size, used, cost)

    def _why_untold(self, disk: Disk) -> str | None:
        if not disk.claim:
            return "it has no claim: it may be the disk of a node"
        if not disk.size:
            return "its size is not told"
        if not disk.used:
            return "what is used of it is not told"
        return self.why_young(disk.days)

    def _found(
        self, disk: Disk, size: Decimal, used: Decimal, cost: Decimal
    ) -> Recommendation | None:
        whole = (used * (1 + self.options.headroom)).to_integral_value(ROUND_CEILING)
        target = max(whole, Decimal(self.options.minimum_gibibytes))
        if target >= size:
            return None
        return self.advice(
            disk.cluster,
            saving=cost * (1 - target / size),
            cost=cost,
            provider=disk.provider,
            resource_id=disk.id,
            resource_name=disk.claim,
            resource_type="Kubernetes persistent volume",
            recommendation=f"Move {disk.claim} to a volume of {target:.0f} GiB instead of "
            f"{size:.0f} GiB: at most {used:.1f} GiB of it were used",
            current_configuration={"size": f"{size:.0f} GiB"},
            recommended_configuration={"size": f"{target:.0f} GiB"},
            steps=(
                "See how fast it fills, and whether its size also decides how fast it is.",
                f"Make a claim of {target:.0f} GiB of the same storage class.",
                "Stop the workload, copy what lies on the old volume, and mount the new one.",
                "Keep a snapshot of the old volume for two weeks, and delete the claim.",
            ),
            evidence={
                "highest use": f"{used:.1f} GiB ({percent(used / size)})",
                "days": str(disk.days),
            },
            confidence=0.7,
            implementation_effort=Effort.HIGH,
            risk=Risk.MEDIUM,
            restart_needed=True,
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """One that is nearly empty, one that is full, and one of which nobody tells the use."""
        from finops_kubecost.checks.cluster_case import ClusterCase, disk

        return (
            ClusterCase(
                name="one that is nearly empty",
                verdict="finding",
                assets=[disk("pvc-1", size="500", used="40", cost="1.50")],
            ),
            ClusterCase(
                name="one that is full",
                verdict="clean",
                assets=[disk("pvc-1", size="500", used="400", cost="1.50")],
            ),
            ClusterCase(
                name="one of which nobody tells the use",
                verdict="unknown",
                assets=[disk("pvc-1", size="500", used=None, cost="1.50")],
            ),
            ClusterCase(name="a server without assets", verdict="unknown"),
            ClusterCase(
                name="one of yesterday",
                verdict="unknown",
                assets=[disk("pvc-1", size="500", used="40", cost="1.50")],
                days=1,
            ),
        )


def _monthly(cost: Decimal, days: int) -> Decimal:
    return cost / days * DAYS_A_MONTH


def _disks(days: Sequence[tuple[date, Told]], cluster: str, provider: str | None) -> list[Disk]:
    """The volumes that are there on the newest day, in order of their names."""
    found: dict[tuple[str, str], list[tuple[date, Told]]] = {}
    for day, told in days:
        properties: Mapping[str, str] = told.get("properties") or {}
        name = str(told.get("volumeName") or properties.get("name") or "")
        key = (str(properties.get("cluster") or cluster), name)
        found.setdefault(key, []).append((day, told))
    newest: dict[str, date] = {}
    for (where, _), seen in found.items():
        newest[where] = max(newest.get(where, seen[0][0]), *(day for day, _ in seen))
    return [
        _disk(
            where,
            name,
            [told for _, told in sorted(seen, key=lambda one: one[0])],
            len({day for day, _ in seen}),
            provider,
        )
        for (where, name), seen in sorted(found.items())
        if newest[where] in {day for day, _ in seen}
    ]


def _disk(cluster: str, name: str, told: Sequence[Told], days: int, provider: str | None) -> Disk:
    last = told[-1]
    properties: Mapping[str, str] = last.get("properties") or {}
    sizes = [size for size in (gibibytes(one.get("bytes")) for one in told) if size]
    uses = [gibibytes(one.get("byteUsageMax")) for one in told]
    claim = f"{last.get('claimNamespace') or ''}/{last.get('claimName') or ''}"
    provider_id = str(properties.get("providerID") or "")
    return Disk(
        cluster=cluster,
        name=name,
        claim=claim if last.get("claimName") else "",
        provider_id=provider_id,
        provider=provider or _cloud(str(properties.get("provider") or "")),
        days=days,
        size=max(sizes, default=None),
        used=None if None in uses else max((use for use in uses if use is not None), default=None),
        cost=sum((number(one.get("totalCost")) or ZERO for one in told), ZERO),
    )


def _cloud(provider: str) -> str:
    from finops_cost_management.focus.cloud_provider import provider_name

    return provider_name(provider) if provider else KUBERNETES
