"""The HTML report: one file to read, to print and to send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from finops_cost_management.builtin.output_path import (
    PathTemplate,
    fill,
    output_path,
)
from finops_cost_management.plugins.component import Exporter, Options
from finops_cost_management.plugins.hookspecs import hookimpl
from finops_cost_management.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from finops_cost_management.answers.outcome import Outcome
    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.window import DateWindow


class HtmlReportOptions(Options):
    """What the report is called and where it goes."""

    path: PathTemplate = "finops-report.html"
    """The file to write; ``{month}`` and ``{date}`` are the window's last month and day."""
    title: PathTemplate = "Cloud costs, {month}"
    """Heading of the report; ``{month}`` and ``{date}`` as in the path."""
    limit: int = Field(default=100, ge=1)
    """How many lines a list may have; the rest is counted."""


class HtmlReport(Exporter[HtmlReportOptions]):
    """Writes the answers of the run as one HTML file that loads nothing from anywhere."""

    Options = HtmlReportOptions

    @hookimpl
    def export(self, costs: CostSnapshot, window: DateWindow, outcome: Outcome) -> Sequence[Path]:
        """Write the report, whole or not at all.

        Raises:
            AccessError: The file cannot be written.
        """
        from finops_cost_management.report.charges import charge_kinds
        from finops_cost_management.report.page import render

        page = render(
            outcome,
            charge_kinds(costs, window),
            title=fill(self.options.title, window),
            limit=self.options.limit,
        )
        path = output_path(self.options.path, window)
        with whole_file(path) as draft:
            draft.write_text(page, encoding="utf-8")
        return [path]
