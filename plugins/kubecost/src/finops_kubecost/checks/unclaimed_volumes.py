"""Persistent volumes that no pod mounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops_cost_management import Effort, Risk, Unknown
from finops_kubecost.checks.allocations import UNMOUNTED, ZERO
from finops_kubecost.checks.cluster_check import ClusterCheck, Verdict
from finops_kubecost.checks.options import ClusterCheckOptions
from finops_kubecost.checks.volumes import volume_id
from finops_kubecost.checks.workloads import days_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from finops_cost_management import SavingsCase
    from finops_kubecost.checks.allocations import Allocation, Volume
    from finops_kubecost.checks.questions import Questions
    from finops_kubecost.checks.workloads import ClusterDays


class UnclaimedVolumesOptions(ClusterCheckOptions):
    """From when on a volume without a pod is worth a word."""


@dataclass(slots=True)
class _Seen:
    """What the look-back has of one volume.

    Attributes:
        free: Allocations in which nobody mounts it, with what they say of it.
        mounted: Allocations in which a pod does.
    """

    free: list[tuple[Allocation, Volume]]
    mounted: list[Allocation]


class UnclaimedVolumes(ClusterCheck[UnclaimedVolumesOptions]):
    """Finds volumes that no pod has mounted on any of the days they were seen.

    Kubecost and OpenCost put the cost of such volumes under ``__unmounted__``, with their names.
    The saving is what the volume costs. What they do not name is unknown.
    """

    Options = UnclaimedVolumesOptions
    use = "kubecost.unclaimed_volumes"

    def verdicts(self, questions: Questions) -> Iterator[Verdict]:
        """Each volume that is there in the newest step."""
        for cluster in self.clusters(questions):
            for name, seen in _volumes(cluster).items():
                newest = [one for one, _ in seen.free if one.step == cluster.newest]
                if any(one.step == cluster.newest for one in seen.mounted):
                    yield None
                elif newest:
                    yield self.judge(name, seen, cluster)
            yield from self._unnamed(cluster)

    def judge(self, name: str, seen: _Seen, cluster: ClusterDays) -> Verdict:
        """Whether a volume that nobody mounts now can go."""
        cost = cluster.monthly(sum((volume.cost for _, volume in seen.free), ZERO))
        if not self.is_worth_it(cost):
            return None
        days = days_of(one for one, _ in seen.free)
        last, volume = seen.free[-1]
        known = volume_id(cluster.name, name, volume.provider_id)
        if seen.mounted:
            mounted = max(one.step for one in seen.mounted)[:10]
            return Unknown(subject=known, reason=f"a pod mounted it until {mounted}")
        if young := self.why_young(days):
            return Unknown(subject=known, reason=young)
        size = volume.gib_hours / last.hours if last.hours else None
        claimed = last.namespace if last.namespace != UNMOUNTED else ""
        return self.advice(
            cluster.name,
            saving=cost,
            cost=cost,
            provider=cluster.provider,
            resource_id=known,
            resource_name=name,
            resource_type="Kubernetes persistent volume",
            recommendation=f"Delete the volume {name}"
            + (f" of the namespace {claimed}" if claimed else "")
            + f": no pod has mounted it in {days} days",
            current_configuration={"size": f"{size:.0f} GiB"} if size else {},
            recommended_configuration={"state": "deleted"},
            steps=(
                f"See what it is: `kubectl describe pv {name}` names its claim and its disk.",
                "Ask the owner of the claim; a workload that is scaled to 0 may need it again.",
                "Make a snapshot of the disk.",
                (
                    "Delete the claim, or the volume where no claim is left; with the policy "
                    "`Retain`, delete the disk in its cloud, too."
                ),
            ),
            evidence={
                "days without a pod": str(days),
                **({"namespace of its claim": claimed} if claimed else {}),
            },
            confidence=0.8,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            reversible=False,
        )

    def _unnamed(self, cluster: ClusterDays) -> Iterator[Verdict]:
        """That there is cost of volumes without a pod, of which nobody tells the names."""
        newest = (one for one in cluster.allocations if one.step == cluster.newest)
        if any(one.is_unmounted and not one.volumes and one.volume_cost for one in newest):
            yield Unknown(
                subject=f"{cluster.name}/{UNMOUNTED}",
                reason="the volumes behind this cost are not named",
                broad=True,
            )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """One that nobody mounts, one that a pod does, one of yesterday, and one just let go."""
        from finops_kubecost.checks.cluster_case import ClusterCase, container, unmounted

        return (
            ClusterCase(
                name="one that nobody mounts", verdict="finding", day=[unmounted({"pvc-1": "0.50"})]
            ),
            ClusterCase(
                name="one that a pod mounts",
                verdict="clean",
                day=[container("web", volumes={"pvc-1": "0.50"})],
            ),
            ClusterCase(
                name="one of yesterday",
                verdict="unknown",
                day=[unmounted({"pvc-1": "5.00"})],
                days=2,
                options={"minimum_savings": 1},
            ),
        )


def _volumes(cluster: ClusterDays) -> dict[str, _Seen]:
    """Name → what is known of a volume, in order of the names."""
    found: dict[str, _Seen] = {}
    for one in cluster.allocations:
        for volume in one.volumes:
            seen = found.setdefault(volume.name, _Seen([], []))
            if one.is_unmounted:
                seen.free.append((one, volume))
            else:
                seen.mounted.append(one)
    return dict(sorted(found.items()))
