"""Accounts of an organization in moto: their names and tags, joined to charges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import botocore.client
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from moto import mock_aws

from finops_aws.cost_and_usage import read_report
from finops_aws.organizations import Organizations, OrganizationsOptions
from finops_cost_management import (
    AccessError,
    AccountsDelivery,
    CostQuery,
    CostSnapshot,
    CostStore,
    DateWindow,
    Delivery,
    RetryLaterError,
)
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.caller import ComponentCaller
from finops_cost_management.testing import SourceContract

pytestmark = pytest.mark.real_component

WINDOW = DateWindow(date(2026, 9, 1), date(2026, 10, 1))
Make = Callable[..., str]
Refuse = Callable[..., None]


@pytest.fixture
def organization(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The client of a new organization, asked from a region that has none."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-2")
    with mock_aws():
        organizations = boto3.client("organizations", region_name="us-east-1")
        organizations.create_organization(FeatureSet="ALL")
        yield organizations


@pytest.fixture
def make(organization: Any) -> Make:
    """Makes an account and gives its id."""

    def account(name: str, **tags: str) -> str:
        made = organization.create_account(
            AccountName=name,
            Email=f"{name}@example.com",
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        number: str = made["CreateAccountStatus"]["AccountId"]
        return number

    return account


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Lets operations fail with an error code, or an error."""
    asked = botocore.client.BaseClient._make_api_call  # where all requests begin

    def failing(operation: str, refusal: str | Exception, *, after: int = 0) -> None:
        answered = iter(range(after))

        def call(self: Any, name: str, arguments: dict[str, Any]) -> Any:
            if name != operation or next(answered, None) is not None:
                return asked(self, name, arguments)
            if isinstance(refusal, Exception):
                raise refusal
            raise ClientError({"Error": {"Code": refusal, "Message": "no"}}, name)

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)

    return failing


def source(**options: Any) -> Organizations:
    return Organizations(OrganizationsOptions(**options), name="org")


def collected(component: Organizations) -> Iterator[AccountsDelivery]:
    caller = ComponentCaller()
    caller.add(component)
    return iter(caller.call(component, window=WINDOW, engine=None))


def told(delivery: AccountsDelivery, engine: Engine) -> dict[str, tuple[Any, Any]]:
    rows: Any = delivery.read(engine)
    return {row["SubAccountId"]: (row["SubAccountName"], row["Tags"]) for row in rows.to_pylist()}


class TestContract(SourceContract):
    plugin = "aws.organizations"

    @pytest.fixture(autouse=True)
    def _accounts(self, make: Make) -> None:
        make("shop", team="web")


def test_all_pages_come_in(make: Make, engine: Engine) -> None:
    made = {make(f"account-{number}"): f"account-{number}" for number in range(101)}
    component = source(tags=False)
    (delivery,) = collected(component)

    names = {number: name for number, (name, _) in told(delivery, engine).items()}
    assert made.items() <= names.items()
    assert len(names) == len(made) + 1  # and the management account
    assert (component.requests or 0) > 1, "moto answered with one page: the test shows nothing"


def test_tags_are_json_and_none_is_known_as_none(make: Make, engine: Engine) -> None:
    tagged, plain = make("shop", team="web", cost_center="Zürich"), make("plain")
    (delivery,) = collected(source())
    assert told(delivery, engine)[tagged] == ("shop", '{"cost_center": "Zürich", "team": "web"}')
    assert told(delivery, engine)[plain] == ("plain", "{}")


def test_tags_that_are_not_asked_for_are_unknown(make: Make, engine: Engine) -> None:
    number = make("shop", team="web")
    (delivery,) = collected(source(tags=False))
    assert told(delivery, engine)[number] == ("shop", None)


def test_another_name_is_another_digest(make: Make, organization: Any) -> None:
    number = make("shop")
    digests = [delivery.digest for _ in range(2) for delivery in collected(source())]
    organization.tag_resource(ResourceId=number, Tags=[{"Key": "team", "Value": "web"}])
    digests += [delivery.digest for delivery in collected(source())]
    assert digests[0] == digests[1] != digests[2]


def test_names_come_in_where_tags_are_refused(make: Make, refuse: Refuse, engine: Engine) -> None:
    make("shop", team="web")
    refuse("ListTagsForResource", "AccessDeniedException", after=1)
    deliveries = collected(source())

    names = told(next(deliveries), engine)
    assert [name for name, _ in names.values() if name == "shop"] == ["shop"]
    assert sum(tags is None for _, tags in names.values()) == 1
    with pytest.raises(AccessError, match="refuses organizations:ListTagsForResource"):
        next(deliveries)


@pytest.mark.parametrize(
    ("refusal", "kind", "words"),
    [
        ("AccessDeniedException", AccessError, "refuses organizations:ListAccounts"),
        ("AWSOrganizationsNotInUseException", AccessError, "organizations:ListAccounts: no"),
        ("TooManyRequestsException", RetryLaterError, "busy at organizations:ListAccounts"),
        (NoCredentialsError(), AccessError, "no AWS credentials"),
    ],
)
def test_a_refusal_is_told_in_words(
    organization: Any,  # noqa: ARG001 # there is one: it only does not answer
    refuse: Refuse,
    refusal: str | Exception,
    kind: type[Exception],
    words: str,
) -> None:
    refuse("ListAccounts", refusal)
    with pytest.raises(kind, match=words):
        next(collected(source()))


def test_a_report_without_names_is_asked_by_name_and_tag(
    make: Make, item: Callable[..., dict[str, str]], engine: Engine, tmp_path: Path
) -> None:
    charge = item("Usage", "10", line_item_usage_account_id=make("shop", team="web"))
    report = tmp_path / "report.csv"
    report.write_text(f"{','.join(charge)}\n{','.join(charge.values())}\n")
    bill = Delivery(name="bill", digest="1", read=lambda engine: read_report(engine, [report]))
    store = CostStore(tmp_path / "costs")
    store.ingest("bill", bill, engine)
    for delivery in collected(source()):
        store.ingest("org", delivery, engine)

    query = CostQuery(group_by=("account_name", "account_tags.team"))
    (row,) = CostSnapshot.of(store, engine).ask(query).to_pylist()
    assert (row["SubAccountName"], row["account_tags.team"]) == ("shop", "web")
