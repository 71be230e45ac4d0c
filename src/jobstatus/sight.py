"""Who sees which jobs, and whose they may be said to be."""

from __future__ import annotations

from datetime import datetime

from jobstatus.credential import EVERY_TENANT, Caller
from jobstatus.errors import BadRequest, ForeignTenant, JobGone, JobNotFound
from jobstatus.job import Job, Tombstone


def whose(caller: Caller, asked: str | None) -> str:
    """Name the tenant of a new job: the one that is asked for, else the caller's own.

    Raises:
        BadRequest: the caller has a part in all tenants, and names none.
        ForeignTenant: the caller has no part in that tenant.
    """
    return _named(caller, asked, ("body", "$.tenant", "an operator must say whose job it is"))


def followed(caller: Caller, asked: str | None) -> str:
    """Name the tenant whose jobs are followed. Raises as `whose` does."""
    return _named(caller, asked, ("query", "tenant", "an operator must say whose jobs are meant"))


def part(caller: Caller, asked: str | None) -> str | None:
    """Name the tenant whose jobs are listed: none stands for all. Raises `ForeignTenant` as `whose` does."""
    if asked is not None and not caller.sees(asked):
        raise ForeignTenant(asked)
    return asked or (None if caller.tenant == EVERY_TENANT else caller.tenant)


def visible(caller: Caller, key: str | int, found: Job | Tombstone | None, now: datetime) -> Job:
    """Give what was found under a key, if it is a job that the caller sees.

    Raises:
        JobNotFound: there is none for this caller.
        JobGone: there was one, but it expired or was deleted.
    """
    if found is None or not caller.sees(found.tenant):
        raise JobNotFound(str(key))
    if isinstance(found, Tombstone):
        raise JobGone(found.id, found.reason, found.at)
    if found.expires_at is not None and found.expires_at <= now:
        raise JobGone(found.id, "expired", found.expires_at)
    return found


def _named(caller: Caller, asked: str | None, unnamed: tuple[str, str, str]) -> str:
    tenant = asked or caller.tenant
    if tenant == EVERY_TENANT:
        location, field, message = unnamed
        raise BadRequest.of(location, field, "required", message)
    if not caller.sees(tenant):
        raise ForeignTenant(tenant)
    return tenant
