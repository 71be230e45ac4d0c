"""Who may call: the same credentials in every store that is compared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from house import EVERYTHING, OTHER_TENANT, TENANT, VAULT, MovingClock

from jobstatus.credential import Credential, Kind
from jobstatus.security.tokens import digest, name_digest
from jobstatus.security.vault import AccessKey
from jobstatus.storage import Store

Change = Callable[[Store], Awaitable[None]]
"""Something that is done to a store past its server."""

NOW = MovingClock().now
READING = frozenset({"job:read", "composition:read", "ASYNC-STATUS:READ", "ims:imageJobs:get"})
PASSWORD = "twelve monkeys"
HOLDERS: Mapping[str, Mapping[str, Any]] = {
    "everything": {},
    "reader": {"permissions": READING, "roles": frozenset({"operations"})},
    "little": {"permissions": frozenset({"other"}), "roles": frozenset({"other"})},
    "roleless": {"roles": frozenset()},
    "operator": {"tenant": "*"},
    "foreign": {"tenant": OTHER_TENANT},
    "deployed": {"profile": "deployed"},
    "deployed-reader": {"profile": "deployed", "permissions": READING, "roles": frozenset({"operations"})},
    "deployed-admin": {"profile": "deployed", "permissions": frozenset()},
    "documented": {"profile": "documented"},
    "broker": {"broker": True},
    "key": {"tenant": "broker", "roles": frozenset({"api-key"})},
    "little-key": {"tenant": "broker", "roles": frozenset({"api-key"}), "permissions": frozenset({"composition:read"})},
    "expired": {"expires_at": NOW},
    "revoked": {"revoked_at": NOW},
    "disallowed": {"roles": frozenset({"disallowed"})},
}
"""Where a credential differs from one that may do everything."""
STRANGER = "nobody"
"""The name of a holder who is in no store."""
USERS = ("everything", "deployed", "operator", "disallowed", "revoked")
"""The holders whom a user has beside a token."""
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_HASH = HASHER.hash(PASSWORD)


def token(holder: str) -> str:
    """Give the token of a holder."""
    return f"token-of-{holder}"


def access_key(holder: str, *, temporary: bool = False) -> AccessKey:
    """Give the access key of a holder."""
    kind = "TEMPORARY" if temporary else "LASTING"
    return AccessKey(f"{kind}{holder.upper()}", f"secret-of-{holder}", "security-token" if temporary else None)


async def admit_all(store: Store) -> None:
    """Put every credential into a store."""
    for credential in _credentials():
        await store.add_credential(credential)


def admitting(holder: str, ends: datetime, role: str = "admin") -> Change:
    """Give what lets a new holder in, until a time."""

    async def admit(store: Store) -> None:
        for credential in held_by(holder, {"expires_at": ends, "roles": frozenset({role})}):
            await store.add_credential(credential)

    return admit


def revoking(holder: str) -> Change:
    """Give what shuts a holder out."""

    async def revoke(store: Store) -> None:
        for credential in held_by(holder, {}):
            await store.revoke_credential(credential.id, NOW)

    return revoke


def held_by(holder: str, rest: Mapping[str, Any]) -> Iterator[Credential]:
    """Give a holder's token and access keys, as they are kept."""
    yield _credential(digest(token(holder)), rest)
    for key in (access_key(holder), access_key(holder, temporary=True)):
        known = name_digest(Kind.ACCESS_KEY, key.access_key)
        yield _credential(known, {"kind": Kind.ACCESS_KEY, "secret": VAULT.lock(key), **rest})


def _credentials() -> Iterator[Credential]:
    for holder, rest in HOLDERS.items():
        yield from held_by(holder, rest)
    for holder in USERS:
        known = name_digest(Kind.USER, holder)
        yield _credential(known, {"kind": Kind.USER, "secret": _HASH, "name": holder, **HOLDERS[holder]})


def _credential(known: bytes, rest: Mapping[str, Any]) -> Credential:
    usual = {
        "id": str(UUID(bytes=known[:16])),
        "name": "test",
        "tenant": TENANT,
        "created_at": NOW,
        "permissions": EVERYTHING,
    }
    return Credential(**{**usual, "digest": known, "roles": frozenset({"admin"}), **rest})
