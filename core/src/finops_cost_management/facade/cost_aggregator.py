"""Where costs come from: a configuration, its store, and an engine to ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.pipeline.config import PipelineConfig
from finops_cost_management.pipeline.loading import find_config
from finops_cost_management.pipeline.pipeline import Pipeline

if TYPE_CHECKING:
    from pathlib import Path

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
