"""What the benchmarks tell is what they found: their arithmetic, their rows, and the load that they make."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from back_ends import NETWORKED, BackEnds, need

pytest.importorskip("benchmarks", reason="a checkout has them, an installed server has not")

from benchmarks.comparisons import COMPARISONS, Compared, compare
from benchmarks.large import report
from benchmarks.large.loading import load as load_many
from benchmarks.large.rows import Population
from benchmarks.large.stages import FEW, MANY, SOME, Stages
from benchmarks.large.store import Large
from benchmarks.load import LoadFailed, Outcome, Plan, load, percentile, request
from benchmarks.reporting import report_all
from benchmarks.results import comparison, peers
from benchmarks.retention import RECORDS, TOMBSTONES, live
from benchmarks.rounds import NOT_MODIFIED, Scale, turns
from benchmarks.run import Measured
from benchmarks.seed import OTHER_TENANT, TENANT, in_file, seed
from benchmarks.spread import Spread, ratio
from benchmarks.tables import comparisons, doubts
from benchmarks.targets import TARGETS, merged, rows
from benchmarks.waiting import asking
from benchmarks.waiting import report as waiting
from benchmarks.waiting.__main__ import measure
from benchmarks.waiting.listening import Crowd

from jobstatus.clock import utc_now
from jobstatus.job import Job
from jobstatus.storage import Term, open_store

TINY = Scale(rounds=1, seconds=0.2, warm_up=0.1, connections=4)
MEMBERS = {"name", "ratio", "low", "high", "target", "better"}

Answer = Callable[[bytes], list[bytes]]


def test_a_spread_is_told_by_its_middle_and_its_ends() -> None:
    """One odd round moves an end, not the middle."""
    assert Spread.of([3.0, 100.0, 2.0]) == Spread(middle=3.0, low=2.0, high=100.0)


def test_ratios_are_taken_round_by_round() -> None:
    """A round in which everything was slow leaves the ratio as it is."""
    assert ratio([400.0, 40.0, 420.0], [100.0, 10.0, 100.0]) == Spread(middle=4.0, low=4.0, high=4.2)


def test_ratios_of_rounds_that_do_not_match_are_refused() -> None:
    """What was measured in different rounds is not compared."""
    with pytest.raises(ValueError, match="longer"):
        ratio([1.0], [1.0, 2.0])


def test_there_is_a_row_for_every_target_whatever_was_found() -> None:
    """A reader of the rows never misses one."""
    found = rows({})

    assert [row["name"] for row in found] == [target.name for target in TARGETS]
    assert len(found) == 12


def test_a_row_without_a_number_tells_why() -> None:
    """Nulls are never left unexplained."""
    for row in rows({"not-modified": "not built yet: something"}):
        assert row.keys() == {*MEMBERS, "why"}
        assert (row["ratio"], row["low"], row["high"]) == (None, None, None)
        assert row["why"]


def test_a_ratio_is_told_with_its_spread() -> None:
    """A row of a ratio has its numbers and no more."""
    row = rows({"fastapi": Spread(4.12345, 3.9, 4.5)})[1]

    assert row.keys() == MEMBERS
    assert (row["ratio"], row["low"], row["high"], row["target"]) == (4.123, 3.9, 4.5, 4.0)


def test_what_an_earlier_run_found_is_kept_where_this_one_found_nothing() -> None:
    """The row of ten million jobs takes an hour, and outlives the runs that leave it out."""
    before = rows({"redis": Spread(0.9, 0.8, 1.0), "fastapi": Spread(3.0, 3.0, 3.0)})
    found = rows({"fastapi": Spread(4.0, 4.0, 4.0)})

    kept = {target.key: row["ratio"] for target, row in zip(TARGETS, merged(found, before), strict=True)}

    assert (kept["redis"], kept["fastapi"], kept["postgresql"]) == (0.9, 4.0, None)


@pytest.mark.parametrize(("key", "limit", "unit"), [("start-up", 2.0, "s"), ("memory", 150.0, "MB")])
def test_a_value_is_told_as_a_part_of_its_limit(key: str, limit: float, unit: str) -> None:
    """Its row is read as those of ratios are, and has the value beside."""
    row = next(row for row in rows({key: Spread(limit / 2, limit / 4, limit * 2)}) if "value" in row)

    assert row.keys() == {*MEMBERS, "value", "unit"}
    assert (row["ratio"], row["low"], row["high"]) == (0.5, 0.25, 2.0)
    assert (row["target"], row["better"], row["value"], row["unit"]) == (1.0, "lower", limit / 2, unit)


def outcome(rate: float, server_busy: float | None = None) -> Outcome:
    """Make up what came of a load."""
    return Outcome(answers=int(rate), seconds=1.0, p50=0.001, p99=0.002, busy=0.1, server_busy=server_busy)


def test_what_a_run_measured_is_handed_to_the_targets() -> None:
    """Ours is held against each peer, 304 answers against 200 answers, and values stand for themselves."""
    measured = Measured(
        outcomes={"jobstatus": [outcome(400)], "fastapi": [outcome(100)], NOT_MODIFIED: [outcome(800)]},
        start_up=[1.0, 3.0, 2.0],
    )

    assert measured.found() == {
        "fastapi": Spread(4.0, 4.0, 4.0),
        "not-modified": Spread(2.0, 2.0, 2.0),
        "start-up": Spread(2.0, 1.0, 3.0),
    }


def test_a_run_without_ours_has_nothing_to_compare() -> None:
    """A part of the peers can be measured alone."""
    assert Measured(outcomes={"bare": [outcome(100)]}).found() == {}


def test_peers_are_told_with_what_their_numbers_depend_on() -> None:
    """A rate means nothing without its machine, its versions and its load."""
    measured = Measured(outcomes={"jobstatus": [outcome(400)], "bare": [outcome(500)]}, in_process={"bare": [20.0]})
    told = peers(measured, Scale())
    bare = next(peer for peer in told["peers"] if peer["name"] == "bare")

    assert told.keys() >= {"date", "python", "cpu", "cores", "packages", "load"}
    assert bare["polls_per_second"]["median"] == 500
    assert bare["microseconds_per_poll"] == 2000
    assert bare["in_process_microseconds"]["median"] == 20
    assert bare["jobstatus_against_it"]["median"] == 0.8


def test_work_is_told_where_the_machine_tells_it() -> None:
    """A server that had half of its core worked half of the time that a poll took."""
    measured = Measured(outcomes={"jobstatus": [outcome(500, server_busy=0.5)], "bare": [outcome(500)]})
    ours, bare = peers(measured, Scale())["peers"]

    assert ours["cpu_microseconds_per_poll"]["median"] == 1000
    assert bare["cpu_microseconds_per_poll"] is None
    assert [doubt.partition(":")[0] for doubt in doubts([ours, bare])] == ["jobstatus"]


def test_every_round_begins_with_another_case() -> None:
    """What comes first in a round is not always the same, and all come in each."""
    plans = {name: Plan(port=1, requests=[]) for name in ("a", "b", "c")}

    assert ["".join(turn) for turn in turns(plans, 4)] == ["abc", "bca", "cab", "abc"]


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_percentiles_are_values_that_were_seen(share: float, expected: int) -> None:
    """The nearest rank, not something between two."""
    assert percentile(range(1, 101), share) == expected


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "redis"])
async def test_seeded_jobs_are_what_the_store_gives(kind: str, all_back_ends: BackEnds, tmp_path: Path) -> None:
    """What peers are held to is what is in the store, jobs in several states and their timelines among it."""
    seeded = await seed(await all_back_ends.url(kind, tmp_path), 120)
    store = await open_store(seeded.url)
    try:
        found = [await store.get(job.id) for job in seeded.jobs]
        timelines = [len(await store.events(job.id)) for job in seeded.jobs[:6]]
    finally:
        await store.aclose()

    assert found == list(seeded.jobs)
    assert timelines == [job.version for job in seeded.jobs[:6]]
    assert {job.tenant for job in seeded.jobs} == {TENANT}
    assert len({job.status for job in seeded.jobs}) > 2


class Counter:
    """A server of the plainest kind, which counts what it is asked."""

    def __init__(self, answer: Answer) -> None:
        self.port = 0
        self.asked: list[bytes] = []
        self.told: list[tuple[bytes, bytes]] = []
        """Each request with its body."""
        self.connections = 0
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while parts := self._note(*await self._read(reader)):
                for part in parts:
                    writer.write(part)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        return head, await reader.readexactly(int(length[1])) if length else b""

    def _note(self, asked: bytes, body: bytes) -> list[bytes]:
        self.asked.append(asked)
        self.told.append((asked, body))
        return self._answer(asked)


@asynccontextmanager
async def counting(answer: Answer) -> AsyncGenerator[Counter]:
    """Run a server that answers so."""
    counter = Counter(answer)
    server = await asyncio.start_server(counter.serve, "127.0.0.1", 0)
    counter.port = server.sockets[0].getsockname()[1]
    async with server:
        yield counter


def plan(port: int, expect: int = 200) -> Plan:
    """Ask for two jobs, on three connections, for a moment."""
    requests = [request("/jobs/a", authorization="Bearer t"), request("/jobs/b", authorization="Bearer t")]
    return Plan(port=port, requests=requests, connections=3, seconds=0.2, expect=expect)


def ok(_: bytes) -> list[bytes]:
    return [b"HTTP/1.1 200 OK\r\ndate: now\r\nContent-Length: 2\r\n\r\n{}"]


async def test_a_load_counts_what_the_server_was_asked() -> None:
    """Every answer is counted once; at the end each connection has at most one more under way."""
    async with counting(ok) as server:
        found = await load(plan(server.port))

    assert 0 < found.answers <= len(server.asked) <= found.answers + 3
    assert server.connections == 3
    assert 0 < found.p50 <= found.p99
    assert found.rate == found.answers / found.seconds


async def test_a_load_asks_for_all_that_it_is_given() -> None:
    """The requests go out as they were written, with their headers."""
    async with counting(ok) as server:
        await load(plan(server.port))

    assert {re.split(rb"[ \r]", asked)[1] for asked in server.asked} == {b"/jobs/a", b"/jobs/b"}
    assert all(b"\r\nAuthorization: Bearer t\r\n" in asked for asked in server.asked)


async def test_requests_can_be_dealt_to_connections() -> None:
    """Each connection then sends its own in their order, so that what it reports grows."""
    said = [request(f"/{number % 2}", method="PATCH", body=f"{number:04}") for number in range(1000)]
    async with counting(ok) as server:
        await load(Plan(port=server.port, requests=said, dealt=True, connections=2, seconds=0.05))

    for own in (b"PATCH /0", b"PATCH /1"):
        bodies = [body for asked, body in server.told if asked.startswith(own)]
        assert bodies[:400] == sorted(bodies[:400])


async def test_a_warm_up_does_not_count() -> None:
    """What is answered before counts for nothing, and is asked over connections of its own."""
    async with counting(ok) as server:
        found = await load(Plan(port=server.port, requests=[request("/")], connections=2, seconds=0.1, warm_up=0.1))

    assert found.answers < len(server.asked)
    assert server.connections == 4


async def test_an_answer_may_come_in_parts() -> None:
    """Head and body are put together, wherever they were cut."""
    parts = [b"HTTP/1.1 20", b"0 OK\r\ncontent-length: 4\r\n", b"\r\n{", b'""}']
    async with counting(lambda _: parts) as server:
        found = await load(plan(server.port))

    assert found.answers > 0


async def test_an_answer_without_a_body_needs_no_length() -> None:
    """304 ends with its head."""
    async with counting(lambda _: [b"HTTP/1.1 304 Not Modified\r\netag: x\r\n\r\n"]) as server:
        found = await load(plan(server.port, expect=304))

    assert found.answers > 0


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param([b"HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\n\r\n"], "got .*503", id="status"),
        pytest.param(
            [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"], "without Content-Length", id="chunked"
        ),
        pytest.param([], "closed a connection", id="closed"),
    ],
)
async def test_what_was_not_expected_ends_the_load(answer: list[bytes], told: str) -> None:
    """A load that met with anything else has no outcome."""
    async with counting(lambda _: answer) as server:
        with pytest.raises(LoadFailed, match=told):
            await load(plan(server.port))


async def test_no_answer_at_all_is_a_failure() -> None:
    """Nothing is not a rate."""
    async with counting(lambda _: [b"HTTP/1.1 200 OK\r\n"]) as server:
        with pytest.raises(LoadFailed, match="no answer"):
            await load(Plan(port=server.port, requests=[request("/")], seconds=0.1, patience=0.1))


@pytest.mark.parametrize("key", COMPARISONS)
def test_two_servers_are_compared(key: str) -> None:
    """Each is started over a store of its own kind, checked, and loaded in each round."""
    if key in NETWORKED:
        need(key)
    if key == "postgresql":
        pytest.importorskip("fastapi", reason="the peer is not installed")

    compared = compare(key, TINY, 200, lambda _: None)

    assert compared.key == key
    assert [len(outcomes) for outcomes in compared.outcomes.values()] == [1, 1]
    assert compared.scale.jobs == 200
    assert compared.ratio().low > 0
    shown = comparison(compared)
    assert shown["load"]["connections"] == COMPARISONS[key].connections
    assert comparisons([shown]).row_count == 2
    assert ("store_alone" in shown) == COMPARISONS[key].store_alone


def test_a_comparison_is_handed_to_its_target() -> None:
    """Its first server is held against its second."""
    outcomes = {"ours": [outcome(300)], "theirs": [outcome(100)]}
    measured = Measured(compared=[Compared(key="redis", scale=TINY, outcomes=outcomes)])

    assert measured.found() == {"redis": Spread(3.0, 3.0, 3.0)}


def test_polls_beside_others_are_compared_by_their_slowest() -> None:
    """Those that wait cost other polls time, not answers."""
    beside, alone = replace(outcome(100), p99=0.003), replace(outcome(100), p99=0.002)
    compared = Compared(key="waiting", scale=TINY, outcomes={"beside": [beside], "alone": [alone]}, by="p99")

    assert compared.ratio() == Spread(1.5, 1.5, 1.5)


async def test_a_crowd_hears_what_it_waits_for() -> None:
    """Each on its own connection; what is not wanted does not count."""
    parts = [b"HTTP/1.1 200 OK\r\n\r\n", b":\n\n", b"data: {}\n\n"]

    def ask() -> None:
        for listener in crowd.listeners:
            listener.say(asking.stream("/jobs/a", "t"))

    async with counting(lambda _: parts) as server:
        crowd = Crowd(server.port, b"data: ")
        await crowd.open(3)
        await crowd.told(crowd.listeners, ask)
        crowd.close()

    assert server.connections == len(server.asked) == 3
    assert all(listener.told_at for listener in crowd.listeners)
    assert {asked.count(b"Accept: text/event-stream\r\n") for asked in server.asked} == {1}


async def test_a_crowd_fails_where_it_is_refused() -> None:
    """Who is refused does not wait, and costs nothing."""
    async with counting(lambda _: [b"HTTP/1.1 429 Too Many Requests\r\n\r\n"]) as server:
        crowd = Crowd(server.port, b"HTTP/1.1 200 ")
        await crowd.open(1)
        with pytest.raises(LoadFailed, match="429"):
            await crowd.told(crowd.listeners, lambda: crowd.listeners[0].say(asking.poll("/jobs/a", "t")))
        crowd.close()


def test_all_who_wait_are_told_and_measured() -> None:
    """Each kind alone and together; and plain polls beside none, beside those who wait, and beside changes."""
    found = measure({"polls": 12, "streams": 4}, TINY, single=3)
    kept = waiting.kept(found)

    assert [len(told.single) for _, told in found.crowds.values()] == [3, 3]
    assert [[len(times) for times in told.together] for _, told in found.crowds.values()] == [[12] * 3, [4] * 3]
    assert [len(outcomes) for outcomes in found.polls.values()] == [1, 1, 1]
    assert [row["count"] for row in kept["waiting"]] == [12, 4]
    assert kept["polls_beside"][0]["p99_ratio"]["median"] == 1.0
    assert waiting.crowds(kept["waiting"]).row_count == 2
    assert waiting.polls(kept["polls_beside"]).row_count == 3


@pytest.mark.parametrize("single", [False, True])
async def test_every_report_to_a_store_is_counted_and_kept(single: bool, tmp_path: Path) -> None:
    """Whether they are committed together or one by one."""
    seeded = await seed(in_file(tmp_path), 12)
    jobs = seeded.unfinished[:3]

    rate = await report_all(seeded.url, [job.id for job in jobs], 0.1, single)

    store = await open_store(seeded.url)
    try:
        timelines = [await store.events(job.id) for job in jobs]
    finally:
        await store.aclose()
    made = sum(len(timeline) - job.version for job, timeline in zip(jobs, timelines, strict=True))
    assert 0 < rate <= made / 0.1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_many_jobs_are_loaded_as_the_store_would_have_them(
    kind: str, all_back_ends: BackEnds, tmp_path: Path
) -> None:
    """All of them are found by id and number, with their event; nothing is due yet; and the next number is free."""
    url = await all_back_ends.url(kind, tmp_path)
    population = Population.of(2000, utc_now())
    loaded: list[int] = []

    await asyncio.to_thread(load_many, url, population, loaded.append)

    store = await open_store(url)
    try:
        kept = await store.scan(0, 3000)
        found = [await store.get(population.id(number)) for number in (1, 777, 2000)]
        due = await store.due(Term.RETENTION, utc_now(), 10)
        created = await store.create(replace(as_job(found[0]), id="another"), kept[0].events[0])
    finally:
        await store.aclose()
    jobs = [as_job(each.record) for each in kept]
    assert sum(loaded) == len(kept) == len({job.id for job in jobs}) == 2000
    assert {len(each.events) for each in kept} == {1}
    assert found == [jobs[0], jobs[776], jobs[1999]]
    assert sum(job.terminal for job in jobs) == 1500
    assert all((job.expires_at is not None) == job.terminal for job in jobs)
    assert (due, created.number) == ([], 2001)
    assert {job.tenant for job in jobs} == {TENANT, OTHER_TENANT}


def as_job(found: object) -> Job:
    assert isinstance(found, Job)
    return found


def test_one_server_goes_through_all_stages(tmp_path: Path) -> None:
    """In the end all is removed that is due in a month, and all else is there and was polled meanwhile."""
    url = in_file(tmp_path)
    (tmp_path / "small").mkdir()
    large = Large.load(url, 2000, tmp_path, lambda _: None)
    small = Large.load(in_file(tmp_path / "small"), 500, tmp_path / "small", lambda _: None)

    told = Stages(large, small, TINY, lambda _: None).run(tmp_path / "servers.log")

    assert told.polls.keys() == {MANY, SOME, FEW}
    assert [ratio.low > 0 for ratio in report.ratios(told.polls)] == [True, True]
    assert [stage.jobs for stage in told.stages][:2] == [2000, 2000]
    assert 1200 < told.stages[-1].jobs < 1300
    assert not any(stage.failure for stage in told.stages)
    assert report.kept({"sqlite": told}, 2000)["stores"]["sqlite"]["stages"][-1]["name"] == "polls, afterwards"


async def test_a_store_in_use_levels_off(tmp_path: Path) -> None:
    """There are never more jobs and tombstones than those of the periods for which they are kept."""
    periods = RECORDS + TOMBSTONES + 4

    found = await live(in_file(tmp_path), tmp_path, periods, 5, lambda: None)

    assert [period.number for period in found] == list(range(1, periods + 1))
    levels = {(period.jobs, period.tombstones) for period in found[-3:]}
    assert len(levels) == 1
    assert found[-1].jobs + found[-1].tombstones < 5 * (RECORDS + TOMBSTONES + 1)
    assert found[-1].events == 3 * found[-1].jobs
