"""Which way the gigabytes of a charge went, told from the words of the bill."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from finops_cost_management.query.charge_facts import is_hours, meter, quantity, unit

if TYPE_CHECKING:
    import ibis


class Route(StrEnum):
    """The way of a charge's gigabytes; for a NAT gateway, its hours as well."""

    NAT = "processed by a NAT gateway"
    NAT_HOURS = "hours of a NAT gateway"
    CDN = "from a CDN to the internet"
    ZONES = "between zones"
    REGIONS_OUT = "to another region"
    REGIONS_IN = "from another region"
    INTERNET_OUT = "to the internet"
    INTERNET_IN = "from the internet"


_NAT = r"nat.?gateway|cloud nat\b"
_NAT_DATA = r"natgateway-bytes|process"
_ADDRESS = r"address|ipv4|ip usage"
_CDN = r"cloudfront|front door|content delivery|\bcdn\b"
_CDN_METER = r"cloud cdn|cdn traffic"
_TO_ORIGIN = r"obytes|origin|cache fill"
_OTHER = (
    r"peering|process|private.?(link|endpoint)|vpc.?endpoint|vpn|intra[- ](zone|region)"
    r"|google egress"
)
"""Ways that this check knows nothing better for."""

_WORDS = (
    (
        Route.ZONES,
        r"regional[- ]bytes|regional data transfer|\bxaz-|inter[- ]?(availability )?zone",
    ),
    (Route.ZONES, r"availability zone data transfer"),
    (Route.REGIONS_OUT, r"aws-out-bytes|inter[- ]region|int(er|ra)[- ]continent|data transfer to "),
    (Route.REGIONS_IN, r"aws-in-bytes|data transfer from "),
    # What a CDN fetches costs nothing; all that matters is that it comes and goes outside.
    (Route.INTERNET_IN, r"data ?transfer[- ]in\b|ingress|to cloudfront"),
    (
        Route.INTERNET_OUT,
        r"data ?transfer[- ]out\b|egress|download (worldwide|apac|china|australia)",
    ),
)
"""Words of meters, those that tell most first."""

_GIGABYTES = r"^(\d+ ?)?([gt]i?b|(giga|gibi|tera|tebi)bytes?)$"


def routed(charges: ibis.Table) -> ibis.Table:
    """The charges that move data or are for NAT gateways, with ``Route`` and ``Gigabytes``.

    ``Gigabytes`` is null where the bill does not say how many. Whether one has 1000 or 1024
    megabytes is left as the provider counts.
    """
    import ibis

    kind = charges.ServiceName.fill_null("") + " | " + charges.ResourceType.fill_null("")
    size = unit(charges)
    is_data = size.re_search(_GIGABYTES).fill_null(False)  # noqa: FBT003 # Ibis takes it by position only
    in_one = size.re_extract(r"^(\d*)", 1).nullif("").fill_null("1").cast("decimal(9, 0)")
    tera = size.re_search(r"^\d* ?t")
    charges = charges.mutate(
        Kind=kind.lower(),
        Meter=meter(charges),
        IsData=is_data,
        IsHours=is_hours(charges),
        Gigabytes=quantity(charges) * in_one * ibis.ifelse(tera, 1000, 1).cast("decimal(9, 0)"),
    ).filter(lambda table: table.IsData | table.IsHours)
    said, data = charges.Meter, charges.IsData
    of_nat = (charges.Kind + " | " + said).re_search(_NAT)
    of_cdn = charges.Kind.re_search(_CDN) | said.re_search(_CDN_METER)
    route = ibis.cases(
        (data & of_nat & said.re_search(_NAT_DATA), Route.NAT.value),
        (~data & of_nat & ~said.re_search(_ADDRESS), Route.NAT_HOURS.value),
        (~data | said.re_search(_OTHER), None),
        (of_cdn & ~said.re_search(rf"{_TO_ORIGIN}|transfer[- ]in\b"), Route.CDN.value),
        (of_cdn, None),
        *((said.re_search(words), route.value) for route, words in _WORDS),
        else_=None,
    )
    return charges.mutate(Route=route).filter(lambda table: table.Route.notnull())
