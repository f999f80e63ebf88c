"""Names and tags of accounts, joined to charges: the bill first, and never another account's."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management import (
    AccountsDelivery,
    ConfigurationError,
    CostQuery,
    CostSnapshot,
    CostStore,
    DataError,
)
from finops_cost_management.engine import Engine
from finops_cost_management.store.accounts import ACCOUNT_TAGS

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

DAY = date(2026, 9, 10)
COLUMNS = ("ProviderName", "SubAccountId", "SubAccountName", "Tags")
Account = tuple[str, str, str | None, dict[str, str] | None]
"""Provider, id, name and tags."""
Charge = Callable[..., None]
Named = Callable[..., dict[Any, Any]]


def accounts(*told: Account, digest: str = "first") -> AccountsDelivery:
    rows = [
        dict(zip(COLUMNS, (*names, None if tags is None else json.dumps(tags)), strict=True))
        for *names, tags in told
    ]
    table = pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in COLUMNS]))
    return AccountsDelivery(name="o-1", digest=digest, read=lambda _engine: table)


@pytest.fixture
def charge(store: CostStore, deliver: Any, engine: Engine) -> Charge:
    """A dollar of an account, from a source of its own."""

    def take(account: str | None, source: str = "bill", **columns: Any) -> None:
        digest = f"{account} {columns}"
        delivery = deliver([(DAY, "1")], digest=digest, SubAccountId=account, **columns)
        store.ingest(source, delivery, engine)

    return take


@pytest.fixture
def named(store: CostStore, engine: Engine) -> Named:
    """Account → its name, or another dimension of it."""

    def ask(dimension: str = "SubAccountName", as_of: int | datetime | None = None) -> Any:
        costs = CostSnapshot.of(store, engine, as_of=as_of)
        answer = costs.ask(CostQuery(group_by=("account", dimension))).to_pylist()
        return {row["SubAccountId"]: row[dimension] for row in answer}

    return ask


def test_without_accounts_nothing_changes(store: CostStore, engine: Engine, charge: Charge) -> None:
    charge("000000000012")
    rows, _ = store.table(engine)
    assert ACCOUNT_TAGS not in rows.columns
    with pytest.raises(ConfigurationError, match="knows no tags of accounts"):
        CostSnapshot.of(store, engine).ask(CostQuery(group_by=("account_tags.team",)))


def test_accounts_get_names_and_tags(
    store: CostStore, engine: Engine, charge: Charge, named: Named
) -> None:
    charge("000000000012")
    charge("000000000099", "other")
    charge(None, "third")
    told: Account = ("AWS", "000000000012", "Shop", {"team": "web", "app.io/name": "a"})
    result = store.ingest("org", accounts(told), engine)

    assert (result.accounts, result.rows, result.units) == (1, 0, ())
    assert named() == {"000000000012": "Shop", "000000000099": None, None: None}
    assert named("account_tags.team")["000000000012"] == "web"
    assert named("account_tags.app.io/name")["000000000012"] == "a"
    assert named("tags.team")["000000000012"] is None


def test_a_name_on_the_bill_counts(
    store: CostStore, engine: Engine, charge: Charge, named: Named
) -> None:
    charge("000000000012", SubAccountName="As billed")
    store.ingest("org", accounts(("AWS", "000000000012", "Told", None)), engine)
    assert named() == {"000000000012": "As billed"}


def test_the_same_id_of_another_provider_is_another_account(
    store: CostStore, engine: Engine, charge: Charge, named: Named
) -> None:
    charge("12", HostProviderName="Google Cloud", ServiceProviderName="Google Cloud")
    store.ingest(
        "org", accounts(("AWS", "12", "Wrong", {}), ("gcp", "12", "Right", {}), digest="x"), engine
    )
    assert named() == {"12": "Right"}


def test_zeros_in_front_are_part_of_the_id(
    store: CostStore, engine: Engine, charge: Charge, named: Named
) -> None:
    charge("000000000012")
    store.ingest("org", accounts(("AWS", "12", "Another", {})), engine)
    assert named() == {"000000000012": None}


def test_the_same_accounts_are_skipped(store: CostStore, engine: Engine) -> None:
    told: Account = ("AWS", "000000000012", "Shop", {})
    store.ingest("org", accounts(told), engine)
    before = store.accounts()
    again = store.ingest("org", accounts(told), engine)
    assert (again.skipped, again.accounts) == (True, 1)
    assert store.accounts() == before


def test_an_account_that_left_keeps_what_was_told_last(
    store: CostStore, engine: Engine, charge: Charge, named: Named
) -> None:
    charge("000000000012")
    charge("000000000034", "other")
    left: Account = ("AWS", "000000000012", "Left", {"team": "web"})
    stays: Account = ("AWS", "000000000034", "Stays", {"team": "old"})
    store.ingest("org", accounts(left, stays), engine)
    unknown: Account = ("AWS", "000000000034", "Renamed", None)
    store.ingest("org", accounts(unknown, digest="next"), engine)

    assert named() == {"000000000012": "Left", "000000000034": "Renamed"}
    assert named("account_tags.team") == {"000000000012": "web", "000000000034": "old"}
    assert [(one.source, one.accounts) for one in store.accounts()] == [("org", 2)]

    untagged: Account = ("AWS", "000000000034", "Renamed", {})
    store.ingest("org", accounts(untagged, digest="last"), engine)
    assert named("account_tags.team")["000000000034"] is None


def test_of_two_sources_the_last_to_know_an_account_is_believed(
    store: CostStore, engine: Engine, charge: Charge, named: Named
) -> None:
    charge("000000000012")
    store.ingest("old-org", accounts(("AWS", "000000000012", "Before", {})), engine)
    store.ingest("new-org", accounts(("AWS", "000000000012", "Moved", {})), engine)
    # Without the account: what the old organization knows of it is as old as before.
    store.ingest("old-org", accounts(digest="next"), engine)
    assert named() == {"000000000012": "Moved"}
    assert CostSnapshot.of(store, engine).rows.count().to_pyarrow().as_py() == 1


def test_what_one_source_cannot_tell_another_may(
    store: CostStore, engine: Engine, charge: Charge, named: Named
) -> None:
    charge("000000000012")
    store.ingest("one", accounts(("AWS", "000000000012", "Shop", {"team": "web"})), engine)
    store.ingest("two", accounts(("AWS", "000000000012", None, None)), engine)
    assert named() == {"000000000012": "Shop"}
    assert named("account_tags.team") == {"000000000012": "web"}


def test_questions_that_need_no_account_join_none(
    store: CostStore, engine: Engine, charge: Charge
) -> None:
    charge("000000000012")
    store.ingest("org", accounts(("AWS", "000000000012", "Shop", {})), engine)
    rows = CostSnapshot.of(store, engine).rows

    def plan(*dimensions: str) -> str:
        query = CostQuery(group_by=dimensions, where={"category": None})
        ((_, text),) = engine.sql(f"EXPLAIN {engine.ibis.compile(query.expression(rows))}")
        return str(text).lower()

    assert "join" in plan("account_name")
    assert "join" in plan("account_tags.team")
    assert "join" not in plan("service", "account", "provider", "tags.team")


def test_the_past_keeps_its_names(
    store: CostStore, engine: Engine, charge: Charge, named: Named
) -> None:
    charge("000000000012")
    before_names = datetime.now(UTC)
    store.ingest("org", accounts(("AWS", "000000000012", "First", {})), engine)
    first = CostSnapshot.of(store, engine).version
    then = datetime.now(UTC)
    charge("000000000034", "other")
    store.ingest("org", accounts(("AWS", "000000000012", "Second", {}), digest="2"), engine)

    assert named()["000000000012"] == "Second"
    assert named(as_of=then) == {"000000000012": "First"}
    assert named(as_of=first) == {"000000000012": "First"}
    assert named(as_of=before_names) == {"000000000012": None}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"SubAccountId": pa.array([12, 34])}, "SubAccountId of accounts must be text"),
        ({"SubAccountId": ["12", "12"]}, "account 12 is in it twice"),
        ({"SubAccountId": ["12", None]}, "lacks its provider or its id"),
        ({"ProviderName": ["", "AWS"]}, "lacks its provider or its id"),
        ({"Tags": ["{}", "[1]"]}, "Tags of account 34 are no JSON object"),
        ({"Tags": ["{", "{}"]}, "Tags of account 12 are no JSON object"),
        ({"Tags": None}, "accounts lack Tags"),
    ],
)
def test_accounts_that_cannot_be_joined_are_refused_whole(
    store: CostStore, engine: Engine, change: dict[str, Any], words: str
) -> None:
    columns = {
        "ProviderName": ["AWS", "AWS"],
        "SubAccountId": ["12", "34"],
        "SubAccountName": ["a", "b"],
        "Tags": ["{}", "{}"],
        **change,
    }
    table = pa.table({name: value for name, value in columns.items() if value is not None})
    store.ingest("org", accounts(("AWS", "12", "Kept", {})), engine)
    with pytest.raises(DataError, match=words):
        store.ingest(
            "org", AccountsDelivery(name="o-1", digest="bad", read=lambda _: table), engine
        )
    assert [one.accounts for one in store.accounts()] == [1]


def test_a_source_is_forgotten_with_its_accounts(
    store: CostStore, engine: Engine, charge: Charge, named: Named
) -> None:
    charge("000000000012")
    store.ingest("org", accounts(("AWS", "000000000012", "Shop", {})), engine)
    assert store.remove("org") == 0
    assert named() == {"000000000012": None}
    assert store.accounts() == []
    with pytest.raises(ConfigurationError, match="no such rows"):
        store.remove("org")


def test_exported_charges_keep_the_tags_of_their_accounts(
    store: CostStore, engine: Engine, charge: Charge, tmp_path: Path
) -> None:
    from finops_cost_management.focus.reading import read_files, to_focus
    from finops_cost_management.focus.writing import write_focus

    charge("000000000012")
    store.ingest("org", accounts(("AWS", "000000000012", "Shop", {"team": "web"})), engine)
    write_focus(store.table(engine)[0], "1.2", tmp_path / "bill.csv", engine)

    (row,) = to_focus(read_files(engine, [tmp_path / "bill.csv"])).to_pyarrow().to_pylist()
    assert row["SubAccountName"] == "Shop"
    assert json.loads(row[ACCOUNT_TAGS]) == {"team": "web"}


def test_what_another_tool_calls_account_tags_breaks_no_question(
    charge: Charge, named: Named
) -> None:
    charge("000000000012", x_SubAccountTags="team: web")
    assert named("account_tags.team") == {"000000000012": None}


_IDS = st.sampled_from(["1", "01", "001", "a", "A"])
_PROVIDERS = st.sampled_from(["AWS", "Microsoft", "Acme"])


@given(
    bills=st.lists(st.tuples(_PROVIDERS, _IDS), min_size=1, max_size=6),
    told=st.dictionaries(st.tuples(_PROVIDERS, _IDS), st.text(max_size=5), max_size=8),
)
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_told_no_charge_is_lost_or_doubled(
    engine: Engine,
    deliver: Any,
    tmp_path_factory: pytest.TempPathFactory,
    bills: list[tuple[str, str]],
    told: dict[tuple[str, str], str],
) -> None:
    store = CostStore(tmp_path_factory.mktemp("costs") / "costs")
    for number, (provider, account) in enumerate(bills):
        delivery = deliver(
            [(DAY, "1")],
            digest="d",
            SubAccountId=account,
            HostProviderName=provider,
            ServiceProviderName=provider,
        )
        store.ingest(f"bill-{number}", delivery, engine)
    store.ingest("org", accounts(*((*key, name, {}) for key, name in told.items())), engine)

    rows = store.table(engine)[0].to_pyarrow().to_pylist()
    found = [(row["HostProviderName"], row["SubAccountId"], row["SubAccountName"]) for row in rows]
    key = str
    assert sorted(found, key=key) == sorted(((*one, told.get(one)) for one in bills), key=key)
