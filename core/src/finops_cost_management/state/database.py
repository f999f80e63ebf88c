"""The state database: SQLite in the home folder by default, any SQLAlchemy URL for a team."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finops_cost_management.errors import AccessError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Connection
    from sqlalchemy import Engine as SqlEngine
    from sqlalchemy.orm import Session

    from finops_cost_management.settings import Settings
    from finops_cost_management.state.models import Base

MIGRATIONS = Path(__file__).parent / "migrations"

_DISTRIBUTIONS = {
    "MySQLdb": "mysqlclient",
    "psycopg": "'psycopg[binary]'",
    "psycopg2": "psycopg2-binary",
}
"""Module of a driver → what to install, where the names differ."""


class StateDatabase:
    """Opens the database, migrated to the current revision, on first use.

    Args:
        url: SQLAlchemy URL; its password never shows in an error.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: SqlEngine | None = None

    @classmethod
    def of(cls, settings: Settings) -> StateDatabase:
        """The database that the settings name."""
        return cls(settings.database_url)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back on an error.

        Raises:
            AccessError: The database cannot be reached or written.
            ConfigurationError: The URL is not understood, or its driver is not installed.
        """
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError
        from sqlalchemy.orm import Session

        try:
            with Session(self._opened()) as session, session.begin():
                yield session
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise AccessError(
                f"the state database refuses us: {cause}",
                hint="check FINOPS_HOME or FINOPS_STATE_URL and its permissions",
            ) from None  # the chained error would carry the URL with its password

    def close(self) -> None:
        """Give all connections back."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _opened(self) -> SqlEngine:
        if self._engine is not None:
            return self._engine
        from alembic import command
        from alembic.config import Config
        from sqlalchemy import event

        url, engine = _engine_at(self._url)
        sqlite = url.get_backend_name() == "sqlite"
        if sqlite and url.database:
            try:
                Path(url.database).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise AccessError(
                    f"cannot create the folder of the state database: {error}",
                    hint="check FINOPS_HOME",
                ) from error
        if sqlite:
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", _begin_at_once)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        self._engine = engine
        return engine


def put(session: Session, make: Callable[[], Base]) -> None:
    """Insert a row, or update the one with its key: columns that it does not set stay.

    Args:
        session: A transaction.
        make: Makes the row; called again where another process inserted it at the same moment.
    """
    from sqlalchemy.exc import IntegrityError

    try:
        with session.begin_nested():
            session.merge(make())
    except IntegrityError:  # another process was between our look and our write
        session.merge(make())


def _engine_at(address: str) -> tuple[URL, SqlEngine]:
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
        return url, create_engine(url, hide_parameters=True)
    except ImportError as error:
        driver = (error.name or "").partition(".")[0]
        raise ConfigurationError(
            f"FINOPS_STATE_URL needs a database driver that is not installed: {error}",
            hint=f"run: pip install {_DISTRIBUTIONS.get(driver, driver) or 'the driver'}",
        ) from None
    except (ArgumentError, ValueError) as error:  # a port that is no number
        raise ConfigurationError(
            f"FINOPS_STATE_URL is not understood: {error}",
            hint="write it as SQLAlchemy does: postgresql+psycopg://user:password@host/database",
        ) from None


def _set_up_sqlite(connection: Any, _record: object) -> None:
    """Several processes at once: readers beside one writer, writers wait for each other."""
    connection.isolation_level = None  # we begin transactions ourselves, so that they lock at once
    for pragma in ("journal_mode=WAL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_at_once(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
