"""The state database: what its address may be, and records of former versions."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from finops_cost_management import logs
from finops_cost_management.errors import ConfigurationError
from finops_cost_management.finops_cli import main
from finops_cost_management.settings import load_settings
from finops_cost_management.state.database import MIGRATIONS, StateDatabase

pytestmark = pytest.mark.real_component


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql+psycopg2://u:hunter22@db/x", "run: pip install psycopg2-binary"),
        ("mysql://u:hunter22@db/x", "run: pip install mysqlclient"),
        ("oracle+oracledb://u:hunter22@db/x", "run: pip install oracledb"),
        ("nothing://u:hunter22@db/x", "FINOPS_STATE_URL is not understood"),
        ("postgres db", "FINOPS_STATE_URL is not understood"),
        ("postgresql://u:hunter22@db:port/x", "FINOPS_STATE_URL is not understood"),
    ],
)
def test_an_address_that_cannot_be_used_says_what_to_do(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    address: str,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FINOPS_STATE_URL", address)
    assert main(["runs"]) == 2
    printed = capsys.readouterr().err
    assert words in printed
    assert "defect" not in printed
    assert "hunter22" not in printed


@pytest.mark.parametrize(
    ("address", "password"),
    [
        ("postgresql://u:hunter22@db/x", "hunter22"),
        ("postgresql://u:hunt%2F22@db/x", "hunt/22"),
        ("postgresql://db/x?user=u&password=hunter22", "hunter22"),
    ],
)
def test_the_password_of_the_state_is_hidden_when_settings_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, password: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logs, "_secrets", set())
    monkeypatch.setenv("FINOPS_STATE_URL", address)
    assert load_settings().database_url == address
    assert logs.masked(f"{password} in {address}").count(password) == 0


def test_a_state_of_a_former_version_is_renamed(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    engine = create_engine(f"sqlite:///{file}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO runs (id, pipeline, started, window_start, window_end, versions) "
            "VALUES ('r', 'p', '2026-05-01', '2026-05-01', '2026-05-02', '{}')"
        )
        connection.exec_driver_sql(
            "INSERT INTO steps VALUES ('r', 0, 's', 'n', 'u', 'skipped', 1, NULL, NULL, NULL, '')"
        )
    engine.dispose()

    database = StateDatabase(f"sqlite:///{file}")
    with database.session():
        pass
    database.close()
    with sqlite3.connect(file) as connection_after:
        states = connection_after.execute("SELECT state FROM steps").fetchall()
    connection_after.close()
    assert states == [("tolerated",)]


def test_an_unknown_driver_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError), StateDatabase("nothing://x").session():
        pass
