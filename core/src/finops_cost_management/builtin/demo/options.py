"""What can be chosen about the demo."""

from __future__ import annotations

from pydantic import Field

from finops_cost_management.plugins.component import Options


class DemoOptions(Options):
    """Options of the demo company."""

    seed: int = 1
    """Which company: another seed gives other noise, other ids and other anomalies."""

    scale: int = Field(default=1, ge=1)
    """How many business units the company has, each with the same kinds of resources."""

    currency: str = Field(default="USD", pattern="^[A-Z]{3}$")
    """ISO 4217 code that every charge is priced and billed in; amounts are not converted."""

    anomalies: bool = True
    """Whether unusual days are planted."""
