"""Which share of the cost somebody answers for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Literal

from finops_cost_management.answers.policies import PolicyFinding, Verdict
from finops_cost_management.answers.recommendations import Unknown
from finops_cost_management.policies.shares import at_least, in_percent
from finops_cost_management.policies.tagging import has_tag, taggable
from finops_cost_management.query.charge_facts import MONEY
from finops_cost_management.query.dimensions import NONE, PROVIDER, Dimension
from finops_cost_management.report.wording import money

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.policies.judged_bill import JudgedBill

LARGEST = 5
"""How many of the largest parts that nobody answers for a finding names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The effective cost in one currency, and the part of it that meets a condition.

    Attributes:
        currency: ISO 4217 code.
        total: The whole cost; credits and refunds are negative and count.
        covered: The part that meets the condition.
        unknown_rows: Charges that do not say their cost.
        uncovered: (Provider, account, service) → the rest, largest first.
    """

    currency: str
    total: Decimal
    covered: Decimal
    unknown_rows: int
    uncovered: tuple[tuple[tuple[str, str, str], Decimal], ...]

    @property
    def share(self) -> Decimal | None:
        """Covered in total, exact; None where there is no cost to have a share of."""
        return self.covered / self.total if self.total > 0 else None


def tag_coverage(
    bill: JudgedBill, tags: Sequence[str], match: Literal["all", "any"], minimum: Decimal
) -> Verdict:
    """Enough of the effective cost of taggable usage has all, or any, of these tags.

    Taggable usage are the usage charges that belong to a resource; corrections and the unused
    part of commitments are left out.

    Args:
        bill: The charges to judge.
        tags: Keys, as the bill writes them.
        match: Whether a charge needs all of the tags, or one of them.
        minimum: Share of the cost of each currency.
    """
    charges = taggable(bill.charges)
    tagged = reduce(and_ if match == "all" else or_, [has_tag(charges, key) for key in tags])
    what = f"{' and ' if match == 'all' else ' or '}".join(tags)
    return _verdict(coverage(charges, tagged), minimum, "the cost of taggable usage", what)


def allocation(bill: JudgedBill, by: Sequence[str], minimum: Decimal) -> Verdict:
    """Enough of the whole effective cost has a value in one of these dimensions.

    All charges count: purchases, taxes, credits and corrections, too.

    Args:
        bill: The charges to judge.
        by: Dimensions, as people write them.
        minimum: Share of the cost of each currency.
    """
    charges = bill.charges
    has_value = [(Dimension.parse(name).of(charges).strip() != "").fill_null(False) for name in by]  # noqa: FBT003 # Ibis takes it by position only
    return _verdict(coverage(charges, reduce(or_, has_value)), minimum, "all cost", " or ".join(by))


def coverage(charges: ibis.Table, covered: ir.BooleanValue) -> list[Coverage]:
    """The parts of the effective cost, per currency.

    Args:
        charges: All that counts.
        covered: Whether a charge meets the condition; never null.
    """
    rows = (
        charges.select(
            Dimension(PROVIDER).of(charges),
            charges.BillingCurrency,
            charges.SubAccountId,
            charges.ServiceName,
            charges.EffectiveCost,
            covered.name("Covered"),
        )
        .group_by("BillingCurrency", "Covered", PROVIDER, "SubAccountId", "ServiceName")
        .aggregate(
            Cost=lambda table: table.EffectiveCost.sum().cast(MONEY),
            UnknownRows=lambda table: table.EffectiveCost.isnull().sum(),
        )
        .to_pyarrow()
        .to_pylist()
    )
    answer = []
    for currency in sorted({row["BillingCurrency"] for row in rows}):
        mine = [row for row in rows if row["BillingCurrency"] == currency]
        known = [row for row in mine if row["Cost"] is not None]
        parts = [
            (tuple(row[name] or NONE for name in (PROVIDER, "SubAccountId", "ServiceName")), row)
            for row in known
            if not row["Covered"]
        ]
        answer.append(
            Coverage(
                currency=currency,
                total=sum((row["Cost"] for row in known), Decimal(0)),
                covered=sum((row["Cost"] for row in known if row["Covered"]), Decimal(0)),
                unknown_rows=sum(row["UnknownRows"] for row in mine),
                uncovered=tuple(
                    sorted(
                        (((key[0], key[1], key[2]), row["Cost"]) for key, row in parts),
                        key=lambda part: (-part[1], part[0]),
                    )
                ),
            )
        )
    return answer


def _verdict(found: Sequence[Coverage], minimum: Decimal, whole: str, what: str) -> Verdict:
    findings, unknown, measured = [], [], []
    for one in found:
        subject = f"costs in {one.currency}"
        share = one.share
        if share is None:
            reason = f"{whole} adds up to {money(one.total, one.currency)}: it has no shares"
            unknown.append(Unknown(subject=subject, reason=reason))
            continue
        measured.append(f"{in_percent(share, down=True)} of costs in {one.currency}")
        if share < minimum:
            findings.append(_finding(one, share, f"of {whole} has {what}", minimum))
        if one.unknown_rows:
            reason = f"{one.unknown_rows:,} charges do not say their effective cost"
            unknown.append(Unknown(subject=subject, reason=reason))
    if not found:
        unknown.append(Unknown(subject="the bill", reason=f"it has nothing of {whole}"))
    return Verdict(
        limit=f"{at_least(minimum)} of {whole} has {what}",
        measured=", ".join(measured),
        checked=len(found),
        findings=tuple(findings),
        unknown=tuple(unknown),
    )


def _finding(one: Coverage, share: Decimal, of_what: str, minimum: Decimal) -> PolicyFinding:
    largest = [(key, cost) for key, cost in one.uncovered[:LARGEST] if cost > 0]
    return PolicyFinding(
        subject=f"costs in {one.currency}",
        message=(
            f"{in_percent(share, down=True)} {of_what}, {at_least(minimum)} is wanted: "
            f"{money(one.total - one.covered, one.currency)} has not"
        ),
        evidence={
            "whole cost": money(one.total, one.currency),
            "without": money(one.total - one.covered, one.currency),
            **{" / ".join(key): money(cost, one.currency) for key, cost in largest},
        },
    )
