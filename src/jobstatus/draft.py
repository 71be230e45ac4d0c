"""A job as its producer asks for it: pure, as the record is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from jobstatus import ids
from jobstatus.errors import BadRequest
from jobstatus.job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a producer can say of a new job."""

    type: str
    id: str | None = None
    tenant: str | None = None
    message: str | None = None
    eta: datetime | None = None
    expires_at: datetime | None = None
    """When the record is to be removed, whatever has become of the job by then."""
    lease: timedelta | None = None
    work: str | None = None
    """What the job does, where an unfinished one that does the same for the tenant is to be given instead."""

    def job(self, *, tenant: str, owner: str, now: datetime) -> Job:
        """Make the first version of the job."""
        return Job(
            id=ids.canonical(self.id or ids.new_id()),
            tenant=tenant,
            owner=owner,
            type=self.type,
            message=self.message,
            eta=self.eta,
            expires_at=self.expires_at,
            lease_until=now + self.lease if self.lease else None,
            work=ids.of_work(tenant, self.type, self.work) if self.work is not None else None,
            created_at=now,
            updated_at=now,
        )


def check_expiry(expires_at: datetime | None, now: datetime) -> None:
    """Take no time for a record's end that would have it gone at once. Raises `BadRequest`."""
    if expires_at is not None and expires_at <= now:
        raise BadRequest.of("body", "$.expires_at", "exclusiveMinimum", "must be in the future")
