"""`finops k8s` against a Kubecost that truly answers: every line of the seed."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from finops_cost_management.finops_cli import main
from finops_cost_management.window import today_utc
from finops_kubecost.fake_kubecost import GIB, FakeKubecost, idle, workload

pytestmark = [pytest.mark.invented]

Run = Callable[[str], tuple[int, str, str]]


@pytest.fixture(scope="module")
def server() -> FakeKubecost:
    """Installed a week ago."""
    today = today_utc()
    return FakeKubecost({today - timedelta(days=age): _a_day() for age in range(8)})


def _a_day() -> list[dict[str, object]]:
    return [
        workload(
            "shop",
            "cart-1",
            labels={"team": "checkout"},
            cpuCost=2,
            ramCost=1,
            cpuCoreHours=24,
            ramByteHours=24 * GIB,
            cpuCoreRequestAverage=1,
            cpuCoreUsageAverage=0.1,
            ramByteRequestAverage=GIB,
            ramByteUsageAverage=0.9 * GIB,
        ),
        idle(cpuCost=1, cpuCoreHours=24),
    ]


@pytest.fixture(scope="module")
def url(server: FakeKubecost) -> Iterator[str]:
    with server.served() as address:
        yield address


@pytest.fixture
def run(
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECOST_URL", url)

    def go(line: str) -> tuple[int, str, str]:
        words = shlex.split(line)
        assert words[:3] == ["python", "-m", "finops_cost_management.finops_cli"]
        code = main([word.replace("http://kubecost.example.com:9090", url) for word in words[3:]])
        said = capsys.readouterr()
        return code, said.out, said.err

    return go


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", "shop"),
        ("--kubecost-url http://kubecost.example.com:9090 --cluster production", "shop"),
        ("--group-by namespace", "shop"),
        ("--group-by pod", "cart-1"),
        ("--group-by label --label-key team", "checkout"),
        ("--group-by controller", "cart-1"),
        ("--group-by node", "node-1"),
        ("--group-by cluster", "production"),
        ("--period today", "3.00 USD"),
        ("--period week", "21.00 USD"),
        ("--period month", "21.00 USD"),
        ("--period quarter", "21.00 USD"),
        ("--idle --threshold 0.2", "shop/cart-1"),
        ("--efficiency", "Efficiency score"),
    ],
)
def test_every_line_of_the_seed(run: Run, options: str, words: str) -> None:
    code, printed, said = run(f"python -m finops_cost_management.finops_cli k8s {options}")
    assert code == 0, said
    assert words in printed


def test_the_url_is_read_from_the_environment_before_the_store_is_asked(
    run: Run, server: FakeKubecost
) -> None:
    before = len(server.asked)
    run("python -m finops_cost_management.finops_cli k8s --period week")
    assert len(server.asked) > before
    assert not Path(".finops/costs").exists()


def test_days_that_the_server_does_not_know_are_said(run: Run, url: str) -> None:
    _, _, said = run("python -m finops_cost_management.finops_cli k8s --period month")
    assert f"{url} has nothing of 23 of the 30 days" in said


def test_another_name_of_the_cluster_is_said(run: Run) -> None:
    _, printed, said = run(
        "python -m finops_cost_management.finops_cli k8s --cluster mine --period week"
    )
    assert "shop" in printed
    assert "calls its cluster production, not mine." in said


def test_nothing_of_these_days(run: Run, url: str) -> None:
    code, printed, said = run(
        "python -m finops_cost_management.finops_cli k8s --format json"
        " --start-date 2024-01-01 --end-date 2024-01-02"
    )
    assert (code, json.loads(printed)) == (0, [])
    assert f"{url} has no allocations from 2024-01-01..2024-01-02: ask for days since" in said


def test_a_key_is_read_from_the_environment(
    url: str, monkeypatch: pytest.MonkeyPatch, run: Run, server: FakeKubecost
) -> None:
    monkeypatch.setattr(server, "api_key", "open sesame")
    line = "python -m finops_cost_management.finops_cli k8s --period today"
    code, _, said = run(line)
    assert code == 1
    assert url in said
    monkeypatch.setenv("KUBECOST_API_KEY", "open sesame")
    code, printed, said = run(line)
    assert (code, "sesame" in printed + said) == (0, False)


def test_nobody_answers(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run is not None
    monkeypatch.setenv("KUBECOST_URL", "http://localhost:9")
    assert main(["k8s"]) == 1
    said = capsys.readouterr().err
    assert "http://localhost:9" in said
    assert "kubectl port-forward -n kubecost" in said


def test_what_a_pipeline_stored_is_asked_without_a_server(
    run: Run, url: str, monkeypatch: pytest.MonkeyPatch, server: FakeKubecost
) -> None:
    Path("finops.yaml").write_text(
        f"window: {{days: 5}}\nsources: {{cluster: {{use: kubecost.allocation, url: '{url}'}}}}\n"
    )
    assert run("python -m finops_cost_management.finops_cli run")[0] == 0
    monkeypatch.delenv("KUBECOST_URL")
    asked = len(server.asked)
    _, printed, said = run(
        "python -m finops_cost_management.finops_cli k8s --period week --cluster production"
    )
    assert "shop" in printed
    assert "total 20.00 USD" in said or "total 16.00 USD" in said
    assert "the store has nothing of" in said
    assert len(server.asked) == asked
