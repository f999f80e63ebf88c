"""Whose machine a node is, and the id under which a cloud's bill knows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

    from finops_kubecost.client import Allocation

KUBERNETES = "Kubernetes"
"""The host provider where no cloud is told."""

_AWS = re.compile(r"^(?:aws:/+(?:[^/]+/)?)?(i-[0-9a-f]+)$")
_AZURE = re.compile(r"^(?:azure:/+)?/?(subscriptions/.+)$", re.IGNORECASE)
_GOOGLE = re.compile(r"^(?:gce:/+)?([^/]+)/([^/]+)/([^/]+)$")

_NAMED_BY_GKE = ("gke-", "gk3-")
"""How GKE's names of nodes begin; the second are Autopilot's."""

_FARGATE = "fargate-ip-"
"""How the nodes of Fargate are called: OpenCost shortens their ids to what nobody knows."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What stands behind a node.

    Attributes:
        provider: Whose it is, as bills name it; `KUBERNETES` where the id does not tell.
        bill_id: The id that a bill has for it; None where no bill can know it.
    """

    provider: str
    bill_id: str | None

    @classmethod
    def of(cls, provider_id: str | None, node: str | None = None) -> Self:
        """Read a node's ``providerID``, whole as Kubernetes has it or shortened as OpenCost does.

        Example:
            >>> Machine.of("aws:///us-east-1a/i-0abc")
            Machine(provider='AWS', bill_id='i-0abc')
            >>> Machine.of("gce://shop/europe-west1-b/gke-1").bill_id
            '//compute.googleapis.com/projects/shop/zones/europe-west1-b/instances/gke-1'
        """
        told = (provider_id or "").strip()
        if found := _AWS.match(told):
            return cls("AWS", found[1])
        if found := _AZURE.match(told):
            return cls("Microsoft", f"/{found[1].lower()}")
        if found := _GOOGLE.match(told):
            project, zone, name = found.groups()
            return cls(
                "Google Cloud",
                f"//compute.googleapis.com/projects/{project}/zones/{zone}/instances/{name}",
            )
        if told.startswith(_NAMED_BY_GKE):  # shortened: project and zone are lost
            return cls("Google Cloud", told)
        if told.startswith("aws:") or (node or "").startswith(_FARGATE):  # it has no machine
            return cls("AWS", None)
        # Where there is no cloud, some builds repeat the node's name.
        return cls(KUBERNETES, told if told and told != node else None)


class Nodes:
    """The nodes of some allocations: idle cost names its node, but often not its machine."""

    def __init__(self, allocations: Iterable[Allocation]) -> None:
        self._machines: dict[tuple[str | None, str], Machine] = {}
        self._providers: dict[str | None, set[str]] = {}
        for allocation in allocations:
            properties = allocation.get("properties") or {}
            cluster, node = properties.get("cluster"), properties.get("node")
            machine = Machine.of(properties.get("providerID"), node)
            named = properties.get("providerID") == node
            if node and ((machine.bill_id and not named) or (cluster, node) not in self._machines):
                self._machines[cluster, node] = machine
            if machine.provider != KUBERNETES:
                self._providers.setdefault(cluster, set()).add(machine.provider)

    def __contains__(self, node: tuple[str | None, str]) -> bool:
        return node in self._machines

    def machine(self, cluster: str | None, node: str | None, provider_id: str | None) -> Machine:
        """The machine of one allocation; of a cluster on one cloud, at least the cloud."""
        machine = Machine.of(provider_id, node)
        if node is not None and (machine.bill_id is None or provider_id == node):
            # Idle cost has the node's name where others have its machine.
            machine = self._machines.get((cluster, node), machine)
        clouds = self._providers.get(cluster, set())
        if machine.provider == KUBERNETES and len(clouds) == 1:
            return Machine(next(iter(clouds)), machine.bill_id)
        return machine
