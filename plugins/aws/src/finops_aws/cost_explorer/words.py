"""What Cost Explorer can be asked by, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from finops_cost_management import ConfigurationError
from finops_cost_management.did_you_mean import did_you_mean
from finops_cost_management.query.aws_words import COST_CATEGORY, NOTHING, TAG, AwsWord

DIMENSIONS = (
    "AZ",
    "INSTANCE_TYPE",
    "INVOICING_ENTITY",
    "LEGAL_ENTITY_NAME",
    "LINKED_ACCOUNT",
    "OPERATION",
    "PLATFORM",
    "PURCHASE_TYPE",
    "RECORD_TYPE",
    "REGION",
    "SERVICE",
    "TENANCY",
    "USAGE_TYPE",
)
"""What it groups by, as documented for GetCostAndUsage, and the region."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """One dimension, tag or cost category that costs are split by.

    Attributes:
        word: Which one.
    """

    word: AwsWord

    @classmethod
    def parse(cls, text: str) -> Grouping:
        """Read what a person wrote.

        Raises:
            ConfigurationError: Cost Explorer does not group by it.
        """
        name = text.upper()
        if name not in DIMENSIONS and not name.startswith((TAG, COST_CATEGORY)):
            near = did_you_mean(name, DIMENSIONS)
            raise ConfigurationError(
                f"Cost Explorer does not group by {text!r}",
                hint=(f"{near} " if near else "")
                + f"use {', '.join(DIMENSIONS)}, TAG:<key> or COST_CATEGORY:<name>",
            )
        return cls(AwsWord.parse(text))

    @property
    def text(self) -> str:
        """As people write it: ``SERVICE``, ``TAG:team``."""
        return self.word.text

    @property
    def asked(self) -> dict[str, str]:
        """An element of ``GroupBy``."""
        kind = self.text.partition(":")[0] if ":" in self.text else "DIMENSION"
        return {"Type": kind, "Key": self.word.key}

    def value(self, told: str | None) -> str | None:
        """The value in a key of an answer; None where a charge has none, or it is not told.

        Tags come as ``team$storefront``, and as ``team$`` where there is none.
        """
        if told is None:
            return None
        if ":" in self.text:
            return told.removeprefix(f"{self.word.key}$") or None
        return None if told in NOTHING else told

    def only(self, told: str) -> dict[str, Any]:
        """The expression for charges with this value, as a key of an answer tells it."""
        key = self.word.key
        if ":" not in self.text:
            return {"Dimensions": {"Key": key, "Values": [told]}}
        kind = "Tags" if self.text.startswith(TAG) else "CostCategories"
        value = self.value(told)
        absent = {"Key": key, "MatchOptions": ["ABSENT"]}
        return {kind: {"Key": key, "Values": [value]} if value else absent}


def both(one: dict[str, Any] | None, other: dict[str, Any]) -> dict[str, Any]:
    """The expression for charges that meet both; an ``And`` needs two operands at least."""
    if one is None:
        return other
    return {"And": [*one["And"], other]} if "And" in one else {"And": [one, other]}


_CATEGORIES = {
    "Credit": "Credit",
    "Fee": "Purchase",
    "Recurring": "Purchase",
    "RIFee": "Purchase",
    "SavingsPlanNegation": "Adjustment",
    "SavingsPlanRecurringFee": "Purchase",
    "SavingsPlanUpfrontFee": "Purchase",
    "Tax": "Tax",
    "Upfront": "Purchase",
}
"""Record type → charge category; what is not listed is usage, or a discount by its name."""


def category_of(record: str) -> str:
    """The charge category of a record type; all discounts are credits, whoever grants them."""
    return "Credit" if record.endswith("Discount") else _CATEGORIES.get(record, "Usage")


COMMITTED = ("DiscountedUsage", "SavingsPlanCoveredUsage")
"""Record types of usage that a commitment pays for."""
