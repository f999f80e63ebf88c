"""``finops check``: a gate for CI jobs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from finops_cost_management.commands.opening import MOST_LINES, Day

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from finops_cost_management.answers.outcome import ExitCode, Outcome
    from finops_cost_management.answers.policies import PolicyFinding, PolicyReport
    from finops_cost_management.commands.tables import Row
    from finops_cost_management.pipeline.config import PipelineConfig

LEVELS = ("low", "medium", "high", "critical")
FORMATS = ("table", "json", "sarif", "junit")


@click.command(epilog="Example: finops check --format sarif --output finops.sarif")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--until", type=Day(), help="First day that is not looked at [default: today, UTC].")
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="low",
    show_default=True,
    help="Exit with 3 where a policy of at least this severity does not hold.",
)
@click.option("--strict", is_flag=True, help="What cannot be told fails, too.")
@click.option("--format", "fmt", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Write to a file.")
@click.option(
    "--limit",
    type=click.IntRange(1, MOST_LINES),
    default=20,
    show_default=True,
    help="How many findings of a policy a table or a JUnit report names.",
)
def command(
    file: Path | None,
    until: datetime | None,
    fail_on: str,
    strict: bool,  # noqa: FBT001 # click hands it over by name
    fmt: str,
    output: Path | None,
    limit: int,
) -> int:
    """Check the policies of a pipeline against the costs that the store holds.

    FILE is the configuration; without it FINOPS_CONFIG, else finops.yaml. Sources, exports and
    notifiers do not run; optimizers and budgets do where a policy is about them.

    Exit codes: 0 all policies hold, 1 a step failed or the store has no costs, 2 the file is
    wrong, 3 a policy does not hold.
    """
    from finops_cost_management import logs
    from finops_cost_management.errors import ConfigurationError, DataError
    from finops_cost_management.pipeline.config import DEFAULT_FILE
    from finops_cost_management.pipeline.loading import find_config
    from finops_cost_management.pipeline.pipeline import Pipeline
    from finops_cost_management.settings import load_settings
    from finops_cost_management.whole_file import whole_file

    settings = load_settings()
    logs.configure(settings.log_level, settings.log_format)
    path = find_config(file)
    if path is None:
        raise ConfigurationError(
            f"there is no {DEFAULT_FILE} here", hint="name a file, or set FINOPS_CONFIG"
        )
    pipeline = Pipeline.from_yaml(path, settings=settings)
    rules = [policy for policy in pipeline.config.policies.values() if policy.enabled]
    if not rules:
        raise ConfigurationError(
            f"{path} has no policy that is enabled",
            hint="write `policies:`, as docs/policies.md shows: a check of nothing would pass",
        )
    needed = {"policies"}.union(*(policy.needs for policy in rules))
    outcome = pipeline.ask(*sorted(needed), until=until.date() if until else None)
    if outcome.costs is None and not outcome.failures:
        raise DataError(
            f"there is nothing to check: the store has no charge from {outcome.run.window}",
            hint="fill it with `finops run`, or ask for other days with --until",
        )
    if output:
        with whole_file(output) as partial, partial.open("w", encoding="utf-8", newline="") as to:
            _write(to, fmt, outcome, pipeline.config, strict=strict, limit=limit)
        click.echo(f"wrote {output}", err=True)
    else:
        _write(sys.stdout, fmt, outcome, pipeline.config, strict=strict, limit=limit)
    for record in outcome.failures:
        click.echo(logs.masked(f"finops: {record.step} failed: {record.message}"), err=True)
    return int(_exit_code(outcome, fail_on, strict=strict))


def _exit_code(outcome: Outcome, fail_on: str, *, strict: bool) -> ExitCode:
    from finops_cost_management.answers.anomalies import AnomalySeverity
    from finops_cost_management.answers.outcome import ExitCode
    from finops_cost_management.answers.policies import PolicyStatus

    if outcome.failures:
        return ExitCode.STEP_FAILED
    failing = {PolicyStatus.FAILED, PolicyStatus.UNKNOWN} if strict else {PolicyStatus.FAILED}
    least = AnomalySeverity(fail_on).rank
    failed = any(one.status in failing and one.severity.rank >= least for one in outcome.policies)
    return ExitCode.FINDINGS if failed else ExitCode.FINE


def _write(
    stream: TextIO, fmt: str, outcome: Outcome, config: PipelineConfig, *, strict: bool, limit: int
) -> None:
    import json

    if fmt == "sarif":
        from finops_cost_management.commands.check_sarif import sarif_log

        stream.write(json.dumps(sarif_log(outcome, config, strict=strict), indent=2) + "\n")
    elif fmt == "junit":
        from finops_cost_management.commands.check_junit import junit_report

        stream.write(junit_report(outcome, strict=strict, limit=limit))
    elif fmt == "json":
        stream.write(json.dumps(_as_data(outcome, config), indent=2) + "\n")
    else:
        _show(outcome.policies, stream, limit)


def _as_data(outcome: Outcome, config: PipelineConfig) -> dict[str, Any]:
    """Everything, for programs."""
    return {
        "pipeline": config.name,
        "file": config.file,
        "until": outcome.run.window.end.isoformat(),
        "policies": [
            {
                "policy": one.policy,
                "line": config.policy_places[one.policy].line,
                "rule": one.rule,
                "severity": one.severity.value,
                "status": one.status.value,
                "limit": one.limit,
                "measured": one.measured,
                "checked": one.checked,
                "findings": [
                    {
                        "subject": finding.subject,
                        "message": finding.message,
                        "evidence": dict(finding.evidence),
                        "place": dict(finding.place),
                    }
                    for finding in one.findings
                ],
                "unknown": [
                    {"subject": unknown.subject, "reason": unknown.reason}
                    for unknown in one.unknown
                ],
            }
            for one in outcome.policies
        ],
        "failures": [
            {"step": str(record.step), "message": record.message} for record in outcome.failures
        ],
    }


def _show(policies: Iterable[PolicyReport], stream: TextIO, limit: int) -> None:
    """One line per policy, by rule, and below what each of them found."""
    from finops_cost_management.commands.tables import show

    rules = list(dict.fromkeys(one.rule for one in policies))
    ordered = sorted(policies, key=lambda one: rules.index(one.rule))
    summary = [
        {
            "Policy": one.policy,
            "Rule": one.rule,
            "Severity": one.severity.value,
            "Status": one.status.value,
            "Measured": one.measured or None,
        }
        for one in ordered
    ]
    if summary:
        show(summary, "table", stream=stream)
    for one in ordered:
        findings = [line for finding in one.findings[:limit] for line in _lines_of(finding)]
        title = f"{one.policy} does not hold: {one.limit}"
        _show_some(findings, title, stream, more=len(one.findings) - limit)
        unknown = [{"Subject": it.subject, "Why": it.reason} for it in one.unknown[:limit]]
        title = f"{one.policy} cannot be told: {one.limit}"
        _show_some(unknown, title, stream, more=len(one.unknown) - limit)


def _lines_of(finding: PolicyFinding) -> list[Row]:
    """A resource in one line; what is in no place with the figures behind it."""
    line = {
        "Found": finding.message,
        "Account": finding.place.get("SubAccountId"),
        "Cost a month": finding.evidence.get("cost a month"),
    }
    if finding.place:
        return [line]
    return [
        line,
        *({**line, "Found": f"  {name}: {said}"} for name, said in finding.evidence.items()),
    ]


def _show_some(rows: list[Row], title: str, stream: TextIO, *, more: int) -> None:
    from finops_cost_management.commands.tables import show

    if not rows:
        return
    empty = {name for name in rows[0] if not any(row[name] for row in rows)}
    told = [{name: row[name] for name in row if name not in empty} for row in rows]
    show(told, "table", stream=stream, title=title, figures=("Cost a month",))
    if more > 0:
        stream.write(f"  … and {more:,} more: --limit, or --format json, tells them\n\n")
