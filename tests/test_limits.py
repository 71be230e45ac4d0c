"""No more is let through than the policy allows, and no less."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from back_ends import NAMES, BackEnds
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from jobstatus.contract.checks import PROFILES, AnswerChecks
from jobstatus.contract.exchange import Exchange
from jobstatus.contract.spec import Document, Operation
from jobstatus.errors import ConfigurationError, StoreBusy, StoreUnavailable, TooManyRequests
from jobstatus.handlers import CONTRACTS
from jobstatus.limits import Turnpike, Turnpikes, notes
from jobstatus.limits.bucket import Bucket
from jobstatus.limits.notes import Notes
from jobstatus.quota import Policy, Reading
from jobstatus.settings import Settings
from jobstatus.storage import Limits, Store, opened
from jobstatus.storage.memory import MemoryStore

NOW = datetime(2031, 3, 4, 5, 6, 7, 250_000, tzinfo=UTC)
WIDE = Policy("polls", 60_000, 60)
CALLER = "0195f2c8"
SPEC = Document.load()

policies = st.builds(Policy, st.just("polls"), st.integers(1, 60), st.integers(1, 10))
gaps = st.one_of(st.just(0), st.integers(1, 1000), st.integers(1, 3_000_000))
"""Microseconds between two requests."""
turns = st.lists(st.integers(0, 3), max_size=40)
"""How often a store gives way to others in each of its calls."""


class Watched(MemoryStore):
    """A store that counts its calls, gives way to others in the midst of them, and may be down."""

    def __init__(self, turns: Sequence[int] = (), error: Exception | None = None) -> None:
        super().__init__()
        self._inner = MemoryStore()
        self._turns = iter(turns)
        self.error = error
        self.calls = 0

    async def note(self, key: str) -> bytes | None:
        await self._begin()
        return await self._inner.note(key)

    async def swap(self, key: str, was: bytes | None, to: bytes, until: datetime) -> bool:
        await self._begin()
        return await self._inner.swap(key, was, to, until)

    async def _begin(self) -> None:
        self.calls += 1
        for _ in range(next(self._turns, 0)):
            await asyncio.sleep(0)
        if self.error is not None:
            raise self.error


class Model:
    """A bucket as a book has it: tokens that flow in and are taken out."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._tokens, self._at = Fraction(policy.quota), NOW
        self._barred = NOW

    def lets_through(self, now: datetime) -> bool:
        """Take a token; who finds none is to come again in whole seconds, once there is one."""
        rate = Fraction(self._policy.quota, self._policy.seconds)
        flowed = rate * ((now - self._at) // timedelta(microseconds=1)) / 1_000_000
        self._tokens, self._at = min(self._tokens + flowed, Fraction(self._policy.quota)), now
        if now < self._barred:
            return False
        if self._tokens < 1:
            self._barred = now + timedelta(seconds=-((self._tokens - 1) / rate // 1))
            return False
        self._tokens -= 1
        return True


def turnpike(policy: Policy, store: Store | None = None) -> Turnpike:
    """Open the way in of a server."""
    turnpikes = Turnpikes({("native", True): policy})
    turnpikes.start(store or MemoryStore())
    found = turnpikes.at("native", poll=True)
    assert found is not None
    return found


async def ask(way: Turnpike, now: datetime, caller: str = CALLER) -> bool:
    """Ask to be let through, as a server does."""
    try:
        return bool(way.at_hand(caller, now) or await way.spend(caller, now))
    except TooManyRequests:
        return False


def moments(spans: Sequence[int]) -> Iterator[datetime]:
    """Give the times that lie these microseconds apart."""
    return (NOW + timedelta(microseconds=span) for span in accumulate(spans))


def within(policy: Policy, passed: Sequence[datetime]) -> bool:
    """Tell whether in every span of time no more came through than the bucket holds and what flows in meanwhile."""
    passed = sorted(passed)
    return all(
        count * policy.seconds * 1_000_000
        <= policy.quota * (policy.seconds * 1_000_000 + (last - first) // timedelta(microseconds=1))
        for start, first in enumerate(passed)
        for count, last in enumerate(passed[start:], 1)
    )


@given(policy=policies, asked=st.lists(gaps, max_size=200))
@settings(deadline=None)
def test_one_server_lets_through_just_what_a_bucket_does(policy: Policy, asked: list[int]) -> None:
    """Whatever it takes ahead, of which no more goes amiss than is let through."""

    async def play() -> None:
        way, model = turnpike(policy), Model(policy)
        for now in moments(asked):
            assert await ask(way, now) is model.lets_through(now)

    asyncio.run(play())


@given(policy=policies, asked=st.lists(st.tuples(gaps, st.integers(0, 2)), max_size=150))
@settings(deadline=None)
def test_several_servers_let_through_no_more_than_one(policy: Policy, asked: list[tuple[int, int]]) -> None:
    """In any span of time, whichever server is asked."""

    async def play() -> None:
        store = MemoryStore()
        ways = [turnpike(policy, store) for _ in range(3)]
        times = moments([gap for gap, _ in asked])
        passed = [now for now, (_, server) in zip(times, asked, strict=True) if await ask(ways[server], now)]
        assert within(policy, passed)

    asyncio.run(play())


@given(policy=policies, crowd=st.lists(st.tuples(gaps, st.integers(0, 2)), max_size=60), turns=turns)
@settings(deadline=None)
def test_nor_when_all_are_asked_at_once(policy: Policy, crowd: list[tuple[int, int]], turns: list[int]) -> None:
    """However their calls to the store fall between each other's, each of which is made over what it had read."""

    async def play() -> None:
        store = Watched(turns)
        ways = [turnpike(policy, store) for _ in range(3)]
        times = list(moments([gap % 1000 for gap, _ in crowd]))
        asking = [ask(ways[server], now) for now, (_, server) in zip(times, crowd, strict=True)]
        answers = await asyncio.gather(*asking)
        passed = [now for now, let_through in zip(times, answers, strict=True) if let_through]
        assert within(policy, passed)
        assert passed or not crowd

    asyncio.run(play())


@given(polls=st.integers(1, 40))
@settings(deadline=None)
def test_tokens_that_were_taken_ahead_lapse(polls: int) -> None:
    """Else a server would let them through beside all that has come to the bucket since."""

    async def play() -> None:
        policy, store = Policy("polls", 80, 8), MemoryStore()
        first, second = (turnpike(policy, store) for _ in range(2))
        passed = [now for now in moments([10_000] * polls) if await ask(first, now)]
        crowd = [NOW + timedelta(seconds=20)] * 100
        passed += [now for way in (second, first) for now in crowd if await ask(way, now)]
        assert within(policy, passed)

    asyncio.run(play())


async def test_a_server_takes_but_a_part_ahead() -> None:
    """Others find most of what is left."""
    policy, store = Policy("polls", 800, 8), MemoryStore()
    first, second = (turnpike(policy, store) for _ in range(2))
    for now in moments([10] * 300):
        assert await ask(first, now)

    assert sum([await ask(second, now) for _ in range(800)]) > 0.8 * (800 - 300)


@given(policy=policies, servers=st.lists(st.integers(0, 2), max_size=200), late=st.lists(st.integers(0, 500_000)))
@settings(deadline=None)
def test_who_keeps_to_the_pace_is_never_refused(policy: Policy, servers: list[int], late: list[int]) -> None:
    """Whichever servers it comes to, and however little it is late at times."""

    async def play() -> None:
        store = MemoryStore()
        ways = [turnpike(policy, store) for _ in range(3)]
        pace = -(-policy.seconds * 1_000_000 // policy.quota)
        spans = [pace + more for more in (*late, *[0] * len(servers))]
        for server, now in zip(servers, moments(spans), strict=False):
            assert await ask(ways[server], now)

    asyncio.run(play())


@given(
    policy=policies,
    full=st.integers(-(10**9), 10**9),
    count=st.integers(1, 60),
    term=st.integers(0, 10**6),
    when=st.lists(st.integers(0, 10**6), min_size=60, max_size=60),
)
def test_tokens_may_be_spent_whenever_they_are_good(
    policy: Policy, full: int, count: int, term: int, when: list[int]
) -> None:
    """Those that were taken ahead are never more than a bucket would have let through one by one."""
    bucket, at = Bucket(policy), 10**12
    full, until = full + at, at + term * policy.quota
    count = min(count, bucket.level(full, at, until))
    spent = full
    for moment in sorted(at + span % (term + 1) * policy.quota for span in when[:count]):
        assert bucket.level(spent, moment) >= 1
        spent = bucket.taken(spent, 1, moment)

    assert spent <= bucket.taken(full, count, until)
    assert not count or bucket.taken(full, count, until) <= at + bucket.whole


@given(policy=policies, full=st.integers(0, 10**10))
def test_who_waits_as_long_as_told_finds_a_token(policy: Policy, full: int) -> None:
    """And the seconds are no more than need be."""
    bucket, at = Bucket(policy), 10**12
    full = at + full % (bucket.whole + 1)
    wait = bucket.wait(full, at)

    assert bucket.level(full, at + wait * bucket.second) >= 1
    assert wait == 1 or bucket.level(full, at + (wait - 1) * bucket.second) == 0


@given(policy=policies, micros=st.integers(0, 2**52))
def test_a_time_is_the_same_in_ticks(policy: Policy, micros: int) -> None:
    """To the microsecond, which is rounded up."""
    bucket, now = Bucket(policy), NOW + timedelta(microseconds=micros)

    assert bucket.time(bucket.tick(now)) == now
    assert bucket.time(bucket.tick(now) - policy.quota + 1) == now


@pytest.mark.parametrize("name", NAMES)
async def test_servers_share_a_bucket_through_every_store(
    name: str, tmp_path: Path, all_back_ends: BackEnds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three that are asked at one moment let through what one would, less what they hold back."""
    monkeypatch.setattr(notes, "PATIENCE", 60)
    policy, now = Policy("polls", 50, 5), datetime.now(UTC)  # a store may have a clock of its own
    async with opened(await all_back_ends.url(name, tmp_path), Limits()) as store:
        ways = [turnpike(policy, store) for _ in range(3)]
        first = await asyncio.gather(*(ask(ways[number % 3], now) for number in range(90)))
        later = now + timedelta(seconds=5)
        then = await asyncio.gather(*(ask(ways[number % 3], later) for number in range(90)))
    await all_back_ends.tidy()

    assert 25 <= sum(first) <= 50
    assert 50 <= sum(first) + sum(then) <= 100


async def test_hardly_a_poll_costs_a_call_to_the_store() -> None:
    """A client that polls a thousand times in a second costs no more than one that polls once in five."""
    for milliseconds, polls in (1, 60_000), (10, 6_000), (1_000, 60), (5_000, 60):
        store = Watched()
        way = turnpike(WIDE, store)
        for number in range(polls):
            assert await ask(way, NOW + number * timedelta(milliseconds=milliseconds))

        assert store.calls < min(polls / 2, 50)


async def test_those_who_come_while_tokens_are_taken_share_them() -> None:
    """A server makes one call for a bucket at a time: to read it, and to write."""
    store = Watched([1] * 10)
    way = turnpike(WIDE, store)
    first = asyncio.create_task(ask(way, NOW))
    await asyncio.sleep(0)
    others = await asyncio.gather(*(ask(way, NOW) for _ in range(100)))

    assert await first
    assert all(others)
    assert store.calls <= 4


async def test_who_was_told_to_wait_costs_nothing_until_then() -> None:
    """The store is asked again when there may be a token."""
    store = Watched()
    way = turnpike(Policy("polls", 1, 10), store)
    assert await ask(way, NOW)
    with pytest.raises(TooManyRequests) as refused:
        await way.spend(CALLER, NOW + timedelta(seconds=1))
    calls = store.calls
    with pytest.raises(TooManyRequests) as again:
        way.at_hand(CALLER, NOW + timedelta(seconds=4.5))

    assert (refused.value.retry_after, again.value.retry_after) == (9, 6)
    assert again.value.reading == Reading(Policy("polls", 1, 10), 0, 6)
    assert store.calls == calls
    assert await ask(way, NOW + timedelta(seconds=10))


async def test_callers_and_contracts_have_buckets_of_their_own() -> None:
    """And so have polls and other calls; what has no policy has no turnpike."""
    small = Policy("polls", 1, 60)
    turnpikes = Turnpikes({("native", True): small, ("native", False): small, ("ims", True): small})
    turnpikes.start(MemoryStore())
    ways = [turnpikes.at("native", poll=True), turnpikes.at("ims", poll=True)]

    for way in ways:
        assert way is not None
        assert [await ask(way, NOW, caller) for caller in ("a", "b\0", "a")] == [True, True, False]
    assert turnpikes.at("native", poll=False) not in (None, *ways)
    assert turnpikes.at("ims", poll=False) is None


@pytest.mark.parametrize("error", [StoreUnavailable("down"), StoreBusy()])
async def test_a_store_that_does_not_answer_stops_nobody(error: StoreUnavailable) -> None:
    """It is let alone for a second, and told of once in a minute."""
    store = Watched(error=error)
    way = turnpike(Policy("polls", 1, 60), store)
    with capture_logs() as logs:
        for tenths in range(100):
            now = NOW + timedelta(seconds=tenths / 10)
            assert way.at_hand(CALLER, now) is None
            assert await way.spend(CALLER, now) is None
    store.error = None
    later = NOW + timedelta(minutes=1)

    assert store.calls == 10
    assert [line["event"] for line in logs] == ["requests are not limited"]
    assert [await ask(way, later), await ask(way, later)] == [True, False]


async def test_a_clock_that_was_ahead_bars_nobody_for_long() -> None:
    """What was noted by a clock that was set back since is not believed."""
    store = MemoryStore()
    wrong, right = (turnpike(Policy("polls", 1, 10), store) for _ in range(2))
    ahead = NOW + timedelta(hours=1)
    assert [await ask(wrong, ahead), await ask(wrong, ahead)] == [True, False]

    assert await ask(right, NOW)
    assert not await ask(wrong, NOW + timedelta(seconds=1))
    assert await ask(wrong, NOW + timedelta(seconds=10))


async def test_whom_there_is_no_room_for_is_limited_all_the_same() -> None:
    """To remember callers spares calls, and no more."""
    kept = Notes()
    kept.start(MemoryStore())
    way = Turnpike("native", Policy("polls", 2, 60), kept, room=1)

    assert [await ask(way, NOW, caller) for caller in "abab"] == [True] * 4
    assert [await ask(way, NOW, caller) for caller in "ab"] == [False] * 2


async def test_a_client_that_leaves_lets_the_next_one_in() -> None:
    """Who waits for tokens and gives up holds up nobody."""
    way = turnpike(WIDE, Watched([5, 5, 5]))
    leaving = asyncio.create_task(ask(way, NOW))
    staying = asyncio.create_task(ask(way, NOW))
    await asyncio.sleep(0)
    leaving.cancel()

    assert await staying
    assert leaving.cancelled()


def test_what_is_left_is_told_in_two_headers() -> None:
    """As the draft has them."""
    assert Reading(WIDE, 59_999, 1).headers == (
        (b"ratelimit-policy", b'"polls";q=60000;w=60'),
        (b"ratelimit", b'"polls";r=59999;t=1'),
    )


async def test_what_is_told_as_left_is_what_is_left() -> None:
    """One token less with each request; the seconds are those until the bucket is full."""
    way = turnpike(Policy("polls", 100, 50))
    readings = [way.at_hand(CALLER, NOW) or await way.spend(CALLER, NOW) for _ in range(3)]

    assert [(read.remaining, read.full_after) for read in readings if read] == [(99, 1), (98, 1), (97, 2)]


def test_the_native_contract_alone_is_limited_unless_it_is_set_otherwise() -> None:
    """And what is set for others leaves it as it is."""
    native = {("native", True): WIDE, ("native", False): Policy("calls", 60_000, 60)}

    assert Settings().limits == native
    assert Settings(limit_polls='{"ims": "100/60"}').limits == {**native, ("ims", True): Policy("polls", 100, 60)}
    assert Settings(limit_polls='{"native": "off"}', limit_calls='{"native": "off"}').limits == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"ims": "100"}', "ims: .*must be requests/seconds, such as 60000/60"),
        ('{"ims": "0/60"}', "ims: .*must be requests/seconds"),
        ('{"ims": "1/3601"}', "ims: .*3600 seconds at the most"),
        ('{"identity": "1/1"}', "identity: .*'native', 'ehealth'"),
        ("100/60", ".*JSON"),
    ],
)
def test_a_limit_that_is_none_is_told_at_the_start(text: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable, the contract and the rule."""
    monkeypatch.setenv("JOBSTATUS_LIMIT_CALLS", text)

    with pytest.raises(ConfigurationError, match=f"JOBSTATUS_LIMIT_CALLS: {told}"):
        Settings.read()


GUARDED = [operation for operation in SPEC.operations.values() if not operation.public]
CHECKS = AnswerChecks(SPEC)
REFUSED: dict[str, Any] = {
    "native": {
        "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
        "title": "Request cannot be satisfied as assigned quota has been exceeded",
        "status": 429,
        "detail": "no more than 60000 polls in 60 seconds are let through",
        "instance": "/a",
        "request_id": "req-1",
        "violated-policies": ["polls"],
    },
    "ehealth": {
        "error": {"type": "too_many_requests", "message": "API rate limit exceeded"},
        "meta": {"code": 429, "url": "http://jobs.example/a?b", "type": "object", "request_id": "req-1"},
    },
    "traffic-ops": {"alerts": [{"text": "Too Many Requests", "level": "error"}]},
    "ims": {
        "error_msg": "The throttling threshold has been reached.",
        "error_code": "APIGW.0308",
        "request_id": "req-1",
    },
}
REFUSED["ehealth-composition"] = REFUSED["ehealth"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("operation", GUARDED, ids=lambda operation: operation.id)
def test_each_contract_has_its_words_for_too_many_requests(operation: Operation, profile: str) -> None:
    """As its operations' 429 in the spec, with the seconds after which to come again."""
    headers = [(b"host", b"jobs.example"), (b"x-request-id", b"req-1")]
    scope = {"type": "http", "method": "GET", "path": "/a", "query_string": b"b", "scheme": "http", "headers": headers}
    contract = CONTRACTS[operation.contract]
    exchange = Exchange(scope, contract, profile)
    error = TooManyRequests(Reading(WIDE, 0, 60), 7)
    exchange.find(operation)
    told = contract.complete(contract.failure(error, exchange), exchange)
    sealed = {**told.headers, **contract.finish(contract.encode(told.body), exchange)[1]}

    assert (told.status, told.body, told.headers["Retry-After"]) == (429, REFUSED[operation.contract], "7")
    CHECKS.check(operation, profile, replace(told, headers=sealed))
