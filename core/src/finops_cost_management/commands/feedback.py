"""``finops feedback``."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from finops_cost_management.commands.opening import Day
from finops_cost_management.commands.tables import FORMATS

if TYPE_CHECKING:
    from datetime import datetime

    from finops_cost_management.answers.anomalies import Anomaly
    from finops_cost_management.state.database import StateDatabase

VERDICTS = ("expected", "planned", "not-an-anomaly")
format_option = click.option(
    "--format", "fmt", type=click.Choice(FORMATS), default="table", show_default=True
)


@click.group()
def command() -> None:
    """Say what an anomaly was, so that its like is not told again."""


@command.command(epilog="Example: finops feedback anomalies")
@format_option
def anomalies(fmt: str) -> None:
    """List the anomalies of the latest run that found any, with their ids."""
    from finops_cost_management.commands.tables import show
    from finops_cost_management.state.anomalies import AnomalyRole, latest_anomalies

    with closing(_database()) as database:
        found = latest_anomalies(database)
    show(
        [
            {**_row(one, fmt), "State": role.value}
            for role, one in found
            if role is not AnomalyRole.ALSO_SEEN
        ],
        fmt,
        figures=("Impact",),
        nothing="No run found an anomaly yet: `finops run` looks for them.",
    )


@command.command(epilog="Example: finops feedback add 4769637441df --verdict expected")
@click.argument("anomaly_id", metavar="ID")
@click.option(
    "--verdict",
    type=click.Choice(VERDICTS),
    required=True,
    help="expected: it was fine, and so it is at the same place of later months. "
    "planned: the series is not told until a day. "
    "not-an-anomaly: deviations of this size are ordinary for the series.",
)
@click.option(
    "--until", type=Day(), help="With planned: the first day on which the series is told again."
)
@click.option("--note", default="", help="Why, for those who read it later.")
def add(anomaly_id: str, verdict: str, until: datetime | None, note: str) -> None:
    """Say what the anomaly of ID was; what was said of it before is replaced."""
    from datetime import UTC
    from datetime import datetime as instant

    from finops_cost_management.answers.feedback import Feedback, Verdict
    from finops_cost_management.state.feedback import give_feedback

    if (verdict == "planned") != (until is not None):
        raise click.UsageError("--verdict planned and --until go together.")
    with closing(_database()) as database:
        anomaly = _find(database, anomaly_id)
        if until is not None and until.date() <= anomaly.date:
            raise click.UsageError(f"--until must be later than the anomaly of {anomaly.date}.")
        give_feedback(
            database,
            Feedback(
                anomaly=anomaly,
                verdict=Verdict(verdict),
                until=until.date() if until else None,
                note=note,
                given=instant.now(UTC),
            ),
        )
    click.echo(f"noted: {anomaly.label} on {anomaly.date} is {verdict}", err=True)


@command.command("list", epilog="Example: finops feedback list --format json")
@format_option
def list_(fmt: str) -> None:
    """List what was said, the latest first."""
    from finops_cost_management.commands.tables import show
    from finops_cost_management.state.feedback import all_feedback

    with closing(_database()) as database:
        given = all_feedback(database)
    show(
        [
            {
                **_row(one.anomaly, fmt),
                "Verdict": one.verdict.value,
                "Until": one.until or "",
                "Note": one.note,
                "Given": one.given,
            }
            for one in given
        ],
        fmt,
        figures=("Impact",),
        nothing="Nobody said anything yet: `finops feedback add` does.",
    )


@command.command(epilog="Example: finops feedback remove 4769637441df")
@click.argument("anomaly_id", metavar="ID")
def remove(anomaly_id: str) -> None:
    """Take back what was said of the anomaly of ID: its like is told again."""
    from finops_cost_management.did_you_mean import did_you_mean
    from finops_cost_management.errors import ConfigurationError
    from finops_cost_management.state.feedback import all_feedback, take_back_feedback

    with closing(_database()) as database:
        if not take_back_feedback(database, anomaly_id):
            known = [one.anomaly.id for one in all_feedback(database)]
            raise ConfigurationError(
                f"nothing was said of an anomaly {anomaly_id!r}",
                hint=did_you_mean(anomaly_id, known) or "`finops feedback list` has the ids",
            )
    click.echo(f"taken back: {anomaly_id}", err=True)


def _database() -> StateDatabase:
    from finops_cost_management.settings import load_settings
    from finops_cost_management.state.database import StateDatabase

    return StateDatabase.of(load_settings())


def _find(database: StateDatabase, anomaly_id: str) -> Anomaly:
    from finops_cost_management.did_you_mean import did_you_mean
    from finops_cost_management.errors import ConfigurationError
    from finops_cost_management.state.anomalies import find_anomaly, latest_anomalies

    if (found := find_anomaly(database, anomaly_id)) is None:
        known = [one.id for _, one in latest_anomalies(database)]
        raise ConfigurationError(
            f"no run told an anomaly {anomaly_id!r}",
            hint=did_you_mean(anomaly_id, known)
            or "`finops feedback anomalies` lists those of the latest run",
        )
    return found


def _row(anomaly: Anomaly, fmt: str) -> dict[str, Any]:
    import json

    from finops_cost_management.report.wording import money

    impact = anomaly.cost_impact
    row: dict[str, Any] = {
        "Id": anomaly.id,
        "Date": anomaly.date,
        "Days": anomaly.days,
        "Series": anomaly.label,
    }
    if fmt == "table":
        return {**row, "Impact": money(impact, anomaly.currency, signed=True)}
    dimensions = dict(anomaly.dimensions)
    return {
        **row,
        "Dimensions": json.dumps(dimensions) if fmt == "csv" else dimensions,
        "BillingCurrency": anomaly.currency,
        "Impact": impact,
        "Severity": anomaly.severity.value,
        "Detector": anomaly.detector,
    }
