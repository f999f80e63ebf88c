"""Advice of Kubecost's own, from its savings API; OpenCost has none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from finops_kubecost.checks.allocations import GIB, ZERO, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from decimal import Decimal

    from finops_kubecost.checks.questions import Questions


_WHICH = ("latestKnown", "recommended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Advised:
    """One piece of Kubecost's advice.

    Attributes:
        cluster: The cluster's name.
        resource_id: As our own checks write it.
        workload: ``namespace/name``.
        kind: What it is: ``deployment``, ``persistent volume``.
        sentence: What to do.
        saving: What it saves a month, by Kubecost's figures.
        now: What it is now, name → value.
        target: What it should be.
        evidence: Kubecost's figures.
    """

    cluster: str
    resource_id: str
    workload: str
    kind: str
    sentence: str
    saving: Decimal
    now: Mapping[str, str] = field(default_factory=dict)
    target: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, str] = field(default_factory=dict)


def requests_advised(
    questions: Questions, *, cpu_headroom: Decimal, memory_headroom: Decimal
) -> Iterator[Advised]:
    """Requests that Kubecost would change.

    Args:
        questions: Asks.
        cpu_headroom: As in our own check; Kubecost has it as the utilisation that it aims at.
        memory_headroom: Likewise.
    """
    answer = questions.advice(
        "requestSizingV2",
        window=questions.window,
        targetCPUUtilization=f"{1 / (1 + cpu_headroom):.4f}",
        targetRAMUtilization=f"{1 / (1 + memory_headroom):.4f}",
    )
    for told in _items(answer):
        cluster = _cluster(told, questions)
        now, target = (_requests(told.get(f"{which}Request")) for which in _WHICH)
        namespace, controller = told.get("namespace"), told.get("controllerName")
        kind = str(told.get("controllerKind") or "controller").lower()
        container = told.get("containerName")
        savings = told.get("monthlySavings") or {}
        if not (namespace and controller and container and isinstance(savings, dict)):
            continue
        name = f"{namespace}/{controller}"
        yield Advised(
            cluster=cluster,
            resource_id=f"{cluster}/{namespace}/{kind}/{controller}/{container}",
            workload=name,
            kind=kind,
            sentence="Request what Kubecost recommends for the container "
            f"{container} of {name}: {_words(target)}",
            saving=sum((number(savings.get(key)) or ZERO for key in ("cpu", "memory")), ZERO),
            now={f"{key} request": value for key, value in now.items()},
            target={f"{key} request": value for key, value in target.items()},
            evidence={
                f"efficiency of {key}": f"{share:.1%}".replace("%", " %")
                for key in ("cpu", "memory")
                if (share := number((told.get("currentEfficiency") or {}).get(key))) is not None
            },
        )


def workloads_advised(questions: Questions, *, bytes_per_second: Decimal) -> Iterator[Advised]:
    """Workloads that Kubecost takes for abandoned: the sum of what it says of their pods.

    Args:
        questions: Asks.
        bytes_per_second: Traffic of a pod below which it is taken for abandoned.
    """
    answer = questions.advice(
        "abandonedWorkloads", days=str(questions.days), threshold=f"{bytes_per_second:.0f}"
    )
    found: dict[tuple[str, str, str, str], list[Mapping[str, Any]]] = {}
    for told in _items(answer):
        owners = [one for one in told.get("owners") or () if isinstance(one, dict)]
        owner = owners[0] if owners else {"kind": "pod", "name": told.get("pod")}
        kind, name = str(owner.get("kind") or "pod").lower(), str(owner.get("name") or "")
        namespace = str(told.get("namespace") or "")
        if namespace and name:
            key = (_cluster(told, questions), namespace, kind, name)
            found.setdefault(key, []).append(told)
    for (cluster, namespace, kind, name), pods in sorted(found.items()):
        yield Advised(
            cluster=cluster,
            resource_id=f"{cluster}/{namespace}/{kind}/{name}",
            workload=f"{namespace}/{name}",
            kind=kind,
            sentence=f"Scale {namespace}/{name} down: Kubecost takes it for abandoned",
            saving=sum((number(one.get("monthlySavings")) or ZERO for one in pods), ZERO),
            target={"replicas": "0"},
            evidence={
                "pods": str(len(pods)),
                **{
                    f"{way} of the busiest pod": f"{highest:.1f} bytes/s"
                    for way in ("ingress", "egress")
                    if (highest := _highest(pods, f"{way}BytesPerSecond")) is not None
                },
            },
        )


def volumes_advised(
    questions: Questions, *, headroom: Decimal, resource_id: Callable[[str, str], str]
) -> Iterator[Advised]:
    """Volumes that Kubecost would make smaller.

    Args:
        questions: Asks.
        headroom: What is added to the highest use: 0.5 is 50 %.
        resource_id: Cluster and name of a volume → its id, as our own checks write it.
    """
    answer = questions.advice("persistentVolumeSizing", headroomPct=f"{headroom * 100:.0f}")
    for told in _items(answer):
        name = told.get("volumeName")
        now, target = (
            number(told.get(f"{which}CapacityBytes")) for which in ("current", "recommended")
        )
        if not name or now is None or target is None:
            continue
        cluster = _cluster(told, questions)
        claim = f"{told.get('claimNamespace') or ''}/{told.get('claimName') or ''}".strip("/")
        used = number(told.get("maxUsageBytes"))
        yield Advised(
            cluster=cluster,
            resource_id=resource_id(cluster, str(name)),
            workload=claim or str(name),
            kind="persistent volume",
            sentence=f"Move {claim or name} to a smaller volume: Kubecost recommends "
            f"{target / GIB:.1f} GiB instead of {now / GIB:.1f} GiB",
            saving=number(told.get("savingsMonthly")) or ZERO,
            now={"size": f"{now / GIB:.1f} GiB"},
            target={"size": f"{target / GIB:.1f} GiB"},
            evidence={} if used is None else {"highest use": f"{used / GIB:.1f} GiB"},
        )


def _items(answer: Any) -> Iterator[Mapping[str, Any]]:
    """The pieces of an answer: older builds give a list, newer ones wrap it."""
    if isinstance(answer, dict):
        wrapped = ("Recommendations", "recommendations", "data")
        answer = next((answer[key] for key in wrapped if key in answer), None)
        if isinstance(answer, dict):
            yield from _items(answer)
            return
    for one in answer if isinstance(answer, list) else ():
        if isinstance(one, dict):
            yield one


def _cluster(told: Mapping[str, Any], questions: Questions) -> str:
    return str(told.get("clusterID") or told.get("clusterId") or questions.subject)


def _requests(told: Any) -> dict[str, str]:
    given = told if isinstance(told, dict) else {}
    return {key: str(given[key]) for key in ("cpu", "memory") if given.get(key)}


def _words(requests: Mapping[str, str]) -> str:
    return ", ".join(f"{value} of {key}" for key, value in requests.items()) or "see Kubecost"


def _highest(pods: list[Mapping[str, Any]], name: str) -> Decimal | None:
    known = [one for one in (number(pod.get(name)) for pod in pods) if one is not None]
    return max(known, default=None)
