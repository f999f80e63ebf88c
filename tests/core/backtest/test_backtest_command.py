"""``finops backtest`` from end to end, on bills that were taken in day by day."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from finops_cost_management.finops_cli import main

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

TODAY = date(2026, 11, 23)
FIRST = date(2026, 7, 1)
SPIKE = date(2026, 10, 14)
DETECTOR = '''
from decimal import Decimal

import numpy as np

from finops_cost_management import Anomaly, AnomalySeverity, Detector, Options, hookimpl


class AboveOptions(Options):
    limit: float = 150
    """From which cost a day is odd."""


class Above(Detector[AboveOptions]):
    """Tells each day that costs more than a limit."""

    Options = AboveOptions

    @hookimpl
    def detect_anomalies(self, panel, window):
        for row, key in enumerate(panel.keys):
            for day, cost in zip(panel.dates.tolist(), panel.values[row].tolist()):
                if day in window and cost > self.options.limit:
                    yield Anomaly(
                        date=day, dimensions=key, currency=panel.currencies[row],
                        expected_cost=Decimal(100), actual_cost=Decimal(str(cost)), score=9.0,
                        severity=AnomalySeverity.HIGH, detector=self.name,
                    )


class Broken(Detector):
    """Fails."""

    @hookimpl
    def detect_anomalies(self, panel, window):
        raise RuntimeError("no idea")
'''
FORECASTER = '''
import numpy as np

from finops_cost_management import Forecaster, PanelForecast, hookimpl


class Newest(Forecaster):
    """Says the newest cost again."""

    @hookimpl
    def forecast_costs(self, panel, horizon, levels):
        mean = np.repeat(panel.values[:, -1:], horizon, axis=1)
        total = mean.sum(axis=1)
        return PanelForecast(
            mean=mean, lower={one: mean - 1 for one in levels},
            upper={one: mean + 1 for one in levels},
            total_lower={one: total - 1 for one in levels},
            total_upper={one: total + 1 for one in levels},
            models=("newest",) * len(panel), problems=(None,) * len(panel),
        )
'''
CONFIG = """
window: {days: 60}
store: {path: costs}
detectors:
  above: {use: "watchers:Above"}
forecasters:
  newest: {use: "sayers:Newest", horizon: 14, levels: [80%]}
"""


def cost(day: date, service: str) -> float:
    if service == "Storage":
        return 20.0 + day.weekday()
    return 400.0 if day == SPIKE else 100.0 + day.weekday()


def bill(until: date) -> dict[str, dict[date, float]]:
    days = [FIRST + timedelta(days=number) for number in range((until - FIRST).days)]
    return {name: {day: cost(day, name) for day in days} for name in ("Compute", "Storage")}


@pytest.fixture(scope="module")
def filled(past_store: Callable[..., object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that was filled on two days; on the first, a late charge was not there yet."""
    folder = tmp_path_factory.mktemp("filled") / "costs"
    first = bill(date(2026, 10, 15))
    first["Compute"][SPIKE] = 100.0
    past_store(folder, {date(2026, 10, 15): first, date(2026, 10, 20): bill(TODAY)})
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a pipeline file and the store."""
    for name in ("FINOPS_HOME", "FINOPS_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("finops_cost_management.window.today_utc", lambda: TODAY)
    shutil.copytree(filled, tmp_path / "costs")
    Path("watchers.py").write_text(DETECTOR)
    Path("sayers.py").write_text(FORECASTER)
    Path("finops.yaml").write_text(CONFIG)
    return tmp_path


Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(folder: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    def run(*words: str) -> tuple[int, str, str]:
        code = main(["backtest", *words])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    assert folder.exists()
    return run


def document(ask: Ask, *words: str) -> Any:
    code, out, _ = ask(*words, "--format", "json")
    assert code == 0
    return json.loads(out)


OCTOBER = ("--from", "2026-10-01", "--to", "2026-10-31")


def test_a_late_charge_is_told_when_it_came(ask: Ask) -> None:
    told = document(ask, "anomalies", *OCTOBER)
    (detector,) = told["detectors"]

    assert (told["runs"], told["runs_on_todays_figures"]) == (31, 13)
    assert detector["alerts"] == [
        {
            "dimensions": {"ServiceName": "Compute"},
            "currency": "USD",
            "date": "2026-10-14",
            "last_date": "2026-10-14",
            "told": "2026-10-19",
            "cost_impact": "300",
            "severity": "high",
        }
    ]


def test_alerts_are_counted_by_month_and_series(ask: Ask) -> None:
    (detector,) = document(ask, "anomalies", *OCTOBER)["detectors"]

    assert detector["series"] == 2
    assert detector["series_months"] == pytest.approx(62 / (365.25 / 12), abs=1e-6)
    assert detector["by_month"] == {"2026-10": 1}
    assert detector["by_series"] == [
        {"dimensions": {"ServiceName": "Compute"}, "currency": "USD", "by_month": {"2026-10": 1}}
    ]
    assert detector["labels"] is None
    assert detector["naive"]["alert_count"] == 1, "a spike of 300 is more than three deviations"


def test_labels_say_how_right_the_alerts_are(ask: Ask) -> None:
    Path("labels.csv").write_text(
        "date,service\n2026-10-14,Compute\n2026-10-20,Storage\n2026-09-01,Compute\n"
    )
    (detector,) = document(ask, "anomalies", *OCTOBER, "--labels", "labels.csv")["detectors"]

    assert detector["labels"] == {
        "events": 2,
        "hits": 1,
        "precision": 1.0,
        "recall": 0.5,
        "f1": 0.666667,
        "mean_delay_days": 5.0,
        "false_alerts_per_series_month": 0.0,
    }


def test_the_tables_fit_80_columns_and_say_what_was_not_known(ask: Ask) -> None:
    Path("labels.csv").write_text("date,service\n2026-10-14,Compute\n")
    for words in (
        ("anomalies", *OCTOBER, "--labels", "labels.csv"),
        ("forecast", *OCTOBER),
    ):
        code, out, err = ask(*words)
        assert code == 0
        assert max(map(len, out.splitlines())) <= 80
        assert "from before the store's memory" in err
    code, out, err = ask("anomalies", *OCTOBER)
    assert "13 of 31 days are from before" in err
    assert "Compute" in out


def test_after_the_first_ingest_every_day_is_remembered(ask: Ask) -> None:
    told = document(ask, "anomalies", "--from", "2026-10-14", "--to", "2026-10-31")

    assert (told["runs"], told["runs_on_todays_figures"]) == (18, 0)


def test_a_plugin_may_be_replayed_at_its_defaults(ask: Ask) -> None:
    told = document(ask, "anomalies", *OCTOBER, "--detector", "seasonal", "--detector", "above")

    assert [one["name"] for one in told["detectors"]] == ["seasonal", "above"]


def test_forecasts_know_only_the_days_before(ask: Ask) -> None:
    told = document(ask, "forecast", "--from", "2026-09-07", "--to", "2026-09-21")
    (newest,) = told["forecasters"]

    assert (told["runs"], told["every"]) == (3, 7)
    assert newest["accuracy"]["forecasts"] == 6
    # Forecasts begin on Mondays and say what Sunday cost: 6, 5, … 0 too much.
    assert newest["accuracy"]["wape"] == pytest.approx(3 / ((103 + 23) / 2), abs=1e-6)
    assert newest["accuracy"]["coverage"] == {"0.8": pytest.approx(2 / 7, abs=1e-6)}
    assert newest["naive"]["wape"] == 0.0, "every week is like the one before"
    assert newest["error_relative_to_naive"] is None
    assert {one["dimensions"]["ServiceName"] for one in newest["series"]} == {"Compute", "Storage"}


def test_the_horizon_can_be_asked_for_and_ends_with_what_is_known(ask: Ask) -> None:
    words = ("forecast", "--from", "2026-11-16", "--to", "2026-11-16", "--horizon", "30")
    (newest,) = document(ask, *words)["forecasters"]

    assert newest["accuracy"]["wape"] is not None
    assert newest["accuracy"]["total_error"] is None, "the horizon is not over"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("anomalies", "--from", "2026-10-02", "--to", "2026-10-01"), 2, "later than --to"),
        (
            ("anomalies", "--from", "2026-10-02", "--to", "2026-11-23"),
            2,
            "the newest day that it knows is 2026-11-22",
        ),
        (("anomalies", *OCTOBER, "--detector", "abov"), 2, "did you mean 'above'?"),
        (("anomalies", *OCTOBER, "--detector", "zzzzzz"), 2, "no installed package offers"),
        (("anomalies", *OCTOBER, "--labels", "no.csv"), 1, "cannot read no.csv"),
        (
            ("anomalies", *OCTOBER, "--detector", "watchers:Broken"),
            2,
            "detectors.watchers:Broken failed on the days until 2026-10-13: RuntimeError: no idea",
        ),
        (
            ("anomalies", "--from", "2020-01-01", "--to", "2020-02-01"),
            1,
            "the store has no costs from 2020-01-01..2020-02-01 or the 60 days before for above",
        ),
        (
            ("forecast", "--from", "2020-01-01", "--to", "2020-02-01"),
            1,
            "the store has no costs from 2020-01-01",
        ),
        (
            ("forecast", "--from", "2026-07-01", "--to", "2026-07-02"),
            1,
            "newest: no forecast can be compared with what it cost",
        ),
        (("anomalies", *OCTOBER, "--config", "no.yaml"), 2, "there is no file no.yaml"),
    ],
)
def test_what_cannot_be_replayed_is_said(
    ask: Ask, words: tuple[str, ...], code: int, said: str
) -> None:
    ended, _, err = ask(*words)

    assert ended == code
    assert said in err


def test_an_empty_store_has_nothing_to_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FINOPS_HOME", str(tmp_path / "home"))

    assert main(["backtest", "anomalies", *OCTOBER]) == 1
    assert "the store is empty; `finops run` fills it" in capsys.readouterr().err


def test_a_long_label_is_cut_and_months_before_the_last_are_summed(ask: Ask, folder: Path) -> None:
    Path("finops.yaml").write_text(CONFIG.replace('watchers:Above"', 'watchers:Above", limit: 105'))
    code, out, _ = ask("anomalies", "--from", "2026-07-01", "--to", "2026-11-22")

    assert code == 0
    assert folder.exists()
    assert "Before" in out
    assert max(map(len, out.splitlines())) <= 80
