"""What the bill says that single AWS resources cost: the price that a saving is computed on."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from finops_aws.checks.places import is_account, region_of_place
from finops_cost_management.answers.recommendations import DAYS_A_MONTH
from finops_cost_management.query.charge_facts import effective_cost
from finops_cost_management.query.lookback import Lookback

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from finops_cost_management import CostSnapshot

AWS = "AWS"
_CENT = Decimal("0.01")
_MONEY = "decimal(38, 12)"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCost:
    """The effective cost of one resource in a month of 30.4375 average days.

    Attributes:
        currency: ISO 4217 code.
        total: All of it.
        on_demand: What no commitment pays for: all that a change can save.
        by_meter: Usage type → the part of ``on_demand`` that it is.
    """

    currency: str
    total: Decimal
    on_demand: Decimal
    by_meter: Mapping[str, Decimal] = field(default_factory=dict)

    def of_meters(self, pattern: str) -> Decimal:
        """The uncommitted cost of the usage types that a regular expression finds."""
        import re

        found = (cost for meter, cost in self.by_meter.items() if re.search(pattern, meter))
        return sum(found, Decimal(0))


class OwnCosts:
    """Asks the store what resources cost.

    Args:
        costs: The rows of the store.
        until: The first day outside the run's window.
        days: How many of the newest days of the bill are averaged.
    """

    def __init__(self, costs: CostSnapshot, until: date, days: int) -> None:
        self._costs = costs
        self._days = days
        self._lookback = Lookback.of(costs, until, days)

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions in which the bill of AWS has costs, in order."""
        if AWS not in self._lookback.windows:
            return ()
        rows = self._lookback.select(self._costs.rows)
        held = rows.filter(rows.HostProviderName == AWS, rows.RegionId.notnull())
        names = held.select("RegionId").distinct().to_pyarrow()["RegionId"].to_pylist()
        regions = {region_of_place(name) for name in names}
        return tuple(sorted(name for name in regions if name is not None))

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that have costs of AWS, the dearest first."""
        if AWS not in self._lookback.windows:
            return ()
        rows = self._lookback.select(self._costs.rows)
        held = rows.filter(rows.HostProviderName == AWS, rows.SubAccountId.notnull())
        sums = held.group_by("SubAccountId").aggregate(
            Cost=effective_cost(held), Open=held.EffectiveCost.isnull().any()
        )
        costly = sums.filter((sums.Cost > 0) | sums.Open)
        dearest_first = costly.order_by(costly.Cost.desc(), "SubAccountId").to_pyarrow()
        return tuple(filter(is_account, dearest_first["SubAccountId"].to_pylist()))

    def of(self, ids: Collection[str]) -> dict[str, OwnCost]:
        """Id → its cost, for those that the bill names.

        Args:
            ids: Bare ids (``i-0ab``) or names, or whole ARNs. Bills write now one, now the other:
                where either is bare, the last part counts; two ARNs must be the same, for a
                name may be used again in another region.
        """
        import ibis
        import pyarrow as pa

        if not ids or AWS not in self._lookback.windows:
            return {}
        names = sorted(set(ids))
        wanted = self._costs.engine.table_of(
            pa.table({"Id": pa.array(names), "Short": pa.array([last_part(one) for one in names])})
        )
        rows = self._lookback.select(self._costs.rows)
        used = rows.filter(
            rows.HostProviderName == AWS,
            rows.ChargeCategory == "Usage",
            rows.ChargeClass.isnull(),
            rows.ResourceId.notnull(),
        )
        committed = used.CommitmentDiscountId.notnull() | (
            used.PricingCategory.fill_null("") == "Committed"
        )
        meters = [used[name] for name in ("SkuMeter", "x_UsageType") if name in used.columns]
        named = used.select(
            Short=used.ResourceId.re_extract(r"([^/:]+)/?$", 1),
            Billed=used.ResourceId,
            BillingCurrency=used.BillingCurrency,
            Meter=ibis.coalesce(*meters, used.ChargeDescription, ibis.literal("")),
            Total=used.EffectiveCost,
            OnDemand=committed.ifelse(None, used.EffectiveCost),
        ).join(wanted, "Short")
        either_is_bare = ~(named.Id.startswith("arn:") & named.Billed.startswith("arn:"))
        sums = (
            named.filter(either_is_bare | (named.Id == named.Billed))
            .group_by("Id", "BillingCurrency", "Meter")
            .aggregate(
                Total=lambda table: table.Total.sum().cast(_MONEY),
                OnDemand=lambda table: table.OnDemand.sum().cast(_MONEY),
                Unknown=lambda table: table.Total.isnull().sum(),
            )
            .order_by("Id", "BillingCurrency", "Meter")
            .to_pyarrow()
            .to_pylist()
        )
        grouped: dict[str, list[dict[str, object]]] = {}
        for row in sums:
            grouped.setdefault(str(row["Id"]), []).append(row)
        return {
            name: cost for name, mine in grouped.items() if (cost := self._cost(mine)) is not None
        }

    def _cost(self, rows: list[dict[str, object]]) -> OwnCost | None:
        """None where the bill leaves a cost open, or has several currencies."""
        currencies = {str(row["BillingCurrency"]) for row in rows}
        if len(currencies) > 1 or any(row["Unknown"] for row in rows):
            return None
        meters = {str(row["Meter"]): self._monthly(row["OnDemand"]) for row in rows}
        return OwnCost(
            currency=currencies.pop(),
            total=sum((self._monthly(row["Total"]) for row in rows), Decimal(0)),
            on_demand=sum(meters.values(), Decimal(0)),
            by_meter=meters,
        )

    def _monthly(self, cost: object) -> Decimal:
        known = cost if isinstance(cost, Decimal) else Decimal(0)
        return (known / self._days * DAYS_A_MONTH).quantize(_CENT)


def last_part(resource: str) -> str:
    """What tells a resource from its like: ``i-0ab`` of its ARN.

    Example:
        >>> last_part("arn:aws:ec2:us-east-1:012345678901:instance/i-0ab")
        'i-0ab'
    """
    return resource.rstrip("/").replace(":", "/").rpartition("/")[2]
