"""Snapshots that have stopped changing, and that somebody goes on paying for."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field

from finops_cost_management.answers.recommendations import (
    Effort,
    OptimizationCategory,
    Recommendation,
    Risk,
)
from finops_cost_management.builtin.checks.bill_check import BillCheck, BillCheckOptions, Subject
from finops_cost_management.builtin.checks.held_data import held_weeks, per_holder
from finops_cost_management.plugins.savings_case import SavingsCase, daily_charges
from finops_cost_management.query.charge_facts import is_held, meter
from finops_cost_management.query.dimensions import PROVIDER, Dimension
from finops_cost_management.report.wording import money, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.plugins.savings_case import Charge

_SNAPSHOT = r"snapshot|backup.*(ebs|disk|volume)|(ebs|disk|volume).*backup"
_SNAPSHOT_ID = r"[:/](cluster-|db)?snapshots?[:/]|^snap-"
_ARCHIVED = r"archive"
"""What is in an archive was put there to be kept."""

_VOLUME = r"volume|provisioned storage|pd capacity|persistent disk|hyperdisk|\bdisks?\b"

_PLACE = (PROVIDER, "SubAccountId", "RegionId")
_CONFIDENCE = 0.5
_CONFIDENCE_WITHOUT_VOLUMES = 0.8
"""Where no disk is left, none of the snapshots is the backup of one."""


class OrphanedSnapshotsOptions(BillCheckOptions):
    """How long a snapshot must have been the same."""

    lookback_days: int = Field(default=90, ge=28, le=366)
    """How many of the newest days of the bill are looked at; younger snapshots are not judged."""

    minimum_days_share: float = Field(default=0.9, gt=0, le=1)
    """Share of the days of the look-back on which a snapshot must be billed."""

    maximum_change: float = Field(default=0.01, ge=0, lt=1)
    """Share of its data by which a snapshot may change and still count as the same."""


class OrphanedSnapshots(BillCheck[OrphanedSnapshotsOptions]):
    """Finds snapshots and backups of disks that are billed for the same data week after week.

    The backups of a disk in use change: new ones are taken, old ones go. What stays the same for
    a quarter of a year is often left over from a disk that is gone. The saving is its cost, an
    upper bound: snapshots share data, and what others still need stays on the bill.
    """

    Options = OrphanedSnapshotsOptions
    use = "orphaned_snapshots"

    def subjects(self, charges: ibis.Table) -> ibis.Table:
        """Snapshots, and whether disks are left where they are."""
        import ibis

        snapshot = _is_snapshot(charges)
        snapshots = per_holder(charges.filter(snapshot, is_held(charges)))
        volumes = charges.filter(_said(charges).re_search(_VOLUME), ~snapshot)
        provider = Dimension(PROVIDER).of(volumes)
        homes = volumes.select(
            provider, "SubAccountId", "RegionId", HasVolumes=ibis.literal(value=True)
        ).distinct()
        # A place that the bill does not name is a place like others: null is equal to null here.
        same = [snapshots[name].identical_to(homes[name]) for name in _PLACE]
        return (
            snapshots.left_join(homes, same)
            .select(*snapshots.columns, "HasVolumes")
            .order_by(PROVIDER, "SubAccountId", "BillingCurrency", "ResourceId")
        )

    def judge(self, subject: Subject) -> Recommendation | str | None:
        """What is billed most days and stays the same is advised to be deleted."""
        if subject.days < self.options.minimum_days_share * subject.span:
            return None
        weeks = held_weeks(subject.facts["HeldDays"])
        if weeks is None:
            return "charges without a quantity"
        if not weeks:
            return "billed for less than a week"
        sizes = [week.held for week in weeks]
        change = (max(sizes) - min(sizes)) / max(sizes) if max(sizes) > 0 else 0
        if change > self.options.maximum_change:
            return None
        days, lonely = self.options.lookback_days, not subject.facts["HasVolumes"]
        return self.advice(
            subject,
            saving=subject.cost,
            category=OptimizationCategory.STORAGE,
            recommendation=(
                f"Delete or archive the snapshot {subject.name}: its data has been the same for "
                f"{days} days"
            ),
            steps=(
                f"Look up which disk {subject.name} is of, and whether that still exists.",
                "See whether an image is made of it, or a rule says how long it must be kept.",
                "Move what must be kept to an archive class, and delete the others.",
            ),
            current_configuration={"kept": "as a snapshot"},
            recommended_configuration={"kept": "in an archive, or not at all"},
            confidence=_CONFIDENCE_WITHOUT_VOLUMES if lonely else _CONFIDENCE,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            reversible=False,
            evidence={
                "days with charges": f"{subject.days} of {days}",
                "largest change of its data": percent(change),
                "disks in the same account and region": "none" if lonely else "some",
                "cost in these days": money(subject.cost, subject.currency),
                "upper bound": "snapshots share data; what others still need stays on the bill",
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """One that never changes, one of a chain in use, and a bill without quantities."""

        def snapshot(gigabytes: Any, **columns: Any) -> list[Charge]:
            return daily_charges(
                "4",
                **{
                    "ResourceId": "arn:aws:ec2:us-east-1:0002:snapshot/snap-0a1b",
                    "SkuMeter": "EBS:SnapshotUsage",
                    "PricingUnit": "GB-Mo",
                    "PricingQuantity": gigabytes,
                    **columns,
                },
            )

        return (
            SavingsCase(
                name="the same data for a quarter", verdict="finding", charges=snapshot(Decimal(80))
            ),
            SavingsCase(
                name="backups of a disk in use",
                verdict="clean",
                charges=snapshot(lambda day: Decimal(80) + day // 7),
            ),
            SavingsCase(
                name="nobody says how much",
                verdict="unknown",
                charges=snapshot(None),
            ),
            SavingsCase(
                name="a snapshot of last month",
                verdict="unknown",
                charges=[
                    *daily_charges("9", ResourceId="i-1", SkuMeter="BoxUsage:m6i.large"),
                    *snapshot(Decimal(80))[-30:],
                ],
            ),
        )


def _is_snapshot(charges: ibis.Table) -> ir.BooleanValue:
    named = charges.ResourceId.lower().re_search(_SNAPSHOT_ID)
    said = _said(charges)
    return (said.re_search(_SNAPSHOT) | named) & ~said.re_search(_ARCHIVED)


def _said(charges: ibis.Table) -> ir.StringValue:
    """The type of the resource and the meter, in small letters."""
    return charges.ResourceType.fill_null("").lower() + " " + meter(charges)
