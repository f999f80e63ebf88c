"""Where checks look: the regions and the accounts that options and bills name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from finops_cost_management import FinopsError, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from finops_aws.checks.region import Region

MOST_ACCOUNTS = 100
"""Accounts that are told one by one; an organization may have thousands."""

NO_REGION = "no region is known: the bill names none in these days; set `regions`"

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+")
_ACCOUNT = re.compile(r"\d{12}")


def _is_region(name: str) -> str:
    if not _REGION.fullmatch(name):
        raise ValueError(f"{name!r} is no region: AWS calls them eu-central-1, us-gov-west-1")
    return name


def _is_account(name: str) -> str:
    if not is_account(name):
        raise ValueError(f"{name!r} is no account: they have 12 digits, in quotes")
    return name


RegionName = Annotated[str, AfterValidator(_is_region)]
"""A region as AWS writes them; whether there is one of this name, AWS says."""

AccountId = Annotated[str, AfterValidator(_is_account)]
"""The 12 digits of an account."""


def region_of_place(name: str) -> str | None:
    """The region that a bill names, or to which a local zone belongs; None for ``global``.

    Example:
        >>> region_of_place("us-west-2"), region_of_place("us-west-2-lax-1a")
        ('us-west-2', 'us-west-2')
    """
    found = _REGION.match(name)
    return found[0] if found else None


def is_account(name: str) -> bool:
    """Whether it is the id of an account of AWS."""
    return _ACCOUNT.fullmatch(name) is not None


def unseen_accounts(wanted: Sequence[str], region: Region) -> Iterator[Unknown]:
    """The accounts into which these credentials do not let us look: nobody takes them for clean.

    Args:
        wanted: Accounts that should be looked at, those that matter most first.
        region: Whose credentials are used.
    """
    if not wanted:
        return
    try:
        mine = region.account
    except FinopsError as error:
        yield Unknown(subject="accounts of the bill", reason=error.what, broad=True)
        return
    others = [account for account in wanted if account != mine]
    reason = (
        f"not looked at: these credentials are for account {mine}; add an entry with its `role_arn`"
    )
    for account in others[:MOST_ACCOUNTS]:
        yield Unknown(subject=account, reason=reason)
    if more := others[MOST_ACCOUNTS:]:
        yield Unknown(subject=f"{len(more)} more accounts", reason=reason)
