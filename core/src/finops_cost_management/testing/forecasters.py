# ruff: noqa: S101 # assert is how pytest speaks
"""What a forecaster promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops_cost_management.testing.contract import PluginContract
from finops_cost_management.testing.panels import (
    ANY_COST,
    ANY_EXAMPLES,
    ODD_PANELS,
    empty_panel,
    lively_panel,
    panel_of,
    shuffled,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from finops_cost_management.answers.forecasts import PanelForecast
    from finops_cost_management.plugins.component import Component
    from finops_cost_management.query.panel import CostPanel

LEVELS = (0.5, 0.8, 0.95)
SEASONS = {"weekly", "monthly", "yearly"}


class ForecasterContract(PluginContract):
    """Three lines make the tests of a forecaster: the class, ``plugin`` and ``options``."""

    kind = "forecasters"

    def forecast(
        self,
        component: Component[Any],
        panel: CostPanel,
        horizon: int = 30,
        levels: Sequence[float] = LEVELS,
    ) -> PanelForecast:
        """The answer, after its shapes and bands were checked."""
        answer: PanelForecast = self.ask(component, panel=panel, horizon=horizon, levels=levels)
        _check(answer, panel, horizon, levels)
        return answer

    @pytest.mark.parametrize("horizon", [1, 30, 90])
    def test_every_series_and_day_has_its_band(
        self, component: Component[Any], horizon: int
    ) -> None:
        """A number per series and day; bands around it, the wider ones outside."""
        answer = self.forecast(component, lively_panel(), horizon)
        refused = [problem for problem in answer.problems if problem]
        assert not refused, f"200 days with a weekly rhythm should do: {refused[0]}"

    def test_one_level_is_enough(self, component: Component[Any]) -> None:
        """The pipeline says which bands it wants."""
        self.forecast(component, lively_panel(), levels=(0.9,))

    @pytest.mark.parametrize("days", [0, 1, 2])
    def test_insufficient_data_is_said(self, component: Component[Any], days: int) -> None:
        """A number made of two days is worse than none: say `insufficient data: …` instead."""
        values = [[*[float("nan")] * (60 - days), *[100.0, 101.0][:days]]]
        answer = self.forecast(component, panel_of(values))
        assert answer.problems[0], f"a forecast from {days} known days; give a problem instead"

    @pytest.mark.parametrize("values", ODD_PANELS.values(), ids=ODD_PANELS)
    def test_odd_panels_never_crash(
        self, component: Component[Any], values: list[list[float]]
    ) -> None:
        """Bills have gaps, zeros, refunds and first days: forecast, or say why not."""
        self.forecast(component, panel_of(values))

    @settings(ANY_EXAMPLES)
    @given(data=st.data())
    def test_any_panel_gets_a_proper_answer(
        self, component: Component[Any], data: st.DataObject
    ) -> None:
        """Whatever the numbers, bands hold the mean, or the problem is said."""
        days = data.draw(st.integers(1, 60))
        rows = data.draw(st.lists(st.lists(ANY_COST, min_size=days, max_size=days), max_size=3))
        panel = panel_of(rows) if rows else empty_panel(days)
        self.forecast(component, panel, 7)

    def test_empty_panel_has_an_empty_answer(self, component: Component[Any]) -> None:
        """A store without rows is no error."""
        self.forecast(component, empty_panel())

    def test_same_question_same_answer(self, component: Component[Any]) -> None:
        """People compare runs: seed whatever is random."""
        import numpy as np

        first, second = (self.forecast(component, lively_panel()) for _ in range(2))
        assert np.array_equal(first.mean, second.mean, equal_nan=True), "seed what is random"
        for level in LEVELS:
            assert np.array_equal(first.upper[level], second.upper[level], equal_nan=True), (
                "the bands differ between two runs: seed what is random"
            )

    def test_order_of_series_does_not_matter(self, component: Component[Any]) -> None:
        """The order of a panel is an accident of sorting; no forecast may hang on it."""
        import numpy as np

        order = [3, 0, 5, 1, 4, 2]
        straight = self.forecast(component, lively_panel())
        mixed = self.forecast(component, shuffled(lively_panel(), order))
        assert np.allclose(straight.mean[order], mixed.mean, rtol=1e-6, equal_nan=True), (
            "a series' forecast depends on its neighbours in the panel"
        )

    # Powers of two change no digit: fits that depend on the last one are not blamed.
    @pytest.mark.parametrize("times", [1024.0, 1 / 1024])
    def test_the_unit_of_money_does_not_matter(
        self, component: Component[Any], times: float
    ) -> None:
        """The same bill in another currency has the same forecast."""
        import numpy as np

        panel = lively_panel()
        straight = self.forecast(component, panel)
        other = self.forecast(component, panel_of(panel.values * times))
        assert np.allclose(straight.mean * times, other.mean, rtol=1e-3, equal_nan=True), (
            "no amount of money may be built into a model"
        )

    @pytest.mark.parametrize("horizon", [30, 90])
    def test_bands_never_narrow_with_the_horizon(
        self, component: Component[Any], horizon: int
    ) -> None:
        """Who knows less further out cannot be more certain.

        A weekday may be more certain than others: each is held against itself a week before, and
        below a band may end at zero.
        """
        import numpy as np

        answer = self.forecast(component, lively_panel(), horizon)
        for level, upper in answer.upper.items():
            above = (upper - answer.mean)[[problem is None for problem in answer.problems]]
            slack = 0.01 * (1e-9 + np.abs(above[:, 7:]))
            assert (above[:, 7:] >= above[:, :-7] - slack).all(), (
                f"the band of {level} is narrower than the same weekday's a week before"
            )

    def test_input_is_not_changed(self, component: Component[Any]) -> None:
        """The same panel goes to every forecaster of a run."""
        import numpy as np

        panel = lively_panel()
        values = panel.values.copy()
        self.forecast(component, panel)
        assert np.array_equal(panel.values, values, equal_nan=True), "work on a copy of values"


def _check(answer: PanelForecast, panel: CostPanel, horizon: int, levels: Sequence[float]) -> None:
    import numpy as np

    shape = (len(panel), horizon)
    assert answer.mean.shape == shape, f"mean has shape {answer.mean.shape}, not {shape}"
    assert len(answer.models) == len(answer.problems) == len(panel), "one entry per series"
    for bounds in (answer.lower, answer.upper, answer.total_lower, answer.total_upper):
        assert set(bounds) == set(levels), f"bands for {sorted(bounds)}, asked for {levels}"
    good = np.array([problem is None for problem in answer.problems], dtype=bool)
    mean = answer.mean[good]
    assert np.isfinite(mean).all(), "a series without a problem has a number for every day"
    assert np.isnan(answer.mean[~good]).all(), "a series with a problem has no numbers"
    slack = 1e-6 * (1 + np.abs(mean))
    total_slack = slack.sum(axis=1)
    narrower: tuple[Any, Any] | None = None
    for level in sorted(levels):
        lower, upper = answer.lower[level][good], answer.upper[level][good]
        assert lower.shape == upper.shape == mean.shape, f"the band of {level} has another shape"
        assert (lower <= mean + slack).all(), f"the lower bound of {level} is above the mean"
        assert (mean <= upper + slack).all(), f"the mean is above the upper bound of {level}"
        if narrower is not None:
            assert (lower <= narrower[0] + slack).all(), f"the band of {level} is too narrow below"
            assert (upper >= narrower[1] - slack).all(), f"the band of {level} is too narrow above"
        narrower = (lower, upper)
        total = mean.sum(axis=1)
        assert (answer.total_lower[level][good] <= total + total_slack).all(), (
            f"the lower bound of the total of {level} is above the total"
        )
        assert (total <= answer.total_upper[level][good] + total_slack).all(), (
            f"the total is above its upper bound of {level}"
        )
    _check_extras(answer, panel, horizon, levels)


def _check_extras(
    answer: PanelForecast, panel: CostPanel, horizon: int, levels: Sequence[float]
) -> None:
    """What a forecaster may tell beside the forecast is well formed where it is told."""
    series, days = len(panel), len(panel.dates)
    for told in (answer.accuracy, answer.seasonality):
        assert len(told) in {0, series}, f"one entry per series or none, not {len(told)}"
    for accuracy in answer.accuracy:
        if accuracy is not None:
            assert accuracy.origins > 0, "an accuracy is that of at least one back-test"
            assert set(accuracy.coverage) <= set(levels), "coverage of levels nobody asked for"
            assert all(0 <= share <= 1 for share in accuracy.coverage.values()), "no share"
            assert (accuracy.mase or 0) >= 0, "an error in absolute terms is not negative"
            assert (accuracy.wape or 0) >= 0, "an error in absolute terms is not negative"
    for seasons in answer.seasonality:
        assert set(seasons) <= SEASONS, f"seasons are {sorted(SEASONS)}, not {sorted(seasons)}"
        assert all(0 < strength <= 1 for strength in seasons.values()), "strengths are in (0, 1]"
    if answer.trend is not None:
        shape = (series, days + horizon)
        assert answer.trend.shape == shape, f"the trend has shape {answer.trend.shape}, not {shape}"
    if answer.errors is not None:
        _, *shape_of_one = answer.errors.shape
        assert shape_of_one == [series, horizon], "errors are origins × series × horizon"
