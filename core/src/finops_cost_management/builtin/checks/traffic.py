"""What each resource moves, by which way, and what that costs."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from finops_cost_management.builtin.checks.bill_check import FEED, per_resource
from finops_cost_management.builtin.checks.transfer_routes import Route, routed
from finops_cost_management.query.charge_facts import effective_cost, is_committed
from finops_cost_management.query.dimensions import PROVIDER

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

_OUTSIDE = (Route.REGIONS_OUT, Route.REGIONS_IN, Route.INTERNET_OUT, Route.INTERNET_IN)
"""What a private endpoint of the region cannot carry."""

_GATEWAY_ID = r"nat.?gateways?/|vpn.?connections?/|(^|[:/])(nat|vpn)-[0-9a-f]+$"
"""Ids of gateways whose transfer charges may be apart from the others."""


def per_mover(charges: ibis.Table) -> ibis.Table:
    """`per_resource` of all that moves data, with its ways as facts.

    ``NatCost`` and ``NatGigabytes`` are of what is paid for, commitments aside; likewise
    ``Zones…``, ``Regions…``, ``Internet…`` and ``Cdn…``. Further: ``NatHoursCost``,
    ``OutsideGigabytes`` and ``InternetInGigabytes`` (free ones included), ``OpenCharges`` (how
    many do not say how much), ``IsNat``, ``IsGateway``; of the whole export ``NatInGigabytes``,
    what its NAT gateways brought in; of the provider and currency ``CdnBillCost`` and
    ``CdnBillGigabytes``.
    """
    import ibis

    moved = routed(charges)
    movers = per_resource(
        moved,
        **_paid(moved, "Nat", Route.NAT),
        **_paid(moved, "Zones", Route.ZONES),
        **_paid(moved, "Regions", Route.REGIONS_OUT),
        **_paid(moved, "Internet", Route.INTERNET_OUT),
        **_paid(moved, "Cdn", Route.CDN),
        NatHoursCost=effective_cost(moved, moved.Route == Route.NAT_HOURS),
        OutsideGigabytes=_gigabytes(moved, moved.Route.isin(_OUTSIDE)),
        InternetInGigabytes=_gigabytes(moved, moved.Route == Route.INTERNET_IN),
        OpenCharges=(moved.IsData & moved.Gigabytes.isnull()).sum(),
        **{name: moved[name].max() for name in FEED[1:]},
    )
    is_nat = (movers.NatCost != 0) | (movers.NatHoursCost != 0)
    brought_in = ibis.ifelse(is_nat, movers.InternetInGigabytes, ibis.literal(Decimal(0)))
    prices = [PROVIDER, "BillingCurrency"]
    return movers.mutate(
        IsNat=is_nat,
        IsGateway=is_nat | movers.ResourceId.lower().re_search(_GATEWAY_ID),
        NatInGigabytes=brought_in.sum().over(group_by=[*FEED]),
        CdnBillCost=movers.CdnCost.sum().over(group_by=prices),
        CdnBillGigabytes=movers.CdnGigabytes.sum().over(group_by=prices),
    )


def _paid(moved: ibis.Table, name: str, route: Route) -> dict[str, ir.Value]:
    paid = (moved.Route == route.value) & (moved.EffectiveCost != 0) & ~is_committed(moved)
    return {
        f"{name}Cost": effective_cost(moved, paid),
        f"{name}Gigabytes": _gigabytes(moved, paid),
    }


def _gigabytes(moved: ibis.Table, where: ir.BooleanValue) -> ir.DecimalValue:
    return moved.Gigabytes.sum(where=where).fill_null(0)
