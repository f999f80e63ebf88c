"""Several forecasters are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError

from finops_cost_management.testing import panel_of
from finops_cost_management.testing.panels import lively_panel
from finops_models import ensemble
from finops_models.ensemble import Ensemble, EnsembleOptions
from finops_models.linear import Linear
from finops_models.panel_forecaster import ForecastOptions, PanelForecaster, Prediction
from finops_models.seasonal_naive import SeasonalNaive

if TYPE_CHECKING:
    from finops_models.billing_calendar import Dates
    from finops_models.robust import Floats

pytestmark = pytest.mark.real_component


class Saying(PanelForecaster[ForecastOptions]):
    """A forecaster that always says the same."""

    Options = ForecastOptions
    cost = np.nan

    def predict(self, values: Floats, dates: Dates, horizon: int) -> Prediction:  # noqa: ARG002 # it knows
        return Prediction(
            mean=np.full((len(values), horizon), self.cost), models=["saying"] * len(values)
        )


class Failing(Saying):
    """One that knows nothing."""


class Astray(Saying):
    """One that expects far too much."""

    cost = 1e9


@pytest.mark.parametrize("combine", ["median", "mean"])
def test_it_is_the_middle_of_its_members(combine: Any) -> None:
    panel = lively_panel()
    options = EnsembleOptions(members=("linear", "seasonal_naive"), combine=combine)
    answer = Ensemble(options).forecast_costs(panel, 7, (0.8,))
    linear, naive = Linear(), SeasonalNaive()
    means = [one.forecast_costs(panel, 7, (0.8,)).mean for one in (linear, naive)]
    np.testing.assert_allclose(answer.mean, np.mean(means, axis=0))
    assert set(answer.models) == {f"{combine} of linear, seasonal_naive"}


def test_one_member_astray_does_not_move_the_median(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ensemble.MEMBERS, "theta", Astray)
    options = EnsembleOptions(members=("linear", "seasonal_naive", "theta"))
    answer = Ensemble(options).forecast_costs(panel_of(np.full(60, 100.0)), 7, (0.8,))
    assert answer.mean[0] == pytest.approx(np.full(7, 100.0))


def test_a_member_that_fails_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ensemble.MEMBERS, "theta", Failing)
    panel = lively_panel()
    answer = Ensemble(EnsembleOptions(members=("theta", "seasonal_naive"))).forecast_costs(
        panel, 7, (0.8,)
    )
    naive = SeasonalNaive().forecast_costs(panel, 7, (0.8,))
    np.testing.assert_allclose(answer.mean, naive.mean)
    assert set(answer.models) == {"median of seasonal_naive"}


def test_where_all_members_fail_the_last_week_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    for member in ("theta", "linear"):
        monkeypatch.setitem(ensemble.MEMBERS, member, Failing)
    panel = lively_panel()
    answer = Ensemble(EnsembleOptions(members=("theta", "linear"))).forecast_costs(panel, 7, (0.8,))
    naive = SeasonalNaive().forecast_costs(panel, 7, (0.8,))
    np.testing.assert_allclose(answer.mean, naive.mean)
    assert "failed" in answer.models[0]


@pytest.mark.parametrize("members", [("linear",), ("linear", "linear"), ("linear", "guess")])
def test_members_must_be_two_and_known(members: Any) -> None:
    with pytest.raises(ValidationError):
        EnsembleOptions(members=members)


def test_a_member_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensemble, "find_spec", lambda _: None)
    with pytest.raises(ValidationError, match=r"pip install 'finops-models\[prophet\]'"):
        EnsembleOptions(members=("linear", "prophet"))
