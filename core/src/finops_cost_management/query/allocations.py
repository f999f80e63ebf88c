"""What a cluster says of its nodes beside what the cloud bills for them: nothing counts twice.

Rows with an ``x_KubernetesCluster`` lie among the charges of bills. Where the bill of the same
provider is in the store, it has the cost, and they only say whose it is: they split each charge of
a node in proportion to what its workloads cost there on that day.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from finops_cost_management.focus.providers import provider_of
from finops_cost_management.query.charge_facts import MONEY
from finops_cost_management.query.dimensions import (
    CLUSTER,
    CONTAINER,
    CONTROLLER,
    CONTROLLER_KIND,
    NAMESPACE,
    NODE,
    NODE_ID,
    PART_COLUMNS,
    POD,
)
from finops_cost_management.query.resource_keys import resource_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import ibis
    import ibis.expr.types as ir

METHOD = "kubernetes-cost-share"
"""FOCUS's ``AllocatedMethodId`` of the parts made here."""

UNALLOCATED = "__unallocated__"
"""The namespace of a node's cost where its workloads do not say what they cost."""

_WORKLOAD = (CONTROLLER_KIND, CONTROLLER, POD, CONTAINER)
_WHO = (CLUSTER, NODE, NODE_ID, NAMESPACE, *_WORKLOAD)
_RESOURCE = tuple(name for name in PART_COLUMNS if name not in _WHO)
_COMPONENT = "x_KubernetesComponent"
_OF_A_NODE = ("cpu", "ram", "gpu")
"""The components that run on a node; volumes and load balancers are billed on their own."""

ROWS, UNKNOWN_ROWS = "x_Rows", "x_UnknownRows"
"""How many charges a row sums up, and how many of them do not say their cost."""

_CHARGED_NODE = _PROVIDER, _KEY, _DAY = ("x_NodeProvider", "x_NodeKey", "x_NodeDay")
_AMOUNTS = (
    "BilledCost",
    "CommitmentDiscountQuantity",
    "ConsumedQuantity",
    "ContractedCost",
    "EffectiveCost",
    "ListCost",
    "PricingCurrencyEffectiveCost",
    "PricingQuantity",
)
"""What a charge has less of when it is a part; prices stay."""

_SHARE, _UNITS = "decimal(19, 18)", "decimal(20, 0)"
"""A share from 0 to 1, and whole units of money: their product has 38 digits, all there are."""

_RATIO = "decimal(13, 12)"
_INSTANCE_OF_A_SCALE_SET = r"(/virtualmachinescalesets/[^/]+)/virtualmachines/[^/]+$"
_GOOGLE_INSTANCE = r"^//compute\.googleapis\.com/projects/[^/]+/zones/([^/]+)/instances?/[^/]+$"
_NAMED_BY_GKE = r"^//compute\.googleapis\.com/projects/[^/]*/zones/[^/]+/instances/(gk[e3]-[^/]+)$"
"""GKE's names of nodes have a random end, and OpenCost tells nothing else of them."""


def is_allocation(rows: ibis.Table) -> ir.BooleanValue:
    """Whether a row is what a cluster says, and not a charge, be it one that was split before."""
    return rows[CLUSTER].notnull() & rows.AllocatedMethodId.isnull()


def counted(rows: ibis.Table) -> ibis.Table:
    """The rows that count: allocations only where the store has no bill of their provider.

    The providers are looked up now; a store that is read again later is asked anew.
    """
    ours, provider = is_allocation(rows), provider_of(rows)
    bills = rows.filter(~ours, provider.notnull()).select(Provider=provider).distinct()
    billed = bills.to_pyarrow()["Provider"].to_pylist()
    if not billed:
        return rows
    told = ours & provider.isin(billed).fill_null(False)  # noqa: FBT003 # Ibis takes it by position only
    return rows.filter(~told)


def unbilled_nodes(rows: ibis.Table, allocations: ibis.Table) -> list[str]:
    """Clusters of which machines are on no bill, though the store has one of their provider.

    Their cost is nowhere: another account may pay for them, or the bill is late.

    Args:
        rows: The rows that count, of the days in question.
        allocations: What clusters say of the same days.

    Returns:
        A warning for each cluster and currency.
    """
    import ibis

    charges = _with_keys(rows)
    bills = charges.filter(~is_allocation(charges)).select(Provider=charges[_PROVIDER]).distinct()
    known = charges.filter(charges[_KEY].notnull())
    known = known.select(Provider=known[_PROVIDER], Node=known[_KEY]).distinct()
    on_nodes = allocations.filter(
        allocations[NODE_ID].notnull(), allocations[_COMPONENT].isin(_OF_A_NODE)
    )
    nodes = on_nodes.select(
        CLUSTER,
        "BillingCurrency",
        "EffectiveCost",
        Provider=provider_of(on_nodes),
        Node=machine_key(on_nodes[NODE_ID]),
    )
    missing = nodes.semi_join(bills, "Provider").anti_join(known, ["Provider", "Node"])
    found = missing.group_by(CLUSTER, "Provider", "BillingCurrency").aggregate(
        Nodes=missing.Node.nunique(),
        Cost=ibis.coalesce(missing.EffectiveCost.sum(), Decimal(0)).cast(MONEY),
    )
    return [
        f"{row['Nodes']:,} nodes of the cluster {row[CLUSTER]} are on no bill of "
        f"{row['Provider']} in these days: {row['Cost']:,.2f} {row['BillingCurrency']}, as the "
        "cluster tells it, are in no total; add the bill of the account that pays for them"
        for row in found.order_by(CLUSTER, "BillingCurrency").to_pyarrow().to_pylist()
    ]


def split_nodes(
    rows: ibis.Table, allocations: ibis.Table, by: Sequence[str] | None = None
) -> ibis.Table:
    """The same charges, those of nodes in parts: one for each workload of the node on that day.

    Each charge whose ``ResourceId`` is a node is split, its credits and corrections, too. The
    parts add up to it exactly: each amount is cut where the workloads' running share of the
    node's cost ends, to 12 places, and the last cut is the whole. Charges that were split
    before, by their provider, and those of other resources stay whole.

    Args:
        rows: Charges, as `CostSnapshot.rows` or fewer, or as `summed_by_node` gives them.
        allocations: What clusters say of the same days or more.
        by: What tells parts apart, of `PART_COLUMNS`; by default all of them, container by
            container.

    Returns:
        The columns of ``rows`` and those that say whose a part is.
    """
    import ibis

    charges = rows if _KEY in rows.columns else _with_keys(rows)
    shares = _shares(allocations, PART_COLUMNS if by is None else by, explain=by is None)
    shares = shares.rename({f"share_{name}": name for name in shares.columns})
    parts = charges.left_join(
        shares,
        [
            charges[_PROVIDER] == shares.share_Provider,
            charges[_KEY] == shares.share_Node,
            charges[_DAY] == shares.share_Day,
        ],
    )
    is_part = parts.share_Node.notnull()
    columns: dict[str, ir.Value] = {
        name: parts[name] for name in charges.columns if name not in _CHARGED_NODE
    }
    for name in (*PART_COLUMNS, "AllocatedMethodDetails"):
        if f"share_{name}" in parts.columns:
            own = columns.get(name, ibis.null("string"))
            columns[name] = is_part.ifelse(parts[f"share_{name}"], own)
    if "AllocatedMethodId" in columns:
        columns["AllocatedMethodId"] = is_part.ifelse(METHOD, parts.AllocatedMethodId)
    for name in _AMOUNTS:
        if name in columns:
            amount = parts[name]
            piece = _up_to(amount, parts.share_End) - _up_to(amount, parts.share_Start)
            columns[name] = is_part.ifelse(piece.cast(MONEY), amount)
    return parts.select(**columns)


def summed_by_node(rows: ibis.Table, columns: Iterable[str], cost: str) -> ibis.Table:
    """Charges summed up before they are split: few rows instead of one for each hour and meter.

    Args:
        rows: Charges, as `CostSnapshot.rows` or fewer.
        columns: What a question tells them apart by.
        cost: The cost that it sums up.

    Returns:
        These columns, the day (as ``ChargePeriodStart``), the cost, and `ROWS` and
        `UNKNOWN_ROWS`: how many charges each row sums up.
    """
    charges = _with_keys(rows)
    kept = dict.fromkeys(name for name in columns if name in charges.columns)
    amount = charges[cost]
    sums = charges.group_by(*_CHARGED_NODE, *kept).aggregate(
        amount.sum().cast(MONEY).name(cost),
        charges.count().name(ROWS),
        amount.isnull().sum().name(UNKNOWN_ROWS),
    )
    return sums.mutate(ChargePeriodStart=sums[_DAY].cast("timestamp('UTC')"))


def _with_keys(rows: ibis.Table) -> ibis.Table:
    """Charges with what finds the node that they are for; null where nothing is split."""
    whole = rows.AllocatedMethodId.isnull()
    if CLUSTER in rows.columns:
        whole &= rows[CLUSTER].isnull()
    key = whole.ifelse(machine_key(_resource_id(rows)), None)
    day = rows.ChargePeriodStart.date()
    return rows.mutate(provider_of(rows).name(_PROVIDER), key.name(_KEY), day.name(_DAY))


def machine_key(ids: ir.StringValue) -> ir.StringValue:
    """What tells machines apart: Azure bills the machines of a scale set as one.

    Those of GKE are known by their names alone.
    """
    single = resource_key(ids).re_replace(_INSTANCE_OF_A_SCALE_SET, r"\1")
    return single.re_replace(_NAMED_BY_GKE, r"\1")


def _resource_id(charges: ibis.Table) -> ir.StringValue:
    """The id of what a charge is for, as clusters would tell it.

    Google's bill has numbers for project and machine in it, and the words beside it.
    """
    told = charges.ResourceId
    zone = told.re_extract(_GOOGLE_INSTANCE, 1).nullif("")
    project = "//compute.googleapis.com/projects/" + charges.SubAccountId.fill_null("")
    return (project + "/zones/" + zone + "/instances/" + charges.ResourceName).coalesce(told)


def _shares(allocations: ibis.Table, by: Sequence[str], *, explain: bool) -> ibis.Table:
    """Where the share of each workload in its node's day starts and ends, from 0 to 1."""
    import ibis

    node = ("Provider", "Node", "Day")
    workloads = _workloads(allocations)
    if not explain:
        workloads = workloads.group_by(*node, *by).aggregate(Weight=workloads.Weight.sum())
    order = [workloads[name] for name in by]
    running = workloads.mutate(
        Place=ibis.row_number().over(ibis.window(group_by=node, order_by=order)),
        Running=workloads.Weight.sum().over(ibis.cumulative_window(group_by=node, order_by=order)),
        Total=workloads.Weight.sum().over(ibis.window(group_by=node)),
    )
    running = running.filter((running.Total > 0) | (running.Place == 0))
    unknown = running.Total == 0
    instead = dict.fromkeys((*_WORKLOAD, *_RESOURCE)) | {NAMESPACE: UNALLOCATED}
    placed = running.mutate(
        End=unknown.ifelse(1, running.Running / running.Total).cast(_SHARE),
        **{name: unknown.ifelse(instead[name], running[name]) for name in by if name in instead},
    )
    before = placed.End.lag().over(ibis.window(group_by=node, order_by=placed.Place))
    columns = {name: placed[name] for name in (*node, *by, "End")}
    columns["Start"] = before.fill_null(ibis.literal(Decimal(0), type=_SHARE))
    if explain:
        columns["AllocatedMethodDetails"] = _details(placed)
    return placed.select(**columns)


def _workloads(allocations: ibis.Table) -> ibis.Table:
    """What each workload costs on each node and day.

    A cost below 0, as of more used than there is (negative idle), weighs nothing.
    """
    import ibis

    absent = [name for name in (*_WHO, _COMPONENT) if name not in allocations.columns]
    allocations = allocations.mutate(**{name: ibis.null("string") for name in absent})
    on_nodes = allocations.filter(
        allocations[NODE_ID].notnull(), allocations[_COMPONENT].isin(_OF_A_NODE)
    )
    keyed = on_nodes.select(
        *_WHO,
        "ResourceId",
        "ResourceName",
        "Tags",
        "EffectiveCost",
        "ConsumedQuantity",
        "ConsumedUnit",
        Provider=provider_of(on_nodes),
        Node=machine_key(on_nodes[NODE_ID]),
        Day=on_nodes.ChargePeriodStart.date(),
        Component=on_nodes[_COMPONENT],
    )
    facts: dict[str, ir.Value] = {}
    for component in _OF_A_NODE:
        where = keyed.Component == component
        facts[f"{component}_quantity"] = keyed.ConsumedQuantity.sum(where=where)
        facts[f"{component}_unit"] = keyed.ConsumedUnit.max(where=where)
        facts[f"{component}_cost"] = keyed.EffectiveCost.sum(where=where).cast(MONEY)
    workloads = keyed.group_by("Provider", "Node", "Day", *_WHO).aggregate(
        AllocatedResourceId=keyed.ResourceId.max(),
        AllocatedResourceName=keyed.ResourceName.max(),
        AllocatedTags=keyed.Tags.max(),
        **facts,
    )
    nothing = ibis.literal(Decimal(0), type=MONEY)
    costs = {
        f"{one}_cost": ibis.greatest(workloads[f"{one}_cost"].fill_null(nothing), nothing)
        for one in _OF_A_NODE
    }
    weighed = workloads.mutate(**costs)
    cpu, ram, gpu = (weighed[f"{one}_cost"] for one in _OF_A_NODE)
    return weighed.mutate(Weight=(cpu + ram + gpu).cast(MONEY))


def _details(shares: ibis.Table) -> ir.StringValue:
    """FOCUS's ``AllocatedMethodDetails``: which resource makes how much of the share.

    The ratios of all parts of a charge add up to 1, but for rounding.
    """
    import ibis

    def element(component: str) -> ir.StringValue:
        cost, unit = shares[f"{component}_cost"], shares[f"{component}_unit"]
        ratio = (cost / shares.Total).cast(_RATIO).cast("string")
        quantity = shares[f"{component}_quantity"].cast("string")
        usage = ibis.literal(',"UsageUnit":"') + unit + '","UsageQuantity":' + quantity
        told = ibis.literal('{"AllocatedRatio":') + ratio + usage.fill_null("") + "}"
        return (cost > 0).ifelse(told, ibis.null("string"))

    elements = ibis.array([element(component) for component in _OF_A_NODE])
    joined = elements.filter(lambda one: one.notnull()).join(",")
    whole = ibis.literal('{"AllocatedRatio":1}')
    told = (shares.Total == 0).ifelse(whole, joined)
    return ibis.literal('{"Elements":[') + told.fill_null("") + "]}"


def _up_to(amount: ir.DecimalValue, share: ir.DecimalValue) -> ir.DecimalValue:
    """A share of an amount, to 12 places; of all of it, the amount itself.

    Whole units and what is left of them apart: their product would need more than 38 digits.
    """
    multiply = _multiply()
    units = amount.cast(_UNITS)
    rest = (amount - units).cast(_SHARE)
    return multiply(units, share).cast(MONEY) + multiply(rest, share).cast(MONEY)


@cache
def _multiply() -> Callable[[ir.DecimalValue, ir.DecimalValue], ir.DecimalValue]:
    import ibis

    def multiply(amount: Any, share: Any) -> Any:
        """DuckDB's own: Ibis has no type for the product of two different decimals."""

    function: Callable[[ir.DecimalValue, ir.DecimalValue], ir.DecimalValue]
    function = ibis.udf.scalar.builtin(signature=(("decimal", _SHARE), "decimal"))(multiply)
    return function
