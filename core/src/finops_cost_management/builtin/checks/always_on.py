"""Machines and databases of development and staging that nobody ever switches off."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field

from finops_cost_management.answers.recommendations import Effort, Recommendation, Risk
from finops_cost_management.builtin.checks.bill_check import (
    BillCheck,
    BillCheckOptions,
    Subject,
    category_of,
    per_resource,
)
from finops_cost_management.builtin.checks.environments import environment, says_one_of
from finops_cost_management.builtin.checks.instances import (
    DATABASE,
    MACHINE,
    day_facts,
    instance_charges,
    never_rests,
    newest,
    why_hours_unclear,
    with_day_hours,
)
from finops_cost_management.plugins.savings_case import SavingsCase, daily_charges
from finops_cost_management.report.wording import money, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis

HOURS_A_WEEK = 168

NON_PRODUCTION = (
    *("dev", "development", "test", "testing", "qa", "int"),
    *("sandbox", "playground", "lab", "poc", "experiment"),
    *("staging", "stage", "stg", "uat", "preprod", "pre-prod", "preproduction", "pre-production"),
    *("nonprod", "non-prod", "nonproduction", "non-production"),
)

_SCHEDULERS = {
    "AWS": (
        "Have it stopped and started by Instance Scheduler on AWS or an EventBridge schedule; "
        "machines of an Auto Scaling group by the group's scheduled actions. A stopped RDS "
        "database starts again by itself after seven days: the schedule must stop it again."
    ),
    "Microsoft": (
        "Have it deallocated and started by auto-shutdown and an Automation schedule; a machine "
        "that is shut down from inside, and not deallocated, goes on being billed."
    ),
    "Google Cloud": (
        "Attach an instance schedule to it; a Cloud SQL instance is stopped by setting its "
        "activation policy to NEVER, for example from Cloud Scheduler."
    ),
}
_ANY_SCHEDULER = "Have it stopped and started by the provider's scheduler."


class AlwaysOnOptions(BillCheckOptions):
    """What is no production, and how long people need it."""

    environments: tuple[str, ...] = Field(default=NON_PRODUCTION, min_length=1)
    """Words that tell an environment that may rest, in a tag or in the name of the account."""

    tags: tuple[str, ...] = ("environment", "env", "stage")
    """Keys of the tags that name the environment, the first that is there counts."""

    needed_hours_per_week: int = Field(default=60, ge=0, lt=HOURS_A_WEEK)
    """Hours of the week in which it is needed: 60 is twelve hours on five days."""


class AlwaysOn(BillCheck[AlwaysOnOptions]):
    """Finds machines and databases outside production that run nights and weekends too.

    Looked at are machines, RDS databases and Cloud SQL instances whose tag, or else the name of
    whose account, says that they are not production. A finding was on for 23 hours or more on
    95 % of the days. The saving is what no commitment covers of its hours, times the part of the
    week in which nobody needs it.
    """

    Options = AlwaysOnOptions
    use = "always_on"

    def subjects(self, charges: ibis.Table) -> ibis.Table:
        """Machines outside production, and databases there that can be stopped."""
        running = instance_charges(charges)
        stoppable = running.ServiceName.lower().re_search(r"relational database|rds|cloud sql")
        running = running.filter(
            (running.InstanceKind == MACHINE) | (running.InstanceKind == DATABASE) & stoppable
        )
        running = with_day_hours(running)
        resources = per_resource(
            running,
            **day_facts(running),
            Type=newest(running, running.InstanceType),
            Environment=newest(running, environment(running, self.options.tags)),
        )
        return resources.filter(says_one_of(resources.Environment, self.options.environments))

    def judge(self, subject: Subject) -> Recommendation | str | None:
        """A finding if it never rests; unknown if the bill does not tell one instance's hours."""
        if unclear := why_hours_unclear(subject.facts, subject.days):
            return unclear
        if not never_rests(subject.facts, subject.span):
            return None
        needed = self.options.needed_hours_per_week
        rest = Decimal(HOURS_A_WEEK - needed) / HOURS_A_WEEK
        return self.advice(
            subject,
            saving=subject.on_demand_cost * rest,
            category=category_of(subject),
            recommendation=(
                f"Switch {subject.name} off outside working hours: it runs all week and is not "
                "production"
            ),
            steps=(
                f"Ask whoever uses {subject.name} when they need it, and what runs at night.",
                "Stop it once by hand, start it again, and see that all of it comes back.",
                _SCHEDULERS.get(subject.provider, _ANY_SCHEDULER),
                "Tell people how to start it out of hours.",
            ),
            current_configuration={"hours a week": str(HOURS_A_WEEK)},
            recommended_configuration={"hours a week": str(needed)},
            confidence=0.8,
            implementation_effort=Effort.LOW,
            risk=Risk.LOW,
            restart_needed=True,
            evidence={
                "environment": subject.facts["Environment"],
                "type": subject.facts["Type"] or "not on the bill",
                "days on all day": f"{subject.facts['AllDays']} of {subject.span}",
                "hours in these days": money(subject.cost, subject.currency),
                "of that not covered by commitments": money(
                    subject.on_demand_cost, subject.currency
                ),
                "hours nobody needs it": percent(rest),
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A machine that never rests, one that does, one that works, and a scale set."""
        machine: dict[str, Any] = {
            "ResourceId": "i-0001",
            "SubAccountName": "shop-development",
            "SkuMeter": "BoxUsage:m6i.xlarge",
            "PricingUnit": "Hours",
            "PricingQuantity": Decimal(24),
        }
        production = {**machine, "ResourceId": "i-0002", "Tags": '{"Env":"prod"}'}
        return (
            SavingsCase(
                name="a machine of development, on all week",
                verdict="finding",
                charges=daily_charges("4.61", **machine),
            ),
            SavingsCase(
                name="one that is off at weekends, in a bill that is not all production",
                verdict="clean",
                charges=[
                    *daily_charges("9.22", **production),
                    *daily_charges(
                        "4.61",
                        **machine
                        | {"PricingQuantity": lambda day: Decimal(24 if day % 7 < 5 else 2)},  # noqa: PLR2004 # five working days
                    ),
                ],
            ),
            SavingsCase(
                name="covered by a commitment: what is stopped goes on costing",
                verdict="clean",
                charges=daily_charges(
                    "3.02",
                    **machine,
                    CommitmentDiscountId="sp-1",
                    CommitmentDiscountStatus="Used",
                ),
            ),
            SavingsCase(
                name="three machines of a scale set under one id",
                verdict="unknown",
                charges=daily_charges("13.83", **machine | {"PricingQuantity": Decimal(72)}),
            ),
        )
