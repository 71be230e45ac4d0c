"""What the benchmarks tell is what they found: their arithmetic, their rows, and the load that they make."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

pytest.importorskip("benchmarks", reason="a checkout has them, an installed server has not")

from benchmarks.load import LoadFailed, Outcome, Plan, load, percentile, request
from benchmarks.results import peers
from benchmarks.rounds import NOT_MODIFIED, Scale, turns
from benchmarks.run import Measured
from benchmarks.seed import TENANT, seed
from benchmarks.spread import Spread, ratio
from benchmarks.tables import doubts
from benchmarks.targets import TARGETS, rows

from jobstatus.storage import open_store

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
    assert len(found) == 11


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


async def test_seeded_jobs_are_what_the_store_gives(tmp_path: Path) -> None:
    """What peers are held to is what is in the store, jobs in several states among it."""
    seeded = await seed(tmp_path, 12)
    store = await open_store(seeded.url)
    try:
        found = [await store.get(job.id) for job in seeded.jobs]
    finally:
        await store.aclose()

    assert found == list(seeded.jobs)
    assert {job.tenant for job in seeded.jobs} == {TENANT}
    assert len({job.status for job in seeded.jobs}) > 2


class Counter:
    """A server of the plainest kind, which counts what it is asked."""

    def __init__(self, answer: Answer) -> None:
        self.port = 0
        self.asked: list[bytes] = []
        self.connections = 0
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while parts := self._note(await reader.readuntil(b"\r\n\r\n")):
                for part in parts:
                    writer.write(part)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _note(self, asked: bytes) -> list[bytes]:
        self.asked.append(asked)
        return self._answer(asked)


@asynccontextmanager
async def counting(answer: Answer) -> AsyncGenerator[Counter]:
    """Run a server that answers so."""
    counter = Counter(answer)
    server = await asyncio.start_server(counter.serve, "127.0.0.1", 0)
    counter.port = server.sockets[0].getsockname()[1]
    async with server:
        yield counter


def plan(port: int, **rest: int) -> Plan:
    """Ask for two jobs, on three connections, for a moment."""
    requests = [request("/jobs/a", authorization="Bearer t"), request("/jobs/b", authorization="Bearer t")]
    return Plan(port=port, requests=requests, connections=3, seconds=0.2, **rest)


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
