"""Several forecasters in one: their median or mean."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from finops_models.auto import Auto
from finops_models.linear import Linear
from finops_models.panel_forecaster import ForecastOptions, PanelForecaster, Prediction
from finops_models.prophet import Prophet
from finops_models.seasonal_naive import SeasonalNaive
from finops_models.smoothing import HoltWinters, Theta

if TYPE_CHECKING:
    from typing import Any

    from finops_models.billing_calendar import Dates
    from finops_models.robust import Floats

MEMBERS: dict[str, type[PanelForecaster[Any]]] = {
    "auto": Auto,
    "holt_winters": HoltWinters,
    "linear": Linear,
    "prophet": Prophet,
    "seasonal_naive": SeasonalNaive,
    "theta": Theta,
}
"""What an ensemble may be made of."""


class EnsembleOptions(ForecastOptions):
    """Which forecasters, and how their answers become one."""

    members: tuple[Literal["holt_winters", "linear", "prophet", "seasonal_naive", "theta"], ...] = (
        Field(default=("linear", "holt_winters", "seasonal_naive"), min_length=2)
    )
    """The forecasters, at their defaults."""

    combine: Literal["median", "mean"] = "median"
    """What is made of the members' costs of a day. One member astray does not move a median."""

    @field_validator("members")
    @classmethod
    def _usable(cls, members: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(members)) < len(members):
            raise ValueError("a member is named twice; name each once")
        for member in members:
            for module, requirement in MEMBERS[member].needs.items():
                if find_spec(module) is None:
                    raise ValueError(f"{member} needs {module}; try: pip install '{requirement}'")
        return members


class Ensemble(PanelForecaster[EnsembleOptions]):
    """Asks several forecasters and takes the median, or mean, of their answers.

    `auto` weighs more models, and by each series' own past: it is better, and faster, unless you
    know what you want. Where a member fails for a series, the others answer, and the model's name
    leaves it out. The back-test and the bands are those of the ensemble, not of its members.
    """

    Options = EnsembleOptions
    series_at_once = 10_000
    backtests = 6

    def predict(self, values: Floats, dates: Dates, horizon: int) -> Prediction:
        """See `PanelForecaster.predict`."""
        import numpy as np

        members = [MEMBERS[member]() for member in self.options.members]
        means = np.array([one.predict(values, dates, horizon).mean for one in members])
        answered = np.isfinite(means).all(axis=2)
        means = np.where(answered[:, :, None], means, np.nan)
        somebody = answered.any(axis=0)
        combine = np.nanmedian if self.options.combine == "median" else np.nanmean
        mean = np.full(means.shape[1:], np.nan)
        mean[somebody] = combine(means[:, somebody], axis=0)
        names = np.array(self.options.members)
        return Prediction(
            mean=mean,
            models=[f"{self.options.combine} of {', '.join(names[own])}" for own in answered.T],
        )
