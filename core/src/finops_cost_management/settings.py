"""Settings of the process, not of a pipeline: ``FINOPS_…``, ``.env``, a folder of secrets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from finops_cost_management import logs
from finops_cost_management.errors import ConfigurationError

_DEFAULT_SECRETS = "/run/secrets"


class Settings(BaseSettings):
    """How this process works. A variable wins over ``.env``, and ``.env`` over a secrets file."""

    model_config = SettingsConfigDict(
        env_prefix="FINOPS_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
    )

    home: Path = Path(".finops")
    """The folder for everything that is kept and is not in the store."""

    config: Path | None = None
    """The pipeline file; `finops.yaml` in the working folder where absent."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important messages that are logged."""

    log_format: Literal["auto", "console", "json"] = "auto"
    """How messages are logged; `auto` writes JSON unless a person is watching."""

    memory_limit: str = Field(default="2GB", pattern=r"(?i)^[0-9]+(\.[0-9]+)?\s*([kmgt]i?b|%)$")
    """What the query engines of a run may use together, such as `4GB`; the rest goes to disk."""

    threads: int | None = Field(default=None, ge=1)
    """How many threads the query engines of a run may use together; one per core where absent."""

    state_url: SecretStr | None = None
    """The database of budgets, alerts and runs; SQLite in the home folder where absent."""

    @model_validator(mode="after")
    def _hide_password(self) -> Self:
        if self.state_url is not None:
            logs.hide_password_of(self.state_url.get_secret_value())
        return self

    @property
    def database_url(self) -> str:
        """The SQLAlchemy address of the state, with its password."""
        if self.state_url is not None:
            return self.state_url.get_secret_value()
        return f"sqlite:///{(self.home / 'state.db').as_posix()}"


def load_settings() -> Settings:
    """Read the settings as they are now.

    Raises:
        ConfigurationError: One of them is not understood.
    """
    folder = Path(os.environ.get("FINOPS_SECRETS_DIR") or _DEFAULT_SECRETS)
    try:
        secrets = folder if folder.is_dir() else None
        return Settings(_secrets_dir=secrets)  # type: ignore[call-arg] # pydantic-settings takes it
    except ValidationError as error:
        raise ConfigurationError(
            "; ".join(
                f"FINOPS_{str(detail['loc'][0]).upper()}: {detail['msg']}"
                for detail in error.errors(include_url=False, include_input=False)
            ),
            hint="set it in the environment or in .env",
        ) from error
