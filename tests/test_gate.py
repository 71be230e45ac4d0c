"""Credentials that were looked up count for a while, and for no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from house import TENANT, House, MovingClock, running_house

from jobstatus.credential import Credential, Kind
from jobstatus.errors import Unauthenticated
from jobstatus.security import gate as gate_module
from jobstatus.security.gate import Gate
from jobstatus.security.tokens import digest
from jobstatus.settings import Settings
from jobstatus.storage.memory import MemoryStore

REMEMBERED = timedelta(seconds=5)


class CountingStore(MemoryStore):
    """A store that counts how often it is asked for a credential."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def find_credential(self, digest: bytes) -> Credential | None:
        self.asked += 1
        return await super().find_credential(digest)


@pytest.fixture
def store() -> CountingStore:
    """Give a store that counts."""
    return CountingStore()


@pytest.fixture
def clock() -> MovingClock:
    """Give a clock that stands."""
    return MovingClock()


@pytest.fixture
def gate(store: CountingStore, clock: MovingClock) -> Gate:
    """Give a gate that remembers for five seconds."""
    made = Gate(clock, REMEMBERED)
    made.start(store)
    return made


async def keep(store: CountingStore, clock: MovingClock, token: str, **rest: object) -> Credential:
    """Keep a credential with this token."""
    made = Credential(
        id=token,
        name="n",
        tenant=TENANT,
        digest=digest(token),
        created_at=clock.now,
        **rest,  # type: ignore[arg-type]  # as `Credential` has them
    )
    await store.add_credential(made)
    return made


async def test_a_credential_is_looked_up_once_in_its_time(gate: Gate, store: CountingStore, clock: MovingClock) -> None:
    """However often it is shown; then it is looked up again."""
    await keep(store, clock, "a")
    for _ in range(5):
        await gate.admit("a")
    once = store.asked
    clock.move(seconds=5)
    await gate.admit("a")

    assert (once, store.asked) == (1, 2)


async def test_a_revocation_takes_effect_within_that_time(gate: Gate, store: CountingStore, clock: MovingClock) -> None:
    """Not a moment later than the setting says."""
    await keep(store, clock, "a")
    await gate.admit("a")
    await store.revoke_credential("a", clock.now)
    clock.move(seconds=4.9)
    await gate.admit("a")
    clock.move(seconds=0.1)

    with pytest.raises(Unauthenticated):
        await gate.admit("a")


async def test_an_end_that_was_known_takes_effect_at_once(gate: Gate, store: CountingStore, clock: MovingClock) -> None:
    """What is remembered is the credential, not that it was valid."""
    await keep(store, clock, "a", expires_at=clock.now + timedelta(seconds=1))
    await gate.admit("a")
    clock.move(seconds=1)

    with pytest.raises(Unauthenticated):
        await gate.admit("a")


async def test_a_new_credential_counts_at_once(gate: Gate, store: CountingStore, clock: MovingClock) -> None:
    """That there was none is not remembered."""
    with pytest.raises(Unauthenticated):
        await gate.admit("a")
    await keep(store, clock, "a")

    assert (await gate.admit("a")).id == "a"


async def test_what_is_remembered_is_bounded(
    gate: Gate, store: CountingStore, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no room the one goes that was not shown for longest."""
    monkeypatch.setattr(gate_module, "MOST", 2)
    small = Gate(clock, REMEMBERED)
    small.start(store)
    for token in ("a", "b", "c"):
        await keep(store, clock, token)
    for token in ("a", "b", "c", "c", "b", "a"):
        await small.admit(token)

    assert store.asked == 4


async def test_a_credential_of_another_kind_is_not_taken(gate: Gate, store: CountingStore, clock: MovingClock) -> None:
    """Remembered or not."""
    await keep(store, clock, "a", kind=Kind.USER)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await gate.admit("a")


@pytest.mark.parametrize(("seconds", "status"), [(0, 401), (5, 404)])
async def test_the_setting_says_for_how_long(seconds: float, status: int) -> None:
    """With 0 each request looks again."""

    async def poll(house: House) -> int:
        token = await house.token()
        await house.client.get("/jobs/a", headers=house.headers(token))
        (made,) = [each for each in await house.store.credentials() if each.tenant == TENANT]
        await house.store.revoke_credential(made.id, house.clock.now)
        return (await house.client.get("/jobs/a", headers=house.headers(token))).status_code

    async with running_house(Settings(credential_seconds=seconds)) as house:
        assert await poll(house) == status
