"""Commitments that are paid for and not used, seen in the bill alone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field

from finops_cost_management.answers.recommendations import (
    DAYS_A_MONTH,
    Effort,
    OptimizationCategory,
    Recommendation,
    Risk,
    SavingsAnswer,
    Unknown,
)
from finops_cost_management.builtin.checks.bill_check import untold_bills
from finops_cost_management.plugins.component import Optimizer, Options
from finops_cost_management.plugins.hookspecs import hookimpl
from finops_cost_management.plugins.savings_case import SavingsCase, daily_charges
from finops_cost_management.query.cost_query import CostQuery
from finops_cost_management.query.dimensions import NONE, PROVIDER, Dimension
from finops_cost_management.query.lookback import Lookback
from finops_cost_management.report.wording import money, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.plugins.savings_case import Charge
    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.window import DateWindow

CHECK = "unused_commitments"

CONFIDENCE = 0.7
"""The waste is a fact of the bill. Whether it can be ended is not: some commitments can be
exchanged or sold, others only be filled with more use or left to expire."""

OVER_AFTER = timedelta(days=7)
"""How long before the end of its provider's bill a commitment's last charge is, when it is over."""

_CENT = Decimal("0.01")
_SECONDS_A_DAY = 86_400


class UnusedCommitmentsOptions(Options):
    """From when on an unused commitment is worth a word."""

    minimum_waste: Decimal = Field(default=Decimal(10), ge=0)
    """Waste per month, in the currency of the bill, below which a commitment is clean."""
    minimum_share: float = Field(default=0.05, ge=0, le=1)
    """Unused share of the commitment's cost below which it is clean; 0.05 is 5 %."""
    lookback_days: int = Field(default=30, ge=7, le=366)
    """How many of the newest days of the bill are looked at."""
    minimum_days: int = Field(default=7, ge=1)
    """Days with charges in the window that a commitment needs to be judged."""


class UnusedCommitments(Optimizer[UnusedCommitmentsOptions]):
    """Compares the unused part of each commitment with its whole effective cost.

    Only usage charges count: FOCUS gives the purchase an effective cost of 0 and spreads it
    over usage that is either ``Used`` or ``Unused``. A month is the average day of the days
    that the charges cover, times 30.4375. A commitment whose charges ended a week before the
    newest charge of the bill is over: nothing is left to save, and it is not judged.
    """

    Options = UnusedCommitmentsOptions

    @hookimpl
    def find_savings(self, costs: CostSnapshot, window: DateWindow) -> SavingsAnswer:
        """Judge every commitment of the window, each currency on its own."""
        lookback = Lookback.of(costs, window.end, self.options.lookback_days)
        findings = []
        unknown = untold_bills(lookback)
        clean = 0
        rows = lookback.select(CostQuery(window=window).select(costs.rows))
        for row in _commitments(rows).to_pyarrow().to_pylist():
            newest = lookback.windows[row[PROVIDER]].end
            if row["End"] and row["End"].date() < newest - OVER_AFTER:
                continue
            if reason := self._why_unknown(row):
                unknown.append(Unknown(subject=row["CommitmentDiscountId"], reason=reason))
            elif self._is_wasteful(row):
                findings.append(_finding(row))
            else:
                clean += 1
        findings.sort(key=lambda one: -one.estimated_monthly_savings)
        return SavingsAnswer(findings=tuple(findings), clean=clean, unknown=tuple(unknown))

    def _why_unknown(self, row: Mapping[str, Any]) -> str:
        if not row["UsageRows"]:
            return "no usage charges: the bill does not tell used from unused"
        if row["RowsWithoutCost"]:
            return "charges without effective cost"
        if row["RowsWithoutStatus"]:
            return "charges without commitment discount status"
        if row["Days"] < self.options.minimum_days:
            return "too young"
        if row["Unused"] > 0 and row["Total"] <= 0:
            return "corrections outweigh the cost"
        return ""

    def _is_wasteful(self, row: Mapping[str, Any]) -> bool:
        unused: Decimal = row["Unused"]
        if unused <= 0:
            return False
        share = Decimal(repr(self.options.minimum_share))
        return (
            _monthly(unused, row["Days"]) >= self.options.minimum_waste
            and unused >= share * row["Total"]
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A commitment that is half unused, one that is used up, and one without its status."""

        def commitment(used: str, unused: str, status: str | None = "Unused") -> list[Charge]:
            columns: dict[str, Any] = {
                "CommitmentDiscountId": "sp-1",
                "CommitmentDiscountType": "Savings Plan",
                "PricingCategory": "Committed",
            }
            return [
                *daily_charges(used, CommitmentDiscountStatus="Used", **columns),
                *daily_charges(unused, CommitmentDiscountStatus=status, **columns),
            ]

        return (
            SavingsCase(name="half unused", verdict="finding", charges=commitment("5", "5")),
            SavingsCase(name="used up", verdict="clean", charges=commitment("10", "0")),
            SavingsCase(
                name="the bill does not say used or unused",
                verdict="unknown",
                charges=commitment("5", "5", status=None),
            ),
        )


def _commitments(rows: ibis.Table) -> ibis.Table:
    """One row per commitment, provider and currency.

    Columns: the keys, ``Name``, ``Type``, ``End`` (of its last usage charge), ``Days`` (that its
    usage charges cover), ``UsageRows``, ``RowsWithoutCost``, ``RowsWithoutStatus``, and the
    effective cost ``Unused`` and ``Total``.
    """
    import ibis

    rows = rows.filter(rows.CommitmentDiscountId.notnull())
    usage = rows.ChargeCategory.fill_null("") == "Usage"
    unused = rows.CommitmentDiscountStatus.fill_null("") == "Unused"
    starts = rows.ChargePeriodStart
    daily = rows.group_by(
        rows.CommitmentDiscountId,
        Dimension(PROVIDER).of(rows),
        rows.BillingCurrency,
        Start=starts.cast("date"),
    ).aggregate(
        Name=rows.CommitmentDiscountName.max(),
        Type=rows.CommitmentDiscountType.max(),
        # A charge may be for an hour, a day or a month: what it covers counts, not that it is one.
        Days=_days(rows.ChargePeriodEnd.epoch_seconds() - starts.epoch_seconds()).max(where=usage),
        First=starts.min(where=usage),
        End=rows.ChargePeriodEnd.max(where=usage),
        UsageRows=usage.sum(),
        RowsWithoutCost=(usage & rows.EffectiveCost.isnull()).sum(),
        RowsWithoutStatus=(usage & rows.CommitmentDiscountStatus.isnull()).sum(),
        Unused=rows.EffectiveCost.sum(where=usage & unused),
        Total=rows.EffectiveCost.sum(where=usage),
    )
    span = _days(daily.End.max().epoch_seconds() - daily.First.min().epoch_seconds())
    counts = ("UsageRows", "RowsWithoutCost", "RowsWithoutStatus")
    return (
        daily.group_by("CommitmentDiscountId", PROVIDER, "BillingCurrency")
        .aggregate(
            Name=daily.Name.max(),
            Type=daily.Type.max(),
            End=daily.End.max(),
            # Monthly and daily charges side by side cover the same days, once.
            Days=ibis.least(daily.Days.sum(), span),
            **{name: daily[name].sum() for name in counts},
            **{
                name: daily[name].sum().cast("decimal(38, 12)").fill_null(Decimal(0))
                for name in ("Unused", "Total")
            },
        )
        .order_by("CommitmentDiscountId", PROVIDER, "BillingCurrency")
    )


def _days(seconds: ir.NumericValue) -> ir.IntegerValue:
    """Whole days, begun ones included."""
    return (seconds / _SECONDS_A_DAY).ceil().cast("int64")


def _monthly(cost: Decimal, days: int) -> Decimal:
    """The cost of a month with the average day of ``days`` days."""
    return (cost / days * DAYS_A_MONTH).quantize(_CENT)


def _finding(row: Mapping[str, Any]) -> Recommendation:
    commitment, currency, days = row["CommitmentDiscountId"], row["BillingCurrency"], row["Days"]
    provider = row[PROVIDER] or NONE
    # Corrections may leave less cost than the unused part: nobody saves more than they pay.
    unused = min(row["Unused"], row["Total"])
    current_cost = _monthly(row["Total"], days)
    saving = _monthly(unused, days)
    share = percent(unused / row["Total"])
    return Recommendation(
        check=CHECK,
        category=OptimizationCategory.COMMITMENT,
        provider=provider,
        resource_id=commitment,
        resource_name=row["Name"],
        resource_type=row["Type"],
        recommendation=(
            f"{share} of the {row['Type'] or 'commitment'} {row['Name'] or commitment} is unused: "
            "move more usage under it, or exchange, sell or shrink it"
        ),
        currency=currency,
        current_cost=current_cost,
        estimated_monthly_savings=saving,
        confidence=CONFIDENCE,
        implementation_effort=Effort.MEDIUM,
        risk=Risk.LOW,
        steps=(
            (
                "See in the provider's console what the commitment applies to (region, family, "
                "account), and whether it is shared with all accounts."
            ),
            "Move usage that is billed on demand under it.",
            "Where none fits: exchange or sell it, or let it expire and buy less next time.",
        ),
        current_configuration={"unused": share},
        recommended_configuration={"unused": "0 %"},
        lookback_days=days,
        evidence={
            "days": str(days),
            "unused effective cost": money(unused, currency),
            "whole effective cost": money(row["Total"], currency),
            "unused share": share,
        },
    )
