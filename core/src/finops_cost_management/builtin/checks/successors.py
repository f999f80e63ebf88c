"""Instance families that have a cheaper successor, and the list prices that say so.

Prices are public on-demand list prices in USD an hour: of Linux, of RDS for MySQL in one zone and
of ElastiCache for Redis; in us-east-1, East US 2 and us-central1. Other regions charge more or
less for both of a pair, in about the same proportion. Sizes without an equal are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_BURSTABLE = "it may use more CPU than it has credits for, at a price"
_NO_SUSTAINED_USE = "it gets no sustained use discount"


@dataclass(frozen=True, slots=True)
class Successor:
    """A family and what comes after it, with the prices of one size of both.

    Attributes:
        provider: The cloud, in FOCUS's words.
        current: The types of the family, ``{}`` for the size.
        successor: The types that follow, likewise.
        sizes: Size of the family → size that does the same.
        compared: The size that the prices are of.
        price: Of this size of the family.
        successor_price: Of the size that follows it.
        is_arm: Whether it is of another processor architecture: software must be built for it.
        loses_disks: Whether what lies on local or temporary disks is lost by the move.
        note: What else is different; empty if nothing.
    """

    provider: str
    current: str
    successor: str
    sizes: Mapping[str, str]
    compared: str
    price: str
    successor_price: str
    is_arm: bool = False
    loses_disks: bool = False
    note: str = ""

    @property
    def ratio(self) -> Decimal:
        """What the successor costs for each unit of money that the family costs."""
        return Decimal(self.successor_price) / Decimal(self.price)

    @property
    def evidence(self) -> str:
        """The prices, so that a reader can check them."""
        now, then = self.current, self.successor
        return (
            f"{now.format(self.compared)} {self.price} USD, "
            f"{then.format(self.sizes[self.compared])} {self.successor_price} USD"
        )

    @property
    def differences(self) -> str:
        """What a person must know before the move; empty if nothing."""
        told = (
            (self.is_arm, "its processors are Arm: software must be built for them"),
            (self.loses_disks, "what lies on local or temporary disks is lost by the move"),
            (bool(self.note), self.note),
        )
        return "; ".join(text for applies, text in told if applies)

    def types(self) -> Mapping[str, str]:
        """Type of the family → the type that follows it."""
        return {
            self.current.format(now): self.successor.format(then)
            for now, then in self.sizes.items()
        }


def _same(sizes: str) -> Mapping[str, str]:
    return {size: size for size in sizes.split()}


_TO_2X = _same("large xlarge 2xlarge")
_TO_8X = _same("large xlarge 2xlarge 4xlarge 8xlarge")
_TO_16X = _same("large xlarge 2xlarge 4xlarge 8xlarge 16xlarge")
_BURST = _same("micro small medium large")

SUCCESSORS = (
    Successor("AWS", "t1.{}", "t3.{}", _same("micro"), "micro", "0.02", "0.0104", note=_BURSTABLE),
    Successor(
        "AWS",
        "t2.{}",
        "t3.{}",
        _same("nano micro small medium large xlarge 2xlarge"),
        "medium",
        "0.0464",
        "0.0416",
        note=_BURSTABLE,
    ),
    Successor(
        "AWS",
        "m1.{}",
        "m6i.{}",
        _same("large xlarge"),
        "xlarge",
        "0.35",
        "0.192",
        loses_disks=True,
    ),
    Successor(
        "AWS",
        "m2.{}",
        "r6i.{}",
        {"xlarge": "large", "2xlarge": "xlarge", "4xlarge": "2xlarge"},
        "2xlarge",
        "0.49",
        "0.252",
        loses_disks=True,
        note="it has 6 % less memory",
    ),
    Successor("AWS", "m3.{}", "m6i.{}", _TO_2X, "xlarge", "0.266", "0.192", loses_disks=True),
    Successor(
        "AWS",
        "m4.{}",
        "m7g.{}",
        _same("large xlarge 2xlarge 4xlarge 16xlarge"),
        "xlarge",
        "0.20",
        "0.1632",
        is_arm=True,
    ),
    Successor(
        "AWS",
        "c1.{}",
        "c6i.{}",
        {"medium": "large", "xlarge": "2xlarge"},
        "xlarge",
        "0.52",
        "0.34",
        loses_disks=True,
    ),
    Successor("AWS", "c3.{}", "c6i.{}", _TO_8X, "xlarge", "0.21", "0.17", loses_disks=True),
    Successor(
        "AWS",
        "c4.{}",
        "c7g.{}",
        _same("large xlarge 2xlarge 4xlarge"),
        "xlarge",
        "0.199",
        "0.145",
        is_arm=True,
    ),
    Successor("AWS", "r3.{}", "r6i.{}", _TO_8X, "xlarge", "0.333", "0.252", loses_disks=True),
    Successor("AWS", "r4.{}", "r7g.{}", _TO_16X, "xlarge", "0.266", "0.2142", is_arm=True),
    Successor(
        "AWS",
        "i2.{}",
        "i3.{}",
        _same("xlarge 2xlarge 4xlarge 8xlarge"),
        "xlarge",
        "0.853",
        "0.312",
        loses_disks=True,
    ),
    Successor(
        "AWS",
        "d2.{}",
        "d3.{}",
        _same("xlarge 2xlarge 4xlarge"),
        "xlarge",
        "0.69",
        "0.499",
        loses_disks=True,
    ),
    Successor("AWS", "db.t2.{}", "db.t4g.{}", _BURST, "medium", "0.068", "0.065"),
    Successor("AWS", "db.m3.{}", "db.m6g.{}", _TO_2X, "large", "0.185", "0.159"),
    Successor(
        "AWS",
        "db.m4.{}",
        "db.m6g.{}",
        _same("large xlarge 2xlarge 4xlarge 16xlarge"),
        "large",
        "0.175",
        "0.159",
    ),
    Successor("AWS", "db.r3.{}", "db.r6g.{}", _TO_8X, "large", "0.24", "0.215"),
    Successor("AWS", "db.r4.{}", "db.r6g.{}", _TO_16X, "large", "0.24", "0.215"),
    Successor(
        "AWS",
        "cache.t2.{}",
        "cache.t4g.{}",
        _same("micro small medium"),
        "medium",
        "0.068",
        "0.065",
    ),
    Successor("AWS", "cache.m3.{}", "cache.m6g.{}", _TO_2X, "large", "0.182", "0.149"),
    Successor(
        "AWS",
        "cache.m4.{}",
        "cache.m6g.{}",
        _same("large xlarge 2xlarge 4xlarge"),
        "large",
        "0.156",
        "0.149",
    ),
    Successor("AWS", "cache.r3.{}", "cache.r6g.{}", _TO_8X, "large", "0.228", "0.206"),
    Successor("AWS", "cache.r4.{}", "cache.r6g.{}", _TO_16X, "large", "0.228", "0.206"),
    *(
        Successor(
            "Microsoft",
            current,
            "Standard_D{}as_v5",
            {"2": "2", "3": "4", "4": "8", "5": "16"},
            "4",
            "0.458",
            "0.344",
            loses_disks=True,
            note="its processors are of AMD",
        )
        for current in ("Standard_D{}_v2", "Standard_DS{}_v2")
    ),
    Successor(
        "Microsoft",
        "Standard_A{}_v2",
        "Standard_F{}s_v2",
        _same("2 4 8"),
        "2",
        "0.091",
        "0.0846",
        loses_disks=True,
    ),
    *(
        Successor(
            "Microsoft",
            current,
            "Standard_F{}s_v2",
            _same("2 4 8 16"),
            "8",
            "0.398",
            "0.338",
            loses_disks=True,
        )
        for current in ("Standard_F{}", "Standard_F{}s")
    ),
    Successor(
        "Google Cloud",
        "n1-standard-{}",
        "e2-standard-{}",
        _same("2 4 8 16 32"),
        "8",
        "0.38",
        "0.268",
        note=_NO_SUSTAINED_USE,
    ),
    Successor(
        "Google Cloud",
        "n1-highmem-{}",
        "e2-highmem-{}",
        _same("2 4 8 16"),
        "2",
        "0.1184",
        "0.0904",
        note=_NO_SUSTAINED_USE,
    ),
    Successor(
        "Google Cloud",
        "n1-highcpu-{}",
        "e2-highcpu-{}",
        _same("2 4 8 16 32"),
        "2",
        "0.0709",
        "0.0495",
        note=_NO_SUSTAINED_USE,
    ),
)
"""Each family once. Managed databases and caches run on either processor architecture alike."""


@cache
def _by_type() -> Mapping[tuple[str, str], tuple[Successor, str]]:
    return {
        (family.provider, now.lower()): (family, then)
        for family in SUCCESSORS
        for now, then in family.types().items()
    }


def successor_of(provider: str, instance_type: str) -> tuple[Successor, str] | None:
    """The family's entry and the type that follows a type; None where there is none."""
    return _by_type().get((provider, instance_type.lower()))
