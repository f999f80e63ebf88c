"""``finops recommendations``."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from finops_cost_management.commands.opening import Day, config_option
from finops_cost_management.commands.optimize import CATEGORIES, FIGURES
from finops_cost_management.commands.tables import FORMATS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from finops_cost_management.answers.ledger import Decision, LedgerEntry
    from finops_cost_management.answers.recommendations import Recommendation
    from finops_cost_management.answers.verification import VerifiedSaving
    from finops_cost_management.state.database import StateDatabase

_SHORTEST_ID = 4
"""Digits of an id from which they stand for the whole, where no other begins so."""

STATUSES = ("new", "open", "snoozed", "dismissed", "done", "gone")

format_option = click.option(
    "--format", "fmt", type=click.Choice(FORMATS), default="table", show_default=True
)
ids_argument = click.argument("ids", metavar="ID...", nargs=-1, required=True)


def _said(_ctx: click.Context, _parameter: click.Parameter, reason: str) -> str:
    if not reason.strip():
        raise click.BadParameter("say why, in a word or two")
    return reason


@click.group()
def command() -> None:
    """See and decide what runs found to save, and what it really saved."""


@command.command("list", epilog="Example: finops recommendations list --category compute")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(STATUSES),
    help="Only these; may be repeated [default: new and open].",
)
@click.option("--category", "categories", multiple=True, type=click.Choice(CATEGORIES))
@click.option("--check", "checks", multiple=True, help="Only the findings of this check.")
@click.option(
    "--provider", "providers", multiple=True, help="aws, azure, gcp, or as the bill names it."
)
@click.option("--account", "accounts", multiple=True, help="Only of this sub account.")
@click.option("--region", "regions", multiple=True, help="Only of this region.")
@format_option
@config_option
def list_(
    statuses: tuple[str, ...],
    categories: tuple[str, ...],
    checks: tuple[str, ...],
    providers: tuple[str, ...],
    accounts: tuple[str, ...],
    regions: tuple[str, ...],
    fmt: str,
    config_path: Path | None,
) -> None:
    """List what runs found, the largest counted saving first."""
    from finops_cost_management.answers.alternatives import most_useful_first
    from finops_cost_management.commands.tables import show
    from finops_cost_management.focus.cloud_provider import provider_name
    from finops_cost_management.report.savings_rows import full_row, short_row

    names = {provider_name(one) for one in providers}
    with closing(_database()) as database:
        entries = _with_status(_ledger(database).values(), config_path)
    found = [
        (entry, one)
        for entry, one in entries
        if one.status in (statuses or ("new", "open"))
        and (not categories or one.category in categories)
        and (not checks or one.check in checks)
        and (not names or one.provider in names)
        and (not accounts or one.sub_account_id in accounts)
        and (not regions or one.region_id in regions)
    ]
    found.sort(key=lambda pair: most_useful_first(pair[1]))
    show(
        [
            {**short_row(one), "Status": _status_words(entry, one)}
            if fmt == "table"
            else {**full_row(one), **_life(entry)}
            for entry, one in found
        ],
        fmt,
        figures=FIGURES,
        nothing=(
            f"None of the {len(entries):,} in the ledger is so: ask for other options."
            if entries
            else "There is none: `finops optimize` and `finops run` look for savings."
        ),
    )


@command.command(epilog="Example: finops recommendations show 9ac8a333f975")
@click.argument("recommendation_id", metavar="ID")
@click.option(
    "--format", "fmt", type=click.Choice(("text", "json")), default="text", show_default=True
)
@config_option
def show(recommendation_id: str, fmt: str, config_path: Path | None) -> None:
    """Show all that is known of one: why, how, how safe, and what else could be done instead."""
    import sys

    from finops_cost_management.commands.tables import show as show_table
    from finops_cost_management.report.savings_rows import full_row
    from finops_cost_management.report.savings_text import recommendation_text

    with closing(_database()) as database:
        ledger = _ledger(database)
    entry = _found(ledger, recommendation_id)
    pairs = _with_status(ledger.values(), config_path)
    (mine,) = [one for other, one in pairs if other.id == entry.id]
    if fmt == "json":
        show_table([{**full_row(mine), **_life(entry)}], "json")
        return
    others = [
        one
        for _, one in pairs
        if one.id != mine.id
        and one.status.is_open
        and (one.provider, one.currency) == (mine.provider, mine.currency)
        and one.parts.keys() & mine.parts.keys()
    ]
    sys.stdout.write(recommendation_text(entry, mine, others))


@command.command(epilog="Example: finops recommendations dismiss 9ac8a333f975 --reason 'needed'")
@ids_argument
@click.option("--reason", required=True, callback=_said, help="Why, for those who read it later.")
def dismiss(ids: tuple[str, ...], reason: str) -> None:
    """Never tell it again."""
    _decide(ids, "dismissed", reason=reason)


@command.command(epilog="Example: finops recommendations snooze 9ac8a333f975 --until 2027-01-15")
@ids_argument
@click.option("--until", type=Day(), required=True, help="First day on which it is told again.")
@click.option("--reason", default="", help="Why, for those who read it later.")
def snooze(ids: tuple[str, ...], until: datetime, reason: str) -> None:
    """Do not tell it until a day."""
    from finops_cost_management.window import today_utc

    if until.date() <= today_utc():
        raise click.UsageError("--until must be later than today (UTC).")
    _decide(ids, "snoozed", reason=reason, until=until.date())


@command.command(epilog="Example: finops recommendations done 9ac8a333f975 --on 2026-11-20")
@ids_argument
@click.option("--on", type=Day(), help="The day on which it was done [default: today, UTC].")
@click.option(
    "--replaced-by",
    multiple=True,
    metavar="RESOURCE",
    help="The id of a resource that took over, so that its cost counts; may be repeated.",
)
@click.option("--reason", default="", help="What was done, for those who read it later.")
def done(
    ids: tuple[str, ...], on: datetime | None, replaced_by: tuple[str, ...], reason: str
) -> None:
    """Say that it is carried out: the bill is watched from that day on."""
    from finops_cost_management.window import today_utc

    if on is not None and on.date() > today_utc():
        raise click.UsageError("--on must not be later than today (UTC).")
    _decide(ids, "done", reason=reason, on=on, replaced_by=replaced_by)


@command.command(epilog="Example: finops recommendations reopen 9ac8a333f975")
@ids_argument
def reopen(ids: tuple[str, ...]) -> None:
    """Take back what was decided: it is told again."""
    _decide(ids, None)


@command.command(epilog="Example: finops recommendations verify")
@click.option("--check", "checks", multiple=True, help="Only the advice of this check.")
@format_option
@config_option
def verify(checks: tuple[str, ...], fmt: str, config_path: Path | None) -> None:
    """Hold what was claimed against the bill, for all that is done or gone."""
    from finops_cost_management.answers.verification import records_of, totals_of
    from finops_cost_management.commands.opening import open_snapshot
    from finops_cost_management.commands.tables import show as show_table
    from finops_cost_management.report.savings_rows import record_row, verified_row
    from finops_cost_management.savings.verifying import verify as verify_all
    from finops_cost_management.window import today_utc

    with closing(_database()) as database:
        entries = [
            entry
            for entry in _ledger(database).values()
            if not checks or entry.recommendation.check in checks
        ]
    with open_snapshot(config_path) as costs:
        verified = verify_all(entries, costs, today_utc())
    figures = ("Claimed", "Before", "After", "Realised", "Share")
    show_table(
        [verified_row(one) if fmt == "table" else _plain(one) for one in verified],
        fmt,
        figures=figures,
        nothing="Nothing is done yet: `finops recommendations done` says what is.",
    )
    if fmt == "table" and verified:
        records = records_of(verified)
        rows = [record_row(one) for one in (*records, *totals_of(records))]
        show_table(rows, fmt, figures=figures)


def _plain(one: VerifiedSaving) -> dict[str, Any]:
    advice = one.entry.recommendation
    return {
        "id": advice.id,
        "check": advice.check,
        "provider": advice.provider,
        "resource_id": advice.resource_id,
        "since": one.ended_on,
        "currency": advice.currency,
        "claimed": one.claimed,
        "before": one.before,
        "after": one.after,
        "realised": one.realised,
        "reason": one.reason,
    }


def _database() -> StateDatabase:
    from finops_cost_management.settings import load_settings
    from finops_cost_management.state.database import StateDatabase

    return StateDatabase.of(load_settings())


def _ledger(database: StateDatabase) -> dict[str, LedgerEntry]:
    from finops_cost_management.state.recommendations import ledger_of

    return ledger_of(database)


def _with_status(
    entries: Collection[LedgerEntry], config_path: Path | None
) -> list[tuple[LedgerEntry, Recommendation]]:
    """Each entry's recommendation as it stands today; the open ones with what counts of them."""
    from dataclasses import replace

    from finops_cost_management.answers.alternatives import without_double_count
    from finops_cost_management.commands.opening import configuration
    from finops_cost_management.window import today_utc

    today = today_utc()
    stands = {
        entry.id: replace(entry.recommendation, status=entry.status(today)) for entry in entries
    }
    formula = configuration(config_path).savings.priority
    waiting = [one for one in stands.values() if one.status.is_open]
    stands |= {one.id: one for one in without_double_count(waiting, formula)}
    return [(entry, stands[entry.id]) for entry in entries]


def _found(ledger: dict[str, LedgerEntry], recommendation_id: str) -> LedgerEntry:
    from finops_cost_management.did_you_mean import did_you_mean
    from finops_cost_management.errors import ConfigurationError

    begun = [one for key, one in ledger.items() if key.startswith(recommendation_id)]
    entry = ledger.get(recommendation_id)
    if entry is None and len(begun) == 1 and len(recommendation_id) >= _SHORTEST_ID:
        (entry,) = begun
    if entry is None:
        raise ConfigurationError(
            f"no run found a recommendation {recommendation_id!r}",
            hint=did_you_mean(recommendation_id, list(ledger))
            or "`finops recommendations list` has the ids",
        )
    return entry


def _decide(
    ids: Sequence[str],
    status: str | None,
    *,
    reason: str = "",
    until: date | None = None,
    on: datetime | None = None,
    replaced_by: tuple[str, ...] = (),
) -> None:
    """All of them or none: an unknown id changes nothing."""
    from dataclasses import replace

    from finops_cost_management.state.recommendations import decide

    decision = None if status is None else _decision(status, reason, until, on, replaced_by)
    with closing(_database()) as database:
        ledger = _ledger(database)
        for entry in [_found(ledger, one) for one in ids]:
            advice = entry.recommendation
            claimed = (
                replace(decision, claimed=advice.estimated_monthly_savings) if decision else None
            )
            now = decide(database, entry.id, claimed)
            words = "open again" if status is None else status
            click.echo(f"{words}: {advice.recommendation}", err=True)
            if now is not None and status == "done" and now.ended_on is None:
                click.echo(
                    f"but its check still found it until {entry.seen_until}: it stays open",
                    err=True,
                )


def _decision(
    status: str, reason: str, until: date | None, on: datetime | None, replaced_by: tuple[str, ...]
) -> Decision:
    from datetime import UTC
    from datetime import datetime as instant

    from finops_cost_management.answers.ledger import Decision
    from finops_cost_management.answers.recommendations import RecommendationStatus

    return Decision(
        status=RecommendationStatus(status),
        reason=reason,
        decided=on.replace(tzinfo=UTC) if on else instant.now(UTC),
        until=until,
        replaced_by=replaced_by,
    )


def _status_words(entry: LedgerEntry, one: Recommendation) -> str:
    decision = entry.decision
    words: str = one.status.value
    if decision is not None and one.status is decision.status:
        if decision.until:
            words += f" until {decision.until}"
        if decision.reason:
            words += f": {decision.reason}"
    return words


def _life(entry: LedgerEntry) -> dict[str, Any]:
    decision = entry.decision
    return {
        "found_by": entry.found_by,
        "first_seen": entry.first_seen,
        "last_seen": entry.last_seen,
        "gone_on": entry.gone_on,
        "decision": decision.status.value if decision else None,
        "decided": decision.decided if decision else None,
        "reason": decision.reason if decision else None,
        "until": decision.until if decision else None,
    }
