from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from finops_cost_management.answers.anomalies import Driver
from finops_cost_management.answers.digest import Digest
from finops_cost_management.answers.forecasts import BacktestAccuracy
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
    on_one_line = " ".join(text.split())

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
        "could not tell 1, because: too young (1)",
        "over budget",
        "projected 5,571.43",
        "sources.cluster",
        "read-only folder; chmod it",
        "out/review.html",
    ):
        assert expected in text or expected in on_one_line
    assert "\x1b" not in text, "a pipe gets no colour"
    assert max(map(len, text.splitlines())) <= 80


def test_what_people_answered_already_is_counted(
    outcome: Outcome, to_digest: ToDigest, capsys: pytest.CaptureFixture[str]
) -> None:
    Console().notify(to_digest(outcome))
    assert "known by feedback" not in capsys.readouterr().out

    outcome.known_anomalies.append(outcome.anomalies[0])
    Console().notify(to_digest(outcome))
    assert "1 more known by feedback: `finops feedback list`" in capsys.readouterr().out


def test_the_console_tells_incidents_and_how_good_forecasts_were(
    outcome: Outcome, to_digest: ToDigest, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = outcome.anomalies
    resource = "arn:aws:rds:eu-west-1:123456789012:db/orders"
    drivers = [
        Driver(dimension="ResourceId", value=resource, impact=Decimal(1200)),
        *(Driver(dimension="ResourceId", value=str(n), impact=Decimal(-1)) for n in range(3)),
        Driver(dimension="RegionId", value="eu-west-1", impact=Decimal(1197)),
    ]
    outcome.anomalies = [
        replace(one, days=2, drivers=tuple(drivers), also_seen=(other, other)),
        replace(one, days=30, drivers=()),
    ]
    accuracy = BacktestAccuracy(mase=0.594, wape=0.0349, coverage={}, origins=4)
    series = replace(outcome.forecasts[0], accuracy=accuracy)
    outcome.forecasts = [series, replace(series, dimensions={}, parts=2, accuracy=None)]
    Console().notify(to_digest(outcome))
    text = capsys.readouterr().out
    words = " ".join(text.split())

    assert "by resource: ...23456789012:db/orders +1,200.00, 0 -1.00, 2 others -2.00;" in words
    assert "by region" not in words, "one split is enough on a terminal"
    assert "; seen 2 more times" in words
    assert re.search(r"2026-11-12 AWS / Virtual .* Machines, 2 days .* Machines, 30 days", words)
    assert text.index("all 2 series") < text.index("MASE 0.59")
    assert "WAPE 3.5 %" in words
    assert "growth +27.6 %" in words
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
    assert events[0]["drivers"][0]["impact"] == "1000.10"
    assert (events[0]["days"], events[0]["also_seen"]) == (1, 0)
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
