"""What costs can be grouped and filtered by: any FOCUS column, any tag of charge or account."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

from finops_cost_management.errors import ConfigurationError
from finops_cost_management.focus.columns import COST_AND_USAGE
from finops_cost_management.focus.providers import HOST_COLUMNS, provider_of
from finops_cost_management.store.accounts import ACCOUNT_TAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import ibis
    import ibis.expr.types as ir

PROVIDER = "Provider"
"""Whose bill a charge is on: the host provider, else the service provider."""

CLUSTER = "x_KubernetesCluster"
NODE = "x_KubernetesNode"
NODE_ID = "x_KubernetesNodeId"
"""The id by which a bill knows the machine."""
NAMESPACE = "x_KubernetesNamespace"
CONTROLLER_KIND = "x_KubernetesControllerKind"
CONTROLLER = "x_KubernetesController"
POD = "x_KubernetesPod"
CONTAINER = "x_KubernetesContainer"

PART_COLUMNS = (
    CLUSTER,
    NODE,
    NODE_ID,
    NAMESPACE,
    CONTROLLER_KIND,
    CONTROLLER,
    POD,
    CONTAINER,
    "AllocatedResourceId",
    "AllocatedResourceName",
    "AllocatedTags",
)
"""Whose a part of a charge is: what splitting the charges of nodes fills in."""

_WORKLOAD = (CONTROLLER, POD, CONTAINER)

ALIASES = {
    "account": "SubAccountId",
    "account_name": "SubAccountName",
    "category": "ServiceCategory",
    "cluster": CLUSTER,
    "container": CONTAINER,
    "controller": CONTROLLER,
    "currency": "BillingCurrency",
    "namespace": NAMESPACE,
    "node": NODE,
    "pod": POD,
    "provider": PROVIDER,
    "region": "RegionId",
    "resource": "ResourceId",
    "resource_type": "ResourceType",
    "service": "ServiceName",
    "sku": "SkuId",
    "source": "x_Source",
}
"""Short words for the columns that people ask for most."""

TAG_PREFIX = "tags."
ACCOUNT_TAG_PREFIX = "account_tags."
LABEL_PREFIX = "labels."

NONE = "(none)"
"""How a missing value is written for people."""


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


_NAMES = {
    **{_snake(name): name for name in COST_AND_USAGE},
    **{name.lower(): name for name in COST_AND_USAGE},
    **{name.lower(): name for name in ALIASES.values()},
    **ALIASES,
}

_AMOUNTS = frozenset(name for name, column in COST_AND_USAGE.items() if column.type == "Decimal")


@dataclass(frozen=True, slots=True, order=True)
class Dimension:
    """One way to break costs down.

    Attributes:
        name: The FOCUS column, ``Provider``, an ``x_`` column, ``tags.<key>`` (of the charge),
            ``account_tags.<key>`` (of its sub account), or ``labels.<key>`` (of the workload that
            a part of the charge belongs to, else of the charge).
    """

    name: str

    @classmethod
    def parse(cls, text: str) -> Dimension:
        """Read what a person wrote: ``service``, ``ServiceName``, ``service_name``, ``tags.team``.

        Raises:
            ConfigurationError: There is no such dimension, or it is an amount.
        """
        for prefix in (TAG_PREFIX, ACCOUNT_TAG_PREFIX, LABEL_PREFIX):
            if text.startswith(prefix) and len(text) > len(prefix):
                return cls(text)
        if text.startswith("x_"):
            return cls(text)
        if (name := _NAMES.get(text.lower())) is not None:
            if name in _AMOUNTS:
                raise ConfigurationError(
                    f"{text!r} is an amount: costs are neither grouped nor filtered by it",
                    hint="use a column of text; which cost is summed, `cost` says",
                )
            return cls(name)
        near = get_close_matches(text.lower(), _NAMES, n=1)
        raise ConfigurationError(
            f"{text!r} is not a dimension",
            hint=(f"did you mean {near[0]!r}? " if near else "")
            + "use a FOCUS column, a tag as tags.<key>, account_tags.<key> or labels.<key>, "
            + "or one of: "
            + ", ".join(sorted(ALIASES)),
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that its value is told by."""
        if self.name == PROVIDER:
            return HOST_COLUMNS
        if self.name.startswith(ACCOUNT_TAG_PREFIX):
            return (ACCOUNT_TAGS,)
        if self.name.startswith(TAG_PREFIX):
            return ("Tags",)
        if self.name.startswith(LABEL_PREFIX):
            return ("AllocatedMethodId", "AllocatedTags", "Tags")
        return (self.name, NAMESPACE) if self.name in _WORKLOAD else (self.name,)

    def of(self, rows: ibis.Table) -> ir.StringValue:
        """The value of this dimension per row; null where a row has none."""
        if self.name == PROVIDER:
            value: ir.Value = provider_of(rows)
        elif self.name.startswith(ACCOUNT_TAG_PREFIX):
            value = json_text(_account_tags(rows), self.name.removeprefix(ACCOUNT_TAG_PREFIX))
        elif self.name.startswith(TAG_PREFIX):
            value = json_text(rows.Tags, self.name.removeprefix(TAG_PREFIX))
        elif self.name.startswith(LABEL_PREFIX):
            key = self.name.removeprefix(LABEL_PREFIX)
            own = label_text(rows.AllocatedTags, key)
            # A part belongs to its workload: the tags of its node say nothing of that.
            value = rows.AllocatedMethodId.notnull().ifelse(own, label_text(rows.Tags, key))
        elif self.name in rows.columns:
            value = rows[self.name]
            if self.name in _WORKLOAD:
                # What nobody runs has a name of its own: __idle__, __unallocated__, …
                namespace = rows[NAMESPACE]
                value = value.coalesce(namespace.startswith("__").ifelse(namespace, None))
        elif self.name in PART_COLUMNS:
            raise ConfigurationError(
                "the store knows no Kubernetes cluster",
                hint="add a source that brings its allocations, as kubecost.allocation does, "
                "and run it",
            )
        else:
            raise ConfigurationError(
                f"the store has no column {self.name}",
                hint="`finops store show` lists the extra columns that your sources brought",
            )
        return value.cast("string").name(self.name)


def parse_all(names: Iterable[str]) -> tuple[Dimension, ...]:
    """Parse several dimensions, each once, in order."""
    return tuple(dict.fromkeys(Dimension.parse(name) for name in names))


def series_label(dimensions: Mapping[str, str | None]) -> str:
    """A series in words: the values of its dimensions."""
    return " / ".join(value or NONE for value in dimensions.values()) or "all costs"


def _account_tags(rows: ibis.Table) -> ir.StringValue:
    if ACCOUNT_TAGS not in rows.columns:
        raise ConfigurationError(
            "the store knows no tags of accounts",
            hint="add a source that brings them, as aws.organizations does, and run it",
        )
    # A bill may bring a column of this name that holds anything.
    return rows[ACCOUNT_TAGS].try_cast("json").cast("string")


def under_own_names(values: Sequence[ir.Value]) -> tuple[list[ir.Value], dict[str, str]]:
    """Values as columns that no engine takes for each other.

    To DuckDB, ``tags.team`` and ``tags.Team`` are the same column.

    Returns:
        The columns under names of our own, and each value's name → the name it has now: what
        `ibis.Table.rename` takes in the end.
    """
    names = {value.get_name(): f"key_{place}" for place, value in enumerate(values)}
    return [value.name(names[value.get_name()]) for value in values], names


@cache
def _json_extract_string() -> Callable[[ir.Value, str], ir.StringValue]:
    import ibis

    def json_extract_string(document: str, pointer: str) -> str:  # type: ignore[empty-body] # the engine has the body
        """DuckDB's own: Ibis's JSON subscript misreads keys with dots, blanks or slashes."""

    function: Callable[[ir.Value, str], ir.StringValue] = ibis.udf.scalar.builtin(
        json_extract_string
    )
    return function


def json_text(document: ir.StringValue, key: str) -> ir.StringValue:
    """One value of a flat JSON object (``Tags``, ``SkuPriceDetails``) as text; null without it.

    FOCUS allows strings, numbers and, for a tag without a value, ``true``.
    """
    pointer = key.replace("~", "~0").replace("/", "~1")
    return _json_extract_string()(document, f"/{pointer}")


def label_text(labels: ir.StringValue, key: str) -> ir.StringValue:
    """One label of a workload, asked for as Kubernetes writes it; null without it.

    Prometheus writes ``app.kubernetes.io/name`` as ``app_kubernetes_io_name``, and with it
    Kubecost and OpenCost: both are looked for.
    """
    asked = json_text(labels, key)
    written = re.sub(r"\W", "_", key, flags=re.ASCII)
    return asked if written == key else asked.coalesce(json_text(labels, written))
