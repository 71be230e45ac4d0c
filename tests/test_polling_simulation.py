"""Fleets of clients in simulated time: nobody knows too early, and each asks as it says it does."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("benchmarks", reason="a checkout has them, an installed server has not")

from benchmarks.polling import loops, page, tables
from benchmarks.polling.__main__ import FILE, PARTS
from benchmarks.polling.crowd import crowds
from benchmarks.polling.fleets import BOUNDS, CROWD, CUT, FLEETS, HELD, HOLD, WAIT, Fleet
from benchmarks.polling.kinds import IMAGES, KINDS, LONGEST, Kind, Span
from benchmarks.polling.lives import BEGAN, Life, Teller, quietly, with_end, with_progress
from benchmarks.polling.measures import measure
from benchmarks.polling.watch import ONE_WAY, Server, Watch

from jobstatus.durations import Durations
from jobstatus.job import Status
from jobstatus.pacing import retry_after

ROUND_TRIP = 2 * ONE_WAY
KNOWN = Durations.of([timedelta(seconds=seconds) for seconds in range(1, 400)])
SLACK = 1e-6
"""Seconds by which sums of fractions may be off, and times are cut to microseconds."""
EVERY = [*FLEETS, *HELD, *BOUNDS, *CROWD]

spans = st.builds(Span, st.floats(0, 600), st.floats(0, 3600))
chances = st.integers(0, 2**32).map(Random)


def sent(fleet: Fleet, life: Life, chance: Random) -> tuple[Watch, bool]:
    """Let a client of the fleet watch a job; give it with whether it saw the end."""
    server = Server(KNOWN if fleet.history else None, fleet.most, fleet.hold)
    client = Watch(life, server, chance)
    return client, fleet.loop(client)


@given(fleet=st.sampled_from(EVERY), span=spans, chance=chances)
def test_nobody_knows_of_an_end_before_it(fleet: Fleet, span: Span, chance: Random) -> None:
    """It takes an answer's way at the least; and an end that came before the last answer is never missed."""
    life = Life.of(fleet.tell(span, chance))

    client, seen = sent(fleet, life, chance)

    last_answer = client.now - ONE_WAY if seen else client.asked[-1]
    assert seen == (last_answer >= life.end - SLACK)


@given(fleet=st.sampled_from(EVERY), span=spans, chance=chances)
def test_nobody_asks_before_it_has_the_answer(fleet: Fleet, span: Span, chance: Random) -> None:
    """Requests of one client follow each other, a round trip apart or more."""
    client, _ = sent(fleet, Life.of(fleet.tell(span, chance)), chance)

    assert all(
        later - sooner >= ROUND_TRIP - SLACK for sooner, later in zip(client.asked, client.asked[1:], strict=False)
    )


@given(fleet=st.sampled_from([each for each in EVERY if each.group == "obedient"]), span=spans, chance=chances)
def test_who_obeys_never_asks_sooner_than_told(fleet: Fleet, span: Span, chance: Random) -> None:
    """Counted from the answer that told it, the one to the creation among them."""
    life = Life.of(fleet.tell(span, chance))
    known = KNOWN if fleet.history else None

    client, _ = sent(fleet, life, chance)

    for answered, next_asked in zip([0.0, *client.asked], client.asked, strict=False):
        told = retry_after(life.job(answered), BEGAN + timedelta(seconds=answered), known, fleet.most)
        assert 1 <= told <= fleet.most
        assert next_asked - answered >= told - SLACK


@given(span=spans, chance=chances, seconds=st.floats(1, 600))
def test_who_waits_asks_once_for_each_wait_and_change(span: Span, chance: Random, seconds: float) -> None:
    """No more than its duration over the wait, and two: one for the beginning of the work, one for the end."""
    fleet = Fleet("waiting", "waiting", loops.waiting(seconds))

    client, seen = sent(fleet, Life.of(quietly(span, chance)), chance)

    assert seen
    assert len(client.asked) <= span.whole / seconds + 2


@given(span=spans, chance=chances)
def test_who_waits_or_reads_a_stream_knows_at_once(span: Span, chance: Random) -> None:
    """At the latest when an answer and one more request have made their way."""
    life = Life.of(with_progress(span, chance))
    for loop in (loops.waiting(WAIT), loops.streaming(CUT)):
        client, _ = sent(Fleet("at once", "waiting", loop), life, chance)

        assert client.now - life.end <= ROUND_TRIP + ONE_WAY + SLACK


@given(span=spans, chance=chances)
def test_a_stream_is_opened_as_often_as_it_is_cut(span: Span, chance: Random) -> None:
    """And once before that, however much is told through it."""
    client, _ = sent(Fleet("a stream", "streaming", loops.streaming(CUT)), Life.of(with_progress(span, chance)), chance)

    assert len(client.asked) <= span.whole // CUT + 1


@given(fleet=st.sampled_from([each for each in FLEETS if each.group == "interval"]), span=spans, chance=chances)
def test_who_asks_at_an_interval_is_late_by_no_more(fleet: Fleet, span: Span, chance: Random) -> None:
    """Nor by more than that and the way there and back."""
    life = Life.of(quietly(span, chance))
    pause = float(fleet.name.split()[1])

    client, _ = sent(fleet, life, chance)

    assert client.now - life.end <= pause + ROUND_TRIP + ONE_WAY + SLACK
    assert len(client.asked) <= math.ceil(span.whole / (pause + ROUND_TRIP)) + 1


@given(fleet=st.sampled_from([each for each in FLEETS if each.group == "client"]), span=spans, chance=chances)
def test_a_client_that_gives_up_has_its_limit(fleet: Fleet, span: Span, chance: Random) -> None:
    """It sees the end of each job that is over well within, and of none that is longer."""
    limits = {
        "eHealth's integrators": 28,
        "otcextensions": 600,
        "Terraform, Open Telekom Cloud": 600,
        "Terraform, Huawei Cloud": 1200,
        "google-api-core": 900,
    }
    limit = limits.get(fleet.name, math.inf)

    _, seen = sent(fleet, Life.of(fleet.tell(span, chance)), chance)

    if span.whole < 0.95 * limit:
        assert seen
    if span.whole > limit + 1:
        assert not seen


@given(span=spans, chance=chances)
def test_a_held_poll_is_answered_at_the_change(span: Span, chance: Random) -> None:
    """Whoever asks within that time before the end has it at once; and nobody is held for longer."""
    life = Life.of(quietly(span, chance))
    client = Watch(life, Server(None, 30, HOLD), chance)

    client.sleep(max(0.0, span.whole - HOLD / 2))
    began = client.now
    seen = client.ask() or client.ask()

    assert seen
    assert client.now <= max(life.end, began) + 2 * ROUND_TRIP + SLACK


@given(kind=st.sampled_from(KINDS), tell=st.sampled_from([quietly, with_end, with_progress]), chance=chances)
def test_a_job_lives_from_pending_to_its_end(kind: Kind, tell: Teller, chance: Random) -> None:
    """Its versions follow each other in time, and it ends when its span does."""
    span = kind.draw(chance)
    life = Life.of(tell(span, chance))

    assert life.changes == sorted(life.changes)
    assert life.end == pytest.approx(span.whole, abs=SLACK)
    assert span.worked <= LONGEST
    assert life.job(life.end).status is Status.SUCCEEDED
    assert life.version(life.end) == len(life.changes)


def found(seed: int) -> list[object]:
    """Measure some fleets, those with chance in them among them, and a crowd."""
    fleets = [each for each in FLEETS if each.group != "interval" and each.name != "py-tes"]
    measured = [each.told() for each in measure(KINDS[:3], fleets, 20, seed, lambda _: None)]
    return [*measured, *crowds(IMAGES, CROWD, 20, seed, lambda _: None)]


def test_the_same_seed_gives_the_same_numbers() -> None:
    """And another seed gives others."""
    assert found(1) == found(1)
    assert found(1) != found(2)


def test_all_fleets_watch_the_same_jobs() -> None:
    """So that differences between them are theirs; what depends on chance alone is drawn for each."""
    alike = [Fleet(name, "interval", loops.every(5)) for name in ("one", "another")]
    one, another = (each.watched for each in measure([IMAGES], alike, 50, 1, lambda _: None))

    assert one == another


def test_chance_parts_a_crowd() -> None:
    """What begins together stays together, unless pauses differ."""
    busiest = {row["fleet"]: row["busiest_second"] for row in crowds(IMAGES, CROWD, 200, 1, lambda _: None)}

    assert busiest["Retry-After, or up to a quarter later"] < busiest["Retry-After"] / 2
    assert busiest["Prefer: wait=30 to 60, at random"] < busiest["Prefer: wait=60"] / 2


def test_the_page_shows_what_is_kept() -> None:
    """Its tables are those of the last simulation, with every fleet that there is."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    text = page.FILE.read_text(encoding="utf-8")

    for name, table in page.tables(kept).items():
        assert f"<!-- {name} -->\n{table}{page.END}" in text
    for part, fleets in PARTS.items():
        assert {row["fleet"] for row in kept[part]} == {fleet.name for fleet in fleets}


def test_tables_are_put_where_their_names_are(tmp_path: Path) -> None:
    """What stands around them stays, and to write them twice changes nothing."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    file = tmp_path / "page.md"
    names = page.tables(kept)
    file.write_text("".join(f"before {name}\n<!-- {name} -->\nstale\n{page.END}\n" for name in names), encoding="utf-8")

    page.write(kept, file)
    once = file.read_text(encoding="utf-8")
    page.write(kept, file)

    assert once == file.read_text(encoding="utf-8")
    assert "stale" not in once
    assert [f"before {name}" in once for name in names] == [True] * len(names)


def test_tables_show_each_fleet_once() -> None:
    """A row for each, for the kind that is asked for."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))

    assert tables.fleets(kept["kinds"][0], kept["fleets"]).row_count == len(FLEETS)
    assert tables.crowd(kept["crowd"]).row_count == len(CROWD)


def test_the_same_numbers_make_the_same_picture(tmp_path: Path) -> None:
    """So that a file that differs shows something else."""
    pytest.importorskip("matplotlib", reason="it is not installed")
    from benchmarks.polling import picture

    kept = json.loads(FILE.read_text(encoding="utf-8"))
    files = [tmp_path / name for name in ("one.svg", "another.svg")]
    for file in files:
        picture.draw(kept, file)

    assert files[0].read_bytes() == files[1].read_bytes()
