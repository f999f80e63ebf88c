"""Cost and Usage Reports become FOCUS without moving a cent."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_aws.cost_and_usage import read_report
from finops_aws.cur.columns import normalised
from finops_cost_management import DataError
from finops_cost_management.engine import Engine

pytestmark = pytest.mark.invented

Item = dict[str, str]
MakeItem = Callable[..., Item]
Convert = Callable[[list[Item]], list[dict[str, Any]]]

PLAN = {
    "savings_plan_savings_plan_a_r_n": "arn:aws:savingsplans::012345678901:savingsplan/sp-1",
    "line_item_product_code": "ComputeSavingsPlans",
}
RESERVATION = {
    "reservation_reservation_a_r_n": "arn:aws:ec2:us-east-1:012345678901:reserved-instances/ri-1"
}


def total(rows: list[dict[str, Any]], column: str, **where: object) -> Decimal:
    return sum(
        (row[column] for row in rows if all(row[name] == value for name, value in where.items())),
        Decimal(0),
    )


def test_covered_usage_and_its_negation_cancel(item: MakeItem, convert: Convert) -> None:
    rows = convert(
        [
            item(
                "SavingsPlanCoveredUsage",
                "0.192",
                **{**PLAN, "line_item_product_code": "AmazonEC2"},
                savings_plan_savings_plan_effective_cost="0.14",
                pricing_public_on_demand_cost="0.192",
            ),
            item("SavingsPlanNegation", "-0.192", **PLAN),
            item(
                "SavingsPlanRecurringFee",
                "0.20",
                **PLAN,
                savings_plan_total_commitment_to_date="0.20",
                savings_plan_used_commitment="0.14",
            ),
        ]
    )
    assert len(rows) == 3
    assert total(rows, "BilledCost") == Decimal("0.20")
    assert total(rows, "EffectiveCost") == Decimal("0.20")
    (used,) = [row for row in rows if row["CommitmentDiscountStatus"] == "Used"]
    assert (used["BilledCost"], used["EffectiveCost"]) == (Decimal(0), Decimal("0.14"))
    assert (used["ListCost"], used["ContractedCost"]) == (Decimal("0.192"), Decimal("0.192"))
    assert used["PricingCategory"] == "Committed"
    (unused,) = [row for row in rows if row["CommitmentDiscountStatus"] == "Unused"]
    assert (unused["BilledCost"], unused["EffectiveCost"]) == (Decimal(0), Decimal("0.06"))
    assert unused["ResourceId"] == unused["CommitmentDiscountId"]
    assert unused["ConsumedQuantity"] is None
    (fee,) = [row for row in rows if row["ChargeCategory"] == "Purchase"]
    assert (fee["BilledCost"], fee["EffectiveCost"]) == (Decimal("0.20"), Decimal(0))
    assert fee["PricingCategory"] == "Standard"


PAID_IN_ADVANCE = {"line_item_unblended_cost": "0", "line_item_net_unblended_cost": "0"}
NET_PLAN = {
    "line_item_net_unblended_cost": "0.18",
    "savings_plan_recurring_commitment_for_billing_period": "0.20",
    "savings_plan_amortized_upfront_commitment_for_billing_period": "0.30",
    "savings_plan_net_recurring_commitment_for_billing_period": "0.18",
    "savings_plan_net_amortized_upfront_commitment_for_billing_period": "0.27",
}


@pytest.mark.parametrize(
    ("fee", "unused"),
    [
        (NET_PLAN, "0.225"),  # both were 0.50 and are 0.45: a tenth off what is unused, too
        ({"line_item_net_unblended_cost": "0.18"}, "0.225"),  # by the fee itself
        ({"line_item_net_unblended_cost": ""}, "0.25"),  # no discount on this one
        # Paid in advance as a whole: the fee is 0, and only the commitment tells the discount.
        (NET_PLAN | PAID_IN_ADVANCE, "0.225"),
        (PAID_IN_ADVANCE, None),
    ],
)
def test_the_unused_part_of_a_plan_is_net_where_the_used_one_is(
    item: MakeItem, convert: Convert, fee: dict[str, str], unused: str | None
) -> None:
    rows = convert(
        [
            item(
                "SavingsPlanCoveredUsage",
                "0.4",
                **PLAN,
                line_item_net_unblended_cost="0.4",
                savings_plan_savings_plan_effective_cost="0.25",
                savings_plan_net_savings_plan_effective_cost="0.225",
            ),
            item("SavingsPlanNegation", "-0.4", **PLAN, line_item_net_unblended_cost="-0.4"),
            item(
                "SavingsPlanRecurringFee",
                "0.20",
                **PLAN,
                savings_plan_total_commitment_to_date="0.50",
                savings_plan_used_commitment="0.25",
            )
            | fee,
        ]
    )
    told = {row["CommitmentDiscountStatus"]: row["EffectiveCost"] for row in rows}
    assert told["Used"] == Decimal("0.225")
    if unused is None:
        assert "Unused" not in told
        assert told[None] is None  # of the fee: unknown, not 0
    else:
        assert told["Unused"] == Decimal(unused)
        assert told[None] == 0


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None
)
@given(
    used=st.decimals("0.01", "90000", places=6),
    unused=st.decimals("0.01", "90000", places=6),
    tenths=st.integers(1, 10),
)
def test_used_and_unused_are_the_net_fee(
    item: MakeItem, convert: Convert, used: Decimal, unused: Decimal, tenths: int
) -> None:
    """To the last digit."""
    whole, net = used + unused, (used + unused) * tenths / 10
    rows = convert(
        [
            item(
                "SavingsPlanCoveredUsage",
                f"{used:f}",
                **PLAN,
                line_item_net_unblended_cost=f"{used:f}",
                savings_plan_savings_plan_effective_cost=f"{used:f}",
                savings_plan_net_savings_plan_effective_cost=f"{used * tenths / 10:f}",
            ),
            item(
                "SavingsPlanNegation",
                f"{-used:f}",
                **PLAN,
                line_item_net_unblended_cost=f"{-used:f}",
            ),
            item(
                "SavingsPlanRecurringFee",
                f"{whole:f}",
                **PLAN,
                line_item_net_unblended_cost=f"{net:f}",
                savings_plan_total_commitment_to_date=f"{whole:f}",
                savings_plan_used_commitment=f"{used:f}",
                savings_plan_recurring_commitment_for_billing_period=f"{whole * 720:f}",
                savings_plan_net_recurring_commitment_for_billing_period=f"{net * 720:f}",
            ),
        ]
    )
    assert total(rows, "EffectiveCost") == net
    assert total(rows, "BilledCost") == net


def test_a_negation_that_does_not_cancel_stays_in_the_bill(
    item: MakeItem, convert: Convert
) -> None:
    rows = convert(
        [
            item("SavingsPlanCoveredUsage", "0.192", **PLAN),
            item("SavingsPlanNegation", "-0.1", **PLAN),
        ]
    )
    assert total(rows, "BilledCost") == Decimal("0.092")
    (rest,) = [row for row in rows if row["ChargeCategory"] == "Adjustment"]
    assert rest["SubAccountId"] == "012345678901"


def test_a_reservation_is_amortised_with_its_unused_part(item: MakeItem, convert: Convert) -> None:
    rows = convert(
        [
            item(
                "DiscountedUsage",
                "0",
                **RESERVATION,
                reservation_effective_cost="0.10",
                pricing_public_on_demand_cost="0.192",
            ),
            item(
                "RIFee",
                "72",
                **RESERVATION,
                reservation_unused_recurring_fee="4",
                reservation_unused_amortized_upfront_fee_for_billing_period="1.5",
                line_item_usage_end_date="2026-10-01T00:00:00Z",
            ),
            item("Fee", "600", **RESERVATION),
        ]
    )
    assert total(rows, "BilledCost") == Decimal(672)
    assert total(rows, "EffectiveCost") == Decimal("5.60")
    assert {row["CommitmentDiscountType"] for row in rows} == {"Reserved Instance"}
    assert {row["CommitmentDiscountCategory"] for row in rows} == {"Usage"}


def test_a_legacy_report_names_reservations_by_subscription(
    item: MakeItem, convert: Convert
) -> None:
    rows = convert(
        [
            item("Usage", "1", reservation_subscription_id="77"),
            item("DiscountedUsage", "0", reservation_subscription_id="77"),
        ]
    )
    assert [row["CommitmentDiscountId"] for row in rows] == [None, "77"]


DISCOUNTS = (
    "BundledDiscount",
    "Discount",
    "EdpDiscount",
    "PrivateRateDiscount",
    "RiVolumeDiscount",
    "SppDiscount",
)


@pytest.mark.parametrize("discount", DISCOUNTS)
def test_discounts_are_not_taken_twice(item: MakeItem, convert: Convert, discount: str) -> None:
    rows = convert(
        [
            item("Usage", "10", line_item_net_unblended_cost="9"),
            item(discount, "-1", line_item_net_unblended_cost=""),
            item("Tax", "2", line_item_net_unblended_cost=""),
        ]
    )
    assert total(rows, "BilledCost") == Decimal(11)
    assert total(rows, "ContractedCost", ChargeCategory="Usage") == Decimal(9)
    assert total(rows, "ListCost", ChargeCategory="Usage") == Decimal(10)
    assert {row["ChargeCategory"] for row in rows} == {"Usage", "Tax"}


@pytest.mark.parametrize("discount", DISCOUNTS)
def test_discounts_without_net_costs_are_credits(
    item: MakeItem, convert: Convert, discount: str
) -> None:
    rows = convert([item("Usage", "10"), item(discount, "-1")])

    assert total(rows, "BilledCost") == Decimal(9)
    assert total(rows, "BilledCost", ChargeCategory="Credit") == Decimal(-1)


def test_a_line_item_without_a_kind_stays_in_the_bill(item: MakeItem, convert: Convert) -> None:
    rows = convert([item("", "5"), item("Usage", "1"), item("Tax", "2")])

    assert total(rows, "BilledCost") == Decimal(8)


def test_a_public_price_of_nothing_is_none(item: MakeItem, convert: Convert) -> None:
    """So reports write what has no public price; free usage costs nothing itself."""
    sold, free = convert(
        [
            item("Usage", "10", pricing_public_on_demand_cost="0.0"),
            item("Usage", "0", pricing_public_on_demand_cost="0.0"),
        ]
    )
    assert (sold["ListCost"], free["ListCost"]) == (Decimal(10), Decimal(0))
    (refund,) = convert([item("Refund", "-3", pricing_public_on_demand_cost="0.0")])
    assert refund["ListCost"] == Decimal(-3)


def test_what_commitments_cost_is_unknown_where_the_report_lacks_it(
    item: MakeItem, convert: Convert
) -> None:
    rows = convert(
        [
            item("SavingsPlanCoveredUsage", "0.192", **PLAN),
            item("SavingsPlanNegation", "-0.192", **PLAN),
            item("SavingsPlanRecurringFee", "0.20", **PLAN),
            item("DiscountedUsage", "0", **RESERVATION),
            item("RIFee", "72", **RESERVATION),
            item("Usage", "1"),
        ]
    )
    assert total(rows, "BilledCost") == Decimal("73.20")
    assert {row["x_LineItemType"]: row["EffectiveCost"] for row in rows} == {
        "SavingsPlanCoveredUsage": None,
        "SavingsPlanRecurringFee": None,
        "DiscountedUsage": None,
        "RIFee": None,
        "Usage": Decimal(1),
    }


@pytest.mark.parametrize("net", ["", "2.5"])
def test_net_figures_of_reservations_count_where_the_report_is_net(
    item: MakeItem, convert: Convert, net: str
) -> None:
    """Elsewhere they are zeros that say nothing."""
    rows = convert(
        [
            item(
                "RIFee",
                "3",
                **RESERVATION,
                line_item_net_unblended_cost=net,
                reservation_unused_recurring_fee="3",
                reservation_net_unused_recurring_fee=net or "0.0",
            )
        ]
    )
    assert total(rows, "EffectiveCost") == Decimal(net or "3")
    assert total(rows, "BilledCost") == Decimal(net or "3")


def test_free_tier_cancels_and_its_usage_stays(item: MakeItem, convert: Convert) -> None:
    rows = convert([item("Usage", "47.681694"), item("Credit", "-47.681694")])

    assert total(rows, "BilledCost") == 0
    assert total(rows, "EffectiveCost", ChargeCategory="Usage") == Decimal("47.681694")
    (usage,) = [row for row in rows if row["ChargeCategory"] == "Usage"]
    assert usage["ConsumedQuantity"] == 1


def test_refunds_are_corrections(item: MakeItem, convert: Convert) -> None:
    (refund,) = convert([item("Refund", "-3")])

    assert (refund["ChargeCategory"], refund["ChargeClass"]) == ("Usage", "Correction")
    assert refund["BilledCost"] == Decimal(-3)
    (returned,) = convert([item("Refund", "-3", **PLAN)])
    assert returned["ChargeCategory"] == "Purchase"


def test_empty_texts_and_zeros_are_not_net_costs(item: MakeItem, convert: Convert) -> None:
    """Real reports have '' in net columns and 0.0 in columns of commitments on every row."""
    (row,) = convert(
        [
            item(
                "Usage",
                "1.5",
                line_item_net_unblended_cost="",
                reservation_effective_cost="0.0",
                savings_plan_savings_plan_effective_cost="0.0",
                savings_plan_savings_plan_a_r_n="",
                reservation_reservation_a_r_n="",
            )
        ]
    )
    assert (row["BilledCost"], row["EffectiveCost"]) == (Decimal("1.5"), Decimal("1.5"))
    assert row["CommitmentDiscountId"] is None


def test_small_and_scientific_amounts_are_exact(item: MakeItem, convert: Convert) -> None:
    rows = convert([item("Usage", "-7.0E-10"), item("Usage", "0.000000000700")])

    assert [row["BilledCost"] for row in rows] == [Decimal("-7E-10"), Decimal("7E-10")]


def test_accounts_keep_their_zeros(item: MakeItem, convert: Convert) -> None:
    (row,) = convert([item("Usage", "1")])

    assert (row["BillingAccountId"], row["SubAccountId"]) == ("000000000001", "012345678901")


def test_a_region_is_no_zone(item: MakeItem, convert: Convert) -> None:
    rows = convert(
        [
            item("Usage", "1", line_item_availability_zone="us-east-1"),
            item("Usage", "1", line_item_availability_zone="us-east-1b"),
            item("Usage", "1", line_item_availability_zone="us-west-2-lax-1a"),
        ]
    )
    assert [(row["RegionId"], row["AvailabilityZone"]) for row in rows] == [
        ("us-east-1", None),
        ("us-east-1", "us-east-1b"),
        ("us-west-2", "us-west-2-lax-1a"),
    ]


def test_disks_are_storage_and_units_are_spelt_out(item: MakeItem, convert: Convert) -> None:
    disk, machine = convert(
        [
            item("Usage", "1", line_item_usage_type="EU-EBS:VolumeUsage.gp3", pricing_unit="GB-Mo"),
            item("Usage", "1", pricing_unit="Hrs"),
        ]
    )
    assert (disk["ServiceName"], disk["ServiceCategory"]) == (
        "Amazon Elastic Block Store",
        "Storage",
    )
    assert (disk["PricingUnit"], machine["PricingUnit"]) == ("GB-Months", "Hours")
    assert machine["ServiceCategory"] == "Compute"
    assert machine["ResourceType"] == "EC2 Instance"


def test_a_product_that_nobody_listed_keeps_its_name(item: MakeItem, convert: Convert) -> None:
    (row,) = convert(
        [item("Usage", "1", line_item_product_code="AmazonNew", product_product_name="Amazon New")]
    )

    assert (row["ServiceName"], row["ServiceCategory"]) == ("Amazon New", "Other")


@pytest.mark.parametrize(
    ("columns", "tags"),
    [
        (
            {"resource_tags": '{"user_team":"a","user_Cost_Center":"7"}'},
            '{"team":"a","Cost_Center":"7"}',
        ),
        ({"resource_tags": '{"aws_created_by":"x"}'}, '{"aws:created_by":"x"}'),
        ({"resource_tags": "{}"}, None),
        ({"resource_tags": ""}, None),
        ({"resourceTags/user:team": "a", "resourceTags/aws:createdBy": ""}, '{"team":"a"}'),
        ({"resource_tags_user_team": "a", "resource_tags_user_app": "b"}, '{"team":"a","app":"b"}'),
        (
            {
                "resourceTags/user:Environment": "live",
                "resourceTags/user:environment": "test",
                "resourceTags/user:ENVIRONMENT": "",
                "resourceTags/user:#2": "x",
            },
            '{"Environment":"live","environment":"test","#2":"x"}',
        ),
        ({"resourceTags/user:A": "", "resourceTags/user:a": 'say "b"'}, r'{"a":"say \"b\""}'),
    ],
)
def test_tags_are_named_as_people_name_them(
    item: MakeItem, convert: Convert, columns: dict[str, str], tags: str | None
) -> None:
    (row,) = convert([item("Usage", "1", **columns)])

    assert row["Tags"] == tags


@pytest.mark.parametrize(
    ("columns", "categories"),
    [
        ({"cost_category": '{"Unit":"shop","Stage":"live"}'}, '{"Unit":"shop","Stage":"live"}'),
        ({"cost_category": "{}"}, None),
        ({"costCategory/Unit": "shop", "costCategory/Stage": ""}, '{"Unit":"shop"}'),
        ({"cost_category_unit": "shop"}, '{"unit":"shop"}'),
        ({}, None),
    ],
)
def test_cost_categories_come_in(
    item: MakeItem, convert: Convert, columns: dict[str, str], categories: str | None
) -> None:
    (row,) = convert([item("Usage", "1", **columns, line_item_legal_entity="AWS Europe")])

    assert row["x_CostCategories"] == categories
    assert row["x_LegalEntityName"] == "AWS Europe"


def test_the_nested_product_of_version_2_is_read(item: MakeItem, convert: Convert) -> None:
    (row,) = convert(
        [
            item(
                "Usage",
                "1",
                line_item_product_code="New",
                product='{"product_name":"Amazon N","operating_system":"Linux"}',
            )
        ]
    )
    assert row["ServiceName"] == "Amazon N"
    assert json.loads(row["SkuPriceDetails"]) == {"OperatingSystem": "Linux"}


def test_legacy_names_become_those_of_version_2() -> None:
    assert [
        normalised(name)
        for name in ("lineItem/UsageAccountId", "product/servicecode", "identity/TimeInterval")
    ] == ["line_item_usage_account_id", "product_servicecode", "identity_time_interval"]


def test_parts_with_other_columns_are_one_report(
    item: MakeItem, engine: Engine, tmp_path: Path
) -> None:
    paths = []
    for number, columns in enumerate(
        ({"pricing_unit": "Hrs"}, {"resource_tags": '{"user_a":"b"}'})
    ):
        path = tmp_path / f"{number}.csv"
        one = item("Usage", "1", **columns)
        names = sorted(one, reverse=bool(number))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerow(one)
        paths.append(path)
    rows = read_report(engine, paths).to_pyarrow().to_pylist()

    assert sorted((row["PricingUnit"] or "", row["Tags"] or "") for row in rows) == [
        ("", '{"a":"b"}'),
        ("Hours", ""),
    ]


def test_tags_that_differ_in_letter_case_may_come_in_any_order(
    item: MakeItem, engine: Engine, tmp_path: Path
) -> None:
    paths = []
    for number, names in enumerate((("Team", "team"), ("team", "Team"))):
        paths.append(tmp_path / f"{number}.csv")
        tags = {f"resourceTags/user:{name}": name for name in names}
        one = item("Usage", "1", **tags)
        with paths[-1].open("w", newline="") as file:
            writer = csv.DictWriter(file, one)
            writer.writeheader()
            writer.writerow(one)
    rows = read_report(engine, paths).to_pyarrow().to_pylist()
    assert [json.loads(row["Tags"]) for row in rows] == [{"Team": "Team", "team": "team"}] * 2


def test_another_file_is_refused_in_words(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")

    with pytest.raises(DataError, match="not a Cost and Usage Report: it lacks bill_billing"):
        read_report(engine, [path])


@pytest.mark.real_recording
def test_a_real_legacy_report_adds_up(engine: Engine, shared_data: Callable[..., Path]) -> None:
    path = shared_data("aws", "cur_legacy_anonymised_1281.csv")
    with path.open(encoding="utf-8") as file:
        given = list(csv.DictReader(file))
    rows = read_report(engine, [path]).to_pyarrow().to_pylist()

    assert len(rows) == len(given)
    for account in {row["lineItem/UsageAccountId"] for row in given}:
        assert total(rows, "BilledCost", SubAccountId=account) == sum(
            Decimal(row["lineItem/UnblendedCost"])
            for row in given
            if row["lineItem/UsageAccountId"] == account
        )
    assert {row["ServiceCategory"] for row in rows} >= {"Storage", "Integration", "Security"}
    assert total(rows, "BilledCost", ChargeCategory="Tax") == Decimal("0.08")


AMOUNTS = st.decimals("-1000", "1000", places=9)
KINDS = st.sampled_from(
    [
        "Usage",
        "Tax",
        "Credit",
        "Refund",
        "Fee",
        "EdpDiscount",
        "SavingsPlanCoveredUsage",
        "SavingsPlanNegation",
        "SavingsPlanRecurringFee",
        "SavingsPlanUpfrontFee",
        "DiscountedUsage",
        "RIFee",
        "SomethingNew",
        "",
    ]
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(st.lists(st.tuples(KINDS, AMOUNTS, st.sampled_from(["1", "2"])), min_size=1, max_size=12))
def test_billed_cost_is_the_bill_for_every_account(
    item: MakeItem, convert: Convert, lines: list[tuple[str, Decimal, str]]
) -> None:
    items = [
        item(
            kind,
            f"{cost:f}",
            **(PLAN if kind.startswith("Savings") else {}),
            line_item_usage_account_id=account,
        )
        for kind, cost, account in lines
    ]
    rows = convert(items)

    for account in ("1", "2"):
        assert total(rows, "BilledCost", SubAccountId=account) == sum(
            (cost for _, cost, mine in lines if mine == account), Decimal(0)
        )


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None
)
@given(st.lists(st.decimals("0", "10", places=6), min_size=2, max_size=8))
def test_the_effective_cost_of_a_commitment_is_what_it_cost(
    item: MakeItem, convert: Convert, cuts: list[Decimal]
) -> None:
    """However use and waste are split, both together are the commitment of the hour."""
    edges = sorted(cuts)
    used = [later - earlier for earlier, later in pairwise(edges)]
    commitment = edges[-1] - edges[0] + Decimal("0.5")
    rows = convert(
        [
            *(
                item(
                    "SavingsPlanCoveredUsage",
                    f"{part * 2:f}",
                    **PLAN,
                    savings_plan_savings_plan_effective_cost=f"{part:f}",
                )
                for part in used
            ),
            item("SavingsPlanNegation", f"{-2 * sum(used):f}", **PLAN),
            item(
                "SavingsPlanRecurringFee",
                f"{commitment:f}",
                **PLAN,
                savings_plan_total_commitment_to_date=f"{commitment:f}",
                savings_plan_used_commitment=f"{sum(used):f}",
            ),
        ]
    )
    assert total(rows, "EffectiveCost") == commitment
    assert total(rows, "BilledCost") == commitment
