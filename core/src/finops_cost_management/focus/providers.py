"""Providers as bills name them: one name for one cloud, and its account ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops_cost_management.focus.cells import one_of

if TYPE_CHECKING:
    import ibis
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

HOSTS = ("HostProviderName", "ProviderName")
"""Columns that name the provider whose bill it is, the newest first."""

HOST_COLUMNS = ("HostProviderName", "ServiceProviderName")
"""The columns of the store that tell it (`provider_of`)."""

ACCOUNTS = ("BillingAccountId", "SubAccountId")
"""Columns with ids that some tools take for numbers."""

_AWS_ACCOUNT_DIGITS = 12


def provider_of(rows: ibis.Table) -> ir.StringValue:
    """Whose bill a charge is on: the host provider, else the service provider."""
    return rows.HostProviderName.coalesce(rows.ServiceProviderName)


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


def canonical_name(name: str) -> str:
    """The same of one text that a person wrote."""
    small = name.strip().lower()
    for provider, spelling in _PROVIDERS.items():
        if small == provider.lower() or small in spelling.whole:
            return provider
        if small.startswith(spelling.beginnings):
            return provider
    return name


def whole_account(number: ir.StringValue, host: ir.StringValue) -> ir.StringValue:
    """An account id that became a number: AWS's have 12 digits, zeros in front included."""
    lost = (canonical(host) == "AWS") & (number.length() < _AWS_ACCOUNT_DIGITS)
    return lost.ifelse(number.lpad(_AWS_ACCOUNT_DIGITS, "0"), number)
