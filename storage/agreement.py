"""How servers that share a SQL database agree: functions of its connection."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select

from .dialects import upsert
from .tables import roles

_TIME = select(func.store_time())


def lead(connection: Connection, role: str, holder: str, seconds: float) -> bool:
    now = connection.execute(_TIME).scalar_one()
    wanted = {"role": role, "holder": holder, "until": now + timedelta(seconds=seconds)}
    taken = upsert(connection.dialect.name, roles).values(wanted)
    free = or_(roles.c.holder == holder, roles.c.until <= now)
    kept = taken.on_conflict_do_update(
        index_elements=[roles.c.role], set_={"holder": taken.excluded.holder, "until": taken.excluded.until}, where=free
    )
    return connection.execute(kept.returning(roles.c.role)).first() is not None


def time(connection: Connection) -> datetime | None:
    """Tell the time as the database has it; for a file that is the machine's own."""
    return None if connection.dialect.name == "sqlite" else connection.execute(_TIME).scalar_one()
