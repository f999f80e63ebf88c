"""Values as people write them in a pipeline file: shares, spans, dimensions, conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Self

from annotated_types import Gt, Lt
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from finops_cost_management.errors import ConfigurationError
from finops_cost_management.query.dimensions import Dimension
from finops_cost_management.window import days_after

_LARGEST_SHARE = 10


def _as_written(value: Any) -> tuple[str, Decimal]:
    """``80%`` and ``0.8`` are the same share."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise ValueError("must be a share such as 80% or 0.8")  # noqa: TRY004 # pydantic's way
    text = str(value).strip()
    try:
        share = Decimal(text.removesuffix("%").rstrip())
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a share; write 80% or 0.8") from None
    return text, share / 100 if text.endswith("%") else share


def _share(value: Any) -> Any:
    text, share = _as_written(value)
    if not share.is_finite() or share > _LARGEST_SHARE:
        raise ValueError(f"{text} is more than 1000%; did you mean {text}%?")
    return float(share)


def _portion(value: Any) -> Any:
    text, share = _as_written(value)
    if not share.is_finite() or not 0 <= share <= 1:
        near = share.is_finite() and 1 < share <= _ALL and "%" not in text
        hint = f"; did you mean {text}%?" if near else ""
        raise ValueError(f"{text} is not between 0% and 100%{hint}")
    return share


Share = Annotated[
    float,
    BeforeValidator(_share),
    Gt(0),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "maximum": _LARGEST_SHARE},
                {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*%?\s*$"},
            ]
        }
    ),
]
"""A share above 0, written ``80%`` or ``0.8``; it may pass 100%."""

Level = Annotated[Share, Lt(1)]
"""The probability of a band, between 0 and 1, written ``80%`` or ``0.8``."""


Portion = Annotated[
    Decimal,
    BeforeValidator(_portion),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 1},
                {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*%?\s*$"},
            ]
        }
    ),
]
"""A part of a whole, exact, from 0 to 1: written ``95%`` or ``0.95``."""


@dataclass(frozen=True, slots=True)
class CostChange:
    """How costs change, of which exactly one is given.

    Attributes:
        share: By a share of themselves: 0.2 is 20 % more; -1 and above.
        a_day: By an amount a day, in the currency of the costs.
    """

    share: Decimal | None = None
    a_day: Decimal | None = None

    def __str__(self) -> str:
        """As people write it."""
        if self.share is not None:
            return f"{(self.share * 100).normalize():f}%"
        return f"{self.a_day:f}"


def _change(value: Any) -> Any:
    """``20%`` is a share, ``120`` an amount a day; a minus means less."""
    if isinstance(value, CostChange):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise ValueError(_CHANGE_RULE)  # noqa: TRY004 # pydantic's way
    text = str(value).strip()
    try:
        number = Decimal(text.removesuffix("%").rstrip())
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a change; it {_CHANGE_RULE}") from None
    if not number.is_finite() or not number:
        raise ValueError(_CHANGE_RULE)
    if not text.endswith("%"):
        return CostChange(a_day=number)
    if number < -_ALL:
        raise ValueError("must leave something: -100% is all")
    return CostChange(share=number / _ALL)


_ALL = 100
_CHANGE_RULE = "must be a share such as 20% or -35%, or an amount a day such as 120"

Change = Annotated[
    CostChange,
    BeforeValidator(_change),
    PlainSerializer(str),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number"},
                {"type": "string", "pattern": r"^\s*[-+]?[0-9]+(\.[0-9]+)?\s*%?\s*$"},
            ]
        }
    ),
]
"""A share, written ``20%`` or ``-35%``, or an amount a day, written ``120``."""


def _dimension(text: str) -> str:
    try:
        Dimension.parse(text)
    except ConfigurationError as error:
        raise ValueError(str(error)) from error
    return text


DimensionName = Annotated[str, AfterValidator(_dimension)]
"""What costs are broken down by: ``service``, ``ServiceName``, ``tags.team``."""


def _condition(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) != {"not"}:
            raise ValueError("must be a value, a list of values, or {not: …}")
        return {"not": _condition(value["not"])}
    if isinstance(value, (list, tuple)):
        if not value:
            raise ValueError("must name at least one value")
        if not all(item is None or isinstance(item, str) for item in value):
            raise ValueError("must be a list of values")
        return tuple(value)
    if value is None or isinstance(value, str):
        return value
    raise ValueError("must be a value, a list of values, or {not: …}")


_SCALAR = {"type": ["string", "number", "boolean", "null"]}
_SIMPLE_CONDITION = {"anyOf": [_SCALAR, {"type": "array", "minItems": 1, "items": _SCALAR}]}

Where = dict[
    DimensionName,
    Annotated[
        Any,
        BeforeValidator(_condition),
        WithJsonSchema(
            {
                "anyOf": [
                    *_SIMPLE_CONDITION["anyOf"],
                    {
                        "type": "object",
                        "properties": {"not": _SIMPLE_CONDITION},
                        "required": ["not"],
                        "additionalProperties": False,
                    },
                ]
            }
        ),
    ],
]
"""Dimension → a value, null for charges without one, a list of values, or ``{not: …}``."""


class Span(BaseModel):
    """A number of days, or a number of calendar months."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    days: int | None = Field(default=None, ge=1, le=3660)
    """How many days."""

    months: int | None = Field(default=None, ge=1, le=120)
    """How many calendar months."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.days is None) == (self.months is None):
            raise ValueError("must say either days or months")
        return self

    def after(self, day: date) -> date:
        """The first day that is no longer inside, where ``day`` is the first inside."""
        if self.days is not None:
            return days_after(day, self.days)
        return _shift_months(day, self.months or 0)

    def before(self, day: date) -> date:
        """The first day inside, where ``day`` is the first that is no longer inside."""
        if self.days is not None:
            return days_after(day, -self.days)
        return _shift_months(day, -(self.months or 0))


def _shift_months(day: date, months: int) -> date:
    """The same day of another month, or the last one where that month is shorter."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not MINYEAR <= years <= MAXYEAR:
        raise ConfigurationError(
            f"{abs(months)} months {'before' if months < 0 else 'after'} {day} is outside the "
            "calendar",
            hint="ask for fewer months, or for another day",
        )
    for last in range(day.day, 0, -1):
        try:
            return date(years, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has a first day")
