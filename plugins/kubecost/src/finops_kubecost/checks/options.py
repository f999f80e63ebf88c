"""The options that all checks of clusters have."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from pydantic import Field, model_validator

from finops_kubecost.connection import KubecostOptions


class ClusterCheckOptions(KubecostOptions):
    """Which clusters are looked at, how far back, and from when on a saving is worth a word."""

    provider: str | None = None
    """Whose cloud the nodes are, where their ids do not tell: `aws`, `azure`, `gcp`."""

    lookback_days: int = Field(default=14, ge=1, le=90)
    """How many days are asked for, each with a request of its own."""

    minimum_days: int = Field(default=7, ge=1, le=90)
    """On how many of them a thing must have been seen; what is younger is not judged."""

    minimum_savings: Decimal = Field(default=Decimal(5), ge=0)
    """Saving per month, in `currency`, below which there is nothing to say."""

    kubecost_advice: bool = True
    """Whether Kubecost's own advice is told beside ours, where it gives any."""

    @model_validator(mode="after")
    def _days_fit(self) -> Self:
        if self.minimum_days > self.lookback_days:
            raise ValueError("minimum_days must be at most lookback_days")
        return self
