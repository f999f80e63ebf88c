"""``finops k8s``."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from finops_cost_management.commands.opening import Day, config_option
from finops_cost_management.commands.tables import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from decimal import Decimal

    from finops_cost_management.facade.k8s_cost_analyzer import KubecostConfig
    from finops_cost_management.query.kubernetes import Allocations
    from finops_cost_management.window import DateWindow

GROUPS = ("namespace", "pod", "label", "controller", "node", "cluster")
PERIOD_DAYS = {"week": 7, "month": 30, "quarter": 90, "year": 365}
"""Whole days, the last of them yesterday."""

PERIODS = ("today", *PERIOD_DAYS, "custom")
DEFAULT_PERIOD = "month"
_DAYS_NAMED = 5


@click.command(epilog="Example: finops k8s --group-by label --label-key team --period week")
@click.option(
    "--kubecost-url",
    envvar="KUBECOST_URL",
    metavar="URL",
    help="Where Kubecost or OpenCost answers [default: KUBECOST_URL; else what the store holds of "
    "Kubernetes; else http://localhost:9090]. A key is read from KUBECOST_API_KEY.",
)
@click.option("--cluster", help="Only this cluster.")
@click.option("--namespace", help="Only this namespace.")
@click.option(
    "--group-by", type=click.Choice(GROUPS), help="What costs are split by [default: namespace]."
)
@click.option("--label-key", help="Which label, with --group-by label.")
@click.option(
    "--period",
    type=click.Choice(PERIODS),
    help="today so far, or the last 7, 30, 90 or 365 whole days, or custom "
    f"[default: {DEFAULT_PERIOD}].",
)
@click.option("--start-date", type=Day(), help="First day of a custom period.")
@click.option("--end-date", type=Day(), help="Last day of a custom period [default: yesterday].")
@click.option("--idle", is_flag=True, help="List CPU and memory that is hardly used.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="Share of use below which a resource is idle [default: 0.2].",
)
@click.option("--efficiency", is_flag=True, help="Say how well each cluster is used.")
@click.option("--format", "fmt", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Write to a file.")
@config_option
def command(
    kubecost_url: str | None,
    cluster: str | None,
    namespace: str | None,
    group_by: str | None,
    label_key: str | None,
    period: str | None,
    start_date: datetime | None,
    end_date: datetime | None,
    idle: bool,  # noqa: FBT001 # click hands over by name
    threshold: float | None,
    efficiency: bool,  # noqa: FBT001 # click hands over by name
    fmt: str,
    output: Path | None,
    config_path: Path | None,
) -> int:
    """Say what workloads on Kubernetes cost, and what of it is not used.

    Costs are those of allocations: the nodes, split among what runs on them. They are not on top
    of the bill of the nodes.
    """
    from finops_cost_management.commands.tables import show
    from finops_cost_management.whole_file import whole_file

    _check(group_by, label_key, threshold, idle=idle, efficiency=efficiency)
    window = _window(period, start_date, end_date)
    with _asked(kubecost_url, cluster, window, config_path) as (found, asked):
        chosen = found.of_namespace(namespace) if namespace else found
        if idle:
            answer = _idle(chosen, threshold)
        elif efficiency:
            answer = _efficiency(chosen, threshold)
        else:
            answer = _costs(chosen, group_by or "namespace", label_key or "")
        notes = [*answer.notes, *_notes(found, chosen, asked, cluster)]
    rows = answer.short if fmt == "table" else answer.full
    if output:
        with whole_file(output) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            show(rows, fmt, stream=file, figures=answer.figures, nothing=answer.nothing)
        click.echo(f"wrote {output}", err=True)
    else:
        title = f"{answer.title}, {found.window}"
        show(rows, fmt, title=title, figures=answer.figures, nothing=answer.nothing)
    for line in notes:
        click.echo(line, err=True)
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """One table, for people and for programs, and what is said beside it."""

    title: str
    short: Sequence[dict[str, Any]]
    full: Sequence[dict[str, Any]]
    figures: frozenset[str]
    nothing: str
    notes: Sequence[str] = ()


def _costs(found: Allocations, group_by: str, label_key: str) -> _Answer:
    from finops_cost_management.answers import kubernetes as answers
    from finops_cost_management.report.kubernetes_rows import COST_FIGURES, cost_rows, full_cost_row
    from finops_cost_management.report.wording import money

    costs: Sequence[answers.PartCosts]
    if group_by == "pod":
        costs = answers.pod_costs(found)
    elif group_by == "label":
        costs = answers.label_costs(found, label_key)
    else:
        kinds: dict[str, Any] = {
            "namespace": answers.NamespaceCost,
            "controller": answers.ControllerCost,
            "node": answers.NodeCost,
            "cluster": answers.ClusterCost,
        }
        costs = answers.costs_of(kinds[group_by], found)
    sums: dict[str, Decimal] = {}
    for one in costs:
        sums[one.currency] = sums.get(one.currency, 0) + one.total_cost
    return _Answer(
        title=f"costs by {group_by} {label_key}".rstrip(),
        short=cost_rows(costs, label_key),
        full=[full_cost_row(one) for one in costs],
        figures=COST_FIGURES,
        nothing="No costs.",
        notes=[f"total {money(total, currency)}" for currency, total in sums.items()],
    )


def _idle(found: Allocations, threshold: float | None) -> _Answer:
    from finops_cost_management.answers.kubernetes_usage import DEFAULT_THRESHOLD, idle_resources
    from finops_cost_management.report.kubernetes_rows import IDLE_FIGURES, idle_rows
    from finops_cost_management.report.wording import money, percent

    below = DEFAULT_THRESHOLD if threshold is None else threshold
    resources = idle_resources(found, below)
    wasted: dict[str, Decimal] = {}
    for one in resources:
        wasted[one.currency] = wasted.get(one.currency, 0) + one.waste_cost
    words = f"used below {percent(below, digits=0)}"
    return _Answer(
        title=f"CPU and memory {words}",
        short=idle_rows(resources),
        full=[asdict(one) for one in resources],
        figures=IDLE_FIGURES,
        nothing=f"No CPU and no memory of which usage is known is {words}.",
        notes=[f"waste {money(total, currency)}" for currency, total in wasted.items()],
    )


def _efficiency(found: Allocations, threshold: float | None) -> _Answer:
    from finops_cost_management.answers.kubernetes_usage import (
        DEFAULT_THRESHOLD,
        cluster_efficiency,
    )
    from finops_cost_management.report.kubernetes_rows import EFFICIENCY_FIGURES, efficiency_rows

    below = DEFAULT_THRESHOLD if threshold is None else threshold
    each = (
        cluster_efficiency(found.of_cluster(name), threshold=below) for name in found.clusters()
    )
    clusters = [one for one in each if one is not None]
    return _Answer(
        title="efficiency",
        short=efficiency_rows(clusters),
        full=[asdict(one) for one in clusters],
        figures=EFFICIENCY_FIGURES,
        nothing="No cluster.",
    )


@contextmanager
def _asked(
    url: str | None, cluster: str | None, window: DateWindow, config_path: Path | None
) -> Iterator[tuple[Allocations, str]]:
    """Allocations of a cluster that answers, or of the store, and what to call the one asked."""
    from finops_cost_management.commands.opening import open_snapshot
    from finops_cost_management.query.kubernetes import Allocations, are_in

    if url is None:
        with open_snapshot(config_path) as costs:
            stored = costs.allocations
            if stored is not None and are_in(stored):
                found = Allocations.of(stored, window)
                yield (_of_cluster(found, cluster) if cluster else found), "the store"
                return
    from finops_cost_management.facade.k8s_cost_analyzer import K8sCostAnalyzer

    analyzer = K8sCostAnalyzer(_config(url, cluster))
    last = max(window.dates())
    with analyzer.allocations(window.start, last) as found:
        yield found, analyzer.config.kubecost_url


def _of_cluster(found: Allocations, cluster: str) -> Allocations:
    from finops_cost_management.errors import ConfigurationError

    known = found.clusters()
    if known and cluster not in known:
        raise ConfigurationError(
            f"the store knows no cluster {cluster!r} from {found.window}",
            hint=f"it knows {', '.join(known)}",
        )
    return found.of_cluster(cluster)


def _config(url: str | None, cluster: str | None) -> KubecostConfig:
    from pydantic import SecretStr, ValidationError

    from finops_cost_management.errors import ConfigurationError
    from finops_cost_management.facade.k8s_cost_analyzer import DEFAULT_URL, KubecostConfig

    try:
        return KubecostConfig(
            kubecost_url=url or DEFAULT_URL,
            cluster_name=cluster,
            api_key=SecretStr(key) if (key := os.environ.get("KUBECOST_API_KEY")) else None,
        )
    except ValidationError as error:
        (problem, *_) = error.errors(include_url=False, include_input=False)
        option = "--cluster" if "cluster_name" in problem["loc"] else "--kubecost-url"
        raise ConfigurationError(
            f"{option}: {problem['msg']}", hint="for example http://localhost:9090"
        ) from error


def _check(
    group_by: str | None,
    label_key: str | None,
    threshold: float | None,
    *,
    idle: bool,
    efficiency: bool,
) -> None:
    """Options that do not go together."""
    from finops_cost_management.errors import ConfigurationError

    asked = {"--idle": idle, "--efficiency": efficiency, "--group-by": group_by is not None}
    if len(both := [name for name, given in asked.items() if given]) > 1:
        raise ConfigurationError(
            f"{' and '.join(both)} are different questions", hint="ask one after the other"
        )
    if threshold is not None and not (idle or efficiency):
        raise ConfigurationError(
            "--threshold says what is idle", hint="give it with --idle or --efficiency"
        )
    if (group_by == "label") != bool(label_key):
        raise ConfigurationError(
            "--group-by label and --label-key go together",
            hint="write --group-by label --label-key team",
        )


def _window(period: str | None, start: datetime | None, end: datetime | None) -> DateWindow:
    from finops_cost_management.errors import ConfigurationError
    from finops_cost_management.window import DateWindow, days_after, today_utc

    today = today_utc()
    if period in (None, "custom") and (start or end or period):
        if start is None:
            raise ConfigurationError(
                "a custom period has no first day", hint="give --start-date, as 2026-11-01"
            )
        until = days_after(end.date(), 1) if end else today
        if start.date() >= until:
            raise ConfigurationError(
                f"--start-date {start:%Y-%m-%d} is later than the last day", hint="both are inside"
            )
        return DateWindow(start.date(), until)
    if start or end:
        raise ConfigurationError(
            f"--period {period} and --start-date or --end-date both say which days",
            hint="give the days with --period custom",
        )
    if period == "today":
        return DateWindow.after(today, 1)
    return DateWindow.last(PERIOD_DAYS[period or DEFAULT_PERIOD], until=today)


def _notes(
    found: Allocations, chosen: Allocations, asked: str, cluster: str | None
) -> Iterator[str]:
    """What of the days is not known, and why the answer is empty if it is."""
    from finops_cost_management.window import today_utc

    missing = found.days_missing()
    if len(missing) == found.window.days:
        yield _why_empty(found, asked)
        return
    if cluster is not None and cluster not in (clusters := found.clusters()):
        yield f"{asked} calls its cluster {', '.join(clusters)}, not {cluster}."
    if missing:
        named = ", ".join(map(str, missing[:_DAYS_NAMED]))
        more = ", …" if len(missing) > _DAYS_NAMED else ""
        yield (
            f"{asked} has nothing of {len(missing)} of the {found.window.days} days, "
            f"which are not in the sums: {named}{more}"
        )
    if today_utc() in found.window:
        yield f"{today_utc()} is not over: its costs are those so far."
    if chosen is not found and not chosen.days():
        yield "No such namespace: `finops k8s --group-by namespace` lists them."
    if unknown := chosen.unknown_costs():
        yield f"{unknown:,} rows do not say what they cost; they are not in the sums."


def _why_empty(found: Allocations, asked: str) -> str:
    if asked == "the store":
        return (
            f"The store has no allocations from {found.window}: ask for other days, bring more "
            "with `finops run`, or ask the cluster itself with --kubecost-url."
        )
    return (
        f"{asked} has no allocations from {found.window}: ask for days since it was installed, "
        "and within its retention."
    )
