"""Plugins that exist but may not be installed: what to install for a name."""

from __future__ import annotations

from importlib import metadata

_BY_VENDOR = {
    "aws": "finops-aws",
    "azure": "finops-azure",
    "gcp": "finops-gcp",
    "kubecost": "finops-kubecost",
}
_BY_KIND = {
    "detectors": ("finops-models", "combined isolation_forest seasonal statistical zscore"),
    "forecasters": (
        "finops-models",
        "auto ensemble holt_winters linear prophet seasonal_naive theta",
    ),
    "notifiers": ("finops-notifiers", "email pagerduty slack teams webhook"),
}


def missing_distribution(kind: str, name: str) -> str | None:
    """The distribution that offers a plugin, where it is known and not installed."""
    of_kind, names = _BY_KIND.get(kind, ("", ""))
    by_name = of_kind if name in names.split() else None
    distribution = by_name or _BY_VENDOR.get(name.partition(".")[0])
    if distribution is None:
        return None
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return distribution
    return None
