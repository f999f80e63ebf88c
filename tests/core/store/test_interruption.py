"""What remains when an ingest does not come to its end."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_cost_management.engine import Engine
from finops_cost_management.errors import AccessError
from finops_cost_management.store.cost_store import CostStore

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

MAY_1 = date(2026, 5, 1)
Total = Callable[[CostStore], Decimal]

STALLED_INGEST = """
import sys, time
from pathlib import Path
from finops_cost_management.store import table
from finops_cost_management.store.cost_store import CostStore
from finops_cost_management.store.delivery import Delivery
from finops_cost_management.engine import Engine
import pyarrow.parquet as pq

commit = table.PartitionedTable.swap
def stall(self, *arguments, **named):
    print("written", flush=True)
    time.sleep(60)
table.PartitionedTable.swap = stall
with Engine(threads=1) as engine:
    rows = pq.read_table(sys.argv[2])
    CostStore(Path(sys.argv[1])).ingest(
        "aws", Delivery(name="may", digest="new", read=lambda _: rows), engine
    )
"""


def test_after_kill_9_the_store_reads_as_before_and_the_next_run_completes_it(
    store: CostStore, engine: Engine, deliver: Any, total: Total, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    store.ingest("aws", deliver([(MAY_1, "10")], digest="old"), engine)
    update = deliver([(MAY_1, "12")], digest="new", name="may")
    pq.write_table(update.read(engine), tmp_path / "new.parquet")
    process = subprocess.Popen(
        [sys.executable, "-c", STALLED_INGEST, store.location, tmp_path / "new.parquet"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        os.kill(process.pid, signal.SIGKILL)

    files = len(list(Path(store.location).rglob("*.parquet")))
    assert files == 2, "the killed ingest had written its file"
    assert total(store) == 10

    assert not store.ingest("aws", update, engine).skipped
    assert total(store) == 12


def test_a_disk_that_fills_up_is_said_and_leaves_the_store_as_it_was(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    store.ingest("aws", deliver([(MAY_1, "10")], digest="small"), engine)
    many = [(MAY_1, f"{number}.{number:012}") for number in range(20_000)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(AccessError, match="the disk is full") as caught:
            store.ingest("aws", deliver(many, digest="large"), engine)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)

    assert "as it was before" in str(caught.value)
    assert total(store) == 10
    assert len(list(Path(store.location).rglob("*.parquet"))) == 1, "no half-written file stays"


def test_a_folder_without_permission_is_said(
    store: CostStore,
    tmp_path: Path,
    engine: Engine,
    deliver: Any,
    unprivileged: Callable[[], AbstractContextManager[None]],
) -> None:
    store.ingest("aws", deliver([(MAY_1, "1")], digest="a"), engine)  # imports what it needs
    closed = tmp_path / "closed"
    closed.mkdir()
    with unprivileged():
        closed.chmod(0o500)
        with pytest.raises(AccessError, match="cannot create the store"):
            CostStore(closed / "costs").ingest("aws", deliver([(MAY_1, "1")], digest="a"), engine)


def test_a_path_below_a_file_is_said(tmp_path: Path, engine: Engine, deliver: Any) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AccessError, match="cannot create the store"):
        CostStore(tmp_path / "file" / "costs").ingest(
            "aws", deliver([(MAY_1, "1")], digest="a"), engine
        )
