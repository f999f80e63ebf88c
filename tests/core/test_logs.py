"""Secrets are in nothing that is logged, whoever logs it and however it is written."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from finops_cost_management import logs
from finops_cost_management.pipeline.loading import parse_config
from finops_cost_management.pipeline.masking import masked_yaml
from finops_cost_management.pipeline.told import in_words
from finops_cost_management.plugins.registry import Registry
from finops_cost_management.store.files import in_words as store_in_words

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

PEM = (
    "-----BEGIN PRIVATE KEY-----\n"
    "QmVjYXVzZSB0aGlzIGlzIGEgdGVzdCwgbm8ga2V5IGlzIGhlcmU\n"
    "bm9yIGhlcmU9PQ==\n"
    "-----END PRIVATE KEY-----\n"
)
ACCOUNT = json.dumps({"type": "service_account", "private_key": PEM}, indent=2)
QUOTED = 'pa"ss\\wörd 1'

secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=60)
tricky = st.one_of(secrets, st.sampled_from([PEM, ACCOUNT, QUOTED]))
everything = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logging is set up for the whole process: put it back."""
    monkeypatch.setattr(logs, "_secrets", set())
    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    logging.setLogRecordFactory(factory)
    structlog.reset_defaults()


def hide_only(secret: str) -> None:
    logs._secrets.clear()
    logs.hide(secret)


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield str(value)


def log_everywhere(secret: str) -> None:
    structlog.get_logger("plugin").warning(
        "call", url=f"https://x/?t={secret}", deep={"list": [secret, (secret,)]}, body=repr(secret)
    )
    logging.getLogger("plugin").warning("std %s", secret)
    logging.getLogger("plugin").warning(RuntimeError(secret))
    try:
        raise RuntimeError(f"401 for {secret}")  # noqa: TRY301 # caught at once, to be logged
    except RuntimeError:
        logging.getLogger("plugin").exception("failed with %r", {"body": secret})
        structlog.get_logger("plugin").exception("failed", error=RuntimeError(secret))


@given(tricky)
@example('", "')
@example("****")
@everything
def test_json_logs_hold_no_secret_and_stay_json(
    capsys: pytest.CaptureFixture[str], secret: str
) -> None:
    hide_only(secret)
    logs.configure("info", "json")
    capsys.readouterr()
    log_everywhere(secret)
    lines = capsys.readouterr().err.split("\n")[:-1]

    assert len(lines) == 5
    for text in (leaf for line in lines for leaf in leaves(json.loads(line))):
        assert secret not in text


@given(secret=tricky)
@everything
def test_console_logs_hold_no_secret(secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    hide_only(secret)
    logs.configure("info", "console")
    capsys.readouterr()
    log_everywhere(secret)
    assert secret not in capsys.readouterr().err


@given(secret=tricky)
@everything
def test_errors_in_words_hold_no_secret(secret: str) -> None:
    hide_only(secret)
    on_one_line = " ".join(secret.split())
    assume(len(on_one_line) >= 4)
    before = in_words(RuntimeError("login with"))
    for say in (in_words, store_in_words):
        said = say(RuntimeError(f"login with {secret}"))
        assert secret not in said
        if on_one_line not in before:
            assert on_one_line not in said


@given(secret=tricky)
@everything
def test_a_shown_configuration_holds_no_secret(secret: str) -> None:
    assume(secret == secret.rstrip("\r\n"))

    def shown(value: str) -> str:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "secret"
            file.write_bytes(value.encode())
            return masked_yaml(
                parse_config(
                    "sources: {demo: {use: demo}}\n"
                    f"store: {{path: 's3://u:${{file:{file}}}@x', "
                    f"storage_options: {{aws_secret_access_key: '${{file:{file}}}'}}}}",
                    Registry(),
                )
            )

    assume(secret not in shown("another one"))
    assert secret not in shown(secret)


@pytest.mark.parametrize("line", PEM.splitlines()[1:3])
@pytest.mark.parametrize("secret", [PEM, ACCOUNT], ids=["key", "account"])
def test_each_line_of_a_key_is_hidden(secret: str, line: str) -> None:
    hide_only(secret)
    assert line not in logs.masked(f"cannot parse {line!r}")
    assert line not in in_words(RuntimeError(f"bad key {secret}"))
    assert line not in store_in_words(RuntimeError(f"bad key {secret}"))


@pytest.mark.parametrize(
    "written",
    [
        json.dumps(QUOTED),
        json.dumps(QUOTED, ensure_ascii=False),
        repr(QUOTED),
        "https://x/?p=pa%22ss%5Cw%C3%B6rd%201",
        "https://x/?p=pa%22ss%5Cw%C3%B6rd+1",
    ],
)
def test_a_secret_is_found_as_others_write_it(written: str) -> None:
    hide_only(QUOTED)
    assert "***" in logs.masked(f"body {written}")
    assert "rd" not in logs.masked(written)


def test_the_password_of_a_secret_address_is_a_secret() -> None:
    hide_only("https://reader:hunter%2F22@bills.example/x")
    assert logs.masked("no entry for hunter%2F22 or hunter/22") == "no entry for *** or ***"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:pw@host/x", "https://***@host/x"),
        ("https://token@host/x", "https://***@host/x"),
        ("https://user:p@ss/w@host", "https://***@host"),
        ("https://host/x?y=a@b", "https://host/x?y=a@b"),
        ("abfss://container@account.dfs.core.windows.net/x", None),
        ("s3://bucket/day=1@2", None),
        ("bills/*.csv", None),
    ],
)
def test_who_signs_in_is_not_shown(address: str, shown: str | None) -> None:
    assert logs.without_passwords(address) == (shown or address)


def test_short_values_do_not_garble_every_text() -> None:
    hide_only("on")
    assert logs.masked("one on one") == "one on one"


PLUGIN = """
import logging, structlog
from finops_cost_management import Notifier, Options, hookimpl
from pydantic import SecretStr

class TokenOptions(Options):
    token: SecretStr
    "A secret."

class Chatty(Notifier[TokenOptions]):
    "Logs its token in every way."
    Options = TokenOptions
    @hookimpl
    def notify(self, digest):
        token = self.options.token.get_secret_value()
        structlog.get_logger("chatty").warning("call", url="https://x/?t=" + token)
        logging.getLogger("chatty").warning("std %s", token)
        logging.getLogger("chatty").warning("wrong %d", token)
        try:
            raise RuntimeError("401 for " + token)
        except RuntimeError:
            logging.getLogger("chatty").exception("failed")
            structlog.get_logger("chatty").exception("failed")
"""


OWN_LOGGING = "import logging; logging.basicConfig(level='INFO', format='mine %(message)s')"
OWN_STRUCTLOG = (
    "import structlog; from structlog.processors import JSONRenderer, format_exc_info; "
    "structlog.configure(processors=[format_exc_info, logs.mask_event, JSONRenderer()])"
)


@pytest.mark.parametrize(
    "set_up",
    ["", OWN_LOGGING, OWN_STRUCTLOG],
    ids=["nothing", "logging", "structlog"],
)
def test_from_python_plugins_log_no_secret(tmp_path: Path, set_up: str) -> None:
    (tmp_path / "parts.py").write_text(PLUGIN)
    program = (
        f"from finops_cost_management import Pipeline, logs; {set_up}\n"
        "Pipeline.from_yaml('window: {days: 3}\\n"
        'notifiers: {chatty: {use: parts:Chatty, token: "${TOKEN}"}}\').run()\n'
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**environment(), "TOKEN": "s3cr3t-value"},
        capture_output=True,
        text=True,
        check=True,
    )
    printed = done.stdout + done.stderr
    assert "std ***" in printed
    assert "401 for ***" in printed
    assert "s3cr3t" not in printed
    assert ("mine std ***" in printed) == ("mine" in set_up), "the program's own format"


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": ":".join(filter(None, sys.path))}


@pytest.fixture
def a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Runs a pipeline with a secret; gives everything that was printed, by it and about it."""
    from finops_cost_management.finops_cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "parts", raising=False)
    (tmp_path / "parts.py").write_text(
        PLUGIN + "        raise RuntimeError('login with ' + token + ' as ' + repr(token))\n"
    )
    (tmp_path / "finops.yaml").write_text(
        "window: {days: 3}\nnotifiers: {chatty: {use: parts:Chatty, token: '${file:secret}'}}\n"
    )

    def run(secret: str) -> str:
        (tmp_path / "secret").write_text(secret, encoding="utf-8")
        assert main(["--debug", "run"]) == 1
        assert main(["validate", "--show"]) == 0
        assert main(["runs", "--format", "json"]) == 0
        (tmp_path / "secret").unlink()
        return tmp_path.joinpath(".finops/state.db").read_bytes().decode("utf-8", "replace")

    return run


@pytest.mark.parametrize(
    "secret", [PEM.rstrip(), ACCOUNT, QUOTED], ids=["key", "account", "quoted"]
)
def test_a_whole_run_shows_no_part_of_a_secret(
    a_run: Callable[[str], str], capsys: pytest.CaptureFixture[str], secret: str
) -> None:
    record = a_run(secret)
    printed = "".join(capsys.readouterr())

    assert "login with ***" in printed
    for part in (*PEM.splitlines()[1:3], "ss\\wörd", "ss\\\\w"):
        assert part not in printed
        assert part not in record
