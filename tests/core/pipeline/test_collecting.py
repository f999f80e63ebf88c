"""One bad delivery does not keep the others out, and none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import pytest

from finops_cost_management.errors import DataError, RetryLaterError
from finops_cost_management.pipeline.collecting import collect
from finops_cost_management.pipeline.told import PartlyFailedError
from finops_cost_management.store.delivery import AccountsDelivery, Delivery
from finops_cost_management.store.ingest import IngestResult

pytestmark = pytest.mark.invented


def delivery(name: str) -> Delivery:
    def read(_: object) -> NoReturn:
        raise AssertionError("only the store reads")

    return Delivery(name=name, digest=name, read=read)


class Store:
    """Takes in what is not bad."""

    def __init__(self, **bad: BaseException) -> None:
        self.bad = bad
        self.asked: list[str] = []

    def ingest(self, one: Delivery | AccountsDelivery) -> IngestResult:
        self.asked.append(one.name)
        if one.name in self.bad:
            raise self.bad[one.name]
        return IngestResult(source="s", delivery=one.name, digest=one.digest, rows=10, refused=1)


def deliveries(*names: str, then: BaseException | None = None) -> Iterator[Delivery]:
    yield from map(delivery, names)
    if then:
        raise then


def test_the_later_deliveries_come_in() -> None:
    store = Store(
        feb=DataError("feb: not a bill", hint="look"), mar=SystemExit(), apr=RuntimeError("torn")
    )
    names = ("jan", "feb", "mar", "apr", "may")
    with pytest.raises(PartlyFailedError) as caught:
        collect(lambda: deliveries(*names), store.ingest)

    assert tuple(store.asked) == names
    message = str(caught.value)
    assert message.startswith("3 deliveries failed: feb: not a bill; look | mar: unexpected System")
    assert "apr: unexpected RuntimeError: torn" in message
    assert message.endswith(
        "the rest is in: 20 rows in 2 deliveries, 2 refused: see `finops store refused`"
    )
    assert (caught.value.told.rows, caught.value.told.refused) == (20, 2)


def test_all_are_named_and_the_first_have_their_reason() -> None:
    names = [f"day-{number}" for number in range(40)]
    store = Store(**{name: DataError(f"broken {name}") for name in names})
    with pytest.raises(PartlyFailedError) as caught:
        collect(lambda: deliveries(*names), store.ingest)

    message = str(caught.value)
    assert all(name in message for name in names)
    assert message.count("broken") == 3


def test_a_source_that_breaks_off_keeps_what_it_brought() -> None:
    broken = RetryLaterError("the API is busy", hint="run again")
    with pytest.raises(PartlyFailedError, match="the source itself: the API is busy") as caught:
        collect(lambda: deliveries("jan", then=broken), Store().ingest)
    assert caught.value.told.rows == 10
    with pytest.raises(RetryLaterError):
        collect(lambda: deliveries(then=broken), Store().ingest)


def test_the_user_stops_everything() -> None:
    store = Store(jan=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        collect(lambda: deliveries("jan", "feb"), store.ingest)
    assert store.asked == ["jan"]


def test_nothing_is_fine() -> None:
    assert collect(lambda: None, Store().ingest).message == "0 rows in 0 deliveries"


def ingested(**told: Any) -> IngestResult:
    return IngestResult(source="s", delivery="d", digest="d", **told)


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([], "0 rows in 0 deliveries"),
        ([ingested(accounts=5)], "5 accounts"),
        ([ingested(accounts=5, skipped=True)], "5 accounts, 1 unchanged"),
        ([ingested(rows=10), ingested(accounts=0)], "10 rows in 1 deliveries, 0 accounts"),
    ],
)
def test_accounts_are_told_apart_from_rows(results: list[IngestResult], message: str) -> None:
    names = map(str, range(len(results)))
    answers = iter(results)
    assert collect(lambda: deliveries(*names), lambda _: next(answers)).message == message
