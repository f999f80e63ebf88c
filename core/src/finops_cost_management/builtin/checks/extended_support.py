"""Surcharges for versions that their provider no longer supports otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finops_cost_management.answers.recommendations import Effort, Recommendation, Risk
from finops_cost_management.builtin.checks.bill_check import (
    BillCheck,
    BillCheckOptions,
    Subject,
    category_of,
    per_resource,
)
from finops_cost_management.plugins.savings_case import SavingsCase, daily_charges
from finops_cost_management.query.charge_facts import effective_cost, meter
from finops_cost_management.report.wording import money

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis
    import ibis.expr.types as ir


class ExtendedSupportOptions(BillCheckOptions):
    """When a surcharge is worth a word."""


class ExtendedSupport(BillCheck[ExtendedSupportOptions]):
    """Finds databases, clusters and caches that are billed a surcharge for an old version.

    Providers bill extended support as charges of their own, which end with the upgrade. The
    saving is what they cost; a commitment never covers them.
    """

    Options = ExtendedSupportOptions
    use = "extended_support"

    def subjects(self, charges: ibis.Table) -> ibis.Table:
        """Databases, and whatever else is billed a surcharge."""
        judged = charges.filter(_is_surcharge(charges) | (charges.ServiceCategory == "Databases"))
        surcharge = _is_surcharge(judged)
        return per_resource(
            judged,
            Surcharge=effective_cost(judged, surcharge),
            SurchargeDays=judged.ChargePeriodStart.date().nunique(where=surcharge),
            Meter=judged.ChargeDescription.fill_null(judged.SkuMeter).max(where=surcharge),
        )

    def judge(self, subject: Subject) -> Recommendation | None:
        """The surcharge is the saving."""
        surcharge = subject.facts["Surcharge"]
        if not surcharge:
            return None
        return self.advice(
            subject,
            saving=surcharge,
            cost=surcharge,
            category=category_of(subject),
            recommendation=(
                f"Upgrade {subject.name} to a version in standard support: its extended support "
                "is billed extra"
            ),
            steps=(
                f"Look up which version {subject.name} runs and which ones are supported.",
                "Restore a copy, upgrade it, and test what depends on it.",
                "Take a backup, upgrade in a maintenance window, and watch it for a day.",
            ),
            current_configuration={"support": "extended"},
            recommended_configuration={"support": "standard"},
            confidence=0.95,
            implementation_effort=Effort.HIGH,
            risk=Risk.MEDIUM,
            restart_needed=True,
            reversible=False,
            evidence={
                "days with the surcharge": (
                    f"{subject.facts['SurchargeDays']} of {self.options.lookback_days}"
                ),
                "surcharge in these days": money(surcharge, subject.currency),
                "charge": subject.facts["Meter"],
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A surcharge, a database without one, and one that is a week old."""
        database: dict[str, Any] = {
            "ResourceId": "arn:aws:rds:us-east-1:0002:db:orders",
            "ServiceCategory": "Databases",
            "PricingUnit": "Hours",
        }
        surcharge = {**database, "SkuMeter": "ExtendedSupport:Yr1-Yr2:MySQL5.7"}
        running = daily_charges("9", **database, SkuMeter="InstanceUsage:db.m6g.large")
        return (
            SavingsCase(
                name="an old version",
                verdict="finding",
                charges=[*running, *daily_charges("2.40", **surcharge)],
            ),
            SavingsCase(
                name="a supported version",
                verdict="clean",
                charges=running,
            ),
            SavingsCase(
                name="a database of last week",
                verdict="unknown",
                charges=[
                    *daily_charges("9", ResourceId="another", ServiceCategory="Compute"),
                    *daily_charges("2.40", days=7, **surcharge),
                ],
            ),
        )


def _is_surcharge(charges: ibis.Table) -> ir.BooleanValue:
    return meter(charges).re_search(r"extended.?(support|security.?update)")
