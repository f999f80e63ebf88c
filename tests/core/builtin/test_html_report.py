from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from finops_cost_management.builtin.html_report import HtmlReport, HtmlReportOptions
from finops_cost_management.errors import AccessError
from finops_cost_management.query.costs_summary import summarise
from finops_cost_management.query.snapshot import CostSnapshot

if TYPE_CHECKING:
    from finops_cost_management.answers.outcome import Outcome

pytestmark = pytest.mark.invented

Bill = Callable[[list[dict[str, Any]]], CostSnapshot]
HOSTILE = "<script>alert(1)</script>"


def test_a_bill_becomes_one_file(bill: Bill, outcome: Outcome, tmp_path: Path) -> None:
    costs = bill(
        [
            {"day": date(2026, 11, 2), "cost": "1234.5", "ServiceName": HOSTILE},
            {"day": date(2026, 11, 3), "cost": "-34.5", "ChargeCategory": "Credit"},
        ]
    )
    window = outcome.run.window
    outcome.costs = summarise(costs, window)
    options = HtmlReportOptions(path=str(tmp_path / "new" / "costs-{month}.html"))
    (path,) = HtmlReport(options).export(costs, window, outcome)

    assert path == tmp_path / "new" / "costs-2026-11.html"
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    page = path.read_text(encoding="utf-8")
    assert "<title>Cloud costs, 2026-11</title>" in page
    assert "1,200.00 USD" in page
    assert "-34.50" in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_path_that_cannot_be_written_is_said(
    bill: Bill, empty_outcome: Outcome, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    exporter = HtmlReport(HtmlReportOptions(path=str(tmp_path / "file" / "report.html")))

    with pytest.raises(AccessError, match="cannot write"):
        exporter.export(bill([]), empty_outcome.run.window, empty_outcome)


def test_an_old_report_stays_until_the_new_one_is_whole(
    bill: Bill, empty_outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    exporter = HtmlReport(HtmlReportOptions(path=str(path)))
    with pytest.raises(AccessError, match="No space left"):
        exporter.export(bill([]), empty_outcome.run.window, empty_outcome)

    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
    assert path.read_text() == "old"


@pytest.mark.parametrize("path", ["{year}.html", "{}.html", "{month.html", "{month.x}.html"])
def test_only_known_placeholders_are_taken(path: str) -> None:
    with pytest.raises(ValidationError, match="is not a path template"):
        HtmlReportOptions(path=path)
