from __future__ import annotations

import json
import threading
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_cost_management.answers.outcome import ExitCode, Outcome, Step, StepState
from finops_cost_management.finops_cli import main
from finops_cost_management.pipeline.pipeline import Pipeline
from finops_cost_management.plugins.hookspecs import hookimpl
from finops_cost_management.settings import load_settings
from finops_cost_management.state.database import StateDatabase
from finops_cost_management.state.runs import recent_runs

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

UNTIL = date(2026, 5, 1)

PARTS = """
import threading
from finops_cost_management import (
    Detector, Options, RetryLaterError, SavingsAnswer, Optimizer, Source, Notifier, hookimpl,
)
from pydantic import SecretStr

both = threading.Barrier(2, timeout=20)

class Broken(Source):
    "Fails in words."
    @hookimpl
    def collect_costs(self):
        raise RetryLaterError("the billing API is busy", hint="run again in an hour")

class Defect(Detector):
    "Fails without words."
    @hookimpl
    def detect_anomalies(self):
        return 1 / 0

class Meeting(Source):
    "Comes to its end only beside another one."
    @hookimpl
    def collect_costs(self):
        both.wait()
        return []

class TokenOptions(Options):
    token: SecretStr
    '''A secret.'''

class Leaky(Notifier[TokenOptions]):
    "Has a secret in its error."
    Options = TokenOptions
    @hookimpl
    def notify(self, digest):
        raise RuntimeError(f"401 for {self.options.token.get_secret_value()}")
"""

DEMO = "name: test\nwindow: {days: 45}\nsources: {company: {use: demo}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "parts.py").write_text(PARTS)
    monkeypatch.delitem(__import__("sys").modules, "parts", raising=False)
    return tmp_path


def states(outcome: Outcome) -> dict[str, StepState]:
    return {str(record.step): record.state for record in outcome.steps}


@pytest.mark.usefixtures("folder")
def test_a_run_returns_its_results_as_objects_and_remembers_itself() -> None:
    outcome = Pipeline.from_yaml(
        DEMO
        + """
detectors: {odd: {use: seasonal, over: [provider, service]}}
forecasters: {next: {use: seasonal_linear, over: [provider], horizon: 10}}
optimizers: {waste: {use: unused_commitments}}
budgets: {all: {amount: 60000, forecast: next}}
exports: {bill: {use: focus, path: out/bill.parquet}}
"""
    ).run(until=UNTIL)

    assert set(states(outcome).values()) == {StepState.DONE}
    assert outcome.costs is not None
    assert outcome.ingests[0].rows > 0
    assert [forecast.dimensions["Provider"] for forecast in outcome.forecasts] == [
        "AWS", "Google Cloud", "Microsoft",
    ]  # fmt: skip # one line of names
    assert all(len(forecast.mean) == 10 for forecast in outcome.forecasts)
    assert outcome.recommendations
    assert outcome.budgets[0].projected_spend is not None
    assert outcome.files == [Path("out/bill.parquet")]
    (record,) = recent_runs(StateDatabase.of(load_settings()))
    assert record.exit_code == 0
    assert record.steps == tuple(outcome.steps)
    assert "finops-models" in record.run.versions


@pytest.mark.usefixtures("folder")
def test_the_summary_of_a_run_adds_up_to_its_rows() -> None:
    outcome = Pipeline.from_yaml(DEMO).run(until=UNTIL)
    assert outcome.costs is not None
    (usd,) = outcome.costs.currencies
    for parts in (usd.daily, usd.by_provider, usd.by_service, usd.by_category):
        assert sum(parts.values(), Decimal(0)) == usd.effective


@pytest.mark.usefixtures("folder")
def test_a_failing_part_is_reported_and_the_rest_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("finops.yaml").write_text(
        "window: {days: 45}\n"
        "sources: {company: {use: demo}, api: {use: parts:Broken}}\n"
        "detectors: {bad: {use: parts:Defect}, good: {use: seasonal}}\n"
        "notifiers: {screen: {use: console}}\n"
    )
    code = main(["run", "--until", "2026-05-01"])
    printed = capsys.readouterr()

    assert code == ExitCode.STEP_FAILED
    assert "sources.api failed: the billing API is busy; run again in an hour" in printed.err
    assert "detectors.bad failed: unexpected ZeroDivisionError: division by zero" in printed.err
    assert "Traceback" not in printed.err
    assert "218" in printed.out or "USD" in printed.out, "the console still told the rest"


@pytest.mark.usefixtures("folder")
def test_a_step_that_may_fail_does_not_fail_the_run() -> None:
    outcome = Pipeline.from_yaml(
        "sources: {company: {use: demo}, api: {use: parts:Broken, on_error: skip}}\n"
        "window: {days: 3}"
    ).run(until=UNTIL)
    assert states(outcome)["sources.api"] is StepState.SKIPPED
    assert outcome.exit_code() is ExitCode.FINE


@pytest.mark.usefixtures("folder")
def test_sources_run_beside_each_other() -> None:
    outcome = Pipeline.from_yaml(
        "sources: {one: {use: parts:Meeting}, two: {use: parts:Meeting}}\nwindow: {days: 3}"
    ).run(until=UNTIL)
    assert set(states(outcome).values()) == {StepState.DONE}


@pytest.mark.usefixtures("folder")
def test_a_disabled_step_does_not_run() -> None:
    outcome = Pipeline.from_yaml(
        "sources: {company: {use: demo}, api: {use: parts:Broken, enabled: false}}\n"
        "window: {days: 3}"
    ).run(until=UNTIL)
    assert list(states(outcome)) == ["sources.company"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("amount", "fail_on", "code"),
    [
        (1, "critical", ExitCode.FINDINGS),
        (1_000_000, "critical", ExitCode.FINE),
        (1, None, ExitCode.FINE),
    ],
)
def test_findings_decide_the_exit_code_when_asked(
    amount: int, fail_on: str | None, code: ExitCode
) -> None:
    Path("finops.yaml").write_text(DEMO + f"budgets: {{all: {{amount: {amount}}}}}\n")
    asked = ["--fail-on", fail_on] if fail_on else []
    # The day before a month's end: the budget's month has days behind it.
    assert main(["run", "--until", "2026-04-30", *asked]) == code


@pytest.mark.usefixtures("folder")
def test_observers_hear_everything_and_cannot_break_a_run() -> None:
    heard: list[str] = []
    lock = threading.Lock()

    class Listener:
        @hookimpl
        def run_started(self) -> None:
            heard.append("run_started")

        @hookimpl
        def delivery_ingested(self, step: Step, result: Any) -> None:
            with lock:
                heard.append(f"{step} {result.delivery}")

        @hookimpl
        def step_failed(self, step: Step, error: Exception) -> None:
            heard.append(f"{step} {type(error).__name__}")

        @hookimpl
        def run_finished(self, outcome: Outcome) -> None:
            heard.append(f"run_finished {outcome.exit_code():d}")

    class Loud:
        @hookimpl
        def step_started(self) -> None:
            raise RuntimeError("not listening")

    outcome = Pipeline.from_yaml(
        "sources: {company: {use: demo}, api: {use: parts:Broken}}\nwindow: {days: 3}"
    ).run(until=UNTIL, observers={"loud": Loud(), "listener": Listener()})

    assert heard[0] == "run_started"
    assert heard[-1] == "run_finished 1"
    assert "sources.company demo 2026-04" in heard
    assert "sources.api RetryLaterError" in heard
    assert states(outcome)["sources.company"] is StepState.DONE


@pytest.mark.usefixtures("folder")
def test_a_secret_is_in_no_log_error_file_or_record(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "s3cr3t-value")
    Path("finops.yaml").write_text(
        "window: {days: 3}\nsources: {company: {use: demo}}\n"
        "notifiers:\n  leaky:\n    use: parts:Leaky\n    token: ${TOKEN}\n"
    )
    assert main(["run", "--until", "2026-05-01"]) == ExitCode.STEP_FAILED
    assert main(["validate", "--show"]) == 0
    assert main(["runs", "--format", "json"]) == 0
    printed = "".join(capsys.readouterr())

    assert "401 for ***" in printed
    assert "s3cr3t" not in printed
    assert not [
        path for path in Path().rglob("*")
        if path.is_file() and path.name != "finops.yaml" and b"s3cr3t" in path.read_bytes()
    ]  # fmt: skip # one sentence


@pytest.mark.usefixtures("folder")
def test_logs_are_structured_away_from_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Path("finops.yaml").write_text("window: {days: 3}\nsources: {company: {use: demo}}\n")
    main(["run", "--until", "2026-05-01"])
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [event["event"] for event in events] == [
        "run started", "delivery ingested", "step finished", "run finished",
    ]  # fmt: skip # one line of events
    assert events[1]["rows"] > 0


@pytest.mark.usefixtures("folder")
def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    Path("finops.yaml").write_text("window: {days: 3}\ndetectors: {bad: {use: parts:Defect}}\n")
    assert main(["--debug", "run", "--until", "2026-05-01"]) == ExitCode.STEP_FAILED
    assert "ZeroDivisionError" in capsys.readouterr().err
