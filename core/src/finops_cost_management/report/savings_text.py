"""One recommendation as a person reads it, from what to do down to why."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from finops_cost_management.report.wording import money, percent, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_cost_management.answers.ledger import LedgerEntry
    from finops_cost_management.answers.recommendations import Recommendation

_WIDTH = 80
_NAME_WIDTH = 16


def recommendation_text(
    entry: LedgerEntry, one: Recommendation, others: Sequence[Recommendation]
) -> str:
    """All that is known of a recommendation.

    Args:
        entry: Its life.
        one: As it stands today.
        others: Other open advice on the same resources.
    """
    lines = [
        fill(plain(one.recommendation), _WIDTH),
        "",
        *_facts(entry, one),
        *_numbered("Steps", one.steps),
        *_named("Now", one.current_configuration),
        *_named("Then", one.recommended_configuration),
        *_named("Evidence", one.evidence),
        *_alternatives(one, others),
    ]
    return "\n".join(lines) + "\n"


def _facts(entry: LedgerEntry, one: Recommendation) -> Iterator[str]:
    saving = money(one.estimated_monthly_savings, one.currency)
    cost = money(one.current_cost, one.currency)
    yield _fact("Saves a month", f"{saving} of {cost}, by {one.basis.value}")
    if one.counted_savings is not None and one.counted_savings != one.estimated_monthly_savings:
        counted = money(one.counted_savings, one.currency)
        rest = "the rest" if one.counted_savings else "all of it"
        yield _fact("In totals", f"{counted}: {rest} is counted in better advice, below")
    yield _fact("Priority", one.priority.value)
    yield _fact("Confidence", percent(one.confidence, digits=0))
    yield _fact("Effort, risk", f"{one.implementation_effort.value}, {one.risk.value}")
    restart = "needs a restart" if one.restart_needed else "no restart"
    yield _fact("Change", f"{restart}, {'reversible' if one.reversible else 'not reversible'}")
    yield _fact("Resource", one.resource_id)
    place = [one.provider, one.sub_account_id, one.region_id, one.resource_type]
    yield _fact("Where", ", ".join(part for part in place if part))
    yield _fact("Found by", f"{one.check} ({one.source}), looking back {one.lookback_days} days")
    yield _fact("Seen", f"{entry.first_seen:%Y-%m-%d} to {entry.last_seen:%Y-%m-%d}")
    yield _fact("Status", one.status.value)
    if (decision := entry.decision) is not None:
        until = f", until {decision.until}" if decision.until else ""
        reason = f": {decision.reason}" if decision.reason else ""
        words = f"{decision.status.value} on {decision.decided:%Y-%m-%d}{until}{reason}"
        yield _fact("Decided", words)
    yield _fact("Id", one.id)


def _alternatives(one: Recommendation, others: Sequence[Recommendation]) -> Iterator[str]:
    if others:
        yield from ("", "Instead, on the same resources (only the best one counts):")
    for other in others:
        saving = money(other.estimated_monthly_savings, other.currency)
        better = "better: " if other.id in one.better else ""
        yield _wrapped(f"{other.id}  {better}{saving}  {other.recommendation}")


def _numbered(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield from ("", title)
    for number, text in enumerate(texts, 1):
        yield _wrapped(f"{number}. {text}")


def _named(title: str, values: Mapping[str, str]) -> Iterator[str]:
    if values:
        yield from ("", title)
    for name, value in values.items():
        yield _wrapped(f"{name}: {value}")


def _fact(name: str, value: str) -> str:
    text = f"{name:<{_NAME_WIDTH}}{plain(value)}"
    return fill(text, _WIDTH, subsequent_indent=" " * _NAME_WIDTH, break_long_words=False)


def _wrapped(text: str) -> str:
    return fill(
        plain(text), _WIDTH, initial_indent="  ", subsequent_indent="     ", break_long_words=False
    )
