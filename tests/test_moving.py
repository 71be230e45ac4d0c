"""Moving a store makes another one keep the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from back_ends import BackEnds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobstatus.credential import Credential
from jobstatus.errors import ConfigurationError
from jobstatus.job import Event, Job, Status
from jobstatus.moving import MovingRefused, Stage, Step, move, verify
from jobstatus.moving.canon import canonical
from jobstatus.moving.span import LAST, spans
from jobstatus.storage import Kept, Store, open_store, opened
from jobstatus.testing import strategies
from jobstatus.testing.stores.moving import kept
from jobstatus.testing.stores.samples import NOW, SECOND, a_credential, a_job, bury, change, end, put, tombstone_of

PAIRS = [
    *(("sqlite", "sqlite"), ("sqlite", "memory"), ("memory", "sqlite"), ("memory", "memory")),
    *(("sqlite", "postgresql"), ("postgresql", "redis"), ("redis", "redis-cluster"), ("redis-cluster", "sqlite")),
]
"""Back ends that are moved from and to."""
ENOUGH = 10_000
PAGE = 7
"""Small, so that a few records are several pages."""


@dataclass
class Pair:
    """A store to be moved, and one to move to."""

    source: Store
    target: Store

    async def same(self) -> bool:
        """Tell whether both keep the same, by what they read rather than by the verification."""
        records = [list(await store.scan(0, ENOUGH)) for store in (self.source, self.target)]
        credentials = [list(await store.credentials()) for store in (self.source, self.target)]
        return records[0] == records[1] and credentials[0] == credentials[1]


@pytest.fixture(params=PAIRS, ids="-".join)
async def pair(request: pytest.FixtureRequest, tmp_path: Path, all_back_ends: BackEnds) -> AsyncGenerator[Pair]:
    """Open two empty stores, of the back ends in turn."""
    source, target = [await all_back_ends.url(name, tmp_path) for name in request.param]
    async with opened(source) as kept, opened(target) as made:
        yield Pair(kept, made)
    await all_back_ends.tidy()


@pytest.fixture
async def plain() -> Pair:
    """Open two empty stores in memory."""
    return Pair(await open_store("memory://"), await open_store("memory://"))


async def fill(store: Store, count: int = 30) -> list[Job]:
    """Write jobs in all states of life, some buried, some expired, and credentials."""
    jobs = [await put(store, work=f"w{i}") for i in range(count)]
    for job in jobs[::3]:
        await end(store, await change(store, job, status=Status.RUNNING, progress=50.0, work=None))
    for job in jobs[1::3]:
        await bury(store, job)
    await put(store, expires_at=NOW - SECOND)
    for revoked in (None, NOW):
        await store.add_credential(a_credential(revoked_at=revoked))
    return jobs[2::3]


async def test_all_that_is_kept_is_moved(pair: Pair) -> None:
    """Records, timelines, tombstones and credentials, found by each key; a second pass finds no difference."""
    await fill(pair.source)
    made = await move(pair.source, pair.target, page=PAGE)
    found = await verify(pair.source, pair.target, page=PAGE)

    assert [each.changed for each in made] == [33, 0]
    assert await pair.same()
    assert found.equal
    assert (found.target.jobs, found.target.tombstones, found.target.credentials) == (21, 10, 2)
    assert found.target.events == 21 + 2 * 10
    for each in await pair.source.scan(0, ENOUGH):
        assert await pair.target.get(each.record.id) == each.record
        assert await pair.target.get(each.record.number) == each.record


async def test_numbers_given_after_a_move_are_greater(pair: Pair) -> None:
    """Nothing that the source has numbered is numbered again."""
    await fill(pair.source)
    await bury(pair.source, last := await put(pair.source))
    await move(pair.source, pair.target, page=PAGE)

    assert (await put(pair.target)).number > last.number


async def test_a_move_that_was_broken_off_is_done_by_another(pair: Pair) -> None:
    """What was copied already is not written again, and what the source has become since is."""
    living = await fill(pair.source)

    def interrupt(step: Step) -> None:
        if step.stage is Stage.COPYING and step.changed >= 2 * PAGE:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await move(pair.source, pair.target, page=PAGE, tell=interrupt)
    copied = len(await pair.target.scan(0, ENOUGH))
    await change(pair.source, living[0])
    await bury(pair.source, living[1])
    made = await move(pair.source, pair.target, page=PAGE)

    assert 0 < copied < 31
    assert made[0].changed == 33 - copied + 2
    assert await pair.same()


async def test_tombstones_that_the_source_forgot_are_forgotten(pair: Pair) -> None:
    """They stand for nothing that would be lost, up to the last number."""
    jobs = [await put(pair.source) for _ in range(3 * PAGE)]
    for job in jobs[::2]:
        await bury(pair.source, job)
    await move(pair.source, pair.target, page=PAGE)
    await pair.source.forget(NOW + SECOND, ENOUGH)
    await move(pair.source, pair.target, page=PAGE)

    assert await pair.same()
    assert await pair.target.forgettable(NOW + SECOND) == 0


async def test_what_is_written_meanwhile_is_moved_once_that_ends(pair: Pair) -> None:
    """Each pass copies what has changed; the last finds no difference."""
    living = await fill(pair.source)
    steps: list[Step] = []

    async def write() -> None:
        for job in living:
            running = await change(pair.source, job, status=Status.RUNNING)
            await put(pair.source, work=f"new-{job.id}")
            if job.number % 2:
                await bury(pair.source, await change(pair.source, running, work=None))
        await pair.source.add_credential(a_credential())

    writing = asyncio.create_task(write())
    made = await move(pair.source, pair.target, page=2, passes=100, tell=steps.append)
    await writing
    made = [*made, *await move(pair.source, pair.target, page=2, passes=100)]

    assert made[-1].changed == 0
    assert await pair.same()
    assert (await verify(pair.source, pair.target)).equal


async def test_work_that_passes_to_another_job_meanwhile_ends_with_it(plain: Pair) -> None:
    """A name of work that an earlier page has copied moves on to a later one, and the next pass mends the first."""
    first = await put(plain.source, work="w")
    others = [await put(plain.source) for _ in range(PAGE)]

    def hand_on(step: Step) -> None:
        if step.stage is Stage.COPYING and step.turn == 1 and step.compared == PAGE:
            handed.append(asyncio.ensure_future(_hand_on()))

    async def _hand_on() -> None:
        await change(plain.source, first, work=None)
        await change(plain.source, others[-1], work="w")

    handed: list[asyncio.Future[None]] = []
    await move(plain.source, plain.target, page=PAGE, tell=hand_on)
    await asyncio.gather(*handed)
    await move(plain.source, plain.target, page=PAGE)

    assert await plain.same()


async def test_a_source_that_never_rests_is_left_after_so_many_passes(plain: Pair) -> None:
    """What is still different the verification tells."""
    job = await put(plain.source)
    versions = [job]
    reads = plain.source.scan

    async def scan_and_write(above: int, limit: int) -> Sequence[Kept]:
        page = await reads(above, limit)
        versions.append(await change(plain.source, versions[-1]))
        return page

    plain.source.scan = scan_and_write  # type: ignore[method-assign]  # a writer that is always faster
    made = await move(plain.source, plain.target, passes=3)

    assert [each.changed for each in made] == [1, 1, 1]
    assert not (await verify(plain.source, plain.target)).equal


@pytest.mark.parametrize("change_target", ["other", "newer", "same number", "id elsewhere"])
async def test_what_the_source_does_not_have_is_not_destroyed(pair: Pair, change_target: str) -> None:
    """Nothing is written where anything would be lost, until it is said that it may be."""
    await fill(pair.source)
    job = await put(pair.source)
    if change_target == "newer":
        await move(pair.source, pair.target)
        await change(pair.target, job)
    elif change_target == "other":
        await move(pair.source, pair.target)
        await put(pair.target)
    elif change_target == "same number":
        await pair.target.restore(0, LAST, [kept(job.number)])
    else:
        await pair.target.restore(0, LAST, [kept(job.number + 5, id=job.id)])
    before = list(await pair.target.scan(0, ENOUGH))

    with pytest.raises(MovingRefused, match=r"1 jobs and 0 tombstones .* --overwrite"):
        await move(pair.source, pair.target, page=PAGE)

    assert list(await pair.target.scan(0, ENOUGH)) == before
    await move(pair.source, pair.target, page=PAGE, overwrite=True)
    assert await pair.same()


async def test_a_burial_that_only_the_target_has_is_not_undone(plain: Pair) -> None:
    """The target has been in use since."""
    job = await put(plain.source)
    await move(plain.source, plain.target)
    await bury(plain.target, job)

    with pytest.raises(MovingRefused, match=job.id):
        await move(plain.source, plain.target)


async def test_a_target_that_is_used_too_early_is_not_overwritten(plain: Pair) -> None:
    """What was written to it after the first look is found before it would be lost."""
    await fill(plain.source)
    began: list[asyncio.Future[Job]] = []

    def begin(step: Step) -> None:
        if step.stage is Stage.COPYING and step.turn == 1 and step.done:
            began.append(asyncio.ensure_future(put(plain.target)))

    with pytest.raises(MovingRefused):
        await move(plain.source, plain.target, page=PAGE, tell=begin)

    job = await began[0]
    assert await plain.target.get(job.id) == job


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("beyond", ["another", "revoked earlier", "other grants"])
async def test_credentials_of_others_are_refused(plain: Pair, beyond: str, overwrite: bool) -> None:
    """They cannot be taken away, and would open what is moved."""
    held = a_credential(revoked_at=NOW)
    await put(plain.source)
    await plain.source.add_credential(held)
    theirs = {
        "another": a_credential(),
        "revoked earlier": replace(held, revoked_at=NOW - SECOND),
        "other grants": replace(held, permissions=frozenset({"job:write"})),
    }
    await plain.target.add_credential(theirs[beyond])

    with pytest.raises(MovingRefused, match=theirs[beyond].id):
        await move(plain.source, plain.target, overwrite=overwrite)

    assert list(await plain.target.scan(0, ENOUGH)) == []


@pytest.mark.parametrize("later", [None, NOW + SECOND])
async def test_a_revocation_is_moved_on(pair: Pair, later: datetime | None) -> None:
    """Be it the first, or one that is earlier than what the target knows of."""
    held = a_credential()
    await pair.source.add_credential(held)
    await pair.target.add_credential(replace(held, revoked_at=later))
    await pair.source.revoke_credential(held.id, NOW)
    made = await move(pair.source, pair.target)

    assert [each.changed for each in made] == [1, 0]
    assert list(await pair.target.credentials()) == [replace(held, revoked_at=NOW)]


async def test_an_empty_source_is_taken_for_a_mistake(pair: Pair) -> None:
    """Nothing of the target is lost by a name that is misspelt."""
    await put(pair.target)

    with pytest.raises(ConfigurationError, match="nothing"):
        await move(pair.source, pair.target, overwrite=True)

    assert len(await pair.target.scan(0, ENOUGH)) == 1


async def test_a_store_is_not_moved_to_itself(tmp_path: Path) -> None:
    """Whatever it is called by: what is written meanwhile would be undone."""
    async with AsyncExitStack() as stack:
        folder = tmp_path / "other"
        folder.symlink_to(tmp_path)
        one, other = [await open_store(f"sqlite:///{place / 'jobs.db'}") for place in (tmp_path, folder)]
        for store in (one, other):
            stack.push_async_callback(store.aclose)
        await put(one)

        with pytest.raises(ConfigurationError, match="same store"):
            await move(one, other, overwrite=True)


@pytest.mark.parametrize(
    "tampered",
    [
        lambda held: Kept(replace(held.record, message="other"), held.events),
        lambda held: Kept(held.record, held.events[:-1]),
        lambda held: Kept(held.record, (replace(held.events[0], at=NOW + SECOND), *held.events[1:])),
        lambda held: Kept(tombstone_of(held.record)),
    ],
    ids=["record", "event missing", "event", "buried"],
)
async def test_what_was_tampered_with_is_found_and_mended(pair: Pair, tampered: Callable[[Kept], Kept]) -> None:
    """By the checksum, be the counts as they are; the next move makes it right."""
    job = (await fill(pair.source))[0]
    held = (await pair.source.scan(job.number - 1, 1))[0]
    await move(pair.source, pair.target)
    await pair.target.restore(job.number - 1, job.number, [tampered(held)])
    found = await verify(pair.source, pair.target, page=PAGE)

    assert not found.equal
    assert found.source.sha256 != found.target.sha256
    await move(pair.source, pair.target, overwrite=True)
    assert (await verify(pair.source, pair.target)).equal


async def test_only_the_numbers_that_differ_are_written(plain: Pair) -> None:
    """A pass over a store that is almost the same writes almost nothing."""
    jobs = [await put(plain.source) for _ in range(20)]
    await move(plain.source, plain.target)
    await change(plain.source, jobs[11])
    async with aclosing(plain.target.changes()) as feed:
        await anext(feed)
        await move(plain.source, plain.target)

        assert await anext(feed) == frozenset({jobs[11].id})


async def test_each_step_is_told(plain: Pair) -> None:
    """Stage by stage, from nothing to all, and never more than there is."""
    await fill(plain.source)
    steps: list[Step] = []
    await move(plain.source, plain.target, page=PAGE, tell=steps.append)
    await verify(plain.source, plain.target, page=PAGE, tell=steps.append)

    done = [(step.stage, step.turn, step.compared, step.changed) for step in steps if step.done]
    assert done == [
        (Stage.LOOKING, 1, 0, 0),
        (Stage.COPYING, 1, 31, 33),
        (Stage.COPYING, 2, 31, 0),
        (Stage.VERIFYING, 1, 31, 0),
    ]
    assert all(step.number <= step.last for step in steps)
    assert [step.number for step in steps if step.stage is Stage.VERIFYING] == [0, 7, 14, 21, 28, 31, 31]


async def test_no_more_than_a_page_is_read_at_a_time(plain: Pair) -> None:
    """Whatever lies where in either store, its spans are whole, and leave nothing out."""
    sides = (range(1, 90, 2), [*range(30, 60), 500])
    for store, numbers in zip((plain.source, plain.target), sides, strict=True):
        await store.restore(0, LAST, [kept(number) for number in numbers])
    seen: list[list[int]] = [[], []]
    async with aclosing(spans(plain.source, plain.target, PAGE)) as read:
        async for span in read:
            assert max(len(span.source), len(span.target)) <= PAGE
            seen[0] += span.source
            seen[1] += span.target

    assert seen == [list(side) for side in sides]


def test_what_is_equal_is_written_alike_and_nothing_else_is() -> None:
    """Whole and broken progress, and the order of an object's fields, are the same; 1 and true are not."""
    job = a_job(progress=50)
    event = Event.of(job, "worker")

    assert canonical(Kept(job, (event,))) == canonical(
        Kept(replace(job, progress=50.0), (replace(event, progress=50.0),))
    )
    assert canonical(Kept(job)) != canonical(Kept(job, (event,)))


def contents() -> st.SearchStrategy[list[Kept]]:
    """Draw whatever a store may keep, its numbers growing with gaps."""
    life = st.tuples(strategies.jobs(), st.lists(strategies.events(), max_size=3), st.booleans(), st.integers(1, 5))
    return st.lists(life, max_size=12, unique_by=lambda drawn: drawn[0].id).map(_numbered)


def _numbered(lives: Sequence[tuple[Job, list[Event], bool, int]]) -> list[Kept]:
    found, number = [], 0
    for job, events, buried, gap in lives:
        number += gap
        numbered = replace(job, number=number)
        timeline = tuple(replace(event, version=place) for place, event in enumerate(events, 1))
        found.append(Kept(tombstone_of(numbered)) if buried else Kept(numbered, timeline))
    return found


def some_credentials() -> st.SearchStrategy[list[Credential]]:
    """Draw credentials: one at least, so that the source is not empty."""
    unique = (lambda credential: credential.id, lambda credential: credential.digest)
    return st.lists(strategies.credentials(), min_size=1, max_size=3, unique_by=unique)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(here=contents(), there=contents(), held=some_credentials(), page=st.integers(1, 5))
def test_whatever_is_kept_is_moved(here: list[Kept], there: list[Kept], held: list[Credential], page: int) -> None:
    """Over whatever the target held, if it may be overwritten."""
    asyncio.run(_moved(here, there, held, page))


async def _moved(here: list[Kept], there: list[Kept], held: list[Credential], page: int) -> None:
    stores = Pair(await open_store("memory://"), await open_store("memory://"))
    await stores.source.restore(0, LAST, here)
    for credential in held:
        await stores.source.add_credential(credential)
    await stores.target.restore(0, LAST, there)
    made = await move(stores.source, stores.target, overwrite=True, page=page)

    assert made[-1].changed == 0
    assert await stores.same()
    assert (await verify(stores.source, stores.target, page=page + 1)).equal
    for each in here:
        assert await stores.target.get(each.record.id) == each.record
        assert await stores.target.get(each.record.number) == each.record
    assert (await put(stores.target)).number > max((each.record.number for each in here), default=0)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(here=contents(), there=contents())
def test_what_would_be_lost_is_either_refused_or_not_there(here: list[Kept], there: list[Kept]) -> None:
    """Without leave no job of the target disappears that the source does not have."""
    asyncio.run(_nothing_lost(here, there))


async def _nothing_lost(here: list[Kept], there: list[Kept]) -> None:
    stores = Pair(await open_store("memory://"), await open_store("memory://"))
    await stores.source.restore(0, LAST, here)
    await stores.source.add_credential(a_credential())
    await stores.target.restore(0, LAST, there)
    try:
        await move(stores.source, stores.target, page=2)
    except MovingRefused:
        assert list(await stores.target.scan(0, ENOUGH)) == there
    else:
        assert {each.record.id for each in there if isinstance(each.record, Job)} <= {each.record.id for each in here}
