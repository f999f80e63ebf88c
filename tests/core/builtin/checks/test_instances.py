"""Which charges of real and invented bills are hours of instances, and of which type."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_cost_management.builtin.checks.instances import instance_charges
from finops_cost_management.engine import Engine
from finops_cost_management.focus.reading import read_files, to_focus
from finops_cost_management.plugins.savings_case import daily_charges
from finops_cost_management.testing.bills import bill_snapshot


@pytest.mark.real_recording
def test_real_bill_of_focus_1_0(engine: Engine, shared_data: Callable[..., Path]) -> None:
    sample = shared_data("focus", "focus_1.0_sample_1000.csv")
    rows = to_focus(read_files(engine, [sample]))
    found = engine.ibis.to_pyarrow(instance_charges(rows)).to_pylist()
    with sample.open(encoding="utf-8-sig", newline="") as stream:
        texts = [row["ChargeDescription"] for row in csv.DictReader(stream)]
    hours = [text for text in texts if re.search("[Ii]nstance [Hh]our", text)]
    assert len(hours) > 20
    assert sorted(row["ChargeDescription"] for row in found) == sorted(hours)
    for row in found:
        text = row["ChargeDescription"]
        assert row["InstanceType"] in text
        assert 0 < row["InstanceHours"] <= 1  # hourly rows
        assert row["InstanceKind"] == ("database" if "db." in text else "machine")
        assert row["IsLicensed"] == ("SQL Server" in text)


MACHINE: dict[str, Any] = {
    "ResourceId": "vm",
    "PricingUnit": "Hours",
    "PricingQuantity": Decimal(24),
    "ServiceName": "Virtual Machines",
    "HostProviderName": "Microsoft",
}


@pytest.mark.real_component
@pytest.mark.parametrize(
    ("columns", "kind", "hours"),
    [
        ({"x_SkuMeterName": "D11 v2/DS11 v2"}, "standard_d11_v2", 24),
        (
            # As Azure's own exports describe it.
            {"ChargeDescription": "Virtual Machines Dv2/DSv2 Series - D11 v2/DS11 v2 - US East 2"},
            "standard_d11_v2",
            24,
        ),
        ({"x_SkuMeterName": "E4-2ds v5"}, "standard_e4-2ds_v5", 24),
        ({"x_SkuMeterName": "F8/F8s", "PricingUnit": "100 Hours"}, "standard_f8", 2400),
        ({"x_SkuDetails": '{"ServiceType":"Standard_D2s_v3"'}, "Standard_D2s_v3", 24),
        ({"ChargeDescription": "nothing that says it"}, None, 24),
        ({"PricingQuantity": None, "ConsumedQuantity": 23, "ConsumedUnit": "Hours"}, None, 23),
        ({"PricingQuantity": None}, None, None),
        (
            {
                "HostProviderName": "Google Cloud",
                "ServiceName": "Compute Engine",
                "ChargeDescription": "N2 Instance Core running in Iowa",
            },
            None,
            None,
        ),
        (
            {
                "HostProviderName": "Google Cloud",
                "ServiceName": "Compute Engine",
                "ChargeDescription": "N2 Instance Ram running in Iowa",
                "PricingUnit": "gibibyte hour",
            },
            None,
            0,
        ),
    ],
)
def test_types_and_hours(
    engine: Engine, columns: dict[str, Any], kind: str | None, hours: float | None
) -> None:
    bill = bill_snapshot(engine, daily_charges("1", days=1, **MACHINE | columns))
    (row,) = instance_charges(bill.rows).to_pyarrow().to_pylist()
    assert (row["InstanceType"], row["InstanceHours"]) == (kind, hours)


@pytest.mark.real_component
@pytest.mark.parametrize(
    "columns",
    [
        {"ServiceName": "Virtual Machines Licenses", "x_SkuMeterName": "4 vCPU VM License"},
        {"x_SkuMeterName": "D2s v5", "CommitmentDiscountStatus": "Unused"},
        {"x_SkuMeterName": "Standard IPv4 Static Public IP", "ServiceName": "Virtual Network"},
        {"ServiceName": "Compute Engine", "ChargeDescription": "Static Ip Charge"},
        {"ServiceName": "Cloud SQL", "ChargeDescription": "IP address idling - hour in Iowa"},
        {"ServiceName": "Amazon Elastic Compute Cloud", "ChargeDescription": "NAT Gateway Hour"},
    ],
)
def test_other_hours_are_no_instances(engine: Engine, columns: dict[str, Any]) -> None:
    bill = bill_snapshot(engine, daily_charges("1", days=1, **MACHINE | columns))
    assert not instance_charges(bill.rows).to_pyarrow().to_pylist()
