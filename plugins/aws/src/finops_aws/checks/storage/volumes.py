"""The EBS volumes of a region, as the checks of volumes look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_aws.checks.aws_check import Resource
from finops_aws.checks.list_prices import VOLUME_GB_MONTH
from finops_aws.checks.named import name_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from finops_aws.checks.region import Region


def volumes(region: Region) -> Iterator[Resource]:
    """Every volume, with its type, size and state."""
    for told in region.pages("ec2:DescribeVolumes", "describe_volumes", "Volumes"):
        yield Resource(
            id=told["VolumeId"],
            name=name_in(told.get("Tags")),
            type="EBS Volume",
            created=told["CreateTime"],
            configuration={
                "type": told["VolumeType"],
                "size": f"{told['Size']} GiB",
                "state": told["State"],
            },
            told=told,
        )


def volume_price(volume: Resource) -> Decimal | None:
    """Size times the list price of its type; provisioned IOPS come on top, and are left out."""
    price = VOLUME_GB_MONTH.get(volume.told["VolumeType"])
    return None if price is None else price * volume.told["Size"]
