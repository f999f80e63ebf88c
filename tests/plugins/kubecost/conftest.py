"""A Kubecost to ask, and no waiting between questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from finops_kubecost.fake_kubecost import FakeKubecost
from finops_kubecost.source import KubecostAllocation, KubecostAllocationOptions

Asking = Callable[..., KubecostAllocation]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finops_kubecost.connection.BACK_OFF_SECONDS", 0)


@pytest.fixture
def asking() -> Iterator[Asking]:
    """A source that asks a fake, which is served until the test ends."""
    with ExitStack() as servers:

        def ask(fake: FakeKubecost, **options: Any) -> KubecostAllocation:
            address = servers.enter_context(fake.served())
            return KubecostAllocation(KubecostAllocationOptions(url=address, **options))

        yield ask
