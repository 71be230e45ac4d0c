"""What a store must do with credentials."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given

from jobstatus.credential import Credential
from jobstatus.errors import DuplicateId
from jobstatus.ids import new_id
from jobstatus.storage import Store
from jobstatus.testing import strategies

from .samples import NOW, SECOND, a_credential, shared_store


class Credentials:
    """The rules of the credential store."""

    async def test_an_unknown_digest_is_nothing(self, store: Store) -> None:
        """Neither is a part of a known one."""
        held = a_credential()
        await store.add_credential(held)

        assert await store.find_credential(b"unknown") is None
        assert await store.find_credential(held.digest[:-1]) is None

    async def test_a_credential_is_found_whatever_has_become_of_it(self, store: Store) -> None:
        """Who asks decides whether it still counts."""
        held = a_credential(revoked_at=NOW, expires_at=NOW - SECOND)
        await store.add_credential(held)

        assert await store.find_credential(held.digest) == held

    @pytest.mark.parametrize("field", ["id", "digest"])
    async def test_ids_and_digests_are_unique(self, store: Store, field: str) -> None:
        """A second credential with either is refused, and the first is as it was."""
        held = a_credential(name="first")
        second = replace(a_credential(name="second"), **{field: getattr(held, field)})
        await store.add_credential(held)

        with pytest.raises(DuplicateId) as refused:
            await store.add_credential(second)

        assert refused.value.id == second.id
        assert list(await store.credentials()) == [held]

    async def test_all_are_listed_oldest_first(self, store: Store) -> None:
        """Revoked and expired ones among them."""
        third, first = a_credential(created_at=NOW + SECOND), a_credential(created_at=NOW - SECOND, revoked_at=NOW)
        second = a_credential(expires_at=NOW)
        for held in (third, first, second):
            await store.add_credential(held)

        assert list(await store.credentials()) == [first, second, third]

    async def test_an_unknown_credential_cannot_be_revoked(self, store: Store) -> None:
        """There is nothing to give back, and others stay valid."""
        held = a_credential()
        await store.add_credential(held)

        assert await store.revoke_credential(new_id(), NOW) is None
        assert await store.find_credential(held.digest) == held

    async def test_the_earliest_revocation_counts(self, store: Store) -> None:
        """A later one changes nothing, an earlier one takes its place."""
        held, other = a_credential(), a_credential()
        for credential in (held, other):
            await store.add_credential(credential)
        for at, kept in [(NOW, NOW), (NOW + SECOND, NOW), (NOW - SECOND, NOW - SECOND)]:
            revoked = replace(held, revoked_at=kept)

            assert await store.revoke_credential(held.id, at) == revoked
            assert await store.find_credential(held.digest) == revoked
        assert await store.find_credential(other.digest) == other

    async def test_revocations_at_once_agree_on_the_earliest(self, store: Store) -> None:
        """Whatever their order."""
        held = a_credential()
        await store.add_credential(held)
        await asyncio.gather(*(store.revoke_credential(held.id, NOW + SECOND * ((i * 7) % 10)) for i in range(10)))

        assert await store.find_credential(held.digest) == replace(held, revoked_at=NOW)

    @shared_store
    @given(drawn=strategies.credentials())
    async def test_any_credential_is_read_as_it_was_written(self, store: Store, drawn: Credential) -> None:
        """Nothing is lost or made another type."""
        fresh = a_credential()
        held = replace(drawn, id=fresh.id, digest=fresh.digest)
        await store.add_credential(held)

        assert await store.find_credential(held.digest) == held
        assert held in await store.credentials()
