"""The source that a pipeline names: the bills of the company, month by month."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from finops_cost_management.builtin.demo.month import Month
from finops_cost_management.builtin.demo.options import DemoOptions
from finops_cost_management.plugins.component import Source
from finops_cost_management.plugins.hookspecs import hookimpl
from finops_cost_management.store.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from finops_cost_management.engine import Engine
    from finops_cost_management.window import DateWindow

GENERATOR_VERSION = 1
"""Raised with every change of the numbers, so that stores read the demo again."""


class Demo(Source[DemoOptions]):
    """A small company on three clouds, in FOCUS, for any window."""

    Options = DemoOptions

    @hookimpl
    def collect_costs(self, window: DateWindow) -> Iterator[Delivery]:
        """Yield one delivery per month: all of it, up to the end of the window."""
        for month in Month.touched_by(window):
            end = min(month.end, window.end.toordinal())
            identity = f"{GENERATOR_VERSION}|{self.options.model_dump_json()}|{month}|{end}"
            yield Delivery(
                name=f"demo {month}",
                digest=hashlib.sha256(identity.encode()).hexdigest(),
                read=partial(_read, month, end, self.options),
                covers=frozenset({str(month)}),
            )


def _read(month: Month, end: int, options: DemoOptions, _engine: Engine) -> pa.Table:
    from finops_cost_management.builtin.demo.charges import charges_of
    from finops_cost_management.builtin.demo.focus_rows import focus_table

    return focus_table(charges_of(month, end, options), options.currency)
