"""Cost Explorer's vocabulary over FOCUS rows: for those who know AWS's words for costs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops_cost_management.did_you_mean import did_you_mean
from finops_cost_management.errors import ConfigurationError
from finops_cost_management.query.cost_query import CostMetric, CostQuery
from finops_cost_management.query.dimensions import PROVIDER, Dimension, json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import ibis
    import ibis.expr.types as ir
    import pyarrow as pa

    from finops_cost_management.query.cost_query import Condition, Grain
    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.window import DateWindow

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "AZ": ("AvailabilityZone",),
    "INSTANCE_TYPE": ("x_InstanceType", "SkuPriceDetails.InstanceType"),
    "INSTANCE_TYPE_FAMILY": ("SkuPriceDetails.InstanceSeries",),
    "INVOICING_ENTITY": ("InvoiceIssuerName",),
    "LEGAL_ENTITY_NAME": ("x_LegalEntityName",),
    "LINKED_ACCOUNT": ("SubAccountId",),
    "LINKED_ACCOUNT_NAME": ("SubAccountName",),
    "OPERATING_SYSTEM": ("x_OperatingSystem", "SkuPriceDetails.OperatingSystem"),
    "OPERATION": ("x_Operation",),
    "PAYER_ACCOUNT": ("BillingAccountId",),
    "PLATFORM": ("x_OperatingSystem", "SkuPriceDetails.OperatingSystem"),
    "PURCHASE_TYPE": ("x_PurchaseType",),
    "RECORD_TYPE": ("x_LineItemType",),
    "REGION": ("RegionId",),
    "RESOURCE_ID": ("ResourceId",),
    "SERVICE": ("x_CostExplorerService",),
    "SERVICE_CODE": ("x_ServiceCode",),
    "TENANCY": ("x_Tenancy",),
    "USAGE_TYPE": ("x_UsageType", "SkuMeter"),
}
"""Dimension of Cost Explorer → the columns of the store that may have it, the surest first.

What stands behind a dot is a key of a column that holds JSON. Where none says it, `AwsWord`
works some of them out of FOCUS's own columns.
"""

TAG, COST_CATEGORY = "TAG:", "COST_CATEGORY:"

METRICS: Mapping[str, CostMetric] = {
    "UnblendedCost": CostMetric.BILLED,
    "NetUnblendedCost": CostMetric.BILLED,
    "AmortizedCost": CostMetric.EFFECTIVE,
    "NetAmortizedCost": CostMetric.EFFECTIVE,
}
"""Metric of Cost Explorer → FOCUS's cost; a bill in FOCUS is net of discounts as it is."""

_GRAINS: Mapping[str, Grain] = {"DAILY": "daily", "MONTHLY": "monthly"}

EC2 = "Amazon Elastic Compute Cloud"
EC2_INSTANCES, EC2_OTHER = f"{EC2} - Compute", "EC2 - Other"
_EBS = "Amazon Elastic Block Store"
_INSTANCE_TYPES = (
    r":((?:[a-z]+\.)?[a-z][a-z0-9-]*\.(?:nano|micro|small|medium|\d*x?large|metal[a-z0-9-]*))$"
)
"""How usage types end that name what runs: `EU-BoxUsage:m5.large`, `NodeUsage:cache.r6g.large`."""
_INSTANCE_METERS = (
    r"(^|-)(BoxUsage|SpotUsage|DedicatedUsage|HeavyUsage|HostUsage|HostBoxUsage"
    r"|ReservedHostUsage|SchedUsage|UnusedBox|UnusedDed)"
)
"""Usage types of EC2 that are instances; volumes, addresses, NAT and transfer are others."""

FOCUS_NAMES: Mapping[str, str] = {
    EC2_INSTANCES: EC2,
    EC2_OTHER: EC2,
    "Amazon DocumentDB (with MongoDB compatibility)": "Amazon DocumentDB",
    "Amazon EC2 Container Registry (ECR)": "Amazon Elastic Container Registry",
    "Amazon Elastic Container Service for Kubernetes": "Amazon Elastic Kubernetes Service",
    "Amazon Elastic Load Balancing": "Elastic Load Balancing",
    "Amazon Elastic MapReduce": "Amazon EMR",
    "Amazon Kinesis": "Amazon Kinesis Data Streams",
    "Amazon Kinesis Firehose": "Amazon Data Firehose",
    "AmazonCloudWatch": "Amazon CloudWatch",
    "CloudWatch Events": "Amazon EventBridge",
}
"""Services that Cost Explorer calls otherwise than bills in FOCUS do; the rest has one name."""

MOST_NAMES = 10
"""How many names a message has at most."""

log = logging.getLogger(__name__)

_RECORD_TYPES = {
    "BundledDiscount": "Bundled Discount",
    "EdpDiscount": "Enterprise Discount Program Discount",
    "PrivateRateDiscount": "Private Rate Card Discount",
    "RIFee": "Recurring",
    "SppDiscount": "Solution Provider Program Discount",
}
"""Line items that reports call otherwise than Cost Explorer does; and what is paid in advance for
a reservation is a `Fee` like others there."""


@dataclass(frozen=True, slots=True)
class AwsWord:
    """A dimension, tag or cost category, as Cost Explorer names it.

    Attributes:
        text: ``SERVICE``, ``TAG:team``, ``COST_CATEGORY:unit``.
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> AwsWord:
        """Read what a person wrote; dimensions in any case, keys as they are.

        Raises:
            ConfigurationError: There is no such dimension.
        """
        for prefix in (TAG, COST_CATEGORY):
            if text.upper().startswith(prefix) and text[len(prefix) :]:
                return cls(prefix + text[len(prefix) :])
        if text.upper() in COLUMNS:
            return cls(text.upper())
        near = did_you_mean(text.upper(), COLUMNS)
        raise ConfigurationError(
            f"{text!r} is no dimension of Cost Explorer that the store can answer",
            hint=(f"{near} " if near else "")
            + f"use one of {', '.join(COLUMNS)}, TAG:<key> or COST_CATEGORY:<name>",
        )

    @property
    def key(self) -> str:
        """The dimension, or the key of the tag or cost category."""
        return self.text.partition(":")[2] or self.text

    @property
    def column(self) -> str:
        """The store's column for it, where it has one of its own: not so for tags."""
        return self.columns[0]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, or keys of columns, that may have it; the surest first."""
        if self.text.startswith(TAG):
            return (f"Tags.{self.key}",)
        if self.text.startswith(COST_CATEGORY):
            return (f"x_CostCategory_{self.key}", f"x_CostCategories.{self.key}")
        return COLUMNS[self.text]

    def of(self, rows: ibis.Table) -> ir.StringValue:
        """The value of each row in Cost Explorer's words; null where a row has none.

        Raises:
            ConfigurationError: The store has nothing that would say it.
        """
        import ibis

        told = [value for name in self.columns for value in _told(rows, name)]
        derived = _DERIVED.get(self.text)
        values = [*told, *([derived(rows)] if derived else ())]
        if not values:
            raise _untold(self.text, self.columns)
        value = ibis.coalesce(*values)
        if self.text == "RECORD_TYPE":
            upfront = (value == "Fee") & rows.CommitmentDiscountId.notnull()
            spelt = value.cases(*_RECORD_TYPES.items(), else_=value)
            return ibis.cases((upfront, "Upfront"), else_=spelt)
        return value

    def condition(self, given: Condition) -> Condition:
        """What a person asks for, in the words in which `of` answers."""
        from collections.abc import Mapping

        if isinstance(given, Mapping):
            return {name: self.condition(inner) for name, inner in given.items()}
        wanted = [given] if given is None or isinstance(given, str) else given
        return [value for one in wanted for value in self._spelt(one)]

    def _spelt(self, value: str | None) -> tuple[str | None, ...]:
        if self.text == "SERVICE" and value in _COST_EXPLORER_NAMES:
            return _COST_EXPLORER_NAMES[value]
        if ":" in self.text:  # Cost Explorer does not tell an empty tag from none
            return (None, "") if value == "" else (value,)
        return (None,) if value in NOTHING else (value,)


NOTHING = frozenset({"", "NoAZ", "NoInstanceType", "NoOperation", "NoRegion", "NoUsageType"})
"""What Cost Explorer says where a charge has no value."""

_COST_EXPLORER_NAMES = {
    focus: tuple(name for name, other in FOCUS_NAMES.items() if other == focus)
    for focus in FOCUS_NAMES.values()
}


def ask_in_aws_words(
    costs: CostSnapshot,
    window: DateWindow,
    *,
    group_by: Sequence[str] = (),
    conditions: Mapping[str, Condition] | None = None,
    metric: str = "UnblendedCost",
    granularity: str | None = None,
) -> pa.Table:
    """What AWS cost, in Cost Explorer's words, from the store.

    Args:
        costs: The store; only its rows of AWS are asked.
        window: Days asked for.
        group_by: Dimensions, ``TAG:<key>`` or ``COST_CATEGORY:<name>``, as many as wanted.
        conditions: Dimension → its values; all must hold.
        metric: One of `METRICS`.
        granularity: ``DAILY`` or ``MONTHLY``; one sum where absent.

    Returns:
        One row per period, group and currency: ``Period`` where there is a granularity, a column
        per dimension, ``BillingCurrency``, one named like the metric, ``Rows``, ``UnknownRows``.

    A service that is asked for and that no charge has is said in the log: Cost Explorer answers
    nothing then, and so does the store.

    Raises:
        ConfigurationError: Cost Explorer has no such word, or the store cannot tell it.
    """
    from dataclasses import replace

    groups = tuple(dict.fromkeys(AwsWord.parse(text) for text in group_by))
    wanted: dict[AwsWord, Condition] = {}
    for text, condition in (conditions or {}).items():
        word = AwsWord.parse(text)
        wanted[word] = word.condition(condition)
    cost = METRICS[_known(metric, METRICS, "metric")]
    # Each word becomes a column under a plain name: no engine takes one for another.
    names = {word: f"x_aws_{place}" for place, word in enumerate(dict.fromkeys((*groups, *wanted)))}
    rows = costs.rows.filter(Dimension(PROVIDER).of(costs.rows) == "AWS")
    query = CostQuery(
        window=window,
        cost=cost,
        group_by=tuple(names[word] for word in groups),
        where={names[word]: condition for word, condition in wanted.items()},
    )
    if granularity is not None:
        query = replace(query, grain=_GRAINS[_known(granularity, _GRAINS, "granularity")])
    told = rows.mutate(**{name: word.of(rows) for word, name in names.items()})
    answer = costs.with_rows(told).ask(query)
    for word, name in names.items():
        if word.text in _OF_PRICES:
            _refuse_if_untold(told[name], word)
        if word in wanted and word.text == "SERVICE":
            _say_what_is_no_service(told[name], wanted[word])
    spelt = {names[word]: word.text for word in groups} | {cost.column: metric}
    return answer.rename_columns([spelt.get(name, name) for name in answer.column_names])


def _refuse_if_untold(values: ir.StringValue, word: AwsWord) -> None:
    """Refuse a word that no charge tells, though the store has a column for it."""
    (told,) = (
        values.as_table()
        .aggregate(some=values.notnull().any(), none=values.isnull().any())
        .to_pyarrow()
        .to_pylist()
    )
    if told["none"] and not told["some"]:
        raise _untold(word.text, word.columns)


def _untold(text: str, columns: Iterable[str]) -> ConfigurationError:
    return ConfigurationError(
        f"the store has nothing that says {text}",
        hint=f"it would be in {' or '.join(columns)}, which your sources did not bring; "
        "Cost and Usage Reports have the most",
    )


def _say_what_is_no_service(services: ir.StringValue, condition: Condition) -> None:
    """Warn of services that no charge has."""
    from collections.abc import Mapping

    while isinstance(condition, Mapping):
        condition = condition["not"]
    asked = [condition] if condition is None or isinstance(condition, str) else condition
    wanted = [name for name in asked if name is not None]
    held = services.name("name").as_table().distinct().to_pyarrow()["name"].to_pylist()
    known = sorted(name for name in held if name is not None)
    # A name in FOCUS is spelt as the several services that it is to Cost Explorer.
    spelt = {name for names in _COST_EXPLORER_NAMES.values() for name in names}
    for name in wanted:
        if name in known or name in spelt:
            continue
        near = did_you_mean(name, [*known, *FOCUS_NAMES, *_COST_EXPLORER_NAMES])
        some = ", ".join(known[:MOST_NAMES]) + (", …" if len(known) > MOST_NAMES else "")
        log.warning(
            "no charge of AWS has the service %r; %s", name, near or f"there are {some or 'none'}"
        )


def _known(text: str, known: Mapping[str, object], what: str) -> str:
    if text not in known:
        near = did_you_mean(text, known)
        raise ConfigurationError(
            f"{text!r} is no {what} that the store can answer",
            hint=(f"{near} " if near else "") + f"use one of {', '.join(known)}",
        )
    return text


def _told(rows: ibis.Table, name: str) -> Iterator[ir.StringValue]:
    """What a column, or a key of a column, says; nothing where the store has no such column."""
    column, _, key = name.partition(".")
    if column not in rows.columns:
        return
    text = rows[column].cast("string")
    yield json_text(text, key) if key else text


def _service(rows: ibis.Table) -> ir.StringValue:
    import ibis

    name, meter = rows.ServiceName, AwsWord("USAGE_TYPE").of(rows)
    named = {names[0]: focus for focus, names in _COST_EXPLORER_NAMES.items() if focus != EC2}
    is_instance = meter.re_search(_INSTANCE_METERS).fill_null(True)  # noqa: FBT003 # Ibis takes it by position only
    return ibis.cases(
        (rows.ChargeCategory == "Tax", ibis.literal("Tax")),  # a service of its own, to AWS
        ((name == _EBS) | ((name == EC2) & ~is_instance), ibis.literal(EC2_OTHER)),
        (name == EC2, ibis.literal(EC2_INSTANCES)),
        *((name == focus, ibis.literal(told)) for told, focus in named.items()),
        else_=name,
    )


def _record_type(rows: ibis.Table) -> ir.StringValue:
    import ibis

    category = rows.ChargeCategory
    plan, committed = _of_plan(rows), rows.CommitmentDiscountId.notnull()
    once = (rows.ChargeFrequency == "One-Time").fill_null(False)  # noqa: FBT003 # Ibis takes it by position only
    unused = (rows.CommitmentDiscountStatus == "Unused").fill_null(False)  # noqa: FBT003 # Ibis takes it by position only
    bought = category == "Purchase"
    return ibis.cases(
        (rows.ChargeClass == "Correction", "Refund"),
        (category.isin(["Tax", "Credit"]), category),
        (bought & plan & once, "SavingsPlanUpfrontFee"),
        ((bought | unused) & plan, "SavingsPlanRecurringFee"),
        (bought & committed & once, "Upfront"),
        ((bought | unused) & committed, "Recurring"),
        (bought, "Fee"),
        (category == "Adjustment", "Other"),
        (plan, "SavingsPlanCoveredUsage"),
        (committed, "DiscountedUsage"),
        else_="Usage",
    )


def _purchase_type(rows: ibis.Table) -> ir.StringValue:
    import ibis

    return ibis.cases(
        (_of_plan(rows), "Savings Plans"),
        (rows.CommitmentDiscountId.notnull(), "Reserved Instances"),
        (rows.PricingCategory == "Dynamic", "Spot Instances"),
        (rows.PricingCategory == "Standard", "On Demand Instances"),
    )


def _instance_type(rows: ibis.Table) -> ir.StringValue:
    """What the usage type ends with, where it names an instance, a database or a cache node."""
    return AwsWord("USAGE_TYPE").of(rows).re_extract(_INSTANCE_TYPES, 1).nullif("")


def _of_plan(rows: ibis.Table) -> ir.BooleanValue:
    kind = rows.CommitmentDiscountType.lower()
    return kind.contains("savings plan").fill_null(False)  # noqa: FBT003 # Ibis takes it by position only


_DERIVED = {
    "INSTANCE_TYPE": _instance_type,
    "PURCHASE_TYPE": _purchase_type,
    "RECORD_TYPE": _record_type,
    "SERVICE": _service,
}
"""What FOCUS's own columns say, where no source said it in AWS's words."""

_OF_PRICES = frozenset({"INSTANCE_TYPE", "INSTANCE_TYPE_FAMILY", "OPERATING_SYSTEM", "PLATFORM"})
"""Words that are in the details of prices, which many bills leave empty."""
