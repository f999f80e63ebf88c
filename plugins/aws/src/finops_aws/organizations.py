"""The source `aws.organizations`: what the accounts of an organization are called."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, ClassVar

from finops_aws.access import AwsOptions, client, explained
from finops_cost_management import AccountsDelivery, FinopsError, Source, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

REGION = "us-east-1"
"""Organizations is one service for all regions, and answers here."""

PROVIDER = "AWS"


class OrganizationsOptions(AwsOptions):
    """Which organization, and what is asked about its accounts."""

    tags: bool = True
    """Ask for the tags of accounts as well: a request for each account."""


class Organizations(Source[OrganizationsOptions]):
    """Name the accounts of an organization, and bring their tags.

    Names are joined to charges whose bill has none, tags to all charges of an account: group by
    `account_name` and `account_tags.<key>`. Accounts that left keep what was told of them last.
    Only the management account and delegated administrators may ask.
    """

    Options = OrganizationsOptions
    permissions: ClassVar[tuple[str, ...]] = (
        "organizations:ListAccounts",
        "organizations:ListTagsForResource",
    )

    @hookimpl
    def collect_costs(self) -> Iterator[AccountsDelivery]:
        """One delivery with all accounts; their names come in even where tags are refused."""
        asked = client(self, "organizations", REGION)
        with explained("organizations:ListAccounts"):
            pages = asked.get_paginator("list_accounts").paginate()
            accounts = [account for page in pages for account in page["Accounts"]]
        tags: dict[str, dict[str, str]] = {}
        refusal: FinopsError | None = None
        try:
            for account in accounts if self.options.tags else ():
                tags[account["Id"]] = _tags_of(asked, account["Id"])
        except FinopsError as error:
            refusal = error
        if accounts:
            yield _delivery(accounts, tags)
        if refusal is not None:
            raise refusal


def _tags_of(asked: Any, account: str) -> dict[str, str]:
    with explained("organizations:ListTagsForResource"):
        pages = asked.get_paginator("list_tags_for_resource").paginate(ResourceId=account)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def _delivery(accounts: list[dict[str, Any]], tags: dict[str, dict[str, str]]) -> AccountsDelivery:
    rows = [
        {
            "ProviderName": PROVIDER,
            "SubAccountId": account["Id"],
            "SubAccountName": account.get("Name") or None,
            "Tags": json.dumps(tags[account["Id"]], sort_keys=True, ensure_ascii=False)
            if account["Id"] in tags
            else None,
        }
        for account in sorted(accounts, key=lambda account: account["Id"])
    ]
    # arn:aws:organizations::<management account>:account/<organization>/<account>
    organization = accounts[0]["Arn"].split("/")[1]
    return AccountsDelivery(
        name=f"accounts of {organization}",
        digest=hashlib.blake2b(json.dumps(rows).encode()).hexdigest(),
        read=lambda _engine: _table(rows),
    )


def _table(rows: list[dict[str, str | None]]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in rows[0]]))
