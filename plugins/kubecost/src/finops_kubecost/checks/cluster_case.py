"""Cases of checks of clusters: what Kubecost or OpenCost answers, and what must be said of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any

from finops_cost_management import SavingsCase
from finops_cost_management.plugins.savings_case import CASE_END, Charge
from finops_kubecost.fake_kubecost import GIB, FakeKubecost, Told, idle, workload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

HOURS = 24
CLUSTER = "prod"

Levels = tuple[str | None, str | None, str | None]
"""Request, average usage and highest usage; in cores or in GiB."""


@dataclass
class FakeCluster(FakeKubecost):
    """A server that has assets, too, of the days that it has allocations of.

    Attributes:
        assets: Its assets of a day; None for a server without.
    """

    assets: Sequence[Told] | None = None

    def answer(self, path: str, parameters: Mapping[str, str]) -> tuple[int, str, bytes]:
        """As the server answers; assets as one object, as OpenCost has them."""
        if path.endswith("/assets") and self.assets is not None:
            day = datetime.fromisoformat(parameters["window"].partition(",")[0]).date()
            assets = self.assets if day in self.days else ()
            self.answers = {**self.answers, path: {"code": 200, "data": _by_name(assets)}}
        return super().answer(path, parameters)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Answer all that is sent within, whatever the address, without a network."""
        from unittest.mock import patch

        from requests import Response
        from requests.adapters import HTTPAdapter
        from urllib3 import HTTPResponse

        def send(_: HTTPAdapter, request: Any, **__: object) -> Response:
            path, _, query = request.path_url.partition("?")
            response = Response()
            response.url, response.request = request.url, request
            response.status_code, kind, body = self.asked_for(path, query)
            response.headers["Content-Type"] = kind
            response.raw = HTTPResponse(BytesIO(body), preload_content=False)
            return response

        with patch.object(HTTPAdapter, "send", send):
            yield

    def asked_for(self, path: str, query: str) -> tuple[int, str, bytes]:
        """The answer to a question as it is sent."""
        from urllib.parse import parse_qsl

        parameters = dict(parse_qsl(query))
        self.asked.append((path, parameters))
        return self.answer(path, parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterCase(SavingsCase):
    """A cluster, and what a check must say of it.

    Attributes:
        day: Its allocations of a day; all days are alike.
        days: On how many of the last days it is there.
        assets: Its assets of a day; None for a server without.
        advice: ``requestSizingV2`` → what Kubecost's savings API answers; None for an OpenCost,
            which has none.
        charges: The bill; checks of clusters do not look at it.
    """

    day: Sequence[Told] = ()
    days: int = 14
    assets: Sequence[Told] | None = None
    advice: Mapping[str, Any] | None = None
    charges: Sequence[Charge] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """The server, for as long as the check is asked."""
        with server(
            lambda _: self.day, days=self.days, assets=self.assets, advice=self.advice
        ).answering():
            yield


def server(
    day: Callable[[int], Sequence[Told]],
    *,
    days: int = 14,
    assets: Sequence[Told] | None = None,
    advice: Mapping[str, Any] | None = None,
) -> FakeCluster:
    """A server that has the last days of cases.

    Args:
        day: Number of the day, from 0 for the newest → its allocations.
        days: How many days it has.
        assets: As `ClusterCase` has them.
        advice: Likewise.
    """
    return FakeCluster(
        days={CASE_END - timedelta(days=number + 1): list(day(number)) for number in range(days)},
        dialect="opencost" if advice is None else "kubecost",
        answers={f"/model/savings/{name}": told for name, told in (advice or {}).items()},
        assets=assets,
    )


def container(
    controller: str,
    *,
    cpu: Levels = ("1", "0.5", "0.8"),
    memory: Levels = ("1", "0.5", "0.8"),
    cost: str = "3.00",
    pod: str = "0",
    namespace: str = "shop",
    kind: str = "deployment",
    node: str = "node-1",
    network: float | None = 1e9,
    volumes: Mapping[str, str] | None = None,
    cluster: str = CLUSTER,
) -> Told:
    """A container that ran for a whole day.

    Args:
        controller: What controls its pod; the container has its name.
        cpu: In cores.
        memory: In GiB.
        cost: Of the day; two thirds are for cpu and one third is for memory.
        pod: Tells pods of one controller apart.
        namespace: Its namespace.
        kind: What controls it.
        node: The node that it runs on.
        network: Bytes that it sends, and as many that it receives.
        volumes: Name of a volume → what it costs a day.
        cluster: Where it runs.
    """
    return workload(
        namespace,
        f"{controller}-{pod}",
        controller,
        cluster=cluster,
        node=node,
        provider_id=machine(node),
        controller=controller,
        controller_kind=kind,
        peak_cores=_float(cpu[2]),
        peak_bytes=_float(memory[2], GIB),
        **_costs(cost, _charged(cpu), _charged(memory)),
        cpuCoreRequestAverage=_float(cpu[0]),
        cpuCoreUsageAverage=_float(cpu[1]),
        ramByteRequestAverage=_float(memory[0], GIB),
        ramByteUsageAverage=_float(memory[1], GIB),
        networkTransferBytes=network,
        networkReceiveBytes=network,
        **_volumes(volumes or {}, cluster),
    )


def idle_of(node: str, *, cpu: str, memory: str, cost: str, cluster: str = CLUSTER) -> Told:
    """What nobody used of a node for a whole day.

    Args:
        node: The node.
        cpu: Cores.
        memory: GiB.
        cost: Of the day, divided as in `container`.
        cluster: Where it is.
    """
    return idle(cluster=cluster, node=node, **_costs(cost, Decimal(cpu), Decimal(memory)))


def unmounted(volumes: Mapping[str, str], *, cluster: str = CLUSTER, **told: Any) -> Told:
    """Volumes that no pod mounts for a whole day.

    Args:
        volumes: Name of a volume → what it costs a day.
        cluster: Where they are.
        **told: What the API tells besides of each volume: ``providerID``.
    """
    name = "__unmounted__"
    return workload(
        name,
        name,
        name,
        cluster=cluster,
        node="",
        provider_id="",
        controller_kind="",
        **_volumes(volumes, cluster, **told),
    )


def disk(
    name: str,
    *,
    size: str,
    used: str | None,
    cost: str,
    claim: str = "shop/data",
    provider_id: str = "",
) -> Told:
    """A disk among the assets of a day.

    Args:
        name: Of the volume.
        size: GiB.
        used: The highest use in GiB; None where it is not told.
        cost: Of the day.
        claim: ``namespace/name`` of its claim; empty for a node's own disk.
        provider_id: The id that its cloud knows it by.
    """
    namespace, _, claimed = claim.partition("/")
    return {
        "name": f"AWS/__undefined__/__undefined__/Storage/{CLUSTER}/Disk/Kubernetes/{name}/{name}",
        "type": "Disk",
        "properties": {
            "category": "Storage",
            "service": "Kubernetes",
            "cluster": CLUSTER,
            "name": name,
            "providerID": provider_id,
        },
        "minutes": HOURS * 60,
        "bytes": _float(size, GIB),
        "byteHours": _float(size, GIB * HOURS),
        "byteUsageMax": _float(used, GIB),
        "byteHoursUsed": _float(used, GIB * HOURS),
        "adjustment": 0,
        "totalCost": _float(cost),
        "storageClass": "gp3",
        "volumeName": name if claim else "",
        "claimName": claimed,
        "claimNamespace": namespace,
    }


def machine(node: str) -> str:
    """The id under which the cloud knows a node of cases."""
    return f"aws:///us-east-1a/i-{node[-1] * 17}"


def _costs(cost: str, cores: Decimal, gibibytes: Decimal) -> dict[str, Any]:
    return {
        "cpuCost": float(Decimal(cost) * 2 / 3),
        "ramCost": float(Decimal(cost) / 3),
        "cpuCoreHours": float(cores * HOURS),
        "ramByteHours": float(gibibytes * HOURS * GIB),
    }


def _volumes(volumes: Mapping[str, str], cluster: str, **told: Any) -> dict[str, Any]:
    size = 100 * GIB * HOURS
    return {
        "pvs": {
            f"cluster={cluster}:name={name}": {
                "byteHours": size,
                "cost": float(cost),
                "providerID": "",
                "adjustment": 0,
                **told,
            }
            for name, cost in volumes.items()
        },
        "pvCost": float(sum(map(Decimal, volumes.values()))),
        "pvByteHours": size * len(volumes),
    }


def _charged(levels: Levels) -> Decimal:
    return max(Decimal(levels[0] or 0), Decimal(levels[1] or 0))


def _by_name(assets: Sequence[Told]) -> dict[str, Told]:
    return {str(one["name"]): one for one in assets}


def _float(value: str | None, size: int = 1) -> float | None:
    return None if value is None else float(Decimal(value) * size)
