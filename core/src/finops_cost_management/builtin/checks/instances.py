"""Machines, databases and caches that are paid by the hour, as bills write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.query.charge_facts import is_hours, meter, unit
from finops_cost_management.query.dimensions import PROVIDER, Dimension, json_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import ibis
    import ibis.expr.types as ir

MACHINE = "machine"
DATABASE = "database"
CACHE = "cache"

ALL_DAY_HOURS = 23
"""Hours from which an instance counts as on all day: a restart or a clock change is no rest."""

CROWDED_HOURS = 24.5
"""Hours beyond which more than one instance is billed under one id: no day has more than 24."""

STEADY_SHARE = 0.95
"""Share of the days on which an instance must be on all day to be one that never rests."""

_KINDS = (
    # (kind, service, what its hours are called): all in small letters, of any provider.
    (MACHINE, r"elastic compute cloud|amazon ?ec2", r"(box|spot|dedicated)usage|instance[ -]hour"),
    (MACHINE, r"^virtual machines$", r"."),
    (MACHINE, r"compute engine", r"\brunning\b|burstable cpu"),
    (DATABASE, r"relational database service|amazon ?rds", r"(instance|multi-az)\w*usage|:db\."),
    (DATABASE, r"relational database service|amazon ?rds", r"instance[ -]hour"),
    (DATABASE, r"cloud sql", r"\bv?cpu\b|\bcore\b|\bram\b|\brunning\b"),
    (DATABASE, r"sql database|azure database for|sql managed instance", r"vcore"),
    (CACHE, r"elasticache", r"nodeusage|node[ -]hour"),
)
_NO_INSTANCE = r"ebsoptimized|mbps per|licen[cs]|proxy|ip address|extended ?support"
"""Hours in the same services that are something else."""

_MEMORY = r"\bram\b"
_PER_CORE = r"instance core|custom core|core running|- vcpu|\bvcpu in\b"
_MEMORY_HOURS = r"^(gi?b|gibibyte|gigabyte)[- ]h(ou)?rs?$"
_SPOT = r"spot|preemptible|low priority"

_LICENSED = r"windows|sql server|oracle|red hat|rhel|suse|runinstances:"
"""AWS's operation has a code behind ``RunInstances`` for all systems but plain Linux."""

_TYPE_IN_DETAILS = r'"(?:x_)?(?:InstanceType|ServiceType)"\s*:\s*"([^"]+)"'
_AWS_TYPE = (
    r"\b((?:db\.|cache\.)?[a-z]+\d[a-z0-9-]*\.(?:nano|micro|small|medium|metal|\d*x?large))\b"
)
_GOOGLE_TYPE = r"\b([a-z]\d[a-z]?-(?:standard|highmem|highcpu|megamem|ultramem)-\d+|[fg]1-\w+)\b"
_AZURE_TYPE = r"(?:^\s*| - )(?:standard_)?([a-z]{1,3}\d+[a-z]{0,4}(?:-\d+)?[a-z]*(?:[ _]v\d)?)\b"


def instance_charges(charges: ibis.Table) -> ibis.Table:
    """The charges for instances being on, with five more columns.

    What a stopped instance goes on costing (disks, addresses, backups) is not among them, nor
    what a commitment leaves unused.

    - ``InstanceKind``: `MACHINE`, `DATABASE` or `CACHE`.
    - ``InstanceType``: the provider's type; null where the bill does not say.
    - ``InstanceHours``: hours that one instance was on; 0 for what is billed beside them, such as
      memory, and null where the bill does not say: Google bills the hours of each core.
    - ``IsSpot``: whether the provider may take it away.
    - ``IsLicensed``: whether software is paid by the hour with it.
    """
    text = meter(charges)
    kind = _kind(charges, text)
    wanted = kind.notnull() & ~(charges.CommitmentDiscountStatus == "Unused").fill_null(False)  # noqa: FBT003 # Ibis takes it by position only
    return charges.mutate(
        InstanceKind=kind,
        InstanceType=_type(charges, text),
        InstanceHours=_hours(charges, text),
        IsSpot=(charges.PricingCategory == "Dynamic").fill_null(False) | text.re_search(_SPOT),  # noqa: FBT003 # Ibis takes it by position only
        IsLicensed=_is_licensed(charges, text),
    ).filter(wanted)


def newest(charges: ibis.Table, value: ir.StringValue) -> ir.StringValue:
    """What the newest charge of each group says, as an aggregate; of two, the last in the alphabet.

    Resources are resized, renamed and retagged: what they are now counts.
    """
    return value.argmax(charges.ChargePeriodStart.cast("string") + value)


def is_attachment(charges: ibis.Table) -> ir.BooleanValue:
    """Whether a charge is for a GPU or a local disk that Google bills beside its machine."""
    return meter(charges).re_search(r"\bgpu (attached|running)|local ssd|ssd backed local")


def day_facts(charges: ibis.Table) -> dict[str, ir.Value]:
    """Aggregates per resource that `why_hours_unclear` and `never_rests` read.

    Args:
        charges: As `with_day_hours` makes them.
    """
    day = charges.ChargePeriodStart.date()
    return {
        "AllDays": day.nunique(where=charges.DayHours >= ALL_DAY_HOURS),
        "CrowdedDays": day.nunique(where=charges.DayHours > CROWDED_HOURS),
        "RowsWithoutHours": charges.InstanceHours.isnull().sum(),
    }


def with_day_hours(charges: ibis.Table) -> ibis.Table:
    """The same instance charges with ``DayHours``: hours of their resource on their day."""
    whole = charges.mutate(
        InstanceDay=charges.ChargePeriodStart.date(),
        InstanceProvider=Dimension(PROVIDER).of(charges),
    )
    keys = ["InstanceProvider", "SubAccountId", "BillingCurrency", "ResourceId", "InstanceDay"]
    return whole.group_by(keys).mutate(DayHours=whole.InstanceHours.sum())


def why_hours_unclear(facts: Mapping[str, Any], days: int) -> str:
    """Why the hours of an instance cannot be told; empty where they can.

    Args:
        facts: `day_facts` of it.
        days: On how many days it has charges.
    """
    if facts["RowsWithoutHours"]:
        return "the bill does not say how many hours it was on"
    # One day may be billed twice.
    if facts["CrowdedDays"] > max(1, (1 - STEADY_SHARE) * days):
        return "several instances under one id"
    return ""


def never_rests(facts: Mapping[str, Any], span: int) -> bool:
    """Whether an instance was on all day on nearly all days.

    Args:
        facts: `day_facts` of it.
        span: Days from its first charge to its last.
    """
    all_days: int = facts["AllDays"]
    return all_days >= STEADY_SHARE * span


def _kind(charges: ibis.Table, text: ir.StringValue) -> ir.StringValue:
    import ibis

    service = charges.ServiceName.fill_null("").lower()
    counted = unit(charges).fill_null("")
    # Meters of AWS tell enough even where the bill leaves the unit out.
    running = is_hours(charges) | counted.re_search(_MEMORY_HOURS) | (counted == "")
    running &= ~text.re_search(_NO_INSTANCE)
    branches = [
        (running & service.re_search(whose) & text.re_search(what), kind)
        for kind, whose, what in _KINDS
    ]
    return ibis.cases(*branches, else_=ibis.null("string"))


def _hours(charges: ibis.Table, text: ir.StringValue) -> ir.FloatingValue:
    import ibis

    beside = text.re_search(_MEMORY) | is_attachment(charges)
    beside &= ~text.re_search(r"\d+ ?v?cpu")  # a whole instance, named after its size
    cores = json_text(charges.SkuPriceDetails, "CoreCount").try_cast("float64").nullif(0.0)
    return ibis.cases(
        (beside, ibis.literal(0.0)),
        (text.re_search(_PER_CORE) & ~text.re_search(r"\d+ ?v?cpu"), _quantity(charges) / cores),
        else_=_quantity(charges),
    )


def _quantity(charges: ibis.Table) -> ir.FloatingValue:
    """Hours as they are priced, else as they are consumed; a unit of 10 hours is ten."""
    priced = charges.PricingQuantity.cast("float64") * _block(charges.PricingUnit)
    consumed = charges.ConsumedQuantity.cast("float64") * _block(charges.ConsumedUnit)
    return priced.coalesce(consumed)


def _block(name: ir.StringValue) -> ir.FloatingValue:
    return name.re_extract(r"^\s*(\d+)", 1).try_cast("float64").fill_null(1.0)


def _is_licensed(charges: ibis.Table, text: ir.StringValue) -> ir.BooleanValue:
    import ibis

    texts = [text, json_text(charges.SkuPriceDetails, "OperatingSystem").lower()]
    if "x_Operation" in charges.columns:
        texts.append(charges.x_Operation.cast("string").lower())
    return ibis.or_(*(one.fill_null("").re_search(_LICENSED) for one in texts))


def _type(charges: ibis.Table, text: ir.StringValue) -> ir.StringValue:
    import ibis

    # Azure's own column of details is no FOCUS one: nobody has checked that it is JSON.
    told = [json_text(charges.SkuPriceDetails, "InstanceType")]
    told += [
        charges[name].cast("string").re_extract(pattern, 1).nullif("")
        for name, pattern in (
            ("x_InstanceType", r"^\s*(.+?)\s*$"),
            ("x_SkuDetails", _TYPE_IN_DETAILS),
        )
        if name in charges.columns
    ]
    provider = Dimension(PROVIDER).of(charges)
    azure = text.re_extract(_AZURE_TYPE, 1).nullif("").replace(" ", "_")
    parsed = ibis.cases(
        (provider == "AWS", text.re_extract(_AWS_TYPE, 1).nullif("")),
        (provider == "Google Cloud", text.re_extract(_GOOGLE_TYPE, 1).nullif("")),
        (
            (provider == "Microsoft") & (charges.ServiceName == "Virtual Machines"),
            ibis.literal("standard_") + azure,
        ),
        else_=ibis.null("string"),
    )
    return ibis.coalesce(*told, parsed)
