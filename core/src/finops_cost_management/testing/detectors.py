# ruff: noqa: S101 # assert is how pytest speaks
"""What a detector promises."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
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
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from finops_cost_management.answers.anomalies import Anomaly
    from finops_cost_management.plugins.component import Component
    from finops_cost_management.query.panel import CostPanel


class DetectorContract(PluginContract):
    """Three lines make the tests of a detector: the class, ``plugin`` and ``options``."""

    kind = "detectors"

    def detect(self, component: Component[Any], panel: CostPanel) -> list[Anomaly]:
        """Everything that the detector finds in the whole panel."""
        return list(self.ask(component, panel=panel, window=_whole(panel)))

    def test_constant_series_never_alarm(self, component: Component[Any]) -> None:
        """What never changes is never odd: an alarm here comes from dividing by no spread."""
        panel = panel_of([[cost] * 120 for cost in (0.01, 1.0, 99.99, 123_456.78, -5.0)])
        found = self.detect(component, panel)
        assert not found, f"alarms where nothing changed: {found[0]}"

    def test_order_of_series_does_not_matter(self, component: Component[Any]) -> None:
        """The order of a panel is an accident of sorting; no verdict may hang on it."""
        panel = lively_panel()
        order = [3, 0, 5, 1, 4, 2]
        straight = {_verdict(one) for one in self.detect(component, panel)}
        mixed = {_verdict(one) for one in self.detect(component, shuffled(panel, order))}
        assert straight == mixed, f"only in one of both orders: {straight ^ mixed}"

    @pytest.mark.parametrize("values", ODD_PANELS.values(), ids=ODD_PANELS)
    def test_odd_panels_never_crash(
        self, component: Component[Any], values: list[list[float]]
    ) -> None:
        """Bills have gaps, zeros, refunds and first days; each of them is somebody's Monday."""
        self._check_answers(self.detect(component, panel_of(values)), panel_of(values))

    @settings(ANY_EXAMPLES)
    @given(data=st.data())
    def test_any_panel_gets_proper_answers(
        self, component: Component[Any], data: st.DataObject
    ) -> None:
        """Whatever the numbers, answers are of the panel, of the window, and in money."""
        days = data.draw(st.integers(1, 60))
        rows = data.draw(st.lists(st.lists(ANY_COST, min_size=days, max_size=days), max_size=4))
        panel = panel_of(rows) if rows else empty_panel(days)
        self._check_answers(self.detect(component, panel), panel)

    def test_answers_are_proper(self, component: Component[Any]) -> None:
        """What was charged is what the panel says; money is Decimal; days lie in the window."""
        panel = lively_panel()
        self._check_answers(self.detect(component, panel), panel)

    def test_input_is_not_changed(self, component: Component[Any]) -> None:
        """The same panel goes to every detector of a run."""
        import numpy as np

        panel = lively_panel()
        values, dates = panel.values.copy(), panel.dates.copy()
        self.detect(component, panel)
        assert np.array_equal(panel.values, values, equal_nan=True), "work on a copy of values"
        assert np.array_equal(panel.dates, dates), "work on a copy of dates"

    def test_empty_panel_is_quiet(self, component: Component[Any]) -> None:
        """A store without rows, and a filter that nothing meets, are no errors."""
        assert not self.detect(component, empty_panel())

    def test_window_outside_of_the_panel_is_quiet(self, component: Component[Any]) -> None:
        """A window may be asked for that the store has no day of."""
        window = DateWindow(date(2030, 1, 1), date(2030, 2, 1))
        assert not list(self.ask(component, panel=lively_panel(), window=window))

    def test_same_question_same_answer(self, component: Component[Any]) -> None:
        """People compare runs: seed whatever is random."""
        first, second = (self.detect(component, lively_panel()) for _ in range(2))
        assert list(map(_verdict, first)) == list(map(_verdict, second)), "seed what is random"

    def test_days_are_judged_on_the_past_only(self, component: Component[Any]) -> None:
        """A verdict must not change when later days arrive.

        Else a replay of history shows a detector that knew the future, and an alarm that was
        sent is gone the next morning.
        """
        panel = lively_panel()
        found = {(*_verdict(one), one.expected_cost) for one in self.detect(component, panel)}
        # Every day that was found odd, and some that were not.
        for day in sorted({one[0] for one in found}.union(list(_whole(panel).dates())[40::7])):
            tomorrow = day + timedelta(days=1)
            known = list(
                self.ask(component, panel=panel.until(tomorrow), window=DateWindow(day, tomorrow))
            )
            then = {(*_verdict(one), one.expected_cost) for one in known}
            now = {one for one in found if one[0] == day}
            assert then == now, (
                f"the verdict on {day} changed with later days: {then} became {now}; "
                "use only columns before the judged day"
            )

    def _check_answers(self, found: list[Anomaly], panel: CostPanel) -> None:
        window = _whole(panel)
        series = {tuple(key.items()): row for row, key in enumerate(panel.keys)}
        for anomaly in found:
            row = series.get(tuple(anomaly.dimensions.items()))
            assert row is not None, f"{anomaly.label} is no series of the panel"
            assert anomaly.date in window, f"{anomaly.date} is outside of the window {window}"
            assert anomaly.currency == panel.currencies[row], "take the currency of the series"
            assert isinstance(anomaly.actual_cost, Decimal), "actual_cost must be a Decimal"
            assert isinstance(anomaly.expected_cost, Decimal), "expected_cost must be a Decimal"
            charged = float(panel.values[row, (anomaly.date - window.start).days])
            assert float(anomaly.actual_cost) == pytest.approx(charged, rel=1e-6, abs=1e-6), (
                f"{anomaly.date} {anomaly.label}: the panel says {charged}"
            )
            assert anomaly.confidence is None or 0 <= anomaly.confidence <= 1


def _whole(panel: CostPanel) -> DateWindow:
    first: date = panel.dates[0].item()
    return DateWindow(first, first + timedelta(days=len(panel.dates)))


def _verdict(anomaly: Anomaly) -> tuple[Any, ...]:
    return (anomaly.date, *sorted(anomaly.dimensions.items()), anomaly.severity)
