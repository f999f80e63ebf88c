"""``finops store remove``: what nobody brings any more is forgotten, on request."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pytest

from finops_cost_management import AccountsDelivery, CostStore
from finops_cost_management.engine import Engine
from finops_cost_management.finops_cli import main

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

HEADER = (
    "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,"
    "ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,ProviderName"
)


def row(month: int) -> str:
    first = f"2026-{month:02d}-01T00:00:00Z"
    period = f"{first},2026-{month + 1:02d}-01T00:00:00Z,{first},2026-{month:02d}-02T00:00:00Z"
    return f"{month},{month},USD,{period},Usage,Storage,AWS\n"


@pytest.fixture(autouse=True)
def _stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("old", "new"):
        for month in (4, 5):
            Path(name).mkdir(exist_ok=True)
            Path(name, f"{month}.csv").write_text(f"{HEADER}\n{row(month)}")
    Path("finops.yaml").write_text(
        "sources: {old: {use: focus.files, path: old}, new: {use: focus.files, path: new}}\n"
    )
    assert main(["run", "--until", "2026-06-01"]) == 0


def held(capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    main(["store", "show", "--format", "csv"])
    return [",".join(line.split(",")[:2]) for line in capsys.readouterr().out.splitlines()[1:]]


def test_a_source_is_forgotten_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "remove", "old", "--yes"]) == 0
    assert "removed 2 rows of old" in capsys.readouterr().err
    assert held(capsys) == ["new,2026-04", "new,2026-05"]


def test_or_one_of_its_months(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "remove", "old", "--period", "2026-05", "--yes"]) == 0
    assert held(capsys) == ["new,2026-04", "new,2026-05", "old,2026-04"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["odl", "--yes"], "the store holds nothing of 'odl'; did you mean 'old'?"),
        (["old", "--period", "2026-07", "--yes"], "nothing of old in 2026-07; it has 2026-04 to"),
        (["old"], "This removes 2 rows of old in 2 periods. Add --yes"),
    ],
)
def test_mistakes_remove_nothing(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(["store", "remove", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert len(held(capsys)) == 4


@pytest.mark.parametrize(("answer", "code", "left"), [("n", 130, 4), ("y", 0, 2)])
def test_on_a_terminal_it_asks(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
    left: int,
) -> None:
    asked: list[str] = []

    def reply(prompt: str) -> str:
        asked.append(prompt)
        return answer

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", reply)
    assert main(["store", "remove", "old"]) == code
    assert len(asked) == 1
    assert len(held(capsys)) == left


@pytest.fixture
def organization() -> None:
    """A source that names an account, and brings no charge."""
    table = pa.table(
        {
            "ProviderName": ["AWS"],
            "SubAccountId": ["000000000012"],
            "SubAccountName": ["Shop"],
            "Tags": ["{}"],
        }
    )
    told = AccountsDelivery(name="o-1", digest="1", read=lambda _: table)
    with Engine(threads=1) as engine:
        CostStore(Path(".finops/costs")).ingest("org", told, engine)


@pytest.mark.usefixtures("organization")
def test_accounts_are_told_and_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["store", "show"]) == 0
    assert "Accounts: org names 1, told on 20" in capsys.readouterr().out

    assert main(["store", "remove", "org"]) == 2
    assert "0 rows of org in 0 periods, and the names of 1 accounts" in capsys.readouterr().err
    assert main(["store", "remove", "org", "--period", "2026-04", "--yes"]) == 2
    assert "holds nothing of 'org' by period" in capsys.readouterr().err
    assert main(["store", "remove", "org", "--yes"]) == 0
    main(["store", "show"])
    assert "Accounts" not in capsys.readouterr().out
    assert len(held(capsys)) == 4
