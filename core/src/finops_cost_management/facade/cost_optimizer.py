"""Savings for programs: what `finops optimize` prints, as objects."""

from __future__ import annotations

import logging
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from finops_cost_management.answers.recommendations import OptimizationCategory
from finops_cost_management.errors import ConfigurationError, DataError
from finops_cost_management.facade.cost_aggregator import CostAggregator
from finops_cost_management.focus.cloud_provider import provider_name
from finops_cost_management.pipeline.default_checks import with_default_checks
from finops_cost_management.pipeline.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Collection

    from finops_cost_management.answers.outcome import Outcome
    from finops_cost_management.answers.recommendations import Recommendation
    from finops_cost_management.pipeline.config import Entry, PipelineConfig
    from finops_cost_management.pipeline.steps import OptimizerKeys

log = logging.getLogger(__name__)


class OptimizerConfig(BaseModel):
    """What is worth telling, and how far back is looked."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    min_savings_threshold: Decimal = Field(default=Decimal(0), ge=0)
    """Saving per month, in the currency of the bill, below which nothing is told."""

    analysis_period_days: int | None = Field(default=None, ge=7, le=366)
    """How many days checks look back; each check's own default where absent."""

    include_categories: tuple[OptimizationCategory, ...] = tuple(OptimizationCategory)
    """Only these categories."""

    confidence_level: float = Field(default=0.0, ge=0, le=1)
    """Only recommendations of at least this confidence."""


class CostOptimizer:
    """Finds changes that would cost less.

    It asks the store with the optimizers that the configuration names; where it names none, with
    all checks that need nothing but the bill. What it finds is entered into the ledger, as a run
    does: what somebody dismissed, snoozed or has done is not told again.

    Args:
        aggregator: Where costs come from; that of the working folder by default.
        config: What is worth telling.

    Example:
        >>> from finops_cost_management import CostOptimizer, OptimizerConfig
        >>> optimizer = CostOptimizer(config=OptimizerConfig(min_savings_threshold=50))
    """

    def __init__(
        self, aggregator: CostAggregator | None = None, config: OptimizerConfig | None = None
    ) -> None:
        self.config = config or OptimizerConfig()
        pipeline = (aggregator or CostAggregator()).pipeline
        checks = with_default_checks(pipeline.config, pipeline.registry)
        self._pipeline = Pipeline(
            _looking_back(checks, self.config.analysis_period_days),
            registry=pipeline.registry,
            settings=pipeline.settings,
        )

    def analyze(self) -> Outcome:
        """Ask every check once.

        Returns:
            All that they say: ``recommendations``, ``savings`` (what each check looked at, and
            could not tell), ``decided``, ``verified``, ``failures``.

        Raises:
            DataError: The store has no costs to look at.
        """
        outcome = self._pipeline.ask("optimizers")
        if outcome.costs is None and not outcome.failures:
            raise DataError(
                f"the store has no costs from {outcome.run.window}",
                hint="`finops run` brings them in; `use: demo` shows what it looks like",
            )
        return outcome

    def get_recommendations(
        self,
        categories: Collection[OptimizationCategory | str] | None = None,
        min_savings: Decimal | float | None = None,
        providers: Collection[str] | None = None,
    ) -> list[Recommendation]:
        """What waits for somebody, largest saving first.

        Args:
            categories: Only these; all of the configuration by default.
            min_savings: Saving per month, in the currency of the bill, from which one is told;
                the configuration's by default.
            providers: Only these, as `CloudProvider` or as the bill names them; all by default.

        Raises:
            ConfigurationError: There is no such category.
            DataError: The store has no costs to look at.
        """
        outcome = self.analyze()
        for record in outcome.failures:
            log.warning("%s failed, its savings are unknown: %s", record.step, record.message)
        return self.select(outcome.recommendations, categories, min_savings, providers)

    def select(
        self,
        found: Collection[Recommendation],
        categories: Collection[OptimizationCategory | str] | None = None,
        min_savings: Decimal | float | None = None,
        providers: Collection[str] | None = None,
    ) -> list[Recommendation]:
        """Those recommendations that are worth telling, see `get_recommendations`."""
        wanted = (
            set(self.config.include_categories)
            if categories is None
            else {_category(one) for one in categories}
        )
        least = (
            self.config.min_savings_threshold if min_savings is None else Decimal(str(min_savings))
        )
        names = None if providers is None else {provider_name(one) for one in providers}
        return [
            one
            for one in found
            if one.category in wanted
            and one.estimated_monthly_savings >= least
            and one.confidence >= self.config.confidence_level
            and (names is None or one.provider in names)
        ]


def _category(text: OptimizationCategory | str) -> OptimizationCategory:
    try:
        return OptimizationCategory(text)
    except ValueError:
        raise ConfigurationError(
            f"{text!r} is not a category of savings",
            hint=f"use one of {', '.join(OptimizationCategory)}",
        ) from None


def _looking_back(config: PipelineConfig, days: int | None) -> PipelineConfig:
    """The same checks, each that has a look-back with this one."""
    if days is None:
        return config

    def entry(one: Entry[OptimizerKeys]) -> Entry[OptimizerKeys]:
        if "lookback_days" not in type(one.options).model_fields:
            return one
        return replace(one, options=one.options.model_copy(update={"lookback_days": days}))

    return replace(config, optimizers={name: entry(one) for name, one in config.optimizers.items()})
