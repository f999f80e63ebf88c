"""`use: demo`: a small company on three clouds, in FOCUS, for any window, with known truth.

The company is written down in `aws`, `azure` and `google`, in the words of `vocabulary`.
`lines` makes charge lines of it, `anomalies` says which days are unusual, `charges` works out
a month in integers, `focus_rows` writes it in FOCUS, and `truth` tells what is hidden in it.
"""

from __future__ import annotations

from finops_cost_management.builtin.demo.options import DemoOptions
from finops_cost_management.builtin.demo.source import Demo
from finops_cost_management.builtin.demo.truth import (
    DemoTruth,
    IdleResource,
    PlantedAnomaly,
    ResourceCost,
    ResourceSaving,
    UnusedCommitment,
    truth,
)

__all__ = [
    "Demo",
    "DemoOptions",
    "DemoTruth",
    "IdleResource",
    "PlantedAnomaly",
    "ResourceCost",
    "ResourceSaving",
    "UnusedCommitment",
    "truth",
]
