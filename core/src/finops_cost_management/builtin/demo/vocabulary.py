"""The words in which the company is written down: prices, rhythms, resources, commitments.

Quantities and unit prices are whole millionths, so that a cost, their product, is a whole
number of 1e-12 of the currency: exactly what a FOCUS decimal of this program can hold.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from finops_cost_management.errors import DefectError

if TYPE_CHECKING:
    from collections.abc import Mapping

MICRO = 1_000_000
"""Millionths in one."""


def micro(amount: str) -> int:
    """Write a decimal as whole millionths.

    Raises:
        DefectError: It has more than six decimal places.
    """
    millionths = Decimal(amount) * MICRO
    if millionths != int(millionths):
        raise DefectError(f"{amount} in the demo company is finer than a millionth")
    return int(millionths)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A cloud, and the account that its invoices go to.

    Attributes:
        name: Service provider, host and invoice issuer in one.
        negotiated_percent: What the contract takes off every list price.
    """

    name: str
    billing_account_id: str
    billing_account_name: str
    billing_account_type: str
    sub_account_type: str
    negotiated_percent: int = 0


@dataclass(frozen=True, slots=True)
class SubAccount:
    """A member account, subscription or project."""

    id: str
    name: str
    environment: str


@dataclass(frozen=True, slots=True)
class Place:
    """A region, or one zone of it."""

    region_id: str
    region_name: str
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A service, in the one category and subcategory that FOCUS allows it."""

    name: str
    category: str
    subcategory: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Price:
    """One line of a price list; two of them are never the same.

    Attributes:
        meter: The provider's name of what is counted.
        unit: What one unit of the price is.
        list_price: Price of one unit, in the currency.
        details: Properties of the SKU price by FOCUS key.
        by_the_month: The unit is something held for a month: a day uses up one share of it.
        counts: What is consumed, where it differs from the unit: its unit, and how many make one.
        dynamic: The provider moves the price (spot).
    """

    service: Service
    meter: str
    unit: str
    list_price: str
    details: Mapping[str, str | int | float]
    by_the_month: bool = False
    counts: tuple[str, int] | None = None
    dynamic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How a quantity changes from day to day.

    Attributes:
        week: Percent of the usual quantity, Monday first.
        growth: Thousandths of the level of 2026 that each month adds, in a straight line.
        noise: Standard deviation of the days, in thousandths.
        step: Quantities are multiples of it: whole hours of instances that come and go.
        at_most: Units that a day can hold.
        on_day: The only day of the month with a charge.
    """

    week: tuple[int, int, int, int, int, int, int] = (100,) * 7
    growth: int = 0
    noise: int = 0
    step: str | None = None
    at_most: int | None = None
    on_day: int | None = None


STEADY = Rhythm()
"""Always on."""
SHOPPERS = Rhythm(week=(96, 94, 95, 98, 108, 118, 112), growth=9, noise=35)
"""What customers cause: busiest at the weekend."""
OFFICE = Rhythm(week=(104, 108, 106, 103, 96, 22, 18), growth=8, noise=50)
"""What colleagues cause: little at the weekend."""
WORKDAYS = Rhythm(week=(100, 100, 100, 100, 100, 0, 0))
"""Runs from Monday to Friday."""
SUNDAYS = Rhythm(week=(0, 0, 0, 0, 0, 0, 100), noise=30, growth=8)
"""Runs once a week."""
HELD = Rhythm(growth=7, noise=2)
"""Stored data, slowly more."""
GROWING = Rhythm(growth=50, noise=3)
"""Stored data that nobody deletes."""
REQUESTED = Rhythm(week=(98, 97, 98, 99, 101, 104, 103), noise=20, step="0.24")
"""What workloads ask of a Kubernetes node, in percents of its day."""
FIRST = Rhythm(on_day=1)
"""Charged when the month starts."""


@dataclass(frozen=True, slots=True)
class Use:
    """How much of a price a resource uses up in a day (holds at a time, if by the month)."""

    price: Price
    amount: str
    rhythm: Rhythm = STEADY


ALL_DAY = "24"
"""Hours of one instance that is always on."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A namespace of a Kubernetes cluster, and the percent of a node that it asks for.

    Attributes:
        team: None for what nobody asked for.
    """

    cluster: str
    namespace: str
    team: str | None
    percent: int


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of resource, and how its ids are made.

    Attributes:
        id: With ``{account}``, ``{environment}``, ``{region}``, ``{zone}``, ``{name}`` and
            ``{hex}`` to be filled in.
    """

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom the tags name."""

    team: str
    application: str


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that runs and costs.

    Attributes:
        name: Unique in the company.
        place: None where it is everywhere.
        owner: None where nobody tagged it at all.
        idle: Why it is of no use to anybody, if so.
        seen_on_bill: Whether the bill alone shows that, because use of it would be a charge.
        fits: The smaller size that would do.
        successor: The newer generation that costs less for the same.
        needed_hours: Hours of the week in which somebody needs it, where it runs all of them.
        workloads: What shares a Kubernetes node; the last one takes the rest.
        dormant: It only exists while an anomaly brings it to life.
    """

    name: str
    kind: Kind
    account: SubAccount
    place: Place | None
    owner: Owner | None
    uses: tuple[Use, ...]
    _: KW_ONLY
    idle: str | None = None
    seen_on_bill: bool = True
    fits: Price | None = None
    successor: Price | None = None
    needed_hours: int | None = None
    workloads: tuple[Workload, ...] = ()
    dormant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """A commitment without upfront payment, renewed every year, its fee billed by the day.

    Attributes:
        category: Money an hour (Spend) or instances (Usage) are promised.
        type: The provider's word for it.
        hourly: Money promised an hour; for Usage the fee of one instance hour.
        instances: How many instances are promised; for Spend one.
        covers: Resource → what one hour of it costs under the commitment.
        starts_in: Month of the year in which a term starts.
    """

    name: str
    kind: Kind
    category: Literal["Spend", "Usage"]
    type: str
    account: SubAccount
    place: Place | None
    service: Service
    hourly: str
    instances: int = 1
    covers: Mapping[str, str]
    starts_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A price per month, charged when it starts, and the tax on it."""

    price: Price
    account: SubAccount
    amount: str
    tax_percent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Money back, as a charge of its own."""

    name: str
    service: Service
    account: SubAccount
    amount: str
    rhythm: Rhythm = STEADY
    dormant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Correction of a day of the month before, issued on one day of each month.

    Attributes:
        resource: Whose first use was charged too high.
        amount: Units taken back.
        days_back: How many days before its issue the corrected charge was.
    """

    resource: str
    amount: str
    on_day: int
    days_back: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """All that the company has at one provider."""

    provider: Provider
    resources: tuple[Resource, ...]
    commitments: tuple[Commitment, ...]
    fees: tuple[Fee, ...]
    credits: tuple[Credit, ...]
    refunds: tuple[Refund, ...] = ()
