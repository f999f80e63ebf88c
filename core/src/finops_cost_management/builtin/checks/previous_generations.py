"""Machines, databases and caches of a family that has a cheaper successor."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from finops_cost_management.answers.recommendations import Effort, Recommendation, Risk
from finops_cost_management.builtin.checks.bill_check import (
    BillCheck,
    BillCheckOptions,
    Subject,
    category_of,
    per_resource,
)
from finops_cost_management.builtin.checks.instances import (
    MACHINE,
    instance_charges,
    is_attachment,
    newest,
)
from finops_cost_management.builtin.checks.successors import successor_of
from finops_cost_management.plugins.savings_case import SavingsCase, daily_charges
from finops_cost_management.query.charge_facts import exact_sum, is_committed
from finops_cost_management.query.dimensions import PROVIDER, Dimension
from finops_cost_management.report.wording import money, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis

    from finops_cost_management.builtin.checks.successors import Successor


class PreviousGenerationsOptions(BillCheckOptions):
    """From when on a newer generation is worth a word."""


class PreviousGenerations(BillCheck[PreviousGenerationsOptions]):
    """Finds instances of a family that costs more than the one that came after it.

    A table of families, with the list prices of both, says what comes after which. The saving is
    what no commitment covers of the instance's hours, less what the successor would have cost at
    the prices of your own contract. Spot machines are left out; so are machines with a GPU or a
    local SSD of their own on Google Cloud, which the successor cannot have.
    """

    Options = PreviousGenerationsOptions
    use = "previous_generations"

    def subjects(self, charges: ibis.Table) -> ibis.Table:
        """Instances that their provider cannot take away."""
        running = instance_charges(charges)
        running = running.filter(~running.IsSpot)
        # Managed databases of the other clouds are sold by cores, not by families.
        aws = Dimension(PROVIDER).of(running) == "AWS"
        running = running.filter((running.InstanceKind == MACHINE) | aws)
        # What a contract asks: a discount that only this family gets (sustained use) is none.
        asked = running.ContractedCost.coalesce(running.EffectiveCost)
        resources = per_resource(
            running,
            Kind=running.InstanceKind.max(),
            Type=newest(running, running.InstanceType),
            Types=running.InstanceType.nunique(),
            Licensed=running.IsLicensed.any(),
            Asked=exact_sum(asked, ~is_committed(running)),
        )
        attached = charges.filter(is_attachment(charges))
        attached = attached.select(Dimension(PROVIDER).of(attached), "ResourceId").distinct()
        return resources.anti_join(attached, [PROVIDER, "ResourceId"])

    def judge(self, subject: Subject) -> Recommendation | str | None:
        """A finding if the table has a cheaper successor of its type."""
        if subject.facts["Type"] is None:
            return "the bill does not say its type"
        found = successor_of(subject.provider, subject.facts["Type"])
        if found is None:
            return None
        if subject.facts["Types"] > 1:
            return "its type changed in these days"
        if subject.facts["Licensed"]:
            return "its price includes a licence, which a newer generation does not change"
        successor, newer = found
        asked = max(subject.facts["Asked"], subject.on_demand_cost)
        return self._advise(subject, successor, newer, asked)

    def _advise(
        self, subject: Subject, successor: Successor, newer: str, asked: Decimal
    ) -> Recommendation | None:
        saving = subject.on_demand_cost - asked * successor.ratio
        current = subject.facts["Type"]
        different = successor.differences
        managed = subject.facts["Kind"] != MACHINE
        return self.advice(
            subject,
            saving=max(saving, Decimal(0)),
            category=category_of(subject),
            recommendation=f"Move {subject.name} from {current} to {newer}, which costs less",
            steps=_steps(subject.name, newer, successor, managed=managed),
            current_configuration={"instance type": current},
            recommended_configuration={"instance type": newer},
            confidence=0.7 if successor.is_arm else 0.8,
            implementation_effort=Effort.MEDIUM if successor.is_arm else Effort.LOW,
            risk=Risk.MEDIUM if successor.is_arm or successor.loses_disks else Risk.LOW,
            restart_needed=True,
            evidence={
                "list prices an hour": successor.evidence,
                "price difference": percent(1 - successor.ratio),
                "hours in these days": money(subject.cost, subject.currency),
                "of that not covered by commitments": money(
                    subject.on_demand_cost, subject.currency
                ),
                **({"what is different": different} if different else {}),
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """An old machine, a newer one, one under a commitment, and one without a type."""
        hours: dict[str, Any] = {"ResourceId": "i-0001", "PricingUnit": "Hours"}
        old = {**hours, "SkuPriceDetails": '{"InstanceType":"m4.2xlarge"}', "SkuMeter": "BoxUsage"}
        return (
            SavingsCase(
                name="a generation of 2015",
                verdict="finding",
                charges=daily_charges("9.60", **old),
            ),
            SavingsCase(
                name="m5 costs no more than what came after it",
                verdict="clean",
                charges=daily_charges("9.22", **hours, SkuMeter="USE2-BoxUsage:m5.2xlarge"),
            ),
            SavingsCase(
                name="paid for by a commitment, whatever runs",
                verdict="clean",
                charges=daily_charges("6.20", **old, PricingCategory="Committed"),
            ),
            SavingsCase(
                name="a machine whose type the bill does not say",
                verdict="unknown",
                charges=daily_charges("9.60", **hours, SkuMeter="BoxUsage"),
            ),
            SavingsCase(
                name="Windows: most of the price may be its licence",
                verdict="unknown",
                charges=daily_charges("17.66", **old, ChargeDescription="Windows m4.2xlarge"),
            ),
        )


def _steps(name: str, newer: str, successor: Successor, *, managed: bool) -> tuple[str, ...]:
    if managed:
        return (
            f"See that {newer} is offered for the engine and version of {name}, and its region.",
            f"Try it on a copy: restore a snapshot of {name} as {newer} and run what you measure.",
            f"Change the type of {name} in a maintenance window, and watch it for a day.",
        )
    build = (
        (f"Build the image and all software of {name} for Arm, and test them there.",)
        if successor.is_arm
        else (f"See that the image of {name} has the drivers that {newer} needs.",)
    )
    return (
        *build,
        f"Take a snapshot of its disks, stop {name}, change its type to {newer}, and start it.",
        "Watch CPU, memory and latency for a day; the way back is the same.",
    )
