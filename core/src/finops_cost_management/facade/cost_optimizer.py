"""Savings for programs: what `finops optimize` prints, as objects."""

from __future__ import annotations

import logging
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from finops_cost_management.answers.alternatives import most_useful_first, without_double_count
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
        """What waits for somebody, the largest counted saving first.

        Args:
            categories: Only these, one or several; all of the configuration by default.
            min_savings: Saving per month, in the currency of the bill, from which one is told;
                the configuration's by default.
            providers: Only these, as `CloudProvider` or as the bill names them; all by default.

        Raises:
            ConfigurationError: There is no such category, provider or amount.
            DataError: The store has no costs to look at.
        """
        outcome = self.analyze()
        for record in outcome.failures:
            log.warning("%s failed, its savings are unknown: %s", record.step, record.message)
        return self.select(outcome, categories, min_savings, providers)

    def select(
        self,
        outcome: Outcome,
        categories: Collection[OptimizationCategory | str] | None = None,
        min_savings: Decimal | float | None = None,
        providers: Collection[str] | None = None,
    ) -> list[Recommendation]:
        """Those recommendations of an outcome that are worth telling, see `get_recommendations`.

        Of alternatives on one resource, the best of those that are told counts.
        """
        wanted = set(map(_category, _each(categories) or self.config.include_categories))
        least = self.config.min_savings_threshold if min_savings is None else _amount(min_savings)
        names = {provider_name(one) for one in _each(providers)}
        _check_billed(names, outcome)
        told = [
            one
            for one in outcome.recommendations
            if one.category in wanted
            and one.estimated_monthly_savings >= least
            and one.confidence >= self.config.confidence_level
            and (not names or one.provider in names)
        ]
        formula = self._pipeline.config.savings.priority
        return sorted(without_double_count(told, formula), key=most_useful_first)


def _each(given: Collection[str] | str | None) -> Collection[str]:
    """One or several, as a person gives them."""
    return (given,) if isinstance(given, str) else given or ()


def _amount(given: Decimal | float) -> Decimal:
    try:
        amount = Decimal(str(given))
    except ArithmeticError:
        amount = Decimal("NaN")
    if not (amount.is_finite() and amount >= 0):
        raise ConfigurationError(
            f"{given!r} is no saving to compare with", hint="give an amount of 0 or more"
        )
    return amount


def _check_billed(names: Collection[str], outcome: Outcome) -> None:
    """Nothing found of a provider that is not on the bill would look like nothing to save."""
    currencies = outcome.costs.currencies if outcome.costs else ()
    billed = {name for one in currencies for name in one.by_provider}
    if unknown := sorted(set(names) - billed):
        raise ConfigurationError(
            f"the bill has no costs of {', '.join(unknown)}",
            hint=f"it has costs of {', '.join(sorted(billed))}",
        )


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
        given = {**one.options.model_dump(exclude_unset=True), "lookback_days": days}
        try:
            return replace(one, options=type(one.options).model_validate(given))
        except ValidationError:
            log.info("%s looks back as far as it must, not %d days", one.name, days)
            return one

    return replace(config, optimizers={name: entry(one) for name, one in config.optimizers.items()})
