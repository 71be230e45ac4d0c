"""What has ended is counted once, on all servers of a store, whatever the store does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from house import MovingClock
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from jobstatus import history
from jobstatus.durations import Durations
from jobstatus.errors import StoreUnavailable
from jobstatus.history import History
from jobstatus.job import Failure, FailureKind, Job, Status
from jobstatus.storage.memory import MemoryStore

CLOCK = MovingClock()
BEGAN = CLOCK.now


class Shaky(MemoryStore):
    """A store that gives way to others in the midst of its calls, and fails in some of them."""

    def __init__(self, turns: Sequence[int] = (), faults: Sequence[bool] = ()) -> None:
        super().__init__()
        self._turns, self.faults = iter(turns), iter(faults)
        self.failed = asyncio.Event()

    async def note(self, key: str) -> bytes | None:
        await self._begin()
        return await super().note(key)

    async def swap(self, key: str, was: bytes | None, to: bytes, until: datetime) -> bool:
        await self._begin()
        if self._notes.get(key, (None, until))[0] != was:
            return False
        self._notes[key] = to, until
        return True

    async def _begin(self) -> None:
        for _ in range(next(self._turns, 0)):
            await asyncio.sleep(0)
        if next(self.faults, False):
            self.failed.set()
            raise StoreUnavailable("down, in tests alone")


def ended(seconds: float = 10, type: str = "export", **rest: object) -> Job:
    """Give a job that took so long."""
    end = BEGAN + timedelta(seconds=seconds)
    job = Job(id="a", tenant="t", owner="o", type=type, created_at=BEGAN, updated_at=end, ended_at=end)
    return replace(job, **{"status": Status.SUCCEEDED, **rest})  # type: ignore[arg-type]  # as `Job` has them


async def counted(store: MemoryStore, type: str = "export") -> int:
    """Tell how many jobs of a type the store knows of."""
    known = History(store, CLOCK)
    known.known(ended(type=type))
    await known.share()
    durations = known.known(ended(type=type))
    return 0 if durations is None else len(durations)


Turn = tuple[int, int, bool]
"""Who, how many ends it counts, and whether it shares them then."""


@given(
    turns=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9), st.booleans()), max_size=20),
    gaps=st.lists(st.integers(0, 3), max_size=100),
    faults=st.lists(st.booleans(), max_size=30),
)
def test_no_count_is_lost_and_none_is_counted_twice(turns: list[Turn], gaps: list[int], faults: list[bool]) -> None:
    """However two servers share at once, and whenever the store fails before it has written."""
    asyncio.run(_share_both(turns, gaps, faults))


async def _share_both(turns: list[Turn], gaps: list[int], faults: list[bool]) -> None:
    store = Shaky(gaps, faults)
    both = [History(store, CLOCK), History(store, CLOCK)]
    sharing = []
    for who, count, share in turns:
        for _ in range(count):
            both[who].ended(ended())
        if share:
            sharing.append(asyncio.gather(*(each.share() for each in both), return_exceptions=True))
            await sharing[-1]
    store.faults = iter(())
    for _ in range(history.TRIES):
        await asyncio.gather(*(each.share() for each in both), return_exceptions=True)

    assert await counted(store) == sum(count for _, count, _ in turns)


@pytest.mark.parametrize(
    "job",
    [
        ended(status=Status.CANCELLED),
        ended(status=Status.FAILED, error=Failure(kind=FailureKind.LOST, message="lost")),
        ended(status=Status.RUNNING, ended_at=None),
    ],
    ids=["cancelled", "lost", "running"],
)
async def test_an_end_that_says_nothing_of_durations_is_not_counted(job: Job) -> None:
    """A cancellation, a worker that was lost, a change that is no end; other failures are."""
    store = MemoryStore()
    known = History(store, CLOCK)
    known.ended(job)
    known.ended(ended(status=Status.FAILED, error=Failure(kind=FailureKind.SYSTEM, message="no")))
    await known.share()

    assert await counted(store) == 1


async def test_a_store_that_fails_is_survived() -> None:
    """It is logged, the counts are kept, and the next turn shares them."""
    store = Shaky(faults=[True])
    known = History(store, CLOCK, seconds=0.001)
    known.ended(ended())
    with capture_logs() as logs:
        async with known.running(), asyncio.timeout(60):
            await store.failed.wait()

    assert [entry["event"] for entry in logs] == ["durations were not shared"]
    assert await counted(store) == 1


async def test_what_is_left_is_shared_at_the_end() -> None:
    """A server that stops has counted what ended until then."""
    store = MemoryStore()
    known = History(store, CLOCK, seconds=3600)
    async with known.running():
        known.ended(ended())

    assert await counted(store) == 1


async def test_what_is_asked_for_is_known_in_a_while() -> None:
    """Not at once: to ask waits for nothing; and what others count later comes with a later turn."""
    store = MemoryStore()
    writer, reader = History(store, CLOCK), History(store, CLOCK)
    lengths = []
    for _ in range(2):
        for _ in range(5):
            writer.ended(ended())
        await writer.share()
        lengths.append(len(reader.known(ended()) or Durations({})))
        await reader.share()
    lengths.append(len(reader.known(ended()) or Durations({})))

    assert lengths == [0, 5, 10]


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many types there are, and however much of one ends while the store is down."""
    monkeypatch.setattr(history, "KINDS", 3)
    monkeypatch.setattr(history, "EACH", 4)
    store = MemoryStore()
    known = History(store, CLOCK)
    for type in ("a", "b", "c", "d", "a"):
        for _ in range(9):
            known.ended(ended(type=type))
            known.known(ended(type=type))
    assert len(known._asked) == 3
    await known.share()

    assert [await counted(store, type) for type in "abcd"] == [4, 4, 4, 0]
    known.ended(ended(type="d"))
    await known.share()
    assert await counted(store, "d") == 1


async def test_tenants_know_nothing_of_each_other() -> None:
    """Neither how long another's jobs take, nor anything that one of them has made up."""
    store = MemoryStore()
    known = History(store, CLOCK)
    known.ended(ended())
    await known.share()
    known.known(ended(tenant="other"))
    await known.share()

    assert known.known(ended()) is not None
    assert known.known(ended(tenant="other")) is None


async def test_a_note_that_cannot_be_read_is_written_anew() -> None:
    """And keeps nothing else from being shared."""
    store = MemoryStore()
    await store.swap(history._key(("t", "export")), None, b"{", BEGAN)
    known = History(store, CLOCK)
    known.ended(ended())
    known.ended(ended(type="other"))
    await known.share()

    assert [await counted(store), await counted(store, "other")] == [1, 1]
