"""Plugin-based FinOps: see, explain and steer cloud spend from FOCUS billing data.

Every public name can be imported from here. A name's module is imported when the name is first
used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity, Driver
    from finops_cost_management.answers.budgets import BudgetPeriod, BudgetReport, BudgetStatus
    from finops_cost_management.answers.digest import Digest
    from finops_cost_management.answers.forecasts import Forecast, Interval, PanelForecast
    from finops_cost_management.answers.kubernetes import CostAllocation, NamespaceCost, PodCost
    from finops_cost_management.answers.kubernetes_usage import IdleResource
    from finops_cost_management.answers.outcome import Outcome
    from finops_cost_management.answers.priority import PriorityFormula
    from finops_cost_management.answers.recommendations import (
        Effort,
        OptimizationCategory,
        Priority,
        Recommendation,
        RecommendationStatus,
        Risk,
        SavingsAnswer,
        SavingsBasis,
        Unknown,
    )
    from finops_cost_management.engine import Engine
    from finops_cost_management.errors import (
        AccessError,
        ConfigurationError,
        DataError,
        DefectError,
        FinopsError,
        MissingRequirementError,
        PluginError,
        RetryLaterError,
    )
    from finops_cost_management.facade.cost_aggregator import CostAggregator
    from finops_cost_management.facade.cost_optimizer import CostOptimizer, OptimizerConfig
    from finops_cost_management.facade.k8s_cost_analyzer import K8sCostAnalyzer, KubecostConfig
    from finops_cost_management.focus.cloud_provider import CloudProvider
    from finops_cost_management.pipeline.pipeline import Pipeline
    from finops_cost_management.plugins.component import (
        Detector,
        Exporter,
        Forecaster,
        Notifier,
        Optimizer,
        Options,
        Source,
    )
    from finops_cost_management.plugins.hookspecs import hookimpl
    from finops_cost_management.plugins.savings_case import SavingsCase, daily_charges
    from finops_cost_management.query.cost_query import CostMetric, CostQuery
    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.report.forecast_plot import plot_forecast
    from finops_cost_management.store.cost_store import CostStore
    from finops_cost_management.store.delivery import AccountsDelivery, Delivery
    from finops_cost_management.window import DateWindow

    __version__: str

__all__ = [
    "AccessError",
    "AccountsDelivery",
    "Anomaly",
    "AnomalySeverity",
    "BudgetPeriod",
    "BudgetReport",
    "BudgetStatus",
    "CloudProvider",
    "ConfigurationError",
    "CostAggregator",
    "CostAllocation",
    "CostMetric",
    "CostOptimizer",
    "CostPanel",
    "CostQuery",
    "CostSnapshot",
    "CostStore",
    "DataError",
    "DateWindow",
    "DefectError",
    "Delivery",
    "Detector",
    "Digest",
    "Driver",
    "Effort",
    "Engine",
    "Exporter",
    "FinopsError",
    "Forecast",
    "Forecaster",
    "IdleResource",
    "Interval",
    "K8sCostAnalyzer",
    "KubecostConfig",
    "MissingRequirementError",
    "NamespaceCost",
    "Notifier",
    "OptimizationCategory",
    "Optimizer",
    "OptimizerConfig",
    "Options",
    "Outcome",
    "PanelForecast",
    "Pipeline",
    "PluginError",
    "PodCost",
    "Priority",
    "PriorityFormula",
    "Recommendation",
    "RecommendationStatus",
    "RetryLaterError",
    "Risk",
    "SavingsAnswer",
    "SavingsBasis",
    "SavingsCase",
    "Source",
    "Unknown",
    "__version__",
    "daily_charges",
    "hookimpl",
    "plot_forecast",
]

_NAMES_OF = {
    "answers.anomalies": "Anomaly AnomalySeverity Driver",
    "answers.budgets": "BudgetPeriod BudgetReport BudgetStatus",
    "answers.digest": "Digest",
    "answers.forecasts": "Forecast Interval PanelForecast",
    "answers.kubernetes": "CostAllocation NamespaceCost PodCost",
    "answers.kubernetes_usage": "IdleResource",
    "answers.priority": "PriorityFormula",
    "answers.recommendations": "Effort OptimizationCategory Priority Recommendation "
    "RecommendationStatus Risk SavingsAnswer SavingsBasis Unknown",
    "errors": "AccessError ConfigurationError DataError DefectError FinopsError "
    "MissingRequirementError PluginError RetryLaterError",
    "answers.outcome": "Outcome",
    "facade.cost_aggregator": "CostAggregator",
    "facade.cost_optimizer": "CostOptimizer OptimizerConfig",
    "facade.k8s_cost_analyzer": "K8sCostAnalyzer KubecostConfig",
    "focus.cloud_provider": "CloudProvider",
    "pipeline.pipeline": "Pipeline",
    "plugins.component": "Detector Exporter Forecaster Notifier Optimizer Options Source",
    "plugins.hookspecs": "hookimpl",
    "plugins.savings_case": "SavingsCase daily_charges",
    "query.cost_query": "CostMetric CostQuery",
    "query.panel": "CostPanel",
    "query.snapshot": "CostSnapshot",
    "report.forecast_plot": "plot_forecast",
    "store.cost_store": "CostStore",
    "store.delivery": "AccountsDelivery Delivery",
    "engine": "Engine",
    "window": "DateWindow",
}
"""Module → the public names that it brings."""

_MODULE_OF = {name: module for module, names in _NAMES_OF.items() for name in names.split()}

if not TYPE_CHECKING:  # a type checker would take any name for a public one

    def __getattr__(name: str) -> object:
        """Import a public name on first use (PEP 562)."""
        if name == "__version__":
            from importlib.metadata import version

            value = version("finops-cost-management")
        elif name in _MODULE_OF:
            from importlib import import_module

            value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
