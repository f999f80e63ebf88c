"""Costs by question: the Cost Explorer API, for those who have no export."""

from finops_aws.cost_explorer.source import CostExplorer, CostExplorerOptions

__all__ = ["CostExplorer", "CostExplorerOptions"]
