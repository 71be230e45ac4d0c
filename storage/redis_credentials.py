"""Credentials in Redis: a hash of them by their digests, and one of the digests by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from jobstatus.credential import Credential
from jobstatus.errors import DuplicateId

from .redis_keys import Keys
from .redis_node import run
from .redis_records import read_credential, written_credential
from .redis_scripts import ADD_CREDENTIAL, CREDENTIAL, SWAP_CREDENTIAL
from .redis_servers import Servers


class Credentials:
    """Keeps credentials, all of them on one shard."""

    def __init__(self, servers: Servers, keys: Keys) -> None:
        self._servers = servers
        self._shard = keys.credentials.shard
        self._names = [keys.credentials.name, keys.credential_ids.name]

    async def add(self, credential: Credential) -> None:
        """Do as `CredentialStore.add_credential` does."""
        told = (credential.id, credential.digest, written_credential(credential))
        if not await self._servers.one(self._shard, run(ADD_CREDENTIAL, self._names, *told)):
            raise DuplicateId(credential.id)

    async def find(self, digest: bytes) -> Credential | None:
        """Do as `CredentialStore.find_credential` does."""
        (raw,) = await self._servers.read([(self._shard, ("HGET", self._names[0], digest))])
        return None if raw is None else read_credential(raw)

    async def all(self) -> Sequence[Credential]:
        """Do as `CredentialStore.credentials` does."""
        (found,) = await self._servers.read([(self._shard, ("HVALS", self._names[0]))])
        return sorted(map(read_credential, found), key=lambda held: (held.created_at, held.id))

    async def revoke(self, id: str, at: datetime) -> Credential | None:
        """Do as `CredentialStore.revoke_credential` does: anew for as long as others change it meanwhile."""
        while True:
            (found,) = await self._servers.read([(self._shard, run(CREDENTIAL, self._names, id))])
            if found is None:
                return None
            digest, raw = found
            held = read_credential(raw)
            if held.revoked_at is not None and held.revoked_at <= at:
                return held
            revoked = replace(held, revoked_at=at)
            swap = run(SWAP_CREDENTIAL, self._names[:1], digest, raw, written_credential(revoked))
            if await self._servers.one(self._shard, swap):
                return revoked
