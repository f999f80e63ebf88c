"""From a finding to a decision to what it really saved: `optimize` and `recommendations`."""

from __future__ import annotations

import csv
import io
import json
import pickle
import shutil
import sys
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_cost_management import (
    CloudProvider,
    ConfigurationError,
    CostAggregator,
    CostOptimizer,
    DataError,
    OptimizationCategory,
    OptimizerConfig,
    Pipeline,
    Priority,
)
from finops_cost_management.answers.outcome import Outcome
from finops_cost_management.finops_cli import main
from finops_cost_management.settings import load_settings
from finops_cost_management.state.database import StateDatabase
from finops_cost_management.state.recommendations import ledger_of

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

TODAY = date(2026, 7, 1)
HEADER = (
    "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,"
    "ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,ProviderName,ResourceId\n"
)
CHECK = """
from decimal import Decimal
from pathlib import Path
from finops_cost_management import (
    Effort, OptimizationCategory, Optimizer, Recommendation, Risk, SavingsAnswer, Unknown, hookimpl
)

class Cheaper(Optimizer):
    "Advises what a file says."
    @hookimpl
    def find_savings(self, costs):
        if Path("broken").exists():
            raise ValueError("no metric")
        return SavingsAnswer(
            findings=tuple(
                Recommendation(
                    check="cheaper", variant=how, category=OptimizationCategory(category),
                    provider=provider, resource_id=resource,
                    recommendation=f"{how.capitalize()} {resource}", currency="USD",
                    current_cost=Decimal(1000), estimated_monthly_savings=Decimal(saving),
                    confidence=0.8, implementation_effort=Effort.LOW, risk=Risk.LOW,
                    steps=("Look.", "Act."), evidence={"days": "30"},
                    current_configuration={"size": "xlarge"},
                    recommended_configuration={"size": "large"},
                )
                for line in Path("advice.txt").read_text().splitlines()
                for how, provider, category, resource, saving in [line.split()]
            ),
            clean=4,
            unknown=(Unknown(subject="vm-9", reason="no metric"),),
        )
"""
ADVICE = """\
stop AWS compute vm-1 150
shrink AWS compute vm-1 60
delete Microsoft storage disk-1 30
"""
PIPELINE = """
window: {days: 60}
sources: {bills: {use: focus.files, path: bills}}
optimizers: {cheap: {use: "parts:Cheaper"}}
"""


def bill(**until: date) -> str:
    """What each resource costs: 5 a day from 1 April on, until a day."""
    lines = []
    for name, provider in (("vm-1", "AWS"), ("disk-1", "Microsoft"), ("vm-9", "AWS")):
        day = date(2026, 4, 1)
        while day < until.get(name.replace("-", "_"), TODAY):
            month = day.replace(day=1)
            end = (month + timedelta(days=32)).replace(day=1)
            lines.append(
                f"5,5,USD,{month}T00:00:00Z,{end}T00:00:00Z,{day}T00:00:00Z,"
                f"{day + timedelta(days=1)}T00:00:00Z,Usage,Compute,{provider},{name}\n"
            )
            day += timedelta(days=1)
    return HEADER + "".join(lines)


def _prepare(folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.chdir(folder)
    patch.syspath_prepend(folder)
    patch.delitem(sys.modules, "parts", raising=False)
    patch.setattr("finops_cost_management.window.today_utc", lambda: TODAY)
    patch.setattr("finops_cost_management.pipeline.pipeline.today_utc", lambda: TODAY)
    Path("parts.py").write_text(CHECK)
    Path("advice.txt").write_text(ADVICE)
    Path("bills").mkdir()
    Path("bills/bill.csv").write_text(bill())
    Path("finops.yaml").write_text(PIPELINE)


@pytest.fixture(autouse=True)
def _today(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _prepare(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """A folder in which the pipeline ran once."""
    folder = tmp_path_factory.mktemp("ran")
    with pytest.MonkeyPatch.context() as patch:
        _prepare(folder, patch)
        return folder, run()


@pytest.fixture
def ran(first_run: tuple[Path, Outcome], tmp_path: Path) -> Outcome:
    """The pipeline ran once in this test's folder: the store and the state are copies."""
    folder, outcome = first_run
    shutil.copytree(folder / ".finops", tmp_path / ".finops")
    return outcome


def run(until: date = TODAY) -> Outcome:
    outcome = Pipeline.from_yaml(Path("finops.yaml")).run(until=until)
    assert not outcome.failures, outcome.failures
    return outcome


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    assert main(list(arguments)) == code
    captured = capsys.readouterr()
    return captured.out, captured.err


def listed(capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, Any]]:
    out, _ = said(capsys, "recommendations", "list", "--format", "json", *options)
    rows: list[dict[str, Any]] = json.loads(out)
    return rows


def id_of(words: str) -> str:
    with closing(StateDatabase.of(load_settings())) as database:
        (found,) = [
            key
            for key, entry in ledger_of(database).items()
            if entry.recommendation.recommendation == words
        ]
    return found


def test_a_run_settles_what_its_checks_say(ran: Outcome) -> None:
    assert [(one.recommendation, one.counted_savings) for one in ran.recommendations] == [
        ("Stop vm-1", Decimal(150)),
        ("Delete disk-1", Decimal(30)),
        ("Shrink vm-1", Decimal(0)),
    ]
    assert {one.status.value for one in ran.recommendations} == {"new"}
    assert ran.recommendations[0].priority is Priority.HIGH
    assert ran.recommendations[2].better == (ran.recommendations[0].id,)
    assert ran.savings["cheap"].coverage == (
        "checked 8, clean 4, found 3, could not tell 1, because: no metric (1)"
    )
    assert {one.status.value for one in run().recommendations} == {"open"}


def test_the_priority_formula_comes_from_the_file() -> None:
    Path("finops.yaml").write_text(
        PIPELINE + "savings: {priority: {medium: 10, high: 40, critical: 100}}"
    )

    assert [one.priority.value for one in run().recommendations] == ["critical", "medium", "high"]


@pytest.mark.usefixtures("ran")
def test_list_and_filter(capsys: pytest.CaptureFixture[str]) -> None:
    assert [row["resource_id"] for row in listed(capsys)] == ["vm-1", "disk-1", "vm-1"]
    assert len(listed(capsys, "--provider", "azure")) == 1
    assert len(listed(capsys, "--category", "compute")) == 2
    assert listed(capsys, "--check", "other") == []
    assert listed(capsys, "--status", "done") == []
    out, _ = said(capsys, "recommendations", "list")
    assert "150.00 USD" in out
    assert "Counts" in out


@pytest.mark.usefixtures("ran")
def test_csv_has_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys, "recommendations", "list", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))

    assert [row["estimated_monthly_savings"] for row in rows] == ["150", "30", "60"]
    assert json.loads(rows[0]["steps"]) == ["Look.", "Act."]


@pytest.mark.usefixtures("ran")
def test_show_tells_everything(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys, "recommendations", "show", id_of("Shrink vm-1"))

    for words in (
        "60.00 USD of 1,000.00 USD",
        "0.00 USD: all of it is counted in better advice",
        "1. Look.",
        "size: xlarge",
        "size: large",
        "days: 30",
        "better: 150.00 USD  Stop vm-1",
    ):
        assert words in out
    out, _ = said(capsys, "recommendations", "show", id_of("Stop vm-1"), "--format", "json")
    assert json.loads(out)[0]["found_by"] == "finops/cheap"


@pytest.mark.usefixtures("ran")
def test_a_dismissed_one_is_not_told_again_and_gives_way(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, err = said(capsys, "recommendations", "dismiss", id_of("Stop vm-1"), "--reason", "needed")
    assert "dismissed: Stop vm-1" in err
    outcome = run()

    assert [one.recommendation for one in outcome.recommendations] == [
        "Shrink vm-1",
        "Delete disk-1",
    ]
    assert outcome.recommendations[0].counted_savings == 60
    assert [one.recommendation for one in outcome.decided] == ["Stop vm-1"]
    (row,) = listed(capsys, "--status", "dismissed")
    assert (row["decision"], row["reason"]) == ("dismissed", "needed")

    said(capsys, "recommendations", "reopen", id_of("Stop vm-1"))
    assert len(run().recommendations) == 3


@pytest.mark.usefixtures("ran")
def test_a_snoozed_one_is_told_again_on_its_day(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "recommendations", "snooze", id_of("Stop vm-1"), "--until", "2026-07-10")

    assert len(run().recommendations) == 2
    assert len(listed(capsys, "--status", "snoozed")) == 1
    Path("bills/bill.csv").write_text(bill(vm_1=date(2026, 7, 10), vm_9=date(2026, 7, 10)))
    assert len(run(until=date(2026, 7, 10)).recommendations) == 3


@pytest.mark.usefixtures("ran")
def test_what_is_done_is_verified_on_the_bill(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "recommendations", "done", id_of("Stop vm-1"), "--on", "2026-06-01")
    said(capsys, "recommendations", "done", id_of("Delete disk-1"), "--on", "2026-06-28")
    Path("bills/bill.csv").write_text(bill(vm_1=date(2026, 6, 2)))
    outcome = run()

    told = {one.entry.recommendation.recommendation: one for one in outcome.verified}
    assert told["Stop vm-1"].realised == Decimal("152.19")  # 5 a day for 30.4375 days
    assert told["Delete disk-1"].realised is None
    out, _ = said(capsys, "recommendations", "verify")
    assert "152.19 USD" in out
    assert "too early" in out
    assert "101 %" in out
    rows = json.loads(said(capsys, "recommendations", "verify", "--format", "json")[0])
    assert [(row["resource_id"], row["realised"]) for row in rows] == [
        ("disk-1", None),
        ("vm-1", "152.19"),
    ]


@pytest.mark.usefixtures("ran")
def test_what_is_not_found_any_more_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("advice.txt").write_text("stop AWS compute vm-1 150\n")
    outcome = run()

    assert [one.recommendation for one in outcome.recommendations] == ["Stop vm-1"]
    assert {row["resource_id"] for row in listed(capsys, "--status", "gone")} == {"vm-1", "disk-1"}


@pytest.mark.usefixtures("ran")
def test_a_check_that_fails_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken").touch()
    outcome = Pipeline.from_yaml(Path("finops.yaml")).run(until=TODAY)

    assert [str(record.step) for record in outcome.failures] == ["optimizers.cheap"]
    assert len(listed(capsys)) == 3
    assert listed(capsys, "--status", "gone") == []


@pytest.mark.usefixtures("ran")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "nothing"], "no run found a recommendation 'nothing'"),
        (["dismiss", "nothing", "--reason", "x"], "no run found"),
        (["dismiss", "x"], "--reason"),
        (["snooze", "x", "--until", "2026-07-01"], "later than today"),
        (["done", "x", "--on", "2026-07-02"], "not be later than today"),
    ],
)
def test_mistakes_are_said(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    _, err = said(capsys, "recommendations", *arguments, code=2)

    assert words in err


@pytest.mark.usefixtures("ran")
def test_one_unknown_id_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "recommendations", "dismiss", id_of("Stop vm-1"), "no", "--reason", "x", code=2)
    assert listed(capsys, "--status", "dismissed") == []


def test_before_any_run_there_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(capsys) == []
    assert "finops optimize" in said(capsys, "recommendations", "list")[1]
    assert "done" in said(capsys, "recommendations", "verify")[1]


@pytest.mark.usefixtures("ran")
def test_optimize_asks_the_store(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bills/bill.csv").unlink()  # nothing is fetched
    out, err = said(capsys, "optimize")

    assert "Stop vm-1" in out
    assert "up to 180.00 USD a month" in err
    assert "could not tell 1, because: no metric (1)" in err
    assert said(capsys, "runs", "--format", "json")[0].count('"sources.bills"') == 1


@pytest.mark.usefixtures("ran")
def test_the_beginning_of_an_id_will_do(capsys: pytest.CaptureFixture[str]) -> None:
    whole = id_of("Stop vm-1")
    out, _ = said(capsys, "recommendations", "show", whole[:6])
    assert out.startswith("Stop vm-1")
    said(capsys, "recommendations", "show", whole[:3], code=2)


@pytest.mark.usefixtures("ran")
def test_a_provider_that_is_not_on_the_bill_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = said(capsys, "optimize", "--provider", "gcp", code=2)

    assert "the bill has no costs of Google Cloud; it has costs of AWS, Microsoft" in err


@pytest.mark.usefixtures("ran")
@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--category", "compute"], 2),
        (["--category", "compute", "--category", "storage"], 3),
        (["--category", "network"], 0),
        (["--min-savings", "100"], 1),
        (["--min-savings", "60"], 2),
        (["--provider", "aws", "--category", "compute"], 2),
        (["--provider", "Microsoft"], 1),
        (["--min-confidence", "0.9"], 0),
        (["--days", "30"], 3),
    ],
)
def test_options_of_optimize(
    capsys: pytest.CaptureFixture[str], options: list[str], found: int
) -> None:
    rows = json.loads(said(capsys, "optimize", "--format", "json", *options)[0])

    assert len(rows) == found


@pytest.mark.usefixtures("ran")
def test_optimize_writes_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys, "optimize", "--format", "csv", "--output", "out/savings.csv")

    assert out == ""
    assert Path("out/savings.csv").read_text().count("\n") == 4


def test_optimize_without_costs_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = said(capsys, "optimize", code=1)

    assert "the store has no costs" in err
    assert "finops run" in err


@pytest.mark.usefixtures("ran")
def test_optimize_fails_with_a_check_that_fails(capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken").touch()
    _, err = said(capsys, "optimize", code=1)

    assert "optimizers.cheap failed" in err


@pytest.mark.usefixtures("ran")
def test_without_optimizers_all_checks_of_the_bill_are_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("finops.yaml").write_text("window: {days: 60}")
    _, err = said(capsys, "optimize")

    assert "unused_commitments: checked 0" in err
    assert "extended_support: checked 0" in err


@pytest.fixture
def optimizer(ran: Outcome) -> CostOptimizer:  # noqa: ARG001 # the store is filled
    return CostOptimizer(CostAggregator())


def test_the_facade_answers_as_the_command_does(optimizer: CostOptimizer) -> None:
    found = optimizer.get_recommendations()

    assert (found[0].recommendation, found[0].resource_id) == ("Stop vm-1", "vm-1")
    assert found[0].category is OptimizationCategory.COMPUTE
    assert found[0].category.value == "compute"
    assert found[0].implementation_effort == "low"
    assert found[0].priority in [Priority.HIGH, Priority.CRITICAL]
    assert f"${found[0].current_cost:.2f}/mo" == "$1000.00/mo"
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 # what was just written


def test_the_facade_filters(optimizer: CostOptimizer) -> None:
    assert len(optimizer.get_recommendations(categories=["compute", "storage"])) == 3
    assert len(optimizer.get_recommendations(categories=[OptimizationCategory.STORAGE])) == 1
    assert len(optimizer.get_recommendations(min_savings=100.0)) == 1
    assert len(optimizer.get_recommendations(providers=[CloudProvider.AWS])) == 2
    assert len(optimizer.get_recommendations(providers=["Microsoft"])) == 1
    with pytest.raises(ConfigurationError, match="not a category"):
        optimizer.get_recommendations(categories=["compote"])


@pytest.mark.usefixtures("ran")
def test_the_facades_configuration_counts() -> None:
    config = OptimizerConfig(
        min_savings_threshold=Decimal(50),
        analysis_period_days=30,
        include_categories=(OptimizationCategory.COMPUTE, OptimizationCategory.DATABASE),
        confidence_level=0.8,
    )
    assert len(CostOptimizer(CostAggregator(), config=config).get_recommendations()) == 2
    sure = OptimizerConfig(confidence_level=0.81)
    assert CostOptimizer(config=sure).get_recommendations() == []


def test_the_facade_without_costs_says_what_to_do() -> None:
    with pytest.raises(DataError, match="finops run"):
        CostOptimizer().get_recommendations()


def test_the_facade_looks_back_as_far_as_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
    ran: Outcome,  # noqa: ARG001 # the store is filled
) -> None:
    Path("finops.yaml").write_text("optimizers: {old: {use: extended_support}}")
    asked: list[int] = []

    def note(self: Any, *_arguments: object) -> object:
        asked.append(self.options.lookback_days)
        raise SystemExit

    monkeypatch.setattr(
        "finops_cost_management.builtin.checks.extended_support.ExtendedSupport.subjects", note
    )
    CostOptimizer(config=OptimizerConfig(analysis_period_days=45)).analyze()

    assert asked == [45]
