"""Cost Explorer's words over rows of FOCUS, on a real engine."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from finops_cost_management.errors import ConfigurationError
from finops_cost_management.query.aws_words import COLUMNS, FOCUS_NAMES, AwsWord, ask_in_aws_words
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.window import DateWindow

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

Bill = Callable[[list[dict[str, Any]]], CostSnapshot]
WINDOW = DateWindow(date(2026, 10, 1), date(2026, 11, 1))
EC2 = "Amazon Elastic Compute Cloud"


def charge(cost: str = "1", **columns: Any) -> dict[str, Any]:
    return {"day": date(2026, 10, 3), "cost": cost, "HostProviderName": "AWS", **columns}


def value_of(costs: CostSnapshot, word: str) -> list[str | None]:
    return [row[word] for row in ask_in_aws_words(costs, WINDOW, group_by=[word]).to_pylist()]


@pytest.mark.parametrize(
    ("meter", "service"),
    [
        ("BoxUsage:m5.large", f"{EC2} - Compute"),
        ("EUC1-SpotUsage:c5.xlarge", f"{EC2} - Compute"),
        ("USE1-DedicatedUsage:m5.large", f"{EC2} - Compute"),
        ("APS1-HostUsage:m5", f"{EC2} - Compute"),
        ("EU-UnusedBox:m5.large", f"{EC2} - Compute"),
        (None, f"{EC2} - Compute"),
        ("EU-EBS:VolumeUsage.gp3", "EC2 - Other"),
        ("NatGateway-Hours", "EC2 - Other"),
        ("USE1-DataTransfer-Out-Bytes", "EC2 - Other"),
        ("EUW2-CPUCredits:t3", "EC2 - Other"),
        ("ElasticIP:IdleAddress", "EC2 - Other"),
        ("EU-EBSOptimized:m4.large", "EC2 - Other"),
    ],
)
def test_ec2_is_two_services(bill: Bill, meter: str | None, service: str) -> None:
    costs = bill([charge(ServiceName=EC2, SkuMeter=meter)])
    assert value_of(costs, "SERVICE") == [service]


def test_the_disks_are_ec2_too_and_taxes_a_service_of_their_own(bill: Bill) -> None:
    costs = bill(
        [
            charge(ServiceName="Amazon Elastic Block Store", SkuMeter="VolumeUsage.gp3"),
            charge(ServiceName="Amazon CloudWatch", ChargeCategory="Tax"),
            charge(ServiceName="Amazon CloudWatch"),
            charge(ServiceName="AWS Lambda"),
        ]
    )
    assert value_of(costs, "SERVICE") == ["AWS Lambda", "AmazonCloudWatch", "EC2 - Other", "Tax"]


@pytest.mark.parametrize(("told", "focus"), sorted(FOCUS_NAMES.items()))
def test_a_service_is_found_by_either_name(bill: Bill, told: str, focus: str) -> None:
    meter = "BoxUsage:m5.large" if told.endswith("- Compute") else "NatGateway-Hours"
    costs = bill([charge("3", ServiceName=focus, SkuMeter=meter), charge(ServiceName="AWS Glue")])
    for name in (told, focus):
        answer = ask_in_aws_words(costs, WINDOW, conditions={"SERVICE": [name]})
        assert answer["UnblendedCost"].to_pylist() == [Decimal(3)], name


def test_only_aws_is_asked(bill: Bill) -> None:
    costs = bill([charge("2"), charge("5", HostProviderName="Microsoft")])
    (row,) = ask_in_aws_words(costs, WINDOW).to_pylist()
    assert row == {
        "BillingCurrency": "USD",
        "UnblendedCost": Decimal(2),
        "Rows": 1,
        "UnknownRows": 0,
    }


@pytest.mark.parametrize(
    ("columns", "record", "purchase"),
    [
        ({}, "Usage", None),
        ({"PricingCategory": "Standard"}, "Usage", "On Demand Instances"),
        ({"PricingCategory": "Dynamic"}, "Usage", "Spot Instances"),
        ({"ChargeCategory": "Tax"}, "Tax", None),
        ({"ChargeCategory": "Credit"}, "Credit", None),
        ({"ChargeClass": "Correction"}, "Refund", None),
        ({"ChargeCategory": "Purchase"}, "Fee", None),
        ({"ChargeCategory": "Adjustment"}, "Other", None),
        ({"x_LineItemType": "RIFee"}, "Recurring", None),
        ({"x_LineItemType": "Distributor Discount"}, "Distributor Discount", None),
        (
            {"CommitmentDiscountId": "ri", "CommitmentDiscountType": "Reserved Instance"},
            "DiscountedUsage",
            "Reserved Instances",
        ),
        (
            {
                "CommitmentDiscountId": "ri",
                "CommitmentDiscountType": "Reserved Instance",
                "CommitmentDiscountStatus": "Unused",
            },
            "Recurring",
            "Reserved Instances",
        ),
        (
            {"CommitmentDiscountId": "sp", "CommitmentDiscountType": "Savings Plan"},
            "SavingsPlanCoveredUsage",
            "Savings Plans",
        ),
        (
            {
                "CommitmentDiscountId": "sp",
                "CommitmentDiscountType": "Savings Plan",
                "ChargeCategory": "Purchase",
                "ChargeFrequency": "One-Time",
            },
            "SavingsPlanUpfrontFee",
            "Savings Plans",
        ),
    ],
)
def test_kinds_of_charges_and_how_they_are_bought(
    bill: Bill, columns: dict[str, str], record: str, purchase: str | None
) -> None:
    costs = bill([charge(**columns)])
    assert value_of(costs, "RECORD_TYPE") == [record]
    assert value_of(costs, "PURCHASE_TYPE") == [purchase]


def test_what_cost_explorer_said_itself_comes_first(bill: Bill) -> None:
    costs = bill(
        [
            charge(
                ServiceName=EC2,
                SkuMeter="BoxUsage:m5.large",
                x_CostExplorerService="EC2 - Other",
                x_PurchaseType="Standard Reserved Instances",
                x_InstanceType="m5.large",
            )
        ]
    )
    assert value_of(costs, "SERVICE") == ["EC2 - Other"]
    assert value_of(costs, "PURCHASE_TYPE") == ["Standard Reserved Instances"]
    assert value_of(costs, "INSTANCE_TYPE") == ["m5.large"]


def test_details_of_prices_and_tags(bill: Bill) -> None:
    details = '{"InstanceType": "r6g.large", "InstanceSeries": "r6g", "OperatingSystem": "Linux"}'
    costs = bill(
        [
            charge("1", SkuPriceDetails=details, Tags='{"team": "a", "Team": "b"}'),
            charge("2"),
        ]
    )
    assert value_of(costs, "INSTANCE_TYPE") == ["r6g.large", None]
    assert value_of(costs, "INSTANCE_TYPE_FAMILY") == ["r6g", None]
    assert value_of(costs, "PLATFORM") == ["Linux", None]
    both = ask_in_aws_words(costs, WINDOW, group_by=["TAG:team", "tag:Team"]).to_pylist()
    assert [(row["TAG:team"], row["TAG:Team"]) for row in both] == [("a", "b"), (None, None)]
    untagged = ask_in_aws_words(costs, WINDOW, conditions={"TAG:team": [None]})
    assert untagged["UnblendedCost"].to_pylist() == [Decimal(2)]


@pytest.mark.parametrize(
    ("meter", "kind"),
    [
        ("BoxUsage:m5.large", "m5.large"),
        ("EUC1-SpotUsage:c6gd.16xlarge", "c6gd.16xlarge"),
        ("USE1-HostBoxUsage:mac2-m2.metal", "mac2-m2.metal"),
        ("EU-UnusedBox:u-6tb1.metal-48xl", "u-6tb1.metal-48xl"),
        ("Multi-AZUsage:db.r6g.2xlarge", "db.r6g.2xlarge"),
        ("NodeUsage:cache.t4g.micro", "cache.t4g.micro"),
        ("APS1-HostUsage:m5", None),
        ("EU-EBS:VolumeUsage.gp3", None),
        ("CPUCredits:t3", None),
        (None, None),
    ],
)
def test_the_usage_type_tells_the_instance_type(
    bill: Bill, meter: str | None, kind: str | None
) -> None:
    known = charge("5", SkuMeter="BoxUsage:a1.large")
    costs = bill([charge("9", SkuMeter=meter), known])
    answer = ask_in_aws_words(costs, WINDOW, group_by=["INSTANCE_TYPE"]).to_pylist()
    assert {row["INSTANCE_TYPE"]: row["UnblendedCost"] for row in answer} == {
        kind: 9,
        "a1.large": 5,
    }


@pytest.mark.parametrize("word", ["INSTANCE_TYPE", "INSTANCE_TYPE_FAMILY", "PLATFORM"])
def test_what_no_charge_tells_is_refused(bill: Bill, word: str) -> None:
    """The store has the column, whether or not a source fills it."""
    costs = bill([charge(SkuMeter="NatGateway-Hours")])
    for asked in ({"group_by": [word]}, {"conditions": {word: ["m5.large"]}}):
        with pytest.raises(ConfigurationError, match=f"nothing that says {word}; it would be in"):
            ask_in_aws_words(costs, WINDOW, **asked)
    assert ask_in_aws_words(bill([]), WINDOW, group_by=[word]).num_rows == 0


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (["AWS Lamda"], "the service 'AWS Lamda'; did you mean 'AWS Lambda'?"),
        ({"not": ["AWS Lamda"]}, "did you mean 'AWS Lambda'?"),
        (["S3"], "the service 'S3'; there are AWS Lambda, AmazonCloudWatch"),
        (["AWS Lambda", None], None),
        ("Amazon CloudWatch", None),  # as FOCUS calls it
    ],
)
def test_a_service_that_no_charge_has_is_said(
    bill: Bill, caplog: pytest.LogCaptureFixture, condition: Any, words: str | None
) -> None:
    costs = bill([charge(ServiceName="AWS Lambda"), charge(ServiceName="Amazon CloudWatch")])
    with caplog.at_level(logging.WARNING):
        ask_in_aws_words(costs, WINDOW, conditions={"SERVICE": condition})
    assert (words in caplog.text) if words else not caplog.records


def test_an_empty_tag_is_asked_for_as_none(bill: Bill) -> None:
    """Cost Explorer answers `team$` for both."""
    tags = ('{"team": "a"}', '{"team": ""}', None)
    costs = bill([charge(str(2**place), Tags=text) for place, text in enumerate(tags)])
    answer = ask_in_aws_words(costs, WINDOW, conditions={"TAG:team": [""]})
    assert answer["UnblendedCost"].to_pylist() == [Decimal(6)]


@pytest.mark.parametrize(
    ("columns", "record"),
    [
        ({"x_LineItemType": "Fee", "CommitmentDiscountId": "ri-1"}, "Upfront"),
        ({"x_LineItemType": "Fee"}, "Fee"),
        ({"x_LineItemType": "RIFee", "CommitmentDiscountId": "ri-1"}, "Recurring"),
        ({"x_LineItemType": "Usage", "CommitmentDiscountId": "ri-1"}, "Usage"),
    ],
)
def test_line_items_of_reports_are_named_as_cost_explorer_does(
    bill: Bill, columns: dict[str, str], record: str
) -> None:
    assert value_of(bill([charge(**columns)]), "RECORD_TYPE") == [record]


@pytest.mark.parametrize("columns", [{"x_CostCategory_unit": "shop"}, None])
def test_cost_categories_where_a_source_brought_them(
    bill: Bill, columns: dict[str, str] | None
) -> None:
    costs = bill([charge(**(columns or {"x_CostCategories": '{"unit": "shop"}'}))])
    assert value_of(costs, "COST_CATEGORY:unit") == ["shop"]


def test_a_missing_value_is_asked_for_as_cost_explorer_does(bill: Bill) -> None:
    costs = bill([charge("2", RegionId="eu-west-1"), charge("7")])
    answer = ask_in_aws_words(costs, WINDOW, conditions={"REGION": "NoRegion"})
    assert answer["UnblendedCost"].to_pylist() == [Decimal(7)]
    others = ask_in_aws_words(costs, WINDOW, conditions={"REGION": {"not": ["NoRegion"]}})
    assert others["UnblendedCost"].to_pylist() == [Decimal(2)]


@pytest.mark.parametrize(
    ("metric", "cost"),
    [("UnblendedCost", 4), ("NetUnblendedCost", 4), ("AmortizedCost", 3), ("NetAmortizedCost", 3)],
)
def test_metrics(bill: Bill, metric: str, cost: int) -> None:
    costs = bill([charge("4", EffectiveCost=Decimal(3))])
    answer = ask_in_aws_words(costs, WINDOW, metric=metric)
    assert answer[metric].to_pylist() == [Decimal(cost)]


def test_days_and_months_and_currencies_apart(bill: Bill) -> None:
    costs = bill(
        [
            charge("1"),
            charge("2", day=date(2026, 10, 31)),
            charge("4", BillingCurrency="EUR"),
            charge("8", day=date(2026, 11, 1)),  # the end is outside
        ]
    )
    daily = ask_in_aws_words(costs, WINDOW, granularity="DAILY").to_pylist()
    assert [(row["Period"].day, row["BillingCurrency"], row["UnblendedCost"]) for row in daily] == [
        (3, "EUR", Decimal(4)),
        (3, "USD", Decimal(1)),
        (31, "USD", Decimal(2)),
    ]
    monthly = ask_in_aws_words(costs, WINDOW, granularity="MONTHLY").to_pylist()
    assert [row["UnblendedCost"] for row in monthly] == [Decimal(4), Decimal(3)]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"group_by": ["SERVCE"]}, "did you mean 'SERVICE'?"),
        ({"group_by": ["TAG:"]}, "'TAG:' is no dimension"),
        ({"conditions": {"CHARGE_TYPE": "Tax"}}, "RECORD_TYPE"),
        ({"metric": "AmortisedCost"}, "did you mean 'AmortizedCost'?"),
        ({"metric": "BlendedCost"}, "is no metric that the store can answer"),
        ({"granularity": "HOURLY"}, "use one of DAILY, MONTHLY"),
        ({"group_by": ["OPERATION"]}, "the store has nothing that says OPERATION"),
        ({"group_by": ["COST_CATEGORY:unit"]}, "it would be in x_CostCategory_unit"),
    ],
)
def test_unknown_words_are_refused(bill: Bill, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        ask_in_aws_words(bill([charge()]), WINDOW, **asked)


@pytest.mark.parametrize("text", sorted(COLUMNS))
def test_words_are_read_in_any_case(text: str) -> None:
    assert AwsWord.parse(text.lower()).text == text


@pytest.mark.parametrize("word", ["SERVICE", "RECORD_TYPE", "LINKED_ACCOUNT", "USAGE_TYPE"])
def test_groups_add_up_to_the_whole(bill: Bill, word: str) -> None:
    costs = bill(
        [
            charge("1.25", ServiceName=EC2, SkuMeter="BoxUsage:m5.large", SubAccountId="1"),
            charge("-0.5", ServiceName=EC2, ChargeCategory="Credit"),
            charge("0.01", ChargeCategory="Tax", SubAccountId="2"),
        ]
    )
    answer = ask_in_aws_words(costs, WINDOW, group_by=[word])
    assert sum(answer["UnblendedCost"].to_pylist()) == Decimal("0.76")
