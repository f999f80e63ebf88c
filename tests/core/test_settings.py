"""Settings come from the environment, from .env and from a folder of secrets, in this order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from finops_cost_management import logs
from finops_cost_management.errors import ConfigurationError
from finops_cost_management.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real_component


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_secrets", set())
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "CONFIG", "LOG_LEVEL", "THREADS", "STATE_URL", "SECRETS_DIR"):
        monkeypatch.delenv(f"FINOPS_{name}", raising=False)


def test_defaults() -> None:
    settings = load_settings()
    assert str(settings.home) == ".finops"
    assert settings.log_format == "auto"
    assert settings.database_url == "sqlite:///.finops/state.db"


def test_order_of_precedence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "finops_state_url").write_text("postgresql://u:secret@db/finops")
    (tmp_path / "secrets" / "finops_threads").write_text("1")
    (tmp_path / ".env").write_text("FINOPS_THREADS=2\nFINOPS_LOG_LEVEL=debug\nOTHER=1\n")
    monkeypatch.setenv("FINOPS_SECRETS_DIR", str(tmp_path / "secrets"))
    monkeypatch.setenv("FINOPS_LOG_LEVEL", "error")

    settings = load_settings()

    assert settings.threads == 2
    assert settings.log_level == "error"
    assert settings.database_url == "postgresql://u:secret@db/finops"
    assert "secret@" not in repr(settings)


def test_wrong_settings_are_named_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINOPS_THREADS", "many")
    monkeypatch.setenv("FINOPS_MEMORY_LIMIT", "lots")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert "FINOPS_THREADS: Input should be a valid integer" in str(caught.value)
    assert "FINOPS_MEMORY_LIMIT: " in str(caught.value)


@pytest.mark.parametrize("limit", ["4GB", "512MiB", "1.5 gb", "80%"])
def test_memory_limits(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINOPS_MEMORY_LIMIT", limit)
    assert load_settings().memory_limit == limit
