"""The way that gigabytes went is told from the words of each provider, and of real bills."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_cost_management.builtin.checks.transfer_routes import Route, routed
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import daily_charges
from finops_cost_management.testing.bills import bill_snapshot

NETWORKING = "Networking"
CASES = [
    (Route.NAT, "Amazon Elastic Compute Cloud", "NatGateway-Bytes"),
    (Route.NAT, "Azure NAT Gateway", "Standard Data Processed"),
    (Route.NAT, NETWORKING, "Networking Cloud NAT Data Processing"),
    (Route.CDN, "Amazon CloudFront", "US-DataTransfer-Out-Bytes"),
    (Route.CDN, "Azure Front Door", "Standard Data Transfer Out"),
    (Route.CDN, NETWORKING, "Networking Cloud CDN Traffic Cache Data Transfer to North America"),
    (None, "Amazon CloudFront", "US-DataTransfer-Out-OBytes"),
    (Route.ZONES, "Amazon Elastic Compute Cloud", "USW2-DataTransfer-Regional-Bytes"),
    (Route.ZONES, "AWSCloudShell", "USE1-DataTransfer-xAZ-In-Bytes"),
    (Route.ZONES, "Bandwidth", "Inter-Availability Zone Data Transfer Out"),
    (Route.ZONES, "Compute Engine", "Network Inter Zone Data Transfer Out"),
    (Route.REGIONS_OUT, "Amazon Simple Storage Service", "USE1-USW2-AWS-Out-Bytes"),
    (Route.REGIONS_OUT, "Bandwidth", "Inter Continent Data Transfer Out - NAM or EU To Any"),
    (Route.REGIONS_OUT, "Compute Engine", "Network Inter Region Egress from Americas to EMEA"),
    (Route.REGIONS_IN, "Amazon Simple Storage Service", "CAN1-EUN1-AWS-In-Bytes"),
    (Route.INTERNET_OUT, "Amazon Elastic Compute Cloud", "DataTransfer-Out-Bytes"),
    (Route.INTERNET_OUT, "Bandwidth", "Rtn Preference: MGN - Standard Data Transfer Out"),
    (Route.INTERNET_OUT, "Compute Engine", "Network Internet Egress from Americas to Americas"),
    (Route.INTERNET_OUT, "Cloud Storage", "Download Worldwide Destinations"),
    (Route.INTERNET_IN, "Amazon Elastic Compute Cloud", "USW2-DataTransfer-In-Bytes"),
    (Route.INTERNET_IN, "Bandwidth", "Standard Data Transfer In"),
    (None, "Virtual Network", "Intra-Region Egress"),
    (None, "Azure Private Link", "Standard Data Processed - Egress"),
    (None, "Compute Engine", "Network Intra Zone Egress"),
    (None, "Load Balancer", "Standard Data Processed"),
]


def routes(engine: Engine, charges: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (
        routed(bill_snapshot(engine, charges).rows).to_pyarrow().to_pylist()
    )
    return rows


@pytest.mark.invented
@pytest.mark.parametrize("column", ["SkuMeter", "x_SkuMeterName", "ChargeDescription"])
def test_words_of_each_provider(engine: Engine, column: str) -> None:
    bill = [
        {**charge, "ResourceId": str(number), "ServiceName": service, column: meter}
        for number, (_, service, meter) in enumerate(CASES)
        for charge in daily_charges("1", days=1, PricingUnit="GB")
    ]
    told = {row["ResourceId"]: row["Route"] for row in routes(engine, bill)}
    assert {meter: told.get(str(number)) for number, (_, _, meter) in enumerate(CASES)} == {
        meter: route for route, _, meter in CASES
    }


@pytest.mark.invented
@pytest.mark.parametrize(
    ("unit", "gigabytes"),
    [
        ("GB", 3),
        ("1 GB", 3),
        ("100 GB", 300),
        ("GiB", 3),
        ("gibibyte", 3),
        ("Gigabytes", 3),
        ("TB", 3000),
        ("tebibyte", 3000),
    ],
)
def test_units(engine: Engine, unit: str, gigabytes: int) -> None:
    bill = daily_charges(
        "1", days=1, PricingUnit=unit, PricingQuantity=Decimal(3), SkuMeter="DataTransfer-Out-Bytes"
    )
    (row,) = routes(engine, [dict(charge) for charge in bill])
    assert row["Gigabytes"] == gigabytes


@pytest.mark.invented
@pytest.mark.parametrize("unit", ["GB-Months", "GB/Month", "Requests", "GB Hours", None])
def test_other_units_move_nothing(engine: Engine, unit: str | None) -> None:
    bill = daily_charges("1", days=1, PricingUnit=unit, SkuMeter="DataTransfer-Out-Bytes")
    assert not routes(engine, [dict(charge) for charge in bill])


@pytest.mark.real_recording
def test_the_words_of_a_real_bill(engine: Engine, shared_data: Callable[..., Path]) -> None:
    """Every charge of the sample that is for gigabytes and speaks of transfer finds its way."""
    path = shared_data("focus", "focus_1.0_sample_1000.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        sample = [
            {name: None if text == "NULL" else text for name, text in row.items()}
            for row in csv.DictReader(file)
        ]
    texts = ("ServiceName", "ResourceType", "ResourceId", "ChargeDescription", "PricingUnit")
    bill = [{name: row[name] for name in texts} for row in sample]
    told = {
        (row["ServiceName"], row["ChargeDescription"]): row["Route"] for row in routes(engine, bill)
    }
    for row in bill:
        words = row["ChargeDescription"] or ""
        if row["PricingUnit"] == "GB" and "data transfer" in words.lower():
            assert told[row["ServiceName"], words], words
    of_way = {
        way: {pair for pair, told_way in told.items() if told_way == way.value} for way in Route
    }
    assert {service for service, _ in of_way[Route.CDN]} == {"Amazon CloudFront"}
    for _, words in of_way[Route.REGIONS_OUT]:
        assert any(word in words for word in (" data transfer to ", "AWS-Out", "Inter-Region"))
    for _, words in of_way[Route.INTERNET_OUT]:
        assert not any(word in words for word in ("CloudFront", "Inter-Region", "AWS-Out"))
    assert {words.partition(" - ")[2] for _, words in of_way[Route.ZONES]} == {
        "regional data transfer - in/out/between EC2 AZs or using elastic IPs or ELB"
    }
    assert {words for _, words in of_way[Route.NAT_HOURS]} == {
        "$0.045 per NAT Gateway Hour",
        "$0.062 per NAT Gateway Hour",
    }
