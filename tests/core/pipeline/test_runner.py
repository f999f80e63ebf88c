from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_cost_management.answers.outcome import ExitCode, Outcome, Step, StepState
from finops_cost_management.finops_cli import main
from finops_cost_management.pipeline.pipeline import Pipeline
from finops_cost_management.plugins.hookspecs import hookimpl
from finops_cost_management.query.costs_summary import total
from finops_cost_management.settings import load_settings
from finops_cost_management.state.database import StateDatabase
from finops_cost_management.state.runs import RunRecord, recent_runs

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

UNTIL = date(2026, 5, 1)

PARTS = """
import threading
from pathlib import Path
from finops_cost_management import (
    Detector, Exporter, Notifier, Optimizer, Options, RetryLaterError, SavingsAnswer, Source,
    hookimpl,
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

class Leaving(Source):
    "Ends the program, as a script does."
    @hookimpl
    def collect_costs(self):
        raise SystemExit

class Panic(BaseException):
    "As Rust's, through pyo3."

class Panicking(Detector):
    "Dies in a library."
    @hookimpl
    def detect_anomalies(self):
        raise Panic("index out of bounds")

class Stillborn(Detector):
    "Cannot even be made."
    def __init__(self, *args, **kwargs):
        raise SystemExit(3)
    @hookimpl
    def detect_anomalies(self):
        return []

class Diary(Exporter):
    "Writes down how steps ended; asks no costs."
    @hookimpl
    def export(self, outcome):
        path = Path("diary.txt")
        path.write_text(" ".join(str(one.step) for one in outcome.steps))
        return [path]

class Calling(Source):
    "Counts its requests, the last of which fails."
    @hookimpl
    def collect_costs(self):
        for month in (1, 2, 3):
            self.requests = (self.requests or 0) + 1
        raise RetryLaterError("the quota is used up")
        yield

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


def remembered() -> list[RunRecord]:
    """The runs of the working folder, newest first."""
    with closing(StateDatabase.of(load_settings())) as database:
        return recent_runs(database)


def states(outcome: Outcome) -> dict[str, StepState]:
    return {str(record.step): record.state for record in outcome.steps}


@pytest.mark.usefixtures("folder")
def test_a_run_returns_its_results_as_objects_and_remembers_itself() -> None:
    outcome = Pipeline.from_yaml(
        DEMO
        + """
detectors: {odd: {use: seasonal, over: [provider, service]}}
forecasters: {next: {use: auto, over: [provider], horizon: 10}}
optimizers: {waste: {use: unused_commitments}}
budgets: {all: {amount: 60000, forecast: next}}
exports: {bill: {use: focus, path: out/bill.parquet}}
"""
    ).run(until=UNTIL)

    assert set(states(outcome).values()) == {StepState.DONE}
    assert outcome.costs is not None
    assert outcome.ingests[0].rows > 0
    total, *providers = outcome.forecasts
    assert [forecast.dimensions["Provider"] for forecast in providers] == [
        "AWS", "Google Cloud", "Microsoft",
    ]  # fmt: skip # one line of names
    assert total.parts == 3
    assert total.forecasted_total == sum(one.forecasted_total or 0 for one in providers)
    assert all(len(forecast.mean) == 10 for forecast in outcome.forecasts)
    assert outcome.recommendations
    assert outcome.budgets[0].projected_spend is not None
    assert outcome.files == [Path("out/bill.parquet")]
    (record,) = remembered()
    assert record.exit_code == 0
    assert record.steps == tuple(outcome.steps)
    assert "finops-models" in record.run.versions


@pytest.mark.usefixtures("folder")
def test_planned_changes_move_forecasts_and_budgets() -> None:
    def run(planned: str) -> Outcome:
        return Pipeline.from_yaml(
            DEMO
            + "forecasters: {next: {use: auto, over: [provider], cost: billed, "
            + f"horizon: 30, planned: {planned}}}}}\n"
            + "budgets: {april: {amount: 60000, forecast: next}}"
        ).run(until=date(2026, 4, 21))

    plain = run("[]")
    moved = run("[{from: 2026-04-26, until: 2026-04-28, change: 100, where: {provider: AWS}}]")
    before, after = plain.forecasts[0].mean, moved.forecasts[0].mean
    assert [more - less for less, more in zip(before, after, strict=True)] == [
        Decimal(100) if day in (5, 6) else 0 for day in range(30)
    ]
    assert moved.budgets[0].projected_spend is not None
    assert plain.budgets[0].projected_spend is not None
    assert moved.budgets[0].projected_spend - plain.budgets[0].projected_spend == Decimal(200)

    unmatched = run("[{from: 2026-04-26, change: 20%, where: {account: 0042}, note: sale}]")
    assert unmatched.steps[2].message.endswith(
        "; planned: sale from 2026-04-26 matches no cost of the last 28 days"
    )
    assert unmatched.forecasts[0].mean == before


@pytest.mark.usefixtures("folder")
def test_the_summary_of_a_run_adds_up_to_its_rows() -> None:
    outcome = Pipeline.from_yaml(DEMO).run(until=UNTIL)
    assert outcome.costs is not None
    (usd,) = outcome.costs.currencies
    for parts in (usd.daily, usd.by_provider, usd.by_service, usd.by_category):
        assert total(parts.values()) == usd.effective


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
    assert (
        "detectors.bad failed: unexpected ZeroDivisionError in parts:Defect: division by zero"
        in printed.err
    )
    assert "Traceback" not in printed.err
    outcome = [line.split() for line in printed.out.splitlines()]
    costs = next(line for line in outcome if line[:1] == ["USD"])
    assert Decimal(costs[1].replace(",", "")) > 0, "the console still told the costs"
    assert ["sources.api", "failed"] in [line[:2] for line in outcome], "and what is missing"


@pytest.mark.usefixtures("folder")
def test_a_step_that_may_fail_does_not_fail_the_run() -> None:
    outcome = Pipeline.from_yaml(
        "sources: {company: {use: demo}, api: {use: parts:Broken, on_error: skip}}\n"
        "window: {days: 3}"
    ).run(until=UNTIL)
    assert states(outcome)["sources.api"] is StepState.TOLERATED
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
    assert list(states(outcome)) == ["sources.company", "store.snapshot"]


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
        "run started", "delivery ingested", "step finished", "step finished", "run finished",
    ]  # fmt: skip # one line of events
    assert events[1]["rows"] > 0


@pytest.mark.usefixtures("folder")
def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    Path("finops.yaml").write_text("window: {days: 3}\ndetectors: {bad: {use: parts:Defect}}\n")
    assert main(["--debug", "run", "--until", "2026-05-01"]) == ExitCode.STEP_FAILED
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_a_plugin_cannot_end_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    Path("finops.yaml").write_text(
        "window: {days: 3}\n"
        "sources: {gone: {use: parts:Leaving}, company: {use: demo}}\n"
        "detectors: {rust: {use: parts:Panicking}}\n"
        "notifiers: {screen: {use: console}}\n"
    )
    assert main(["run", "--until", "2026-05-01"]) == ExitCode.STEP_FAILED
    printed = capsys.readouterr()
    assert "sources.gone failed: unexpected SystemExit" in printed.err
    assert (
        "detectors.rust failed: unexpected Panic in parts:Panicking: index out of bounds"
        in printed.err
    )
    assert "Costs" in printed.out, "the others went on"


@pytest.mark.usefixtures("folder")
def test_a_plugin_that_cannot_be_made_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("finops.yaml").write_text("detectors: {dead: {use: parts:Stillborn}}\n")
    assert main(["run"]) == ExitCode.FILE_WRONG
    assert "detectors.dead failed to start: SystemExit: 3" in capsys.readouterr().err
    (record,) = remembered()
    assert record.exit_code == 1
    assert record.steps[-1].message.startswith("detectors.dead failed to start")


@pytest.mark.usefixtures("folder")
def test_a_store_that_cannot_be_asked_silences_the_questions_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("finops.yaml").write_text(
        "window: {days: 20}\n"
        "sources: {company: {use: demo}}\n"
        "detectors: {odd: {use: parts:Panicking}}\n"
        "budgets: {all: {amount: 1}}\n"
        "exports: {diary: {use: parts:Diary}, bill: {use: focus, path: out/bill.parquet}}\n"
        "notifiers: {screen: {use: console}}\n"
    )
    assert main(["run", "--until", "2026-05-01"]) == ExitCode.STEP_FAILED
    for file in Path(".finops/costs").rglob("*.parquet"):
        file.unlink()
    capsys.readouterr()
    assert main(["run", "--until", "2026-05-01"]) == ExitCode.STEP_FAILED
    printed = capsys.readouterr()

    assert "store.snapshot failed: cannot read the store" in printed.err
    assert "The store could not be asked" in printed.out, "people are told"
    assert "names none" not in printed.out.split("Forecast", maxsplit=1)[0]
    newest, _ = remembered()
    assert {str(one.step): one.state.value for one in newest.steps} == {
        "sources.company": "done",
        "store.snapshot": "failed",
        "detectors.odd": "not_run",
        "budgets.all": "not_run",
        "exports.diary": "done",
        "exports.bill": "not_run",
        "notifiers.screen": "done",
    }
    assert Path("diary.txt").read_text().startswith("sources.company store.snapshot")


@pytest.mark.usefixtures("folder")
def test_a_run_that_dies_leaves_a_record_and_observers_hear_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[str] = []

    class Listener:
        @hookimpl
        def run_finished(self, outcome: Outcome) -> None:
            heard.append(outcome.steps[-1].message)

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("finops_cost_management.pipeline.runner.summarise", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Pipeline.from_yaml(DEMO).run(until=UNTIL, observers={"listener": Listener()})

    assert heard == ["stopped by the user"]
    assert main(["runs", "--format", "json"]) == 0
    *_, last = json.loads(capsys.readouterr().out)
    assert (last["Step"], last["State"]) == ("run.test", "failed")
    assert last["Message"] == "stopped by the user"


@pytest.mark.usefixtures("folder")
def test_sources_that_the_file_does_not_name_are_told(caplog: pytest.LogCaptureFixture) -> None:
    window = "window: {days: 3}\n"
    Pipeline.from_yaml(window + "sources: {old: {use: demo}}").run(until=UNTIL)
    outcome = Pipeline.from_yaml(window + "sources: {new: {use: demo}}").run(until=UNTIL)
    again = Pipeline.from_yaml(window + "sources: {old: {use: demo}, new: {use: demo}}")

    (store,) = [one for one in outcome.steps if str(one.step) == "store.snapshot"]
    rows = sum(one.rows for one in outcome.ingests)
    words = f"the store also holds 'old' ({rows:,} rows), which this file does not name: "
    assert words + "`finops store remove old` forgets it" in store.message
    assert [one.levelname for one in caplog.records if words in one.getMessage()] == ["WARNING"]
    assert all("also holds" not in one.message for one in again.run(until=UNTIL).steps)
    twice = "new and old both have costs of AWS account"
    assert twice in store.message, "the same demo, twice"


@pytest.mark.usefixtures("folder")
def test_requests_are_counted_whatever_came_of_them() -> None:
    outcome = Pipeline.from_yaml(
        "window: {days: 3}\nsources: {api: {use: parts:Calling}, company: {use: demo}}"
    ).run(until=UNTIL)
    assert [one.requests for one in outcome.steps] == [3, None, None]
    (record,) = remembered()
    assert record.steps[0].requests == 3


SLOW = """
import time
from finops_cost_management import Source, hookimpl

class Slow(Source):
    "Takes its time."
    @hookimpl
    def collect_costs(self):
        print("collecting", flush=True)
        time.sleep(4)
        return []
"""


def test_stopping_during_the_sources_is_said_at_once(folder: Path) -> None:
    (folder / "slow.py").write_text(SLOW)
    (folder / "finops.yaml").write_text("sources: {api: {use: slow:Slow}}\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "finops_cost_management.finops_cli", "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ":".join(filter(None, sys.path))},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "collecting\n"
    process.send_signal(signal.SIGINT)
    stopped = time.monotonic()
    said = next(line for line in process.stderr if "stopping" in line)
    seconds = time.monotonic() - stopped
    _, rest = process.communicate(timeout=60)

    assert "is finished first" in said
    assert seconds < 2, "not when the source is done"
    assert process.returncode == 130
    assert "Traceback" not in rest


@pytest.mark.usefixtures("folder")
def test_what_a_notifier_leaves_out_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    Path("finops.yaml").write_text(
        DEMO + "budgets: {all: {amount: 1000000}}\n"
        "notifiers: {screen: {use: console, when: {severity: critical}}}\n"
    )
    assert main(["run", "--until", "2026-04-30"]) == 0
    assert "1 below the severity that is asked for" in capsys.readouterr().out
