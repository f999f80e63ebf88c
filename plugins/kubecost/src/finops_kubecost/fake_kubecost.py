"""A Kubecost, or an OpenCost, that holds allocations and truly answers, on loopback HTTP.

It answers in the shapes of both, with their differences: how many sets a window gives, whether
idle comes unasked, pages, bodies that are no JSON; and it fails as they do, when told to.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GIB = 2**30
IDLE = "__idle__"
UNALLOCATED = "__unallocated__"

Told = dict[str, Any]

COSTS = (
    *("cpuCost", "gpuCost", "ramCost", "pvCost", "networkCost", "loadBalancerCost"),
    *("sharedCost", "externalCost"),
)
_ADJUSTMENTS = tuple(f"{cost}Adjustment" for cost in COSTS[:6])
_PATHS = {
    "kubecost": ("/model/allocation",),
    "opencost": ("/allocation", "/allocation/compute"),
    "opencost-ui": ("/model/allocation", "/model/allocation/compute"),
}
_SUMMED = (
    *COSTS,
    *_ADJUSTMENTS,
    *("totalCost", "cpuCoreHours", "ramByteHours", "gpuHours", "pvByteHours"),
    *("networkTransferBytes", "networkReceiveBytes"),
)
_AVERAGED = (
    *("cpuCoreRequestAverage", "cpuCoreUsageAverage", "ramByteRequestAverage"),
    *("ramByteUsageAverage", "gpuRequestAverage", "gpuUsageAverage"),
)


def workload(
    namespace: str,
    pod: str,
    container: str = "main",
    *,
    cluster: str = "production",
    node: str = "node-1",
    provider_id: str = "i-0a1b2c3d4e5f60001",
    controller: str | None = None,
    controller_kind: str = "deployment",
    labels: Mapping[str, str] | None = None,
    namespace_labels: Mapping[str, str] | None = None,
    minutes: float = 1440,
    peak_cores: float | None = None,
    peak_bytes: float | None = None,
    **fields: Any,
) -> Told:
    """One container's allocation of a day, in the API's true shape.

    Args:
        namespace: Its namespace.
        pod: Its pod.
        container: Its container.
        cluster: Its cluster.
        node: The node it ran on.
        provider_id: The node's machine, as the API tells it.
        controller: What runs it; the pod's name if not given.
        controller_kind: What kind of controller that is.
        labels: Labels of the pod.
        namespace_labels: Labels of the namespace.
        minutes: How long it ran.
        peak_cores: The highest usage of cores, where it is told.
        peak_bytes: The highest usage of memory in bytes, where it is told.
        fields: Fields of the API by name, such as ``cpuCost=1.25``; ``totalCost`` is summed up.
    """
    properties: Told = {
        "cluster": cluster,
        "node": node,
        "container": container,
        "controller": controller or pod,
        "controllerKind": controller_kind,
        "namespace": namespace,
        "pod": pod,
        "providerID": provider_id,
    }
    if labels is not None:
        properties["labels"] = dict(labels)
    if namespace_labels is not None:
        properties["namespaceLabels"] = dict(namespace_labels)
    peaks = {"cpuCoreUsageMax": peak_cores, "ramByteUsageMax": peak_bytes}
    name = f"{cluster}/{node}/{namespace}/{pod}/{container}"
    return _allocation(name, properties, minutes, fields) | {"rawAllocationOnly": peaks}


def idle(
    *, cluster: str = "production", node: str = "node-1", minutes: float = 1440, **fields: Any
) -> Told:
    """What nobody used on a node, as the API tells it by node."""
    properties = {"cluster": cluster, "node": node, "providerID": node}
    return _allocation(f"{cluster}/{node}/{IDLE}", properties, minutes, fields)


def _allocation(name: str, properties: Told, minutes: float, fields: Mapping[str, Any]) -> Told:
    if unknown := fields.keys() - {*_SUMMED, *_AVERAGED, "pvs", "pvBytes", "lbAllocations"}:
        raise TypeError(f"the API has no {', '.join(sorted(unknown))}")
    hours = minutes / 60
    told: Told = {
        "name": name,
        "properties": properties,
        "minutes": minutes,
        **dict.fromkeys((*_SUMMED, *_AVERAGED), 0),
        "pvs": None,
        **fields,
    }
    for cores, held in (("cpuCores", "cpuCoreHours"), ("ramBytes", "ramByteHours")):
        amount = told[held]
        told[cores] = round(amount / hours, 5) if hours and isinstance(amount, float | int) else 0
    if "totalCost" not in fields:
        told["totalCost"] = round(sum(told[c] or 0 for c in (*COSTS, *_ADJUSTMENTS)), 5)
    return told


@dataclass
class FakeKubecost:
    """Allocations by day, and how the server behaves.

    Attributes:
        days: Day → its allocations, as `workload` and `idle` make them. A day that is absent is
            before the install.
        dialect: Whose paths and habits it has; ``opencost-ui`` is OpenCost behind its own web
            interface, which answers below ``/model`` and shows a page everywhere else.
        answers: Path → the JSON of other answers (``/model/assets``, ``/model/savings/…``).
        api_key: The key it asks for in ``X-API-Key``.
        failures: What the next answers are, before all is well: a status, ``"truncated"``,
            ``"broken"`` (JSON that ends, in a body of the right length) or ``"silent"``.
        slow: Seconds before each answer.
        longest_window: Days; longer windows get a 503, as from a large cluster.
        knows_idle_by_node: Whether it takes ``idleByNode``.
        pages: Whether it takes ``limit`` and ``offset``; Kubecost alone does.
        asked: Every question: its path and parameters.
        headers: The headers of the last question.
    """

    days: dict[date, list[Told]] = field(default_factory=dict)
    dialect: Literal["kubecost", "opencost", "opencost-ui"] = "kubecost"
    answers: dict[str, Any] = field(default_factory=dict)
    api_key: str | None = None
    failures: list[int | str] = field(default_factory=list)
    slow: float = 0
    longest_window: int = 1000
    knows_idle_by_node: bool = True
    pages: bool = True
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def recorded(cls, answer: Told, **more: Any) -> FakeKubecost:
        """One that knows the days of an answer of the API."""
        days: dict[date, list[Told]] = {}
        for one in answer["data"]:
            for told in one.values():
                day = datetime.fromisoformat(told["window"]["start"]).date()
                days.setdefault(day, []).append(told)
        return cls(days, **more)

    @contextmanager
    def served(self) -> Iterator[str]:
        """On loopback; gives its address."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
                fake.asked.append((parts.path, parameters))
                fake.headers = dict(self.headers)
                time.sleep(fake.slow)
                failure = fake.failures.pop(0) if fake.failures else None
                if failure == "silent":
                    self.close_connection = True
                    return
                if isinstance(failure, int):
                    self._send(failure, b"upstream is not well", "text/plain")
                    return
                status, kind, body = fake.answer(parts.path, parameters)
                if failure == "broken":
                    body = body[: len(body) // 2]
                self._send(status, body, kind, cut=failure == "truncated")

            def _send(self, status: int, body: bytes, kind: str, *, cut: bool = False) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if cut else body)
                if cut:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = _Server(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, path: str, parameters: Mapping[str, str]) -> tuple[int, str, bytes]:
        """Status, content type and body of one answer."""
        if self.api_key is not None and self._key() != self.api_key:
            return _plain(401, "Unauthorized")
        if path in self.answers:
            return _json(200, self.answers[path])
        if path in _PATHS[self.dialect]:
            return self._of_window(parameters)
        if self.dialect == "opencost-ui" and not path.startswith("/model/"):
            return 200, "text/html", b"<!doctype html><title>OpenCost</title>"
        return _plain(404, "404 page not found")

    def _of_window(self, parameters: Mapping[str, str]) -> tuple[int, str, bytes]:
        try:
            start, end = self._window(parameters.get("window", ""))
        except ValueError:
            # Older builds say so, and go on writing.
            status, kind, body = _plain(400, "Invalid 'window' parameter: illegal window")
            return status, kind, body + b'{"code":200,"data":[{}]}'
        if (end - start).days > self.longest_window:
            return _plain(503, "upstream request timeout")
        if "idleByNode" in parameters and not self.knows_idle_by_node:
            return _plain(400, "Invalid 'idleByNode' parameter")
        return self._allocations(start, end, parameters)

    def _key(self) -> str | None:
        small = {name.lower(): value for name, value in self.headers.items()}
        return small.get("x-api-key")

    def _window(self, text: str) -> tuple[date, date]:
        """Half open. Days that are counted back touch one day more, where they are aligned."""
        if text.endswith("d") and text[:-1].isdigit():
            today = datetime.now(UTC).date()
            return today - timedelta(days=int(text[:-1])), today + timedelta(days=1)
        first, _, last = text.partition(",")
        start, end = (datetime.fromisoformat(side) for side in (first, last))
        whole = end.date() if end.time() == datetime.min.time() else end.date() + timedelta(days=1)
        return start.date(), whole

    def _allocations(
        self, start: date, end: date, parameters: Mapping[str, str]
    ) -> tuple[int, str, bytes]:
        days = [start + timedelta(days=offset) for offset in range((end - start).days)]
        sets = [self._set(day, parameters) for day in days]
        accumulated = parameters.get("accumulate") == "true"
        if accumulated and any(day not in self.days for day in days):
            return _json(
                500,
                {
                    "code": 500,
                    "message": "AllocationSetRange has empty AssetSet in accumulation",
                },
            )
        whole_window = self.dialect != "kubecost" and parameters.get("step") != "1d"
        if accumulated or whole_window:
            window = {"start": f"{start}T00:00:00Z", "end": f"{end}T00:00:00Z"}
            merged = [told for one in sets for told in one.values()]
            sets = [_grouped(merged, lambda told: str(told["name"]), window)]
        return _json(200, {"code": 200, "data": sets})

    def _set(self, day: date, parameters: Mapping[str, str]) -> dict[str, Told]:
        window = {
            "start": f"{day}T00:00:00Z",
            "end": f"{day + timedelta(days=1)}T00:00:00Z",
        }
        whole = [{"window": window, **window, **told} for told in self.days.get(day, [])]
        wanted = "idle" if self.dialect == "kubecost" else "includeIdle"
        unasked = "true" if self.dialect == "kubecost" else "false"
        idles = [told for told in whole if IDLE in told["name"]]
        busy = [told for told in whole if IDLE not in told["name"]]
        if parameters.get(wanted, unasked) != "true":
            idles = []
        if parameters.get("shareIdle") == "true":
            busy, idles = _with_idle(busy, idles), []
        by_node = parameters.get("idleByNode") == "true"
        found = _grouped(
            [*busy, *idles],
            lambda told: _group(told, parameters.get("aggregate", ""), by_node=by_node),
            window,
        )
        if self.pages and self.dialect == "kubecost" and "limit" in parameters:
            first = int(parameters.get("offset", "0"))
            names = list(found)[first : first + int(parameters["limit"])]
            found = {name: found[name] for name in names}
        return found


class _Server(ThreadingHTTPServer):
    """Quiet about those who do not wait for an answer."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _group(told: Told, aggregate: str, *, by_node: bool) -> str:
    """The name under which the API tells an allocation."""
    name, properties = str(told["name"]), told["properties"]
    if IDLE in name:
        if aggregate and aggregate != "cluster":
            return IDLE
        if by_node:
            return name
        return f"{properties['cluster']}/{IDLE}" if "cluster" in properties else IDLE
    if not aggregate:
        return name
    if aggregate.startswith("label:"):
        labels = properties.get("labels") or {}
        return str(labels.get(aggregate.removeprefix("label:"), UNALLOCATED))
    return str(properties.get(aggregate) or UNALLOCATED)


def _grouped(allocations: list[Told], group: Any, window: Told) -> dict[str, Told]:
    """Allocations of one name as one: costs added, averages weighted, common properties kept."""
    groups: dict[str, list[Told]] = {}
    for told in allocations:
        groups.setdefault(group(told), []).append(told)
    found = {}
    for name, members in groups.items():
        first = members[0]
        if len(members) == 1:
            found[name] = {**first, "name": name, "window": window}
            continue
        minutes = [told["minutes"] or 0 for told in members]
        longest = max(minutes)
        weighted = {
            key: sum((told.get(key) or 0) * ran for told, ran in zip(members, minutes, strict=True))
            / longest
            if longest
            else 0
            for key in _AVERAGED
        }
        common = {
            key: value
            for key, value in first["properties"].items()
            if all(told["properties"].get(key) == value for told in members)
        }
        summed = {key: sum(told.get(key) or 0 for told in members) for key in _SUMMED}
        found[name] = {
            **{key: value for key, value in first.items() if key != "rawAllocationOnly"},
            **weighted,
            **{key: round(value, 5) for key, value in summed.items()},
            "name": name,
            "properties": common,
            "minutes": longest,
            "window": window,
        }
    return found


def _with_idle(busy: list[Told], idles: list[Told]) -> list[Told]:
    """Idle cost on those who caused the rest, in proportion to what they cost, by resource."""
    shared = [dict(told) for told in busy]
    for cost in ("cpuCost", "ramCost", "gpuCost"):
        total = sum(told[cost] for told in busy)
        lost = sum(told[cost] for told in idles)
        for told in shared:
            share = lost * told[cost] / total if total else lost / len(shared)
            told[cost] += share
            told["totalCost"] += share
    return shared


def _json(status: int, answer: Any) -> tuple[int, str, bytes]:
    return status, "application/json", json.dumps(answer).encode()


def _plain(status: int, text: str) -> tuple[int, str, bytes]:
    return status, "text/plain; charset=utf-8", f"{text}\n".encode()
