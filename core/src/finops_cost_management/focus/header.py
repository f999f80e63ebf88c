"""What the columns of a file are: which FOCUS version, and where each column is found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from finops_cost_management.errors import DataError
from finops_cost_management.focus.columns import COST_AND_USAGE, VERSIONS, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REQUIRED = (
    "BilledCost",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargePeriodEnd",
    "ChargePeriodStart",
)
"""Without these no charge can be placed in time, currency and kind of cost."""

ORIGINAL_PROVIDER = "x_ProviderName"
ORIGINAL_PUBLISHER = "x_PublisherName"
UNREAD_TAGS = "x_UnreadTags"
UNREAD_VALUES = "x_UnreadValues"
REFUSED_REASON = "x_RefusedReason"
STORE_COLUMNS = ("x_Source", "x_Period")

READING_COLUMNS = (ORIGINAL_PROVIDER, ORIGINAL_PUBLISHER, UNREAD_TAGS, UNREAD_VALUES)
"""Custom columns that every reading has: what was changed or could not be read."""

_RESERVED = {name.lower() for name in (*READING_COLUMNS, REFUSED_REASON, *STORE_COLUMNS)}
_KNOWN = {column.name: column for column in columns_of("1.3")} | dict(COST_AND_USAGE)


def recognise(column_names: Iterable[str]) -> str:
    """The FOCUS version of a file with these columns, told by the newest column it has.

    Letter case does not matter. A file that lacks all optional columns of its version is told
    to be an older one; it is read the same.

    Raises:
        DataError: These are no FOCUS columns: charges could not be placed in time, currency and
            kind. The message names the columns that are missing.
    """
    names = list(column_names)
    present = {name.lower() for name in names}
    missing = [
        name for name in REQUIRED if present.isdisjoint(_spellings(name, _KNOWN[name].formerly))
    ]
    if missing:
        raise DataError(
            f"not a FOCUS file: it lacks {', '.join(missing)}",
            hint=_nearest(missing, names),
        )
    newest = max(
        VERSIONS.index(column.since) for column in _KNOWN.values() if column.name.lower() in present
    )
    if VERSIONS[newest] == "1.3" and present.isdisjoint({"providername", "publishername"}):
        return "1.4"
    return VERSIONS[newest]


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns of one file go.

    Attributes:
        version: The FOCUS version.
        found: FOCUS column (of any version since 1.0) → name in the file.
        extras: Name in the model (``x_…``) → name in the file, of all other columns.
        reading: Those of `READING_COLUMNS` that the file brings: it was written here.
        issuer: Name in the file of the invoice issuer as first written, see `writing`.
        subcategory: Name in the file of 1.0-preview's ChargeSubcategory.
    """

    version: str
    found: Mapping[str, str]
    extras: Mapping[str, str]
    reading: Mapping[str, str]
    issuer: str | None
    subcategory: str | None

    @classmethod
    def of(cls, names: Iterable[str]) -> Header:
        """Find every column.

        Raises:
            DataError: These are no FOCUS columns, as in `recognise`.
        """
        names = list(names)
        version = recognise(names)
        actual = {name.lower(): name for name in names}
        found = {}
        for column in _KNOWN.values():
            spellings = _spellings(column.name, column.formerly)
            if VERSIONS.index(column.since) > VERSIONS.index(version):
                # Vendors, and our own exports, carry columns of later versions under x_ names.
                spellings.append(f"x_{column.name}".lower())
            hit = next((actual[name] for name in spellings if name in actual), None)
            if hit is not None:
                found[column.name] = hit
        reading = {name: actual[name.lower()] for name in READING_COLUMNS if name.lower() in actual}
        issuer = actual.get("x_invoiceissuername")
        used = {*found.values(), *reading.values(), issuer}
        return cls(
            version=version,
            found=found,
            extras=_extras([name for name in names if name not in used]),
            reading=reading,
            issuer=issuer,
            subcategory=actual.get("chargesubcategory"),
        )


def _spellings(name: str, formerly: Iterable[str]) -> list[str]:
    return [name.lower(), *(former.lower() for former in formerly)]


def _extras(names: Iterable[str]) -> dict[str, str]:
    """Give every undeclared column an ``x_`` name that no other column has, case aside."""
    extras: dict[str, str] = {}
    taken = set(_RESERVED)
    for name in names:
        word = re.sub(r"\W+", "_", name)  # table formats refuse spaces and most punctuation
        plain = f"x_{word[2:] if word[:2] in ('x_', 'X_') else word}"
        target, number = plain, 2
        while target.lower() in taken:
            target, number = f"{plain}_{number}", number + 1
        taken.add(target.lower())
        extras[target] = name
    return extras


def _nearest(missing: list[str], names: list[str]) -> str:
    lower = {re.sub(r"[\W_]", "", name).lower(): name for name in names}
    near = {name: get_close_matches(name.lower(), lower, n=1, cutoff=0.7) for name in missing}
    pairs = [f"{lower[match[0]]} for {name}" for name, match in near.items() if match]
    if pairs:
        return f"the nearest names there are {', '.join(pairs)}: rename them"
    some = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")  # noqa: PLR2004 # enough to recognise the file
    return f"it has {some}; export the billing data as FOCUS Cost and Usage"
