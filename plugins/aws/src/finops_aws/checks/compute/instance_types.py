"""Types of EC2 instances: how large they are, and what they cost beside their like."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from finops_cost_management.builtin.checks.successors import SUCCESSORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from finops_aws.checks.region import Region

_UNITS = {
    "nano": Decimal("0.25"),
    "micro": Decimal("0.5"),
    "small": Decimal(1),
    "medium": Decimal(2),
    "large": Decimal(4),
    "xlarge": Decimal(8),
}

_LARGE_HOUR = {
    "c5": "0.085",
    "c5a": "0.077",
    "c5d": "0.096",
    "c5n": "0.108",
    "c6a": "0.0765",
    "c6g": "0.068",
    "c6i": "0.085",
    "c7a": "0.10264",
    "c7g": "0.0725",
    "c7i": "0.08925",
    "i3": "0.156",
    "i3en": "0.226",
    "m5": "0.096",
    "m5a": "0.086",
    "m5d": "0.113",
    "m5n": "0.119",
    "m6a": "0.0864",
    "m6g": "0.077",
    "m6i": "0.096",
    "m7a": "0.11592",
    "m7g": "0.0816",
    "m7i": "0.1008",
    "r5": "0.126",
    "r5a": "0.113",
    "r6a": "0.1134",
    "r6g": "0.1008",
    "r6i": "0.126",
    "r7a": "0.15215",
    "r7g": "0.1071",
    "r7i": "0.1323",
    "t3": "0.0832",
    "t3a": "0.0752",
    "t4g": "0.0672",
}
"""Family → USD an hour of its size `large`: Linux, on demand, us-east-1, November 2026."""

MOST_FILTER_VALUES = 200
"""Values that one filter of DescribeInstanceTypes may have."""


def family_of(instance_type: str) -> str:
    """The family of a type: ``m5`` of ``m5.xlarge``."""
    return instance_type.partition(".")[0]


def units(instance_type: str) -> Decimal | None:
    """The size in units of `small`, that prices within a family are in proportion to.

    These are the units that AWS normalises the sizes of reserved instances by. None for bare
    metal, and for what has no such size.
    """
    size = instance_type.partition(".")[2]
    many = re.fullmatch(r"(\d+)xlarge", size)
    return Decimal(many[1]) * _UNITS["xlarge"] if many else _UNITS.get(size)


def price_ratio(now: str, then: str) -> Decimal | None:
    """What another size of the same family costs for each unit of money; None if not known."""
    before, after = units(now), units(then)
    return None if before is None or after is None else after / before


def hourly_price(instance_type: str) -> Decimal | None:
    """USD an hour of Linux, on demand, in us-east-1; None where it is not known."""
    size, unit_price = units(instance_type), _unit_prices().get(family_of(instance_type))
    return None if size is None or unit_price is None else size * unit_price


@cache
def _unit_prices() -> Mapping[str, Decimal]:
    """Family → price of a unit; old families as the table of their successors has them."""
    prices = {}
    for one in SUCCESSORS:
        compared = units(one.current.format(one.compared))
        family = family_of(one.current)
        if one.provider == "AWS" and compared and family not in ("db", "cache"):
            prices[family] = Decimal(one.price) / compared
    return prices | {name: Decimal(price) / _UNITS["large"] for name, price in _LARGE_HOUR.items()}


def types_of(region: Region, families: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Type → what AWS says of it, for all types of these families that the region has."""
    patterns = sorted(f"{family}.*" for family in set(families))
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(patterns), MOST_FILTER_VALUES):
        for told in region.pages(
            "ec2:DescribeInstanceTypes",
            "describe_instance_types",
            "InstanceTypes",
            Filters=[
                {
                    "Name": "instance-type",
                    "Values": patterns[start : start + MOST_FILTER_VALUES],
                }
            ],
        ):
            found[told["InstanceType"]] = told
    return found


_ACCELERATORS = (
    "GpuInfo",
    "InferenceAcceleratorInfo",
    "NeuronInfo",
    "FpgaInfo",
    "MediaAcceleratorInfo",
)


def is_accelerated(told: Mapping[str, Any]) -> bool:
    """Whether a type has accelerators, whose use CPU says nothing of."""
    names = (
        "GpuInfo",
        "InferenceAcceleratorInfo",
        "NeuronInfo",
        "FpgaInfo",
        "MediaAcceleratorInfo",
    )
    return any(told.get(name) for name in names)
