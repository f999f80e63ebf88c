"""What the FOCUS tests share: an engine, files made on the spot, and correct charges."""

from __future__ import annotations

import csv
import gzip
import io
import resource
import signal
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from runpy import run_path
from typing import TYPE_CHECKING, Any

import pytest

from finops_cost_management.engine import Engine
from finops_cost_management.focus.reading import read_files, to_focus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CONFORMANCE = Path(__file__).resolve().parents[2] / "conformance"

CHARGE: dict[str, str] = {
    "BilledCost": "1.5",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-05-01T00:00:00Z",
    "BillingPeriodEnd": "2026-06-01T00:00:00Z",
    "ChargePeriodStart": "2026-05-09T12:00:00Z",
    "ChargePeriodEnd": "2026-05-09T13:00:00Z",
    "ChargeCategory": "Usage",
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(threads=1) as engine:
        yield engine


@pytest.fixture
def full_disk() -> Callable[[], AbstractContextManager[None]]:
    """A disk that takes only a few kilobytes more of each file."""

    @contextmanager
    def full() -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, previous)

    return full


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as a CSV file; what a row does not say is taken from a plain usage charge."""

    def write(*rows: Mapping[str, str], name: str = "bill.csv", delimiter: str = ",") -> Path:
        full = [CHARGE | dict(row) for row in rows or [{}]]
        names = list(dict.fromkeys(key for row in full for key in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, names, restval="", delimiter=delimiter)
        writer.writeheader()
        writer.writerows(full)
        data = text.getvalue().encode()
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write


@pytest.fixture
def read(engine: Engine) -> Callable[..., list[dict[str, Any]]]:
    """Files as rows of the model."""

    def rows(*paths: Path) -> list[dict[str, Any]]:
        table = engine.ibis.to_pyarrow(to_focus(read_files(engine, paths)))
        return list(table.to_pylist())

    return rows


@pytest.fixture
def typed(engine: Engine) -> Callable[..., dict[str, Any]]:
    """One charge with a column of some Arrow type, as the model reads it."""
    import pyarrow as pa

    def row(**columns: Any) -> dict[str, Any]:
        arrays = {name: pa.array([value]) for name, value in CHARGE.items()}
        arrays |= {name: value for name, value in columns.items() if value is not None}
        table = engine.ibis.to_pyarrow(to_focus(engine.table_of(pa.table(arrays))))
        return dict(table.to_pylist()[0])

    return row


@pytest.fixture
def correct_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = run_path(str(CONFORMANCE / "correct_rows.py"))["correct_rows"]()
    return rows


@pytest.fixture(scope="session")
def charge() -> dict[str, str]:
    """A plain usage charge, all text."""
    return CHARGE
