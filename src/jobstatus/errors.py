"""Every error that jobstatus raises on purpose.

    JobstatusError
    ├── RequestRefused
    │   ├── BadRequest            a field breaks a rule
    │   ├── PayloadTooLarge       the body is longer than the server takes
    │   ├── UnsupportedMediaType  the body is not in a form that the operation takes
    │   ├── NotAcceptable         the client takes no form that the answer has
    │   ├── PathNotFound          no contract has this path
    │   └── MethodNotAllowed      the path exists, this method on it does not
    ├── AccessRefused
    │   ├── Unauthenticated       no credential, or not a valid one
    │   ├── Forbidden             the credential lacks a scope, role or permission
    │   └── ForeignTenant         the request names a tenant that the credential has no part in
    ├── TooManyRequests           the credential has used up what it may ask for, for now
    ├── JobNotFound               there is no such job for this caller
    ├── JobGone                   the job expired or was deleted
    ├── Conflict
    │   ├── TransitionRefused     the job's life does not allow this change
    │   ├── DuplicateId           the id chosen is taken
    │   └── DuplicateWork         an unfinished job does the same work already
    ├── VersionMismatch           the record is not at the version that was named
    ├── StoreUnavailable          the store, or whoever vouches for a token, cannot answer now
    │   └── StoreBusy             too much waits for the store
    ├── ConfigurationError        the server was set up wrongly
    ├── UnknownContract       no contract has this name, or not this profile
    └── ContractBroken            an answer of this server's own making breaks the spec

None of them knows HTTP: each contract turns them into its own status and body.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from jobstatus.quota import Reading


class JobstatusError(Exception):
    """The root of the tree."""


class RequestRefused(JobstatusError):
    """The request cannot be understood as one of the contract's."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that one place of a request breaks."""

    location: str
    """Where the value stood: `path`, `query`, `header`, `cookie` or `body`."""
    field: str
    """The parameter's name, or a JSON path such as `$.error.kind`."""
    rule: str
    """The rule's name, as JSON Schema spells it: `required`, `pattern`, `enum`, …"""
    message: str
    """What is wrong, for a person."""
    params: tuple[Any, ...] = ()
    """What the rule asks for: the values allowed, the pattern, the limit."""


class BadRequest(RequestRefused):
    """The request breaks a rule of the contract."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(f"{v.field}: {v.message}" for v in violations[:5]))
        self.violations = tuple(violations)

    @classmethod
    def of(cls, location: str, field: str, rule: str, message: str) -> BadRequest:
        """Build the error for a single broken rule."""
        return cls([Violation(location, field, rule, message)])


class PayloadTooLarge(RequestRefused):
    """The body is longer than the server takes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is longer than {limit} bytes")
        self.limit = limit


class UnsupportedMediaType(RequestRefused):
    """The body is not in a form that the operation takes."""


class NotAcceptable(RequestRefused):
    """The client takes no form that the answer has."""


class PathNotFound(RequestRefused, LookupError):
    """No contract has this path."""

    def __init__(self, path: str) -> None:
        super().__init__(f"the path {path[:200]} does not exist")
        self.path = path


class MethodNotAllowed(RequestRefused):
    """The path exists, but not with this method."""

    def __init__(self, path: str, method: str, allowed: Iterable[str]) -> None:
        self.path = path
        self.allowed = tuple(sorted(allowed))
        super().__init__(f"{method} is not allowed here; use {', '.join(self.allowed)}")


class AccessRefused(JobstatusError):
    """The caller may not do this."""


class Cause(StrEnum):
    """Why a caller is not known. Contracts that are discreet tell them all alike."""

    MISSING = "no credential was sent"
    UNKNOWN = "the credential is not known"
    EXPIRED = "the credential has expired"
    MALFORMED = "the credential has not the form of one"
    UNREADABLE = "the credential cannot be decoded"
    BAD_SIGNATURE = "the signature is not right"
    BAD_DATE = "the signature is not of now"
    BAD_PASSWORD = "the name or the password is not right"  # noqa: S105  a message
    NO_USER = "the user is no more"
    NO_KEY = "the access key is not known"


class Unauthenticated(AccessRefused):
    """There is no credential, or not a valid one; *detail* is what of it a contract may repeat, never a secret."""

    def __init__(self, cause: Cause, detail: str | None = None) -> None:
        super().__init__(cause.value)
        self.cause = cause
        self.detail = detail


class Forbidden(AccessRefused):
    """The credential lacks what the operation needs."""

    def __init__(self, *, permissions: Iterable[str] = (), roles: Iterable[str] = ()) -> None:
        self.permissions = tuple(sorted(permissions))
        self.roles = tuple(sorted(roles))
        wanted = [*self.permissions, *(f"role {role}" for role in self.roles)]
        super().__init__(f"the credential lacks {', '.join(wanted)}")


class ForeignTenant(AccessRefused):
    """The request names a tenant that the credential has no part in."""

    def __init__(self, tenant: str) -> None:
        super().__init__(f"the credential has no part in the tenant {tenant}")
        self.tenant = tenant


class TooManyRequests(JobstatusError):
    """The credential has used up what it may ask for, for now."""

    def __init__(self, reading: Reading, retry_after: int) -> None:
        """Take what is left, and after how many seconds, at least 1, there is something again."""
        policy = reading.policy
        super().__init__(f"no more than {policy.quota} {policy.name} in {policy.seconds} seconds are let through")
        self.reading = reading
        self.policy = policy
        self.retry_after = retry_after


class JobNotFound(JobstatusError, LookupError):
    """There is no such job for this caller: unknown, or another tenant's."""

    def __init__(self, key: str) -> None:
        super().__init__(f"there is no job {key}")
        self.key = key


class JobGone(JobstatusError, LookupError):
    """The job was there and is no more."""

    def __init__(self, key: str, reason: str, at: datetime) -> None:
        super().__init__(f"the job {key} was {reason} at {at:%Y-%m-%dT%H:%M:%SZ}")
        self.key = key
        self.reason = reason
        self.at = at


class Conflict(JobstatusError):
    """The request is right, but the record stands against it."""


class TransitionRefused(Conflict):
    """The job's life does not allow this change."""


class DuplicateId(Conflict):
    """The id chosen by the producer is taken."""

    def __init__(self, id: str) -> None:
        super().__init__(f"the id {id} is taken")
        self.id = id


class DuplicateWork(Conflict):
    """An unfinished job does the same work already."""

    def __init__(self, id: str) -> None:
        super().__init__(f"the job {id} does the same work")
        self.id = id


class VersionMismatch(JobstatusError):
    """The record is not at the version that was named."""

    def __init__(self, id: str, expected: int) -> None:
        super().__init__(f"the job {id} is not at version {expected}")
        self.id = id
        self.expected = expected


class StoreUnavailable(JobstatusError):
    """The store cannot answer now; the same request may succeed later."""


class StoreBusy(StoreUnavailable):
    """Too much waits for the store already."""

    def __init__(self) -> None:
        super().__init__("too much waits for the store already")


class ConfigurationError(JobstatusError):
    """The server was set up wrongly."""


class UnknownContract(JobstatusError):
    """No contract has this name, or the one that has it lacks this profile."""


class ContractBroken(JobstatusError):
    """An answer of this server's own making breaks the spec; it is never sent."""
