"""The checker of histories finds just what cannot have happened one call after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from random import Random
from time import perf_counter

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from linearizable import ABSENT, BURIED, Operation, Read, Standing, Write, flaw, flaws, job

Call = Operation[Read | Write]

MANY = 5000
CONCURRENCY = 10
QUICK = 5.0
"""Seconds that the check of so many calls may take on a machine that is busy; alone it takes a tenth of one."""


def call(action: Read | Write, begun: int, ended: int | None, object: str = "a") -> Call:
    """Record one call."""
    return Operation(object, action, begun, ended)


def write(version: int, token: str = "", made: bool = True) -> Write:
    """Make the write of a version of a job; a token is made up."""
    return Write(version - 1, Standing(version, token or f"v{version}"), made)


def read(version: int, token: str = "") -> Read:
    """Make the read of a version of a job, or of nothing."""
    return Read(Standing(version, token or f"v{version}") if version else ABSENT)


def bury(version: int) -> Write:
    """Make the burial of a version of a job."""
    return Write(version, Standing(BURIED, "buried"))


def fits(*history: Call) -> bool:
    """Tell whether a history is linearizable."""
    return flaw(history, job, ABSENT) is None


# What a job in a store can do and cannot.


def test_what_is_done_one_after_the_other_fits() -> None:
    """Creation, replacement, burial, and reads of all that there is in between."""
    actions: list[Read | Write] = [
        read(0),
        write(1),
        read(1),
        write(2),
        read(2),
        bury(2),
        Read(Standing(BURIED, "buried")),
    ]

    assert fits(*(call(action, i, i) for i, action in enumerate(actions, 1)))


def test_a_refusal_needs_a_reason() -> None:
    """A write is refused just if the job is not at the version that it is for."""
    assert fits(call(write(1), 1, 2), call(write(1, "late", made=False), 3, 4))
    assert fits(call(write(2, made=False), 1, 2))
    assert not fits(call(write(1, made=False), 1, 2))
    assert not fits(call(write(1), 1, 2), call(write(2, made=False), 3, 4))


def test_of_two_who_write_the_same_version_one_is_let() -> None:
    """Even at the same time."""
    assert fits(call(write(1), 1, 2), call(write(2, "x"), 3, 6), call(write(2, "y", made=False), 4, 5))
    assert not fits(call(write(1), 1, 2), call(write(2, "x"), 3, 6), call(write(2, "y"), 4, 5))


def test_a_read_during_a_write_may_see_either() -> None:
    """But reads that follow each other may not go back."""
    writes = call(write(1), 1, 2), call(write(2), 3, 10)

    assert fits(*writes, call(read(1), 4, 5), call(read(2), 6, 7))
    assert fits(*writes, call(read(2), 4, 6), call(read(1), 5, 7))
    assert not fits(*writes, call(read(2), 4, 5), call(read(1), 6, 7))


def test_a_read_sees_what_was_acknowledged_before_it_began() -> None:
    """At the very moment of the acknowledgement it may still be missed."""
    writes = call(write(1), 1, 2), call(write(2), 3, 4)

    assert fits(*writes, call(read(1), 4, 6))
    assert not fits(*writes, call(read(1), 5, 6))


def test_a_write_of_unknown_outcome_may_be_made_late_or_never() -> None:
    """But not before it began, nor twice."""
    lost = call(write(1), 3, None)

    assert fits(lost)
    assert fits(lost, call(read(0), 4, 5), call(read(0), 6, 7))
    assert fits(lost, call(read(0), 4, 5), call(read(1), 6, 7))
    assert not fits(lost, call(read(1), 1, 2))
    assert not fits(lost, call(read(1), 4, 5), call(read(0), 6, 7))
    assert not fits(lost, call(write(1, "other"), 4, 5), call(read(1), 6, 7))


def test_each_object_has_a_history_of_its_own() -> None:
    """What is wrong is told of just those where it is."""
    right = call(write(1), 1, 2, "right"), call(read(1), 3, 4, "right")
    wrong = call(write(1), 1, 2, "wrong"), call(read(0), 3, 4, "wrong")

    assert flaws([*right, *wrong], job, ABSENT).keys() == {"wrong"}


def test_an_explanation_tells_how_far_it_went_and_what_did_not_fit() -> None:
    """The calls in an order that is possible, and the one that is impossible after all of them."""
    history = [call(write(1), 1, 2), call(read(1), 3, 4), call(write(2), 5, 6), call(read(1), 7, 9)]
    open_too, later = call(read(3), 8, 10), call(read(2), 11, 12)
    found = flaw([*history, open_too, later], job, ABSENT)

    assert found is not None
    assert found.placed == history[:3]
    assert found.turns == [history[0], history[2]]
    assert (found.state, found.due, found.open) == (Standing(2, "v2"), history[3], [open_too])
    told = str(found)
    assert "3 calls can be placed" in told
    assert "at Standing(version=2, token='v2')" in told
    assert "[+0.0, +0.0]  Read(sees=Standing(version=1, token='v1'))" in told


def log(text: str, action: str) -> str | None:
    """Specify another object: `+` adds to it, `=` reads all of it."""
    if action.startswith("+"):
        return text + action[1:]
    return text if action[1:] == text else None


def test_any_object_can_be_specified() -> None:
    """One that remembers all has many ways to the same place: by what was done, and by what is left to do."""
    x, y, z = Operation("a", "+x", 1, 6), Operation("a", "+y", 2, 5), Operation("a", "+z", 7, 8)
    lost = Operation("a", "+x", 0, None)

    for text, fits in {"xyz": True, "yxz": True, "xzy": False}.items():
        assert (flaw([x, y, z, Operation("a", f"={text}", 9, 10)], log, "") is None) == fits
    for text, fits in {"xy": True, "yx": True, "xxy": True, "y": False}.items():
        assert (flaw([lost, x, y, Operation("a", f"={text}", 9, 10)], log, "") is None) == fits


# Whatever the history.


@dataclass(frozen=True)
class Past:
    """Calls that were really made one after the other, each somewhere within its interval, and what there was."""

    history: Sequence[Call]
    standings: Sequence[Standing]
    """What the job was like at first, and after each change: never the same again."""
    changes: Sequence[Call]
    """What led to each standing but the first."""


STEP = 10
"""Between the moments at which calls take effect."""
SIZE = 30
MOMENTS = st.integers(-5 * STEP, (SIZE + 5) * STEP)
WIDTHS = st.integers(0, 5 * STEP)


unhurried = settings(deadline=None)


@st.composite
def writes(draw: st.DrawFn, now: Standing, token: str) -> Write:
    """Draw a write, more often than not one that is let."""
    expects = draw(st.sampled_from([max(now.version, 0)] * 3 + [0, 7]))
    buries = expects > 0 and draw(st.integers(0, 9)) == 0
    return Write(expects, Standing(BURIED if buries else expects + 1, token), expects == now.version)


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    """Draw what was done to a job: reads, and writes, of some of which nobody learnt the outcome."""
    history: list[Call] = []
    changes: list[Call] = []
    standings = [ABSENT]
    for moment in range(0, draw(st.integers(0, SIZE)) * STEP, STEP):
        now = standings[-1]
        action: Read | Write = draw(st.just(Read(now)) | writes(now, str(moment)))
        done = call(action, moment - draw(WIDTHS), moment + draw(WIDTHS))
        if isinstance(action, Write) and draw(st.integers(0, 5)) == 0:
            done = call(replace(action, made=True), done.begun, None)
        history.append(done)
        if isinstance(action, Write) and action.made:
            changes.append(done)
            standings.append(action.leaves)
    return Past(draw(st.permutations(history)), standings, changes)


@unhurried
@given(past=pasts())
def test_what_really_happened_one_after_the_other_fits(past: Past) -> None:
    """However wide the intervals, and whatever was not heard of."""
    assert fits(*past.history)


@unhurried
@given(past=pasts(), data=st.data())
def test_a_read_that_misses_what_was_acknowledged_is_found(past: Past, data: st.DataObject) -> None:
    """Were it by one change alone, and by a moment."""
    acknowledged = [(i, each.ended) for i, each in enumerate(past.changes) if each.ended is not None]
    assume(acknowledged)
    before, ended = data.draw(st.sampled_from(acknowledged))
    begun = ended + data.draw(st.integers(1, 3 * STEP))
    stale = call(Read(past.standings[before]), begun, begun + data.draw(WIDTHS))

    assert not fits(*past.history, stale)


@unhurried
@given(past=pasts(), begun=MOMENTS, width=WIDTHS)
def test_a_read_of_what_nobody_wrote_is_found(past: Past, begun: int, width: int) -> None:
    """At any time, and of any version."""
    for version in (BURIED, 1, len(past.standings)):
        assert not fits(*past.history, call(Read(Standing(version, "nowhere")), begun, begun + width))


@unhurried
@given(past=pasts(), begun=MOMENTS, widths=st.tuples(WIDTHS, WIDTHS), data=st.data())
def test_reads_that_go_back_in_time_are_found(
    past: Past, begun: int, widths: tuple[int, int], data: st.DataObject
) -> None:
    """The second begins after the first has ended, and sees what was before."""
    assume(len(past.standings) > 1)
    later = data.draw(st.integers(1, len(past.standings) - 1))
    earlier = data.draw(st.integers(0, later - 1))
    first = call(Read(past.standings[later]), begun, begun + widths[0])
    second = call(Read(past.standings[earlier]), begun + widths[0] + 1, begun + widths[0] + 1 + widths[1])

    assert not fits(*past.history, first, second)


STANDINGS = st.sampled_from([ABSENT, Standing(1, "x"), Standing(1, "y"), Standing(2, "x"), Standing(BURIED, "x")])
ACTIONS = st.builds(Read, STANDINGS) | st.builds(Write, st.integers(0, 2), STANDINGS, st.booleans())
CALLS = st.builds(
    lambda action, begun, width: call(action, begun, None if width is None else begun + width),
    ACTIONS,
    st.integers(0, 8),
    st.none() | st.integers(0, 8),
)
"""Anything, even what no store could do."""


def is_order(calls: Sequence[Call]) -> bool:
    """Tell whether calls may have happened in just this order."""
    standing: Standing | None = ABSENT
    for each in calls:
        standing = None if standing is None else job(standing, each.action)
    late = any(after.ended is not None and after.ended < before.begun for before, after in combinations(calls, 2))
    return standing is not None and not late


def has_order(history: Sequence[Call]) -> bool:
    """Tell whether a history is linearizable, the plain way: by all orders of what is known and any of what is not."""
    known = [each for each in history if each.ended is not None]
    lost = [each for each in history if each.ended is None]
    made = (some for count in range(len(lost) + 1) for some in combinations(lost, count))
    return any(is_order(order) for some in made for order in permutations([*known, *some]))


CREATED = call(write(1, "z"), 1, 2)
OVERWRITTEN = [CREATED, call(Write(1, Standing(1, "y")), 3, 6), call(Write(1, Standing(1, "x")), 4, 7)]
"""Writes that leave the version as it is, as no store has them: their order shows in what they leave alone."""


@settings(max_examples=500, deadline=None)
@given(history=st.lists(CALLS, max_size=5))
@example(history=[*OVERWRITTEN, call(read(1, "x"), 8, 9)])
@example(history=[*OVERWRITTEN, call(read(1, "y"), 8, 9)])
@example(history=[*OVERWRITTEN, call(read(1, "z"), 8, 9)])
@example(history=[*OVERWRITTEN, call(read(1, "z"), 8, 9), call(Write(1, Standing(1, "z")), 1, None)])
def test_the_search_finds_what_all_orders_tell(history: Sequence[Call]) -> None:
    """Whatever was called, when, and whether it can be."""
    assert fits(*history) == has_order(history)


@settings(max_examples=500, deadline=None)
@given(history=st.lists(CALLS, min_size=1, max_size=5))
def test_an_explanation_is_true(history: Sequence[Call]) -> None:
    """What it says can be placed can be; what is due, with all that had begun by its end, cannot."""
    found = flaw(history, job, ABSENT)
    assume(found is not None)
    assert found is not None and found.due.ended is not None
    until = found.due.ended
    cut = [each if (each.ended or 0) <= until else replace(each, ended=None) for each in history if each.begun <= until]

    assert is_order(found.placed)
    assert all(each in found.placed for each in history if each.ended is not None and each.ended < until)
    assert not has_order(cut)


def long_history(random: Random) -> list[Call]:
    """Make a history of many calls, of which so many overlap at each moment."""
    now = ABSENT
    history: list[Call] = []
    for moment in range(0, MANY * STEP, STEP):
        change = Write(now.version, Standing(now.version + 1, str(moment)))
        choices: list[Read | Write] = [Read(now), change, replace(change, expects=MANY, made=False)]
        done = random.choice(choices)
        begun, ended = (moment + sign * random.randrange(CONCURRENCY * STEP) for sign in (-1, 1))
        history.append(call(done, begun, ended))
        now = change.leaves if done is change else now
    return history


def test_a_long_history_is_checked_quickly() -> None:
    """Also where it is wrong at its very end, or has many writes of which nobody learnt what has become."""
    history = long_history(Random(1))
    end = 2 * MANY * STEP
    some_lost = [
        replace(each, ended=None) if isinstance(each.action, Write) and each.begun % 50 == 0 else each
        for each in history
    ]
    begun = perf_counter()

    assert fits(*history)
    assert fits(*some_lost)
    assert not fits(*history, call(read(1, "0"), end, end + 1))
    assert perf_counter() - begun < QUICK
