"""What enough detectors agree on is told."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError

from finops_cost_management.testing import panel_of
from finops_cost_management.window import DateWindow
from finops_models import combined
from finops_models.combined import Combined, CombinedOptions
from finops_models.judging import JudgingOptions
from finops_models.panel_detector import PanelDetector

if TYPE_CHECKING:
    from finops_cost_management.query.panel import CostPanel
    from finops_models.robust import Floats

pytestmark = pytest.mark.real_component

FIRST_DAY = date(2026, 1, 1)
METHODS: tuple[Any, ...] = ("isolation_forest", "statistical", "seasonal")
UNKNOWN = np.nan


def saying(surprise: float, expected: float) -> type[PanelDetector[Any]]:
    """A detector of one opinion on every day."""

    class Saying(PanelDetector[JudgingOptions]):
        """It always says the same."""

        Options = JudgingOptions

        def surprises(self, panel: CostPanel, days: slice) -> tuple[Floats, Floats]:
            shape = (len(panel), days.stop - days.start)
            return np.full(shape, expected), np.full(shape, surprise)

    return Saying


@pytest.mark.parametrize(
    ("opinions", "agreement", "agreed"),
    [
        ((9.0, 6.0, 0.0), "any", 9.0),
        ((9.0, 6.0, 0.0), "majority", 6.0),
        ((9.0, 6.0, 0.0), "all", 0.0),
        ((9.0, 6.0, 5.0), "all", 5.0),
        ((-9.0, 6.0, -5.0), "majority", -5.0),
        ((-9.0, 6.0, 0.0), "majority", 0.0),
        ((-9.0, 6.0, 5.0), "any", -9.0),
        ((UNKNOWN, 6.0, 5.0), "all", 5.0),
        ((UNKNOWN, UNKNOWN, 5.0), "majority", 5.0),
        ((UNKNOWN, UNKNOWN, UNKNOWN), "any", UNKNOWN),
    ],
)
def test_votes_are_counted(
    monkeypatch: pytest.MonkeyPatch, opinions: tuple[float, ...], agreement: Any, agreed: float
) -> None:
    for method, surprise in zip(METHODS, opinions, strict=True):
        detector = saying(surprise, abs(surprise))
        monkeypatch.setitem(combined.METHODS, method, detector)
        monkeypatch.setitem(combined.OWN_OPTIONS, detector, ())
    options = CombinedOptions(detection_methods=METHODS, agreement=agreement)
    expected, score = Combined(options).surprises(panel_of(np.ones(9)), slice(3, 9))
    assert score == pytest.approx(np.full((1, 6), agreed), nan_ok=True)
    if agreed:
        assert expected == pytest.approx(np.full((1, 6), abs(agreed)), nan_ok=True)


@pytest.mark.parametrize("agreement", ["any", "majority", "all"])
def test_an_obvious_spike_is_agreed_on(agreement: Any) -> None:
    values = np.random.default_rng(2).normal(100, 3, (4, 150))
    values[2, 140] = 300.0
    window = DateWindow(FIRST_DAY + timedelta(days=100), FIRST_DAY + timedelta(days=150))
    detector = Combined(CombinedOptions(agreement=agreement), name="watch")
    (found,) = detector.detect_anomalies(panel_of(values), window)
    assert (found.label, found.date) == ("Service 2", FIRST_DAY + timedelta(days=140))
    assert found.detector == "watch"


def test_the_configuration_of_the_seed_runs() -> None:
    options = CombinedOptions(
        contamination=0.05,
        min_cost_threshold=Decimal(10),
        detection_methods=("isolation_forest", "statistical"),
        lookback_days=60,
        agreement="any",
    )
    values = np.random.default_rng(2).normal(100, 3, (4, 150))
    values[2, 140], values[1, 145] = 300.0, 108.0
    window = DateWindow(FIRST_DAY + timedelta(days=130), FIRST_DAY + timedelta(days=150))
    (found,) = Combined(options).detect_anomalies(panel_of(values), window)
    assert found.date == FIRST_DAY + timedelta(days=140)


@pytest.mark.parametrize("methods", [(), ("zscore", "statistical"), ("prophecy",)])
def test_methods_must_be_known_and_named_once(methods: Any) -> None:
    with pytest.raises(ValidationError):
        CombinedOptions(detection_methods=methods)
