"""A contract that nothing can break is worth nothing: each of these plugins breaks one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity
from finops_cost_management.answers.forecasts import BacktestAccuracy, PanelForecast
from finops_cost_management.plugins.component import (
    Component,
    Detector,
    Exporter,
    Forecaster,
    Options,
)
from finops_cost_management.plugins.hookspecs import hookimpl
from finops_cost_management.testing import (
    DetectorContract,
    ExporterContract,
    ForecasterContract,
    PluginContract,
    large_digest,
    panel_of,
)
from finops_cost_management.testing.exporters import _check_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.real_component


def _anomaly(panel: CostPanel, row: int, day: int) -> Anomaly:
    return Anomaly(
        date=panel.dates[day].item(),
        dimensions=panel.keys[row],
        currency=panel.currencies[row],
        expected_cost=Decimal(0),
        actual_cost=Decimal(str(panel.values[row, day])),
        score=9.0,
        severity=AnomalySeverity.HIGH,
        detector="tested",
    )


class Alarmist(Detector[Options]):
    """Cries at the last day of every series, whatever it is asked about."""

    @hookimpl
    def detect_anomalies(self, panel: CostPanel) -> list[Anomaly]:
        return [_anomaly(panel, row, -1) for row in range(len(panel))]


class Favourite(Detector[Options]):
    """Looks at the first series only."""

    @hookimpl
    def detect_anomalies(self, panel: CostPanel) -> list[Anomaly]:
        return [_anomaly(panel, 0, 5)]


class Careless(Detector[Options]):
    """Cleans the panel of everybody."""

    @hookimpl
    def detect_anomalies(self, panel: CostPanel) -> list[Anomaly]:
        panel.values[:] = 0
        return []


class Prophet(Detector[Options]):
    """Knows the highest day of each series before it came."""

    @hookimpl
    def detect_anomalies(self, panel: CostPanel, window: DateWindow) -> list[Anomaly]:
        import numpy as np

        known = np.nan_to_num(panel.values, nan=-1.0)
        found = [_anomaly(panel, row, int(known[row].argmax())) for row in range(len(panel))]
        return [one for one in found if one.date in window]


class Generous(Detector[Options]):
    """Tells another cost than was charged."""

    @hookimpl
    def detect_anomalies(self, panel: CostPanel) -> list[Anomaly]:
        return [replace(_anomaly(panel, 0, 5), actual_cost=Decimal(1))]


class InDollars(Detector[Options]):
    """Has one threshold for all series, in money."""

    @hookimpl
    def detect_anomalies(self, panel: CostPanel) -> list[Anomaly]:
        rows = [row for row in range(len(panel)) if panel.values[row, 5] < 1000]
        return [_anomaly(panel, row, 5) for row in rows]


@pytest.mark.parametrize(
    ("component", "test", "message"),
    [
        (InDollars(), "test_unit_of_money_does_not_matter", "in one unit only"),
        (Alarmist(), "test_constant_series_never_alarm", "alarms where nothing changed"),
        (Alarmist(), "test_window_outside_of_the_panel_is_quiet", "assert not"),
        (Favourite(), "test_order_of_series_does_not_matter", "only in one of both orders"),
        (Careless(), "test_input_is_not_changed", "work on a copy of values"),
        (Prophet(), "test_days_are_judged_on_the_past_only", "changed with later days"),
        (Generous(), "test_answers_are_proper", "the panel says"),
    ],
)
def test_detector_contract_finds(component: Component[Any], test: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        getattr(DetectorContract(), test)(component)


class Flat(Forecaster[Options]):
    """Says the last cost again, with whatever goes wrong on top."""

    def spoil(self, answer: PanelForecast) -> PanelForecast:
        return answer

    @hookimpl
    def forecast_costs(
        self, panel: CostPanel, horizon: int, levels: Sequence[float]
    ) -> PanelForecast:
        import numpy as np

        known = [row[np.isfinite(row)] for row in panel.values]
        enough = [len(row) > 5 for row in known]
        last = np.array([row[-1] if ok else np.nan for row, ok in zip(known, enough, strict=True)])
        mean = np.tile(last[:, None], horizon) if len(panel) else np.empty((0, horizon))
        wide = {level: np.abs(mean) * level for level in levels}
        answer = PanelForecast(
            mean=mean,
            lower={level: mean - width for level, width in wide.items()},
            upper={level: mean + width for level, width in wide.items()},
            total_lower={level: (mean - width).sum(axis=1) for level, width in wide.items()},
            total_upper={level: (mean + width).sum(axis=1) for level, width in wide.items()},
            models=("flat",) * len(panel),
            problems=tuple(None if ok else "insufficient data" for ok in enough),
        )
        return self.spoil(answer)


class Upside(Flat):
    """Mixes lower and upper bounds up."""

    def spoil(self, answer: PanelForecast) -> PanelForecast:
        return replace(answer, lower=answer.upper, upper=answer.lower)


class Short(Flat):
    """Forgets a day."""

    def spoil(self, answer: PanelForecast) -> PanelForecast:
        return replace(answer, mean=answer.mean[:, 1:])


class Certain(Flat):
    """Has a number for everything."""

    def spoil(self, answer: PanelForecast) -> PanelForecast:
        return replace(answer, problems=(None,) * len(answer.problems))


class Dwindling(Flat):
    """Is the more certain the less it can know."""

    def spoil(self, answer: PanelForecast) -> PanelForecast:
        import numpy as np

        left = np.arange(answer.mean.shape[1], 0, -1) / answer.mean.shape[1]
        upper = {
            level: answer.mean + (bound - answer.mean) * left
            for level, bound in answer.upper.items()
        }
        return replace(answer, upper=upper)


class Dollars(Flat):
    """Adds a price in one currency to costs in all."""

    def spoil(self, answer: PanelForecast) -> PanelForecast:
        up = answer.mean + 5
        upper = {level: bound + 5 for level, bound in answer.upper.items()}
        totals = {level: bound + 1e9 for level, bound in answer.total_upper.items()}
        return replace(answer, mean=up, upper=upper, total_upper=totals)


class Boastful(Flat):
    """Praises itself beyond measure."""

    def spoil(self, answer: PanelForecast) -> PanelForecast:
        perfect = BacktestAccuracy(mase=0.0, wape=0.0, coverage={0.8: 1.2}, origins=3)
        return replace(answer, accuracy=(perfect,) * len(answer.models))


class Lunar(Flat):
    """Sees seasons nobody can show."""

    def spoil(self, answer: PanelForecast) -> PanelForecast:
        return replace(answer, seasonality=({"lunar": 0.5},) * len(answer.models))


class Trendy(Flat):
    """Knows the trend of the days ahead only."""

    def spoil(self, answer: PanelForecast) -> PanelForecast:
        return replace(answer, trend=answer.mean)


class Forgetful(Flat):
    """Hands its errors over in another order."""

    def spoil(self, answer: PanelForecast) -> PanelForecast:
        return replace(answer, errors=answer.mean.T[None])


def test_forecaster_contract_accepts_the_simplest_forecaster() -> None:
    contract = ForecasterContract()
    contract.test_the_unit_of_money_does_not_matter(Flat(), 1000.0)
    contract.test_bands_never_narrow_with_the_horizon(Flat(), 30)
    contract.test_every_series_and_day_has_its_band(Flat(), 30)
    contract.test_insufficient_data_is_said(Flat(), 2)
    contract.test_empty_panel_has_an_empty_answer(Flat())
    contract.test_order_of_series_does_not_matter(Flat())


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (Upside(), "the lower bound of 0.5 is above the mean"),
        (Short(), r"mean has shape \(6, 29\), not \(6, 30\)"),
        (Boastful(), "no share"),
        (Lunar(), "seasons are"),
        (Trendy(), r"the trend has shape \(6, 30\), not \(6, 230\)"),
        (Forgetful(), "errors are origins × series × horizon"),
    ],
)
def test_forecaster_contract_finds(component: Component[Any], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        ForecasterContract().test_every_series_and_day_has_its_band(component, 30)


def test_forecaster_contract_finds_bands_that_narrow() -> None:
    with pytest.raises(AssertionError, match="narrower than the same weekday's a week before"):
        ForecasterContract().test_bands_never_narrow_with_the_horizon(Dwindling(), 30)


def test_forecaster_contract_finds_a_built_in_amount() -> None:
    with pytest.raises(AssertionError, match="no amount of money"):
        ForecasterContract().test_the_unit_of_money_does_not_matter(Dollars(), 0.001)


def test_forecaster_contract_finds_missing_refusals() -> None:
    with pytest.raises(AssertionError, match="has a number for every day"):
        ForecasterContract().test_insufficient_data_is_said(Certain(), 2)


class Leaky(Exporter[Options]):
    """Leaves its working copy behind."""

    @hookimpl
    def export(self) -> list[Path]:
        from pathlib import Path

        Path("half.tmp").touch()
        Path("whole.txt").touch()
        return [Path("whole.txt")]


def test_exporter_contract_finds_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written = ExporterContract().ask(Leaky(), costs=None, window=None, outcome=None)
    with pytest.raises(AssertionError, match="half"):
        _check_files(written, tmp_path)


def test_overriding_in_silence_is_found() -> None:
    class Silent(DetectorContract):
        def test_empty_panel_is_quiet(self, component: Component[Any]) -> None: ...

    class Stated(DetectorContract):
        @pytest.mark.xfail(reason="this detector alarms on emptiness by design")
        def test_empty_panel_is_quiet(self, component: Component[Any]) -> None: ...

    class Helper(DetectorContract):
        def test_of_its_own(self) -> None: ...

    with pytest.raises(AssertionError, match="test_empty_panel_is_quiet: say why"):
        Silent().test_no_test_is_overridden_in_silence()
    Stated().test_no_test_is_overridden_in_silence()
    Helper().test_no_test_is_overridden_in_silence()


class SecretOptions(Options):
    """With a secret that is kept, and one that is not."""

    token: SecretStr
    undocumented: str = ""


class Blabbing(Detector[SecretOptions]):
    """Prints what it knows."""

    Options = SecretOptions

    def __repr__(self) -> str:
        return f"Blabbing({self.options.token.get_secret_value()})"


def test_plugin_contract_finds_leaks_and_missing_words() -> None:
    contract = PluginContract()
    with pytest.raises(AssertionError, match="keep secrets in SecretStr"):
        contract.test_repr_holds_no_secret(Blabbing(SecretOptions(token=SecretStr("hunter2"))))
    with pytest.raises(AssertionError, match="write a docstring under token, undocumented"):
        contract.test_every_option_is_documented(Blabbing)


def test_helpers_make_what_they_say() -> None:
    panel = panel_of([1, 2, float("nan")], names=["Compute"], currency="EUR")
    assert panel.values.shape == (1, 3)
    assert panel.keys == ({"ServiceName": "Compute"},)
    assert panel.dates[1] - panel.dates[0] == timedelta(days=1)
    digest = large_digest(7)
    assert len(digest.anomalies) == len(digest.recommendations) == 7
