"""Who may call: a stored credential, and the caller that it makes of a request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from jobstatus.errors import ForeignTenant

API_KEY = "api-key"
"""The role that makes a credential a brokering system's own key, and the header that such a key is sent in."""
EVERY_TENANT = "*"
"""The tenant of a credential that has a part in all of them: an operator's."""


class Kind(StrEnum):
    """What a credential is shown by."""

    TOKEN = "token"  # noqa: S105  a word
    """An opaque token."""
    USER = "user"
    """A name and a password."""
    ACCESS_KEY = "access-key"
    """An access key, by requests that are signed with the secret key that belongs to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The one on whose behalf a request is made."""

    id: str
    tenant: str
    permissions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    profile: str | None = None
    name: str = ""
    """What people call it; for a user, the name to log in with."""

    def sees(self, tenant: str) -> bool:
        """Tell whether jobs of *tenant* exist for this caller."""
        return self.tenant in (tenant, EVERY_TENANT)

    def within(self, tenant: str | None) -> Caller:
        """Give the caller narrowed to one of its tenants; none named leaves it as it is.

        Raises:
            ForeignTenant: the caller has no part in that tenant.
        """
        if tenant is None:
            return self
        if not self.sees(tenant):
            raise ForeignTenant(tenant)
        return replace(self, tenant=tenant)


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A credential as it is kept.

    `digest`, by which it is found, is the SHA-256 of the token, of the user's name or of the access key; a token itself
    is never kept. `secret` is what proves the others: a user's Argon2 hash, or an access key's secret key, encrypted.
    `permissions` holds what each contract calls scopes or permissions. A `broker` credential (eHealth) is good only
    together with an `api-key`. `profile`, where set, overrides the server's profile for this caller.
    """

    id: str
    name: str
    tenant: str
    digest: bytes
    created_at: datetime
    kind: Kind = Kind.TOKEN
    secret: str | None = field(default=None, repr=False)
    permissions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    broker: bool = False
    profile: str | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def valid(self, now: datetime) -> bool:
        """Tell whether the credential is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def stands_alone(self) -> bool:
        """Tell whether the token is enough by itself: it is no key, and needs none beside it."""
        return not self.broker and API_KEY not in self.roles

    @cached_property
    def caller(self) -> Caller:
        """The caller that this credential stands for."""
        return Caller(
            id=self.id,
            tenant=self.tenant,
            permissions=self.permissions,
            roles=self.roles,
            profile=self.profile,
            name=self.name,
        )


class Standing:
    """A credential that was looked up, and until when that counts: `until` moves on when it is looked up again."""

    __slots__ = ("__weakref__", "credential", "until")

    def __init__(self, credential: Credential, until: datetime) -> None:
        self.credential = credential
        self.until = until


NOBODY = Caller(id="", tenant="")
"""The caller of an operation that is open to all."""
