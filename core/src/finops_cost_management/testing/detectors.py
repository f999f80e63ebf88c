# ruff: noqa: S101 # assert is how pytest speaks
"""What a detector promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

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

    hides_small_money: ClassVar[bool] = True
    """Whether the options demand an amount of money, so that smaller units may hide days."""

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
        sent is gone the next morning. How long an incident lasts is known later; its first day is
        told on that day, and what was told on a day stays part of an incident.
        """
        panel = lively_panel()
        found = self.detect(component, panel)
        told = {(_series(one), day) for one in found for day in _days(one)}
        begun = {(_series(one), one.date) for one in found}
        odd = {day for _, day in told}
        # Every day that was found odd, and some that were not.
        for day in sorted(odd.union(list(_whole(panel).dates())[40::7])):
            tomorrow = day + timedelta(days=1)
            known = list(
                self.ask(component, panel=panel.until(tomorrow), window=DateWindow(day, tomorrow))
            )
            then = {(_series(one), day) for one in known}
            missed = {one for one in begun if one[1] == day} - then
            changed = (then - told) | missed
            assert not changed, (
                f"the verdict on {day} changed with later days, of {changed}; "
                "use only columns before the judged day"
            )

    @settings(ANY_EXAMPLES, max_examples=3)  # each asks twice for a panel
    @given(seed=st.integers(0, 999), power=st.integers(-8, 12))
    def test_unit_of_money_does_not_matter(
        self, component: Component[Any], seed: int, power: int
    ) -> None:
        """Cents, dollars or yen: the same days are odd. A threshold in money may hide some."""
        panel = lively_panel(days=120, seed=seed)
        scaled = replace(panel, values=panel.values * 2.0**power)
        dear, cheap = (panel, scaled) if power < 0 else (scaled, panel)
        told = [
            {(_series(one), day) for one in self.detect(component, it) for day in _days(one)}
            for it in (dear, cheap)
        ]
        hidden = self.hides_small_money
        assert told[1] <= told[0] if hidden else told[0] == told[1], (
            f"days told in one unit only: {told[0] ^ told[1]}"
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
            assert anomaly.last_date in window, f"{anomaly.last_date} is outside of {window}"
            first = (anomaly.date - window.start).days
            charged = float(panel.values[row, first : first + anomaly.days].sum())
            assert float(anomaly.actual_cost) == pytest.approx(charged, rel=1e-6, abs=1e-6), (
                f"{anomaly.date} {anomaly.label}: the panel says {charged}"
            )
            assert anomaly.confidence is None or 0 <= anomaly.confidence <= 1


def _whole(panel: CostPanel) -> DateWindow:
    first: date = panel.dates[0].item()
    return DateWindow(first, first + timedelta(days=len(panel.dates)))


def _series(anomaly: Anomaly) -> tuple[tuple[str, str | None], ...]:
    return tuple(sorted(anomaly.dimensions.items()))


def _days(anomaly: Anomaly) -> list[date]:
    return [anomaly.date + timedelta(days=day) for day in range(anomaly.days)]


def _verdict(anomaly: Anomaly) -> tuple[Any, ...]:
    return (anomaly.date, anomaly.days, *_series(anomaly), anomaly.severity)
