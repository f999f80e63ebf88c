"""Where costs come from: a configuration, its store, and an engine to ask it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from finops_cost_management.facade.days import days_inside
from finops_cost_management.pipeline.config import PipelineConfig
from finops_cost_management.pipeline.loading import find_config
from finops_cost_management.pipeline.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    import pyarrow as pa

    from finops_cost_management.query.cost_query import Condition
    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.settings import Settings


class CostAggregator:
    """The costs of all providers, as the store holds them.

    Args:
        config: The pipeline file, or its text; by default ``FINOPS_CONFIG``, else ``finops.yaml``
            of the working folder, else a pipeline that only has the store of the settings.
        settings: Process settings; from the environment where None.

    Attributes:
        pipeline: What the configuration says, ready to run or to be asked.

    Raises:
        ConfigurationError: With every problem of the file.
    """

    def __init__(
        self, config: str | Path | None = None, *, settings: Settings | None = None
    ) -> None:
        found = find_config(None) if config is None else config
        self.pipeline = (
            Pipeline(PipelineConfig(), settings=settings)
            if found is None
            else Pipeline.from_yaml(found, settings=settings)
        )

    def get_aws_costs(
        self,
        start_date: date | str,
        end_date: date | str,
        group_by: Sequence[str] | str = (),
        filter: Mapping[str, Condition] | None = None,  # noqa: A002 # Cost Explorer's word for it
        *,
        metric: str = "UnblendedCost",
        granularity: str | None = None,
    ) -> pa.Table:
        """What AWS cost, asked in Cost Explorer's words and answered from the store.

        Args:
            start_date: First day.
            end_date: Last day; it is inside.
            group_by: ``SERVICE``, ``LINKED_ACCOUNT``, ``TAG:team``, …; as many as wanted.
            filter: Dimension → one value or several; all must hold.
            metric: ``UnblendedCost``, ``AmortizedCost``, or these with ``Net`` in front.
            granularity: ``DAILY`` or ``MONTHLY``; one sum where absent.

        Returns:
            One row per period, group and currency (`ask_in_aws_words`).

        Raises:
            ConfigurationError: There is no such word, or the store cannot tell it.
        """
        from finops_cost_management.query.aws_words import ask_in_aws_words

        window = days_inside(start_date, end_date)
        with self._snapshot() as costs:
            return ask_in_aws_words(
                costs,
                window,
                group_by=(group_by,) if isinstance(group_by, str) else group_by,
                conditions=filter,
                metric=metric,
                granularity=granularity,
            )

    @contextmanager
    def _snapshot(self) -> Iterator[CostSnapshot]:
        from finops_cost_management.engine import Engine
        from finops_cost_management.query.snapshot import CostSnapshot

        settings = self.pipeline.settings
        with Engine.of(settings) as engine:
            yield CostSnapshot.of(self.pipeline.config.store.open(settings), engine)
