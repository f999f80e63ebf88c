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


def distribution_of(kind: str, name: str) -> str | None:
    """The distribution that offers a plugin, where it is known."""
    distribution, names = _BY_KIND.get(kind, ("", ""))
    return distribution if name in names.split() else _BY_VENDOR.get(name.partition(".")[0])


def missing_distribution(kind: str, name: str) -> str | None:
    """The distribution that offers a plugin, where it is known and not installed."""
    distribution = distribution_of(kind, name)
    if distribution is None:
        return None
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return distribution
    return None
