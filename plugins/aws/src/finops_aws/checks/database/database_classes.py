"""Classes of database instances: their sizes, memory, processors and list prices.

Prices are those of RDS for MySQL and MariaDB, in one zone of us-east-1, in USD, of November 2026;
PostgreSQL costs up to 6 % more. Families without a price here are priced on the bill only.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

FACTORS = {
    "micro": Decimal("0.125"),
    "small": Decimal("0.25"),
    "medium": Decimal("0.5"),
    "large": Decimal(1),
    "xlarge": Decimal(2),
    "2xlarge": Decimal(4),
    "4xlarge": Decimal(8),
    "8xlarge": Decimal(16),
    "10xlarge": Decimal(20),
    "12xlarge": Decimal(24),
    "16xlarge": Decimal(32),
    "24xlarge": Decimal(48),
    "32xlarge": Decimal(64),
}
"""Size → how many times a ``large`` it is, in memory and in price."""

_VCPUS_OF_LARGE = 2
_BURSTABLE = ("micro", "small", "medium", "large", "xlarge", "2xlarge")
_FIRST = ("large", "xlarge", "2xlarge", "4xlarge")
_TO_16X = (*_FIRST, "8xlarge", "12xlarge", "16xlarge")
_TO_24X = (*_TO_16X, "24xlarge")
_TO_32X = (*_TO_24X, "32xlarge")


@dataclass(frozen=True, slots=True)
class Family:
    """A family of classes.

    Attributes:
        sizes: Those that RDS sells, the smallest first.
        memory: Of a ``large``, in GiB.
        hour: List price of a ``large`` for an hour; None where it is not known here.
    """

    sizes: tuple[str, ...]
    memory: Decimal
    hour: Decimal | None = None


def _family(sizes: tuple[str, ...], memory: str, hour: str | None = None) -> Family:
    return Family(sizes, Decimal(memory), None if hour is None else Decimal(hour))


FAMILIES = {
    "db.t2": _family(_BURSTABLE, "8", "0.136"),
    "db.t3": _family(_BURSTABLE, "8", "0.136"),
    "db.t4g": _family(_BURSTABLE, "8", "0.129"),
    "db.m4": _family((*_FIRST, "10xlarge", "16xlarge"), "8", "0.175"),
    "db.m5": _family(_TO_24X, "8", "0.171"),
    "db.m6g": _family(_TO_16X, "8", "0.152"),
    "db.m6i": _family(_TO_32X, "8"),
    "db.m7g": _family(_TO_16X, "8"),
    "db.m7i": _family(_TO_24X, "8"),
    "db.m8g": _family(_TO_24X, "8"),
    "db.r4": _family((*_FIRST, "8xlarge", "16xlarge"), "15.25", "0.24"),
    "db.r5": _family(_TO_24X, "16", "0.24"),
    "db.r6g": _family(_TO_16X, "16", "0.215"),
    "db.r6i": _family(_TO_32X, "16"),
    "db.r7g": _family(_TO_16X, "16"),
    "db.r7i": _family(_TO_24X, "16"),
    "db.r8g": _family(_TO_24X, "16"),
}


@dataclass(frozen=True, slots=True)
class DatabaseClass:
    """One class: ``db.m5.xlarge``.

    Attributes:
        family: ``db.m5``.
        size: ``xlarge``.
    """

    family: str
    size: str

    @classmethod
    def of(cls, name: str) -> DatabaseClass | None:
        """The class of a name; None where it is not known here, as for ``db.serverless``."""
        family, _, size = name.rpartition(".")
        known = FAMILIES.get(family)
        return cls(family, size) if known is not None and size in known.sizes else None

    @property
    def name(self) -> str:
        """As RDS calls it."""
        return f"{self.family}.{self.size}"

    @property
    def memory(self) -> Decimal:
        """Its memory in GiB."""
        return FAMILIES[self.family].memory * FACTORS[self.size]

    @property
    def vcpus(self) -> int:
        """Its virtual processors; burstable classes have two at least."""
        return max(_VCPUS_OF_LARGE, int(_VCPUS_OF_LARGE * FACTORS[self.size]))

    @property
    def hour(self) -> Decimal | None:
        """Its list price for an hour."""
        large = FAMILIES[self.family].hour
        return None if large is None else large * FACTORS[self.size]

    @property
    def next_smaller(self) -> DatabaseClass | None:
        """The next class down in its family; None where it is the smallest."""
        sizes = FAMILIES[self.family].sizes
        place = sizes.index(self.size)
        return DatabaseClass(self.family, sizes[place - 1]) if place else None

    def price_ratio(self, other: DatabaseClass) -> Decimal:
        """What another class of the family costs for each unit of money that this one costs."""
        return FACTORS[other.size] / FACTORS[self.size]
