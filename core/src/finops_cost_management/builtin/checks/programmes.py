"""Programmes in which providers sell commitments, and what they take off typically."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from finops_cost_management.builtin.checks.instances import DATABASE, MACHINE
from finops_cost_management.query.dimensions import PROVIDER, Dimension

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One way to commit.

    Attributes:
        years: For how long.
        payment: How it is paid.
        discount: What it takes off the on-demand price: a typical figure of public price lists,
            that differs by family and region.
    """

    years: int
    payment: str
    discount: Decimal

    @property
    def name(self) -> str:
        """How people call it."""
        return "1 year" if self.years == 1 else f"{self.years} years"


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What a provider sells, and which usage it applies to.

    Attributes:
        name: Its short name, for options.
        title: The provider's name of it.
        provider: The cloud, in FOCUS's words.
        kind: Which instances it covers.
        services: A pattern of the services, in small letters, that its usage and its unused rest
            are billed under.
        terms: Ways to commit, the shortest first.
        choice: What must be chosen when it is bought.
    """

    name: str
    title: str
    provider: str
    kind: str
    services: str
    terms: tuple[Term, Term]
    choice: str

    def term(self, name: str) -> Term:
        """The term of that name: ``1 year`` or ``3 years``."""
        return next(term for term in self.terms if term.name == name)


def _terms(
    one: str, three: str, *, payment: str = "no upfront", payment_of_three: str = "no upfront"
) -> tuple[Term, Term]:
    return (
        Term(years=1, payment=payment, discount=Decimal(one)),
        Term(years=3, payment=payment_of_three, discount=Decimal(three)),
    )


PROGRAMMES = {
    programme.name: programme
    for programme in (
        Programme(
            name="aws_compute",
            title="Compute Savings Plan",
            provider="AWS",
            kind=MACHINE,
            services=r"elastic compute cloud|amazon ?ec2|savings plans? for aws compute",
            terms=_terms("0.27", "0.45"),
            choice="It holds for every family and region, and for all accounts that share it.",
        ),
        Programme(
            name="aws_rds",
            title="RDS reserved instances",
            provider="AWS",
            kind=DATABASE,
            services=r"relational database service|amazon ?rds",
            terms=_terms("0.29", "0.50", payment_of_three="partial upfront"),
            choice="Split it by region, engine and family: a reservation holds for one of each.",
        ),
        Programme(
            name="azure_compute",
            title="Azure savings plan for compute",
            provider="Microsoft",
            kind=MACHINE,
            services=r"^virtual machines$|savings plan",
            terms=_terms("0.27", "0.46", payment="monthly", payment_of_three="monthly"),
            choice="Choose its scope: shared, so that all subscriptions use it.",
        ),
        Programme(
            name="azure_sql",
            title="Azure SQL reserved capacity",
            provider="Microsoft",
            kind=DATABASE,
            services=r"sql database|sql managed instance",
            terms=_terms("0.21", "0.33", payment="monthly", payment_of_three="monthly"),
            choice="Split it by region and service tier: a reservation holds for one of each.",
        ),
        Programme(
            name="google_compute",
            title="Google Cloud compute flexible CUD",
            provider="Google Cloud",
            kind=MACHINE,
            services=r"compute engine",
            terms=_terms("0.28", "0.46", payment="monthly", payment_of_three="monthly"),
            choice="It holds for every region and most families, for all projects of the account.",
        ),
        Programme(
            name="google_cloud_sql",
            title="Cloud SQL CUD",
            provider="Google Cloud",
            kind=DATABASE,
            services=r"cloud sql",
            terms=_terms("0.25", "0.52", payment="monthly", payment_of_three="monthly"),
            choice="Split it by region: a commitment holds for one.",
        ),
    )
}
"""Name → programme."""


def usage_programme(charges: ibis.Table) -> ir.StringValue:
    """The name of the programme that covers an instance's charge; null where none does.

    Args:
        charges: As `instances.instance_charges` makes them.
    """
    import ibis

    return ibis.cases(
        *(
            (_is_of(charges, one) & (charges.InstanceKind == one.kind), one.name)
            for one in PROGRAMMES.values()
        ),
        else_=ibis.null("string"),
    )


def commitment_programme(charges: ibis.Table) -> ir.StringValue:
    """The name of the programme that a commitment's charge is of; null where none is known.

    Args:
        charges: Charges with a commitment.
    """
    import ibis

    return ibis.cases(
        *((_is_of(charges, one), one.name) for one in PROGRAMMES.values()),
        else_=ibis.null("string"),
    )


def _is_of(charges: ibis.Table, programme: Programme) -> ir.BooleanValue:
    service = charges.ServiceName.fill_null("").lower()
    provider = Dimension(PROVIDER).of(charges)
    return (provider == programme.provider) & service.re_search(programme.services)
