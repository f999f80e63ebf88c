"""``finops feedback``: from an anomaly that was told to one that is known."""

from __future__ import annotations

import json
import re
import threading
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from finops_cost_management.answers.feedback import Feedback, Verdict
from finops_cost_management.answers.outcome import Outcome
from finops_cost_management.finops_cli import main
from finops_cost_management.pipeline.pipeline import Pipeline
from finops_cost_management.settings import load_settings
from finops_cost_management.state.anomalies import AnomalyRole, latest_anomalies
from finops_cost_management.state.database import StateDatabase
from finops_cost_management.state.feedback import all_feedback, give_feedback

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

UNTIL = date(2026, 5, 1)
HEADER = (
    "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,"
    "ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,ProviderName,SubAccountId\n"
)
DETECTOR = """
from decimal import Decimal
from finops_cost_management import Anomaly, AnomalySeverity, Detector, hookimpl

class Newest(Detector):
    "Tells the newest day of every series."
    @hookimpl
    def detect_anomalies(self, panel):
        return [
            Anomaly(
                date=panel.dates[-1].item(), dimensions=key, currency=currency,
                expected_cost=Decimal(10), actual_cost=Decimal(str(float(row[-1]))), score=9,
                severity=AnomalySeverity.HIGH, detector=self.name,
            )
            for key, currency, row in zip(panel.keys, panel.currencies, panel.values)
        ]
"""
PIPELINE = """
window: {days: 30}
sources: {bills: {use: focus.files, path: bills}}
detectors:
  services: {use: "parts:Newest"}
  total: {use: "parts:Newest", over: []}
"""


def charge(day: date, service: str, cost: int) -> str:
    period = "2026-04-01T00:00:00Z,2026-05-01T00:00:00Z"
    hours = f"{day}T00:00:00Z,{day + timedelta(days=1)}T00:00:00Z"
    return f"{cost},{cost},USD,{period},{hours},Usage,{service},AWS,{service}-account\n"


@pytest.fixture(autouse=True)
def _bills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "parts", raising=False)
    Path("parts.py").write_text(DETECTOR)
    Path("bills").mkdir()
    days = [UNTIL - timedelta(days=back) for back in range(1, 31)]
    Path("bills/april.csv").write_text(
        HEADER
        + "".join(
            charge(day, service, usual * (9 if day == days[0] else 1))
            for day in days
            for service, usual in (("Compute", 10), ("Storage", 3))
        )
    )
    Path("finops.yaml").write_text(PIPELINE)


def run() -> Outcome:
    return Pipeline.from_yaml(Path("finops.yaml")).run(until=UNTIL)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["feedback", *arguments, "--format", "json"]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def test_what_was_answered_is_known_in_every_later_run(capsys: pytest.CaptureFixture[str]) -> None:
    first = run()
    assert [(one.label, [o.label for o in one.also_seen]) for one in first.anomalies] == [
        ("Compute", ["all costs"]),
        ("Storage", []),
    ]
    assert first.anomalies[0].drivers[0].value == "Compute-account"
    assert {one.message for one in first.steps if one.step.section == "detectors"} == {
        "2 anomalies in 2 series", "1 anomalies in 1 series",
    }  # fmt: skip # one line of messages
    compute = told(capsys, "anomalies")[0]
    assert compute["Id"] == first.anomalies[0].id
    assert (compute["Impact"], compute["State"]) == ("80", "told")

    assert main(["feedback", "add", compute["Id"], "--verdict", "expected", "--note", "sale"]) == 0
    assert "noted: Compute on 2026-04-30 is expected" in capsys.readouterr().err
    second = run()
    assert [one.label for one in second.anomalies] == ["Storage"]
    assert [one.label for one in second.known_anomalies] == ["Compute"]
    messages = {str(one.step): one.message for one in second.steps}
    assert messages["detectors.services"] == "1 anomalies in 2 series, 1 more known by feedback"
    assert [row["State"] for row in told(capsys, "anomalies")] == ["told", "known"]

    (given,) = told(capsys, "list")
    assert (given["Verdict"], given["Note"], given["Dimensions"]) == (
        "expected", "sale", {"ServiceName": "Compute"},
    )  # fmt: skip # one row
    assert main(["feedback", "remove", compute["Id"]]) == 0
    assert told(capsys, "list") == []
    assert [one.label for one in run().anomalies] == ["Compute", "Storage"]


def test_a_later_verdict_takes_the_place_of_the_former(capsys: pytest.CaptureFixture[str]) -> None:
    anomaly = run().anomalies[0]
    assert main(["feedback", "add", anomaly.id, "--verdict", "not-an-anomaly"]) == 0
    planned = ["--verdict", "planned", "--until", "2026-06-01"]
    assert main(["feedback", "add", anomaly.id, *planned]) == 0
    (given,) = told(capsys, "list")
    assert (given["Verdict"], given["Until"]) == ("planned", "2026-06-01")
    capsys.readouterr()
    assert main(["feedback", "list"]) == 0
    assert re.search(r"Compute\s+\+80\.00 USD\s+planned\s+2026-06-01", capsys.readouterr().out)


def test_mistakes_are_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feedback", "anomalies"]) == 0
    assert "`finops run` looks for them" in capsys.readouterr().err
    known = run().anomalies[0].id
    for arguments, words in (
        (["add", known[:-1] + "?", "--verdict", "expected"], f"did you mean '{known}'?"),
        (["add", "nothing", "--verdict", "expected"], "`finops feedback anomalies` lists"),
        (["add", known, "--verdict", "planned"], "planned and --until go together"),
        (["add", known, "--verdict", "expected", "--until", "2026-06-01"], "go together"),
        (["add", known, "--verdict", "planned", "--until", "2026-04-30"], "must be later than"),
        (["remove", known], "`finops feedback list` has the ids"),
    ):
        assert main(["feedback", *arguments]) == 2
        assert words in capsys.readouterr().err


def test_what_a_run_told_is_remembered_as_it_was() -> None:
    outcome = run()
    with closing(StateDatabase.of(load_settings())) as database:
        remembered = latest_anomalies(database)
    heads = [one for role, one in remembered if role is AnomalyRole.TOLD]
    for one, original in zip(heads, outcome.anomalies, strict=True):
        assert (one.id, one.dimensions) == (original.id, original.dimensions)
        assert (one.expected_cost, one.actual_cost) == (
            original.expected_cost,
            original.actual_cost,
        )


def test_several_at_once_leave_one_verdict() -> None:
    anomaly = run().anomalies[0]
    failures: list[BaseException] = []

    def give(number: int) -> None:
        try:
            with closing(StateDatabase.of(load_settings())) as database:
                give_feedback(
                    database,
                    Feedback(
                        anomaly=anomaly,
                        verdict=Verdict.EXPECTED,
                        until=None,
                        note=str(number),
                        given=datetime.now(UTC),
                    ),
                )
        except BaseException as error:  # noqa: BLE001 # whatever it is, the test tells it
            failures.append(error)

    threads = [threading.Thread(target=give, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with closing(StateDatabase.of(load_settings())) as database:
        (given,) = all_feedback(database)
    assert given.note in "01234567"
