from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.answers.policies import PolicyStatus
from finops_cost_management.plugins.savings_case import daily_charges
from finops_cost_management.policies.instances import (
    forbidden_instance_families,
    instance_type_in,
)
from finops_cost_management.policies.judged_bill import JudgedBill

pytestmark = pytest.mark.invented

Judged = Callable[..., JudgedBill]


def machine(name: str, instance_type: str | None = None, **columns: Any) -> list[Any]:
    details = json.dumps({"InstanceType": instance_type}) if instance_type else None
    return daily_charges(
        2,
        ResourceId=name,
        SkuPriceDetails=details,
        PricingUnit="Hours",
        **{"ServiceSubcategory": "Virtual Machines", **columns},
    )


def test_families_are_beginnings_or_patterns_whatever_the_letters(judged: Judged) -> None:
    bill = judged(
        [
            *machine("gpu", "p3.2xlarge"),
            *machine("gpus", "p3dn.24xlarge"),
            *machine("azure", "standard_nc6s_v3"),
            *machine("metal", "m5.metal"),
            *machine("fine", "m5.large"),
            *machine("db", "db.p3.large"),
        ]
    )
    verdict = forbidden_instance_families(bill, ["p3", "Standard_NC", "*.metal"])
    assert verdict.status is PolicyStatus.FAILED
    assert sorted(one.subject for one in verdict.findings) == ["azure", "gpu", "gpus", "metal"]
    assert verdict.checked == 6
    dotted = forbidden_instance_families(bill, ["p3."])
    assert [one.message for one in dotted.findings] == ["gpu is a p3.2xlarge"]


def test_nothing_forbidden_passes(judged: Judged) -> None:
    verdict = forbidden_instance_families(judged(machine("a", "m5.large")), ["p3"])
    assert verdict.status is PolicyStatus.PASSED
    assert verdict.measured == "0 of 1 instances"


@pytest.mark.parametrize("column", ["SkuMeter", "x_UsageType", "ChargeDescription"])
def test_the_meter_tells_where_the_details_do_not(judged: Judged, column: str) -> None:
    bill = judged(machine("a", **{column: "USW2-BoxUsage:p3.2xlarge"}))
    (finding,) = forbidden_instance_families(bill, ["p3"]).findings
    assert finding.evidence["instance type"] == "p3.2xlarge"


def test_a_machine_of_which_nothing_tells_the_type_is_unknown(judged: Judged) -> None:
    verdict = forbidden_instance_families(judged(machine("a", SkuMeter="Compute hours")), ["p3"])
    assert verdict.status is PolicyStatus.UNKNOWN
    assert verdict.unknown[0].reason == "the bill does not say its instance type"


@pytest.mark.parametrize(
    ("columns", "checked"),
    [
        ({"ServiceSubcategory": None}, 1),
        ({"ServiceSubcategory": None, "ServiceCategory": "Storage"}, 0),
        ({"ServiceSubcategory": "Serverless Compute"}, 0),
        ({"PricingUnit": "GB"}, 0),
    ],
)
def test_what_is_no_machine_is_not_looked_at(
    judged: Judged, columns: dict[str, Any], checked: int
) -> None:
    charges = [{**charge, **columns} for charge in machine("a")]
    verdict = forbidden_instance_families(judged(charges), ["p3"])
    assert (verdict.checked, len(verdict.unknown)) == (checked, checked)


@pytest.mark.parametrize(
    ("meter", "instance_type"),
    [
        ("BoxUsage:p3.2xlarge", "p3.2xlarge"),
        ("USE1-InstanceUsage:db.r6g.2xlarge", "db.r6g.2xlarge"),
        ("SpotUsage:c6i.large at 0.1 per Hours", "c6i.large"),
        ("HostUsage:u-6tb1.metal", "u-6tb1.metal"),
        ("Standard_D8s_v5 Linux", "Standard_D8s_v5"),
        ("NC6s v3", "Standard_NC6s_v3"),
        ("n2-standard-8 running in Iowa", "n2-standard-8"),
        ("a2-highgpu-1g", None),
        ("N1 Predefined Instance Core running in Americas", "n1"),
        ("N2D AMD Instance Ram running in Belgium", "n2d"),
        ("EBS:VolumeUsage.gp3", None),
        ("RDS:GP3-Storage", None),
        ("Training A100", None),
        ("", None),
    ],
)
def test_meters_name_types(meter: str, instance_type: str | None) -> None:
    assert instance_type_in(meter) == instance_type


@given(st.text())
def test_any_text_is_a_meter(text: str) -> None:
    found = instance_type_in(text)
    assert found is None or found
