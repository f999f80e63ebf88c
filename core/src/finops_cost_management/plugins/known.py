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
    ("detectors", "seasonal"): "finops-models",
    ("forecasters", "seasonal_linear"): "finops-models",
    ("notifiers", "email"): "finops-notifiers",
    ("notifiers", "pagerduty"): "finops-notifiers",
    ("notifiers", "slack"): "finops-notifiers",
    ("notifiers", "teams"): "finops-notifiers",
    ("notifiers", "webhook"): "finops-notifiers",
}


def missing_distribution(kind: str, name: str) -> str | None:
    """The distribution that offers a plugin, where it is known and not installed."""
    distribution = _BY_KIND.get((kind, name)) or _BY_VENDOR.get(name.partition(".")[0])
    if distribution is None:
        return None
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return distribution
    return None
