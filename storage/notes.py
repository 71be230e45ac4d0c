"""Small values that servers share by a SQL database: functions of its connection."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from .dialects import insert_unless_there
from .tables import notes


def read(connection: Connection, key: str) -> bytes | None:
    return connection.execute(select(notes.c.value).where(notes.c.key == key)).scalar()


def swap(connection: Connection, key: str, was: bytes | None, to: bytes, until: datetime) -> bool:
    """Of those who do so at once the first one's statement has the others wait, and then find another value."""
    if was is None:
        made = insert_unless_there(connection.dialect.name, notes).values(key=key, value=to, until=until)
    else:
        made = update(notes).where(notes.c.key == key, notes.c.value == was).values(value=to, until=until)
    return connection.execute(made.returning(notes.c.key)).first() is not None


def drop(connection: Connection, before: datetime, limit: int) -> int:
    over = notes.c.until < before
    oldest = select(notes.c.key).where(over).order_by(notes.c.until).limit(limit)
    # Asked for twice: PostgreSQL asks again of a note that is swapped meanwhile, but only what stands outside.
    return connection.execute(delete(notes).where(over, notes.c.key.in_(oldest))).rowcount
