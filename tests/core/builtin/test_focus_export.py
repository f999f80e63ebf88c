from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pytest
from pydantic import ValidationError

from finops_cost_management.builtin.focus_export import FocusExport, FocusExportOptions
from finops_cost_management.errors import AccessError
from finops_cost_management.focus.columns import COST_AND_USAGE
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from pathlib import Path

    from finops_cost_management.engine import Engine

pytestmark = pytest.mark.invented

WINDOW = DateWindow(date(2026, 11, 1), date(2026, 11, 21))
TYPES = {
    "String": pa.string(),
    "JSON": pa.string(),
    "Decimal": pa.decimal128(38, 12),
    "Date/Time": pa.timestamp("us", "UTC"),
}


def charge(start: datetime, cost: str) -> dict[str, Any]:
    return {
        "ChargePeriodStart": start,
        "ChargePeriodEnd": start + timedelta(hours=1),
        "EffectiveCost": Decimal(cost),
        "BillingCurrency": "USD",
        "x_Source": "bills",
    }


@pytest.fixture
def costs(engine: Engine) -> CostSnapshot:
    """Charges of all columns: the last hour before the window, its first and last, the next."""
    schema = pa.schema(
        [(name, TYPES[column.type]) for name, column in COST_AND_USAGE.items()]
        + [("x_Source", pa.string()), ("x_Period", pa.string())]
    )
    first = datetime(2026, 11, 1, tzinfo=UTC)
    end = datetime(2026, 11, 21, tzinfo=UTC)
    hour = timedelta(hours=1)
    charges = [
        charge(first - hour, "1"),
        charge(first, "10.000000000001"),
        charge(end - hour, "-2.5"),
        charge(end, "1000"),
    ]
    rows = engine.table_of(pa.Table.from_pylist(charges, schema=schema))
    return CostSnapshot(rows=rows, engine=engine, version=1)


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4"])
@pytest.mark.parametrize("ending", [".parquet", ".csv", ".csv.gz"])
def test_the_window_is_written_exactly(
    costs: CostSnapshot,
    engine: Engine,
    tmp_path: Path,
    version: Literal["1.2", "1.3", "1.4"],
    ending: str,
) -> None:
    template = str(tmp_path / "new" / ("focus-{month}" + ending))
    exporter = FocusExport(FocusExportOptions(version=version, path=template))
    (path,) = exporter.export(costs, WINDOW)

    assert path.name == f"focus-2026-11{ending}"
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    read = "read_parquet" if ending == ".parquet" else "read_csv"
    (row,) = engine.sql(
        f"SELECT count(*), sum(EffectiveCost::DECIMAL(38, 12)) FROM {read}('{path}')"  # noqa: S608 # a path of the test
    )
    assert row == (2, Decimal("7.500000000001"))


def test_a_folder_that_cannot_be_made_is_said(costs: CostSnapshot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    exporter = FocusExport(FocusExportOptions(path=str(tmp_path / "file" / "focus.csv")))

    with pytest.raises(AccessError, match="cannot write"):
        exporter.export(costs, WINDOW)


@pytest.mark.parametrize(
    "options", [{"path": "focus.xlsx"}, {"version": "1.1"}, {"path": "{x}.csv"}]
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FocusExportOptions(**options)
