"""The savings checks of a pipeline that names none: all that need nothing but the bill."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from finops_cost_management.pipeline.config import Entry
from finops_cost_management.pipeline.steps import OptimizerKeys

if TYPE_CHECKING:
    from finops_cost_management.pipeline.config import PipelineConfig
    from finops_cost_management.plugins.component import Component
    from finops_cost_management.plugins.registry import Registry

CORE = "finops-cost-management"


def with_default_checks(config: PipelineConfig, registry: Registry) -> PipelineConfig:
    """The same pipeline; where it names no optimizer, with every check that core brings."""
    if config.optimizers:
        return config
    names = sorted(
        info.name for info in registry.available("optimizers") if info.distribution == CORE
    )
    return replace(config, optimizers={name: _entry(name, registry) for name in names})


def _entry(name: str, registry: Registry) -> Entry[OptimizerKeys]:
    component: type[Component[Any]] = registry.find("optimizers", name)
    return Entry(
        section="optimizers",
        name=name,
        step=OptimizerKeys(use=name),
        component=component,
        options=component.Options(),
    )
