"""Bringing the tables of a SQL back end up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text

from jobstatus.errors import ConfigurationError

SCRIPTS = Path(__file__).with_name("migrations")

_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('jobstatus migration'))")
"""Has servers that start at once wait for each other until the transaction ends."""


def migrate(connection: Connection) -> None:
    """Run what is missing of the migrations, within the transaction that *connection* is in.

    Raises:
        ConfigurationError: the tables are newer than this version of jobstatus.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_ALONE)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigurationError(
            f"the store was written by another version of jobstatus; use that one: {error}"
        ) from error
