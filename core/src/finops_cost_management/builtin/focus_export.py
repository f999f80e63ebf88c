"""The rows of the window as a FOCUS file of a chosen version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator

from finops_cost_management.builtin.output_path import PathTemplate, output_path
from finops_cost_management.plugins.component import Exporter, Options
from finops_cost_management.plugins.hookspecs import hookimpl
from finops_cost_management.query.cost_query import CostQuery

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.window import DateWindow

FORMATS = (".parquet", ".csv", ".csv.gz")
"""Endings of the files that can be written."""


def _known_format(path: str) -> str:
    if not path.endswith(FORMATS):
        raise ValueError(f"{path!r} ends in none of {', '.join(FORMATS)}")
    return path


class FocusExportOptions(Options):
    """Which version of FOCUS is written, and where."""

    version: Literal["1.2", "1.3", "1.4"] = "1.2"
    """The version of FOCUS that the file keeps."""
    path: Annotated[PathTemplate, AfterValidator(_known_format)] = "focus-{month}.parquet"
    """The file to write, ``.parquet``, ``.csv`` or ``.csv.gz``; ``{month}`` and ``{date}`` are
    the window's last month and day."""


class FocusExport(Exporter[FocusExportOptions]):
    """Writes the charges whose period starts in the window."""

    Options = FocusExportOptions

    @hookimpl
    def export(self, costs: CostSnapshot, window: DateWindow) -> Sequence[Path]:
        """Write the file, whole or not at all.

        Raises:
            AccessError: The file cannot be written.
        """
        from finops_cost_management.focus.writing import write_focus

        rows = CostQuery(window=window).select(costs.rows)
        path = output_path(self.options.path, window)
        write_focus(rows, self.options.version, path, costs.engine)
        return [path]
