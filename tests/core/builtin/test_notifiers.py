from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from finops_cost_management.answers.digest import Digest
from finops_cost_management.answers.outcome import Outcome
from finops_cost_management.builtin.notifiers import Console, ConsoleOptions, Log, LogOptions

pytestmark = pytest.mark.invented

ToDigest = Callable[[Outcome], Digest]


@pytest.fixture(autouse=True)
def _pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe of 80 columns, whatever the tests run in."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")


def test_the_console_tells_every_section(
    outcome: Outcome, to_digest: ToDigest, capsys: pytest.CaptureFixture[str]
) -> None:
    Console().notify(to_digest(outcome))
    text = capsys.readouterr().out

    for expected in (
        "daily-watch",
        "2026-10-25..2026-11-21, 28 days",
        "5,504.85",
        "1,120.14",
        "-20.00 USD",
        "+1,134.25 USD",
        "critical",
        "4,000.00 to 4,700.00 (95 %)",
        "insufficient data",
        "up to 53.75 USD a month",
        "could not tell 1: too young",
        "over budget",
        "projected 5,571.43",
        "sources.cluster",
        "read-only folder; chmod it",
        "out/review.html",
    ):
        assert expected in text
    assert "\x1b" not in text, "a pipe gets no colour"
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_colour_can_be_forced_and_no_color_is_honoured(
    outcome: Outcome,
    to_digest: ToDigest,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    no_color: str | None,
    coloured: bool,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    Console(ConsoleOptions(colour="always")).notify(to_digest(outcome))

    assert ("\x1b[1;31m" in capsys.readouterr().out) is coloured


def test_an_empty_digest_says_why(
    empty_outcome: Outcome, to_digest: ToDigest, capsys: pytest.CaptureFixture[str]
) -> None:
    Console().notify(to_digest(empty_outcome))
    text = " ".join(capsys.readouterr().out.split())

    assert "The store has no costs in these days" in text
    assert "names none under `detectors:`" in text


def test_a_long_list_is_cut_counted_and_said_where(
    crowded: Outcome, to_digest: ToDigest, capsys: pytest.CaptureFixture[str]
) -> None:
    Console(ConsoleOptions(limit=5)).notify(to_digest(crowded))
    text = capsys.readouterr().out

    assert text.count("and 9,995 more: see out/review.html") == 2
    assert len(text.splitlines()) < 120


def test_names_out_of_a_bill_are_only_text(
    outcome: Outcome, to_digest: ToDigest, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "[bold]\x1b[2J[/nothing] " + "x" * 500
    outcome.anomalies = [replace(outcome.anomalies[0], dimensions={"ServiceName": evil})]
    Console().notify(to_digest(outcome))
    text = capsys.readouterr().out

    assert "[bold]" in text
    assert "\x1b" not in text


def test_a_narrow_encoding_is_no_reason_to_fail(
    outcome: Outcome, to_digest: ToDigest, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="ascii"))
    outcome.budgets = [replace(outcome.budgets[0], name="Zürich")]
    Console().notify(to_digest(outcome))

    assert b"Z?rich" in written.getvalue()
    assert b"####" in written.getvalue()


def test_the_log_has_an_event_for_each_finding(outcome: Outcome, to_digest: ToDigest) -> None:
    with capture_logs() as events:
        Log().notify(to_digest(outcome))

    kinds = [event["event"] for event in events]
    assert kinds == [*["anomaly"] * 2, *["saving"] * 2, *["budget"] * 4, "step_failed", "digest"]
    assert all(event["pipeline"] == "daily-watch" for event in events)
    assert events[0]["cost_impact"] == "1134.25"
    assert events[0]["log_level"] == "error"
    assert events[4]["status"] == "over_budget"
    assert events[-1]["effective_cost"]["EUR"] == "1120.140"


def test_the_log_counts_what_it_leaves_out(crowded: Outcome, to_digest: ToDigest) -> None:
    with capture_logs() as events:
        Log(LogOptions(limit=3)).notify(to_digest(crowded))

    left_out = [event for event in events if event["event"] == "left_out"]
    assert [(event["kind"], event["count"]) for event in left_out] == [
        ("anomaly", 9_997),
        ("saving", 9_997),
        ("budget", 1),
    ]


def test_the_log_of_an_empty_digest_is_one_event(
    empty_outcome: Outcome, to_digest: ToDigest
) -> None:
    with capture_logs() as events:
        Log().notify(to_digest(empty_outcome))

    assert [event["event"] for event in events] == ["digest"]
    assert events[0]["effective_cost"] == {}


def test_a_list_needs_a_line() -> None:
    with pytest.raises(ValidationError):
        ConsoleOptions(limit=0)
