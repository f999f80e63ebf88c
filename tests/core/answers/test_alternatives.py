"""No saving is counted twice, whatever the overlap."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.answers.alternatives import (
    billed_resource,
    cost_part,
    monthly_savings,
    resource_key,
    shares_by_cost,
    without_double_count,
)
from finops_cost_management.answers.priority import PriorityFormula
from finops_cost_management.answers.recommendations import (
    Effort,
    OptimizationCategory,
    Recommendation,
)

pytestmark = pytest.mark.invented


def advice(
    check: str,
    saving: str | Decimal,
    resource: str = "vm",
    *,
    currency: str = "USD",
    confidence: float = 0.9,
    shares: dict[str, Decimal] | None = None,
) -> Recommendation:
    return Recommendation(
        check=check,
        category=OptimizationCategory.COMPUTE,
        provider="AWS",
        resource_id=resource,
        recommendation=f"{check} {resource}",
        currency=currency,
        current_cost=Decimal(10_000),
        estimated_monthly_savings=Decimal(saving),
        confidence=confidence,
        implementation_effort=Effort.LOW,
        shares=shares or {},
    )


def settle(found: list[Recommendation]) -> list[Recommendation]:
    return without_double_count(found, PriorityFormula())


def test_the_best_advice_on_a_resource_counts_and_the_others_name_it() -> None:
    stop, shrink, other = (
        advice("stop", "100"),
        advice("shrink", "60"),
        advice("stop", "5", "disk"),
    )
    settled = settle([shrink, stop, other])

    assert [one.counted_savings for one in settled] == [Decimal(0), Decimal(100), Decimal(5)]
    assert settled[0].better == (stop.id,)
    assert monthly_savings(settled) == {"USD": Decimal(105)}


def test_best_is_what_may_be_expected_not_what_is_claimed() -> None:
    sure, bold = advice("shrink", "60", confidence=0.9), advice("stop", "100", confidence=0.3)

    assert [one.counted_savings for one in settle([sure, bold])] == [
        Decimal(60),
        Decimal(0),
    ]


def test_a_commitment_counts_on_what_nothing_better_is_known_of() -> None:
    stop = advice("stop", "100", "vm-1")
    commit = advice(
        "commit", "90", "plan", shares={name: Decimal(30) for name in ("vm-1", "vm-2", "vm-3")}
    )
    settled = settle([stop, commit])

    assert [one.counted_savings for one in settled] == [Decimal(100), Decimal(60)]
    assert settled[1].better == (stop.id,)


def test_currencies_are_never_compared() -> None:
    settled = settle([advice("a", "1"), advice("a", "100", currency="EUR")])

    assert monthly_savings(settled) == {"EUR": Decimal(100), "USD": Decimal(1)}


def test_what_shares_leave_is_the_resources_own() -> None:
    one = advice("commit", "10", "plan", shares={"vm": Decimal(4)})

    assert one.parts == {"vm": Decimal(4), "plan": Decimal(6)}


@pytest.mark.parametrize(
    ("saving", "shares"), [("-1", {}), ("10001", {}), ("5", {"vm": 6}), ("5", {"vm": -1})]
)
def test_an_impossible_saving_cannot_be_written_down(saving: str, shares: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="saving"):
        advice("x", saving, shares={name: Decimal(part) for name, part in shares.items()})


RESOURCES = ("a", "b", "c", "d")
PARTS = st.dictionaries(st.sampled_from(RESOURCES), st.decimals(0, 100, places=2), min_size=1)


@st.composite
def advices(draw: st.DrawFn) -> list[Recommendation]:
    parts = draw(st.lists(PARTS, max_size=8))
    return [
        advice(
            f"check-{number}",
            sum(mine.values(), Decimal(0)),
            "scope",
            confidence=draw(st.sampled_from([0.3, 0.6, 0.9])),
            currency=draw(st.sampled_from(["USD", "EUR"])),
            shares=mine,
        )
        for number, mine in enumerate(parts)
    ]


@given(advices())
def test_totals_never_count_a_resource_twice(found: list[Recommendation]) -> None:
    settled = settle(found)

    for before, after in zip(found, settled, strict=True):
        assert after.counted_savings is not None
        assert 0 <= after.counted_savings <= before.estimated_monthly_savings
        assert after.id == before.id
    for currency in ("USD", "EUR"):
        mine = [one for one in settled if one.currency == currency]
        most = sum(
            (max((one.parts.get(name, Decimal(0)) for one in mine), default=Decimal(0)))
            for name in RESOURCES
        )
        total = monthly_savings(mine).get(currency, Decimal(0))
        assert total <= most
        # Whatever is claimed for a resource, it is counted once: by the best expectation.
        assert total == sum(
            max(
                (
                    (part * Decimal(repr(one.confidence)), part, one.id)
                    for one in mine
                    if (part := one.parts.get(name)) is not None
                ),
                default=(Decimal(0), Decimal(0), ""),
            )[1]
            for name in RESOURCES
        )


@given(advices(), st.randoms())
def test_the_order_does_not_matter(found: list[Recommendation], shuffler: object) -> None:
    other = list(found)
    shuffler.shuffle(other)  # type: ignore[attr-defined] # hypothesis' own Random

    def counted(settled: list[Recommendation]) -> dict[str, Decimal | None]:
        return {one.id: one.counted_savings for one in settled}

    assert counted(settle(found)) == counted(settle(other))


CENTS = st.decimals(0, 10**6, places=2)


@given(CENTS, st.dictionaries(st.text(max_size=3), st.decimals(-9, 10**6, places=4), max_size=30))
def test_shares_add_up_to_the_saving(saving: Decimal, costs: dict[str, Decimal]) -> None:
    shares = shares_by_cost(saving, costs)
    assert all(share > 0 for share in shares.values())
    assert {name for name in shares if costs[name] <= 0} == set()
    if any(cost > 0 for cost in costs.values()):
        assert sum(shares.values()) == saving


@given(
    CENTS,
    st.dictionaries(st.text(max_size=3), st.decimals("0.0001", 10**6, places=4), min_size=1),
    st.decimals(0, 10**6, places=4),
)
def test_what_no_resource_costs_leaves_its_part(
    saving: Decimal, costs: dict[str, Decimal], more: Decimal
) -> None:
    named = sum(costs.values())
    shared = sum(shares_by_cost(saving, costs, named + more).values())
    assert 0 <= shared <= saving
    assert abs(shared - saving * named / (named + more)) <= Decimal("0.000001")


@given(
    st.dictionaries(st.text(max_size=3), st.decimals("0.0001", 10**4, places=4), min_size=1),
    CENTS,
    CENTS,
)
def test_of_two_terms_one_counts_and_the_other_nothing(
    costs: dict[str, Decimal], one: Decimal, other: Decimal
) -> None:
    terms = [
        advice(name, min(saving, Decimal(9999)), "programme", shares=shares)
        for name, saving in (("1 year", one), ("3 years", other))
        for shares in (shares_by_cost(min(saving, Decimal(9999)), costs),)
    ]
    counted = [term.counted_savings or Decimal(0) for term in settle(terms)]
    assert sum(counted) <= max(term.estimated_monthly_savings for term in terms)
    if abs(one - other) > 1 and min(one, other) < 9000:
        assert Decimal(0) in [counted[0], counted[1]] or min(counted) < Decimal("0.0001")


def test_a_part_of_a_cost_is_no_alternative_to_another() -> None:
    machine = "arn:aws:ec2:us-east-1:012345678901:instance/i-0ab12cd34"
    part = cost_part(machine, "between zones")
    assert resource_key(part) == resource_key(cost_part("i-0ab12cd34", "between zones"))
    assert billed_resource(part) == machine
    smaller = advice("rightsizing", "60", machine)
    traffic = advice("transfer", "40", "zones", shares={part: Decimal(40)})
    again = advice("data_transfer", "30", "i-0ab12cd34", shares={part: Decimal(30)})
    assert [one.counted_savings for one in settle([smaller, traffic, again])] == [60, 40, 0]
