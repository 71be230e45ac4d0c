"""Who may call: a stored credential, and the caller that it makes of a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

API_KEY = "api-key"
"""The role that makes a credential a brokering system's own key, and the header that such a key is sent in."""
EVERY_TENANT = "*"
"""The tenant of a credential that has a part in all of them: an operator's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The one on whose behalf a request is made."""

    id: str
    tenant: str
    permissions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    profile: str | None = None

    def sees(self, tenant: str) -> bool:
        """Tell whether jobs of *tenant* exist for this caller."""
        return self.tenant in (tenant, EVERY_TENANT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A token as it is kept: never the token itself, only the SHA-256 of it.

    `permissions` holds what each contract calls scopes or permissions. A `broker` credential (eHealth) is good only
    together with an `api-key`. `profile`, where set, overrides the server's profile for this caller.
    """

    id: str
    name: str
    tenant: str
    digest: bytes
    created_at: datetime
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

    def caller(self) -> Caller:
        """Make the caller that this credential stands for."""
        return Caller(
            id=self.id,
            tenant=self.tenant,
            permissions=self.permissions,
            roles=self.roles,
            profile=self.profile,
        )
