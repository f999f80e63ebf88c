"""``finops check``, end to end on the demo company, and what other programs read of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from junitparser import Failure, JUnitXml, Skipped, TestCase
from sarif.loader import load_sarif_file

from finops_cost_management.answers.anomalies import AnomalySeverity
from finops_cost_management.answers.outcome import Outcome
from finops_cost_management.answers.policies import PolicyFinding, PolicyReport
from finops_cost_management.answers.recommendations import Unknown
from finops_cost_management.commands.check_junit import junit_report
from finops_cost_management.commands.check_sarif import sarif_log
from finops_cost_management.finops_cli import main
from finops_cost_management.pipeline.loading import parse_config
from finops_cost_management.plugins.registry import Registry

pytestmark = pytest.mark.real_component

UNTIL = "2026-05-20"
DEMO = "window: {days: 45}\nsources: {company: {use: demo}}\n"

PASSING = """
policies:
  regions: {rule: forbidden_regions, regions: [cn-*]}
  tagged: {rule: tag_coverage, tags: [team], minimum: 50%}
"""
FAILING = """
policies:
  owned: {rule: required_tags, tags: [team, environment]}
  regions: {rule: forbidden_regions, regions: [cn-*]}
  also-owned: {rule: required_tags, tags: [team], severity: low, where: {provider: AWS}}
  old: {rule: maximum_age, days: 365, resource_types: [EBS Volume], severity: high}
"""

PARTS = """
from finops_cost_management import Optimizer, RetryLaterError, hookimpl

class Busy(Optimizer):
    "Fails in words."
    @hookimpl
    def find_savings(self):
        raise RetryLaterError("the API is busy", hint="run again in an hour")
"""

Check = Callable[..., int]


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo's store."""
    folder = tmp_path_factory.mktemp("ingested")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "finops.yaml").write_text(DEMO)
        assert main(["run", "--until", UNTIL]) == 0
    return folder


@pytest.fixture
def folder(ingested: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    shutil.copytree(ingested, folder)
    (folder / "parts.py").write_text(PARTS)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delenv("FINOPS_CONFIG", raising=False)
    monkeypatch.delitem(__import__("sys").modules, "parts", raising=False)
    return folder


@pytest.fixture
def check(folder: Path) -> Check:
    """Writes a pipeline and checks it as of a fixed day."""

    def run(pipeline: str, *options: str) -> int:
        (folder / "finops.yaml").write_text(DEMO + pipeline)
        return main(["check", "--until", UNTIL, *options])

    return run


def test_all_policies_hold(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(PASSING) == 0
    told = capsys.readouterr().out
    assert "regions   forbidden_regions   medium     passed   0 of " in told
    assert "does not hold" not in told


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 3),
        (["--fail-on", "medium"], 3),
        (["--fail-on", "high"], 0),
        (["--fail-on", "high", "--strict"], 3),
        (["--fail-on", "critical", "--strict"], 0),
    ],
)
def test_severity_and_strictness_decide(check: Check, options: list[str], code: int) -> None:
    """Of severity high is only what cannot be told: the store knows two months, not 365 days."""
    assert check(FAILING, *options) == code


def test_a_disabled_policy_is_not_checked(check: Check) -> None:
    disabled = "  owned: {rule: required_tags, tags: [nobody], enabled: false}\n"
    assert check(PASSING + disabled) == 0


def test_a_table_tells_some_findings_and_how_many_more(
    check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(FAILING, "--limit", "2") == 3
    told = capsys.readouterr().out
    assert "owned does not hold: every resource has team and environment" in told
    assert "has no tags team and environment" in told
    assert "more: --limit, or --format json, tells them" in told
    assert "old cannot be told: no EBS Volume is older than 365 days" in told


def test_json_has_everything(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(FAILING, "--format", "json", "--limit", "1") == 3
    data = json.loads(capsys.readouterr().out)
    assert (data["until"], data["failures"]) == (UNTIL, [])
    owned, regions, also_owned, old = data["policies"]
    assert (owned["status"], regions["status"], old["status"]) == ("failed", "passed", "unknown")
    assert len(owned["findings"]) > len(also_owned["findings"]) > 1
    assert owned["checked"] > len(owned["findings"])
    assert owned["line"] == 5
    assert also_owned["severity"] == "low"
    finding = owned["findings"][0]
    assert {"Provider", "SubAccountId", "RegionId"} <= finding["place"].keys()
    assert finding["evidence"]["cost a month"].endswith(" USD")
    costs = [
        float(one["evidence"]["cost a month"].removesuffix(" USD").replace(",", ""))
        for one in owned["findings"]
    ]
    assert costs == sorted(costs, reverse=True)
    assert {"subject", "reason"} == old["unknown"][0].keys()


def test_a_program_reads_the_sarif(check: Check, folder: Path) -> None:
    assert check(FAILING, "--format", "sarif", "--output", "out/finops.sarif") == 3
    path = folder / "out" / "finops.sarif"
    log = load_sarif_file(str(path))
    assert log.get_distinct_tool_names() == ["finops"]
    counts = log.get_report().get_issue_type_histogram_for_severity("warning")
    assert counts
    records = log.get_records()
    assert {record["Location"] for record in records} == {"finops.yaml"}
    lines = {record["Code"]: record["Line"] for record in records}
    assert lines == {"owned": 5, "also-owned": 7, "old": 8}
    severities = {record["Code"]: record["Severity"] for record in records}
    assert severities == {"owned": "warning", "also-owned": "note", "old": "none"}

    (run,) = json.loads(path.read_text())["runs"]
    assert run["invocations"][0]["executionSuccessful"] is True
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["owned", "regions", "also-owned", "old"]
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["kind"], result["level"]) != ("open", "error")
    marks = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(marks)) == len(marks)


def test_fingerprints_outlive_lines_and_other_policies(
    check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    def marks(pipeline: str) -> set[str]:
        capsys.readouterr()
        check(pipeline, "--format", "sarif")
        (run,) = json.loads(capsys.readouterr().out)["runs"]
        return {
            result["partialFingerprints"]["policyFinding/v1"]
            for result in run["results"]
            if result["ruleId"] == "owned"
        }

    alone = "\n\npolicies:\n  owned: {rule: required_tags, tags: [team, environment]}\n"
    assert marks(FAILING) == marks(alone) != set()


def test_a_program_reads_the_junit(check: Check, folder: Path) -> None:
    assert check(FAILING, "--format", "junit", "--output", "junit.xml", "--limit", "3") == 3
    report = JUnitXml.fromfile(str(folder / "junit.xml"))
    suites = {
        suite.name: [case for case in suite if isinstance(case, TestCase)] for suite in report
    }
    assert list(suites) == ["required_tags", "forbidden_regions", "maximum_age"]
    assert [len(cases) for cases in suites.values()] == [8, 1, 1]
    (failure,) = suites["required_tags"][0].result
    assert isinstance(failure, Failure)
    assert str(failure.message).startswith("every resource has team and environment; failed, ")
    assert suites["required_tags"][1].name.startswith("owned: ")
    assert suites["forbidden_regions"][0].is_passed
    (skipped,) = suites["maximum_age"][0].result
    assert isinstance(skipped, Skipped)
    assert (report.tests, report.failures, report.skipped) == (10, 8, 1)


def test_strict_makes_unknown_fail_in_every_format(
    check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    old = "policies: {old: {rule: maximum_age, days: 365, severity: high}}\n"
    assert check(old, "--strict", "--format", "sarif") == 3
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert {(one["kind"], one["level"]) for one in run["results"]} == {("fail", "error")}
    assert check(old, "--strict", "--format", "junit") == 3
    assert JUnitXml.fromstring(capsys.readouterr().out).failures == 1


def test_budgets_and_savings_are_judged_where_a_policy_is_about_them(
    check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline = """
optimizers: {commitments: {use: unused_commitments}}
budgets:
  tight: {amount: 1000}
  wide: {amount: 10000000}
policies:
  room: {rule: budget_headroom}
  wide-room: {rule: budget_headroom, budget: wide, minimum: 90%}
  savings: {rule: maximum_open_savings, amount: 0.01, currency: USD}
  share: {rule: maximum_open_savings, share: 100%}
"""
    assert check(pipeline, "--format", "json") == 3
    room, wide, savings, share = json.loads(capsys.readouterr().out)["policies"]
    assert [one["subject"] for one in room["findings"]] == ["tight"]
    assert (wide["status"], wide["checked"]) == ("passed", 1)
    assert savings["findings"][0]["subject"] == "savings in USD"
    assert share["status"] == "passed"


def test_other_steps_do_not_run(check: Check, folder: Path) -> None:
    others = """
optimizers: {busy: {use: "parts:Busy"}}
exports: {costs: {use: focus, path: costs.parquet}}
notifiers: {screen: {use: console}}
"""
    assert check(others + PASSING) == 0
    assert not (folder / "costs.parquet").exists()


def test_a_step_that_fails_is_no_pass(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline = """
optimizers: {busy: {use: "parts:Busy"}}
policies: {savings: {rule: maximum_open_savings, share: 100%}}
"""
    assert check(pipeline, "--format", "json") == 1
    told = capsys.readouterr()
    (policy,) = json.loads(told.out)["policies"]
    assert policy["status"] == "unknown"
    assert policy["unknown"][0]["subject"] == "optimizers.busy"
    assert "optimizers.busy failed: the API is busy" in told.err
    assert check(pipeline, "--format", "junit") == 1
    assert JUnitXml.fromstring(capsys.readouterr().out).errors == 1


def test_a_column_that_the_store_lacks_fails_in_words(
    check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("policies: {a: {rule: allocation, by: [x_Nobody]}}") == 1
    assert "the store has no column x_Nobody" in capsys.readouterr().err


def test_a_check_leaves_no_run_in_the_record(
    check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", "--format", "json"]) == 0
    before = capsys.readouterr().out
    check(PASSING)
    capsys.readouterr()
    assert main(["runs", "--format", "json"]) == 0
    assert capsys.readouterr().out == before


def test_a_run_judges_policies_and_counts_their_severity(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "finops.yaml").write_text("window: {days: 45}\n" + FAILING)
    assert main(["run", "--until", UNTIL]) == 0
    assert main(["run", "--until", UNTIL, "--fail-on", "medium"]) == 3
    assert main(["run", "--until", UNTIL, "--fail-on", "high"]) == 0
    capsys.readouterr()
    assert main(["runs", "--limit", "1"]) == 0
    told = capsys.readouterr().out
    assert "policies.owned" in told
    assert "failed, " in told


def test_an_empty_store_is_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "finops.yaml").write_text(DEMO + PASSING)
    assert main(["check"]) == 1
    told = capsys.readouterr()
    assert told.err.startswith("finops: there is nothing to check: the store has no charge from")
    assert "fill it with `finops run`" in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    "policies", ["", "policies: {a: {rule: required_tags, tags: [x], enabled: false}}"]
)
def test_a_check_of_nothing_is_no_pass(
    check: Check, policies: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(policies) == 2
    assert "finops.yaml has no policy that is enabled" in capsys.readouterr().err


def test_a_wrong_file_is_told_with_its_place(
    check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("policies: {a: {rule: required_tag}}") == 2
    assert capsys.readouterr().err.startswith("finops.yaml:3:22: policies.a.rule: ")


def test_no_file_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FINOPS_CONFIG", raising=False)
    assert main(["check"]) == 2
    assert "name a file, or set FINOPS_CONFIG" in capsys.readouterr().err


def test_what_a_bill_says_breaks_no_format(empty_outcome: Outcome) -> None:
    config = parse_config("policies: {a: {rule: tag_coverage, tags: [x]}}", Registry())
    wild = "a\x00\x1b[31m\n<b>&\"'\ufffe\ud800"
    outcome = replace(
        empty_outcome,
        policies=[
            PolicyReport(
                policy="a",
                rule="tag_coverage",
                severity=AnomalySeverity.CRITICAL,
                limit=wild,
                measured=wild,
                findings=(
                    PolicyFinding(
                        subject=wild, message=wild, evidence={wild: wild}, place={"RegionId": wild}
                    ),
                ),
                unknown=(Unknown(subject=wild, reason=wild),),
            )
        ],
    )
    text = junit_report(outcome, strict=False, limit=5)
    assert JUnitXml.fromstring(text.encode()).failures == 2
    log: dict[str, Any] = sarif_log(outcome, config, strict=False)
    assert "\x1b" not in json.dumps(log, ensure_ascii=False)
    assert [result["level"] for result in log["runs"][0]["results"]] == ["error", "none"]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("my files/finops.yaml", "my%20files/finops.yaml"),
        ("{here}/a.yaml", "a.yaml"),
        ("/elsewhere/a.yaml", "file:///elsewhere/a.yaml"),
    ],
)
def test_the_file_is_named_as_code_scanning_looks_for_it(
    empty_outcome: Outcome, file: str, uri: str
) -> None:
    text = "policies: {a: {rule: tag_coverage, tags: [x]}}"
    config = parse_config(text, Registry(), file=file.format(here=Path.cwd()))
    report = PolicyReport(
        policy="a",
        rule="tag_coverage",
        severity=AnomalySeverity.LOW,
        limit="x",
        findings=(PolicyFinding(subject="s", message="m"),),
    )
    log = sarif_log(replace(empty_outcome, policies=[report]), config, strict=False)
    (result,) = log["runs"][0]["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == uri
    assert location["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 12}
