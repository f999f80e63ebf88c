"""From a forecaster's matrices to forecasts in money."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from finops_cost_management.answers.forecasts import Forecast, Interval

if TYPE_CHECKING:
    from collections.abc import Iterable

    from finops_cost_management.answers.forecasts import PanelForecast
    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.window import DateWindow

_CENT_OF_A_CENT = Decimal("0.0001")  # a forecast is no more exact than that


def forecasts_in_money(
    panel: CostPanel,
    answer: PanelForecast,
    *,
    shown: DateWindow,
    horizon: DateWindow,
    forecaster: str,
) -> list[Forecast]:
    """One forecast per series of the panel.

    Args:
        panel: What was forecast, with all that was learnt from.
        answer: What the forecaster said of it.
        shown: The days of the history that people asked for.
        horizon: The days of the forecast.
        forecaster: Its name in the pipeline.
    """
    import numpy as np

    begin = int(np.searchsorted(panel.dates, np.datetime64(shown.start, "D")))
    dates, ahead = tuple(panel.dates[begin:].tolist()), tuple(horizon.dates())
    return [
        Forecast(
            dimensions=key,
            currency=panel.currencies[row],
            history_dates=dates,
            history=_amounts(panel.values[row, begin:]),
            dates=ahead,
            mean=() if answer.problems[row] else _known(answer.mean[row]),
            intervals=()
            if answer.problems[row]
            else tuple(
                Interval(
                    level=level,
                    lower=_known(answer.lower[level][row]),
                    upper=_known(answer.upper[level][row]),
                    lower_total=amount(answer.total_lower[level][row]),
                    upper_total=amount(answer.total_upper[level][row]),
                )
                for level in sorted(answer.lower)
            ),
            model_type=answer.models[row],
            forecaster=forecaster,
            problem=answer.problems[row],
            accuracy=answer.accuracy[row] if answer.accuracy else None,
            seasonality=answer.seasonality[row] if answer.seasonality else {},
            trend=()
            if answer.trend is None or answer.problems[row]
            else _amounts(answer.trend[row, begin:]),
        )
        for row, key in enumerate(panel.keys)
    ]


def amount(value: Any) -> Decimal:
    """Money from a model's float, as exact as a forecast may claim to be."""
    return Decimal(float(value)).quantize(_CENT_OF_A_CENT)


def _known(values: Iterable[Any]) -> tuple[Decimal, ...]:
    return tuple(amount(value) for value in values)


def _amounts(values: Iterable[Any]) -> tuple[Decimal | None, ...]:
    return tuple(None if value != value else amount(value) for value in values)  # noqa: PLR0124 # NaN is the one value unlike itself
