"""One name for one cloud: the many spellings of providers that bills carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops_cost_management.focus.cells import one_of

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True, slots=True)
class _Spellings:
    """How a provider is written, in lower case: whole names, and how longer names begin."""

    whole: tuple[str, ...]
    beginnings: tuple[str, ...]


_PROVIDERS = {
    # Legal entities have more behind the beginnings: "Amazon Web Services EMEA SARL".
    "AWS": _Spellings(
        ("aws", "amazon"), ("amazon web services", "amazon internet services", "amazon aws")
    ),
    "Microsoft": _Spellings(("azure",), ("microsoft",)),
    "Google Cloud": _Spellings(("gcp", "google"), ("google cloud", "google llc", "google ireland")),
    "Oracle": _Spellings(("oci",), ("oracle",)),
}


def canonical(name: ir.StringValue) -> ir.StringValue:
    """The one name of a well-known cloud; any other name as it is, and null for null."""
    import ibis

    small = name.strip().lower()
    branches: list[tuple[ir.BooleanValue, ir.Value | str]] = [(one_of(name, _PROVIDERS), name)]
    for provider, spelling in _PROVIDERS.items():
        known = one_of(small, spelling.whole)
        for beginning in spelling.beginnings:
            known |= small.startswith(beginning)
        branches.append((known, provider))
    return ibis.cases(*branches, else_=name)
