"""Commands that installed packages bring to `finops`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from finops_cost_management.finops_cli import COMMANDS, main
from finops_cost_management.plugins.command_names import installed_commands

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

GREETING = """
    import click

    @click.command()
    @click.argument("who")
    def greet(who):
        "Greet WHO."
        click.echo(f"hello {who}")
    """


def test_a_command_of_a_package_runs(
    install: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    install("finops-greeting", GREETING, commands="greet=greet")
    assert main(["greet", "world"]) == 0
    assert capsys.readouterr().out == "hello world\n"
    assert main(["greet", "--help"]) == 0
    assert "Greet WHO." in capsys.readouterr().out


def test_the_list_names_it_and_imports_nothing(
    install: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    install("finops-broken", "raise SystemExit('imported')", commands="shatter=command")
    assert main(["--help"]) == 0
    assert "shatter" in capsys.readouterr().out
    assert "finops_broken" not in sys.modules


def test_a_package_that_is_not_utf_8_hides_no_command(
    install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install("finops-greeting", GREETING, commands="greet=greet")
    other = tmp_path / "other"
    information = other / "old-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "entry_points.txt").write_bytes(b"[finops.commands]\nshow=old:show\n")
    (information / "METADATA").write_bytes("Name: old\nSummary: Größe\n".encode("latin-1"))
    monkeypatch.syspath_prepend(str(other))

    assert {"greet", "show"} <= installed_commands().keys()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit('gone')", "'shatter' from finops-broken failed to import"),
        ("command = 7", "'shatter' from finops-broken is not a command"),
    ],
)
def test_what_is_wrong_with_it_is_said_when_it_is_called(
    install: Callable[..., Path], capsys: pytest.CaptureFixture[str], code: str, words: str
) -> None:
    install("finops-broken", code, commands="shatter=command")
    assert main(["shatter"]) == 2
    assert words in capsys.readouterr().err
    assert main(["plugins", "check", "shatter", "--format", "json"]) == 1
    assert words in capsys.readouterr().out


def test_offered_twice(install: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    install("finops-greeting", GREETING, commands="greet=greet")
    install("finops-salute", GREETING, commands="greet=greet")
    assert main(["greet", "world"]) == 2
    assert "offered by finops-greeting and by finops-salute" in capsys.readouterr().err


def test_a_name_of_core_stays_with_core(
    install: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    install("finops-greeting", GREETING, commands="runs=greet")
    assert main(["runs", "--help"]) == 0
    assert "Greet" not in capsys.readouterr().out
    assert main(["--help"]) == 0
    assert COMMANDS["runs"] in capsys.readouterr().out


def test_an_unknown_one_is_told_its_nearest(
    install: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    install("finops-greeting", GREETING, commands="greet=greet")
    assert main(["gret"]) == 2
    assert "Did you mean 'greet'?" in capsys.readouterr().err


def test_plugins_list_has_it(
    install: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    install("finops-greeting", GREETING, commands="greet=greet")
    assert main(["plugins", "list", "--format", "csv"]) == 0
    assert "commands,greet,finops-greeting,1.0" in capsys.readouterr().out
    assert main(["plugins", "show", "greet"]) == 0


def test_the_quick_list_agrees_with_the_slow_one(install: Callable[..., Path]) -> None:
    install("finops-greeting", GREETING, commands="greet=greet wave=greet", sources="x=X")
    installed = {one.name for one in metadata.entry_points(group="finops.commands")}
    assert {"greet", "wave"} <= installed
    assert installed_commands().keys() == installed


def test_a_summary_stands_beside_it(install: Callable[..., Path]) -> None:
    site = install("finops-greeting", GREETING, commands="greet=greet")
    assert installed_commands()["greet"] == "From finops-greeting."
    (about,) = site.glob("finops_greeting-*.dist-info/METADATA")
    about.write_text(about.read_text() + "Summary: Greets people\n\nSummary: of the long text\n")
    assert installed_commands()["greet"] == "Greets people"


def test_the_list_of_commands_stays_light() -> None:
    probe = (
        "import sys; from finops_cost_management.finops_cli import main; main(['--help']); "
        "heavy = {'importlib.metadata', 'stevedore', 'pydantic', 'boto3', 'finops_aws'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run(  # our own interpreter, our own program
        [sys.executable, "-c", probe], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
