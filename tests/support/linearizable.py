"""Tells whether what many callers saw of a job may have happened one call after the other.

A history is linearizable if each call can be given one moment, between its begin and its end, at which it took effect
as if it were alone. The search is that of Wing and Gong, with what Lowe added: a call is placed no sooner than some
call's end demands it ("just in time"), and no configuration, which is what has been placed and what came of it, is
looked at twice. Each job is looked at for itself, for a history is linearizable if it is so for every single object.

- M. Herlihy, J. Wing: Linearizability: a correctness condition for concurrent objects. ACM TOPLAS 12(3), 1990.
- J. Wing, C. Gong: Testing and verifying concurrent objects. J. Parallel and Distributed Computing 17(1-2), 1993.
- G. Lowe: Testing for linearizability. Concurrency and Computation: Practice and Experience 29(4), 2017.
- A. Horn, D. Kroening: Faster linearizability checking via P-compositionality. FORTE 2015.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

S = TypeVar("S", bound=Hashable)
A = TypeVar("A")

Apply = Callable[[S, A], S | None]
"""The sequential specification: what state an action leads to; None where it is not possible, its outcome included."""

SHOWN = 4
"""How many of the calls that changed the state an explanation repeats."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[A]):
    """One call: what was done, with its outcome, and between which two moments, in nanoseconds of one clock."""

    object: str
    """What it was done to."""
    action: A
    begun: int
    ended: int | None
    """None where the outcome is not known: it may take effect at any time after its begin, or never."""
    by: str = ""
    """Who called."""


@dataclass(frozen=True, slots=True)
class Flaw(Generic[S, A]):
    """Why a history is not linearizable: how far the search got, and before what it stood."""

    placed: Sequence[Operation[A]]
    """The longest way: all that ended before *due* did is among it, in an order that is possible."""
    turns: Sequence[Operation[A]]
    """Those of it that changed the state."""
    state: S
    """What they led to."""
    due: Operation[A]
    """What had to be placed next, since it ended next."""
    open: Sequence[Operation[A]]
    """What else could have been placed, but led nowhere."""

    def __str__(self) -> str:
        told = [
            f"{self.due.object} is not linearizable. {len(self.placed)} calls can be placed. It was changed last by:"
        ]
        told += map(self._line, self.turns[-SHOWN:])
        told += [f"So it is at {self.state}. Then this cannot be placed:", self._line(self.due)]
        told += ["nor does any of these help:", *map(self._line, self.open)] if self.open else []
        return "\n".join(told)

    def _line(self, operation: Operation[A]) -> str:
        """Tell of a call, its times in microseconds around the begin of the one that is due."""
        begun, ended = (
            "…" if moment is None else f"{(moment - self.due.begun) / 1000:+.1f}"
            for moment in (operation.begun, operation.ended)
        )
        return f"  [{begun}, {ended}] {operation.by} {operation.action}"


def flaws(operations: Iterable[Operation[A]], apply: Apply[S, A], start: S) -> dict[str, Flaw[S, A]]:
    """Look at the history of each object, and tell what is wrong, by object; nothing where all are linearizable."""
    histories: defaultdict[str, list[Operation[A]]] = defaultdict(list)
    for operation in operations:
        histories[operation.object].append(operation)
    found = {each: flaw(history, apply, start) for each, history in histories.items()}
    return {each: wrong for each, wrong in found.items() if wrong is not None}


def flaw(history: Sequence[Operation[A]], apply: Apply[S, A], start: S) -> Flaw[S, A] | None:
    """Look at the history of one object, which stood at *start* before it; tell what is wrong, or nothing."""
    return _Search(history, apply).run(start)


@dataclass(frozen=True, slots=True)
class _Configuration(Generic[S]):
    """A way into the history: all that began before an event is placed, but what is open."""

    position: int
    """Of the event that is next: the end of a call that is open."""
    open: tuple[int, ...]
    state: S
    placed: tuple[int, ...]
    """What was placed on the last step: what changed the state, and what that made possible."""
    before: _Configuration[S] | None

    @property
    def key(self) -> tuple[int, tuple[int, ...], S]:
        """Tell it from others: how it was come to makes no difference to how it goes on."""
        return self.position, self.open, self.state

    def way(self) -> list[tuple[int, ...]]:
        """Give all steps that led here."""
        steps, here = [self.placed], self.before
        while here is not None:
            steps.append(here.placed)
            here = here.before
        return steps[::-1]


class _Event(NamedTuple):
    moment: int
    is_end: bool  # at the same moment begins come first: calls that touch may have overlapped
    call: int


class _Search(Generic[S, A]):
    """Goes through the events of one history in the order of time, every way that is possible, the likeliest first."""

    def __init__(self, history: Sequence[Operation[A]], apply: Apply[S, A]) -> None:
        self._history = history
        self._apply = apply
        begins = [_Event(each.begun, False, index) for index, each in enumerate(history)]
        ends = [_Event(each.ended, True, index) for index, each in enumerate(history) if each.ended is not None]
        self._events = sorted(begins + ends)

    def run(self, start: S) -> Flaw[S, A] | None:
        """Search until a way leads to the end; without one, explain the one that led farthest."""
        farthest = first = self._go_on(0, (), start, (), None)
        stack, seen = [first], set()
        while stack:
            here = stack.pop()
            if here.position == len(self._events):
                return None
            if here.key not in seen:
                seen.add(here.key)
                farthest = max(farthest, here, key=lambda each: each.position)
                stack += reversed([*self._steps(here)])
        return self._explain(farthest)

    def _steps(self, here: _Configuration[S]) -> Iterator[_Configuration[S]]:
        """Place one of what is open: what is due first of all."""
        due = self._events[here.position].call
        for index in (due, *(each for each in here.open if each != due)):
            state = self._apply(here.state, self._history[index].action)
            # What leaves the state as it is would have been placed by now, were it of any use.
            if state is not None and state != here.state:
                rest = tuple(each for each in here.open if each != index)
                yield self._go_on(here.position, rest, state, (index,), here)

    def _go_on(
        self, position: int, open: tuple[int, ...], state: S, placed: tuple[int, ...], before: _Configuration[S] | None
    ) -> _Configuration[S]:
        """Go on to the next end of a call that has not been placed.

        What is possible and leaves the state as it is, as reads do, is placed on the way: whatever way there is with it
        in a later place, there is the same with it here. So only what changes the state is ever tried in many places.
        """
        quiet = [index for index in open if self._is_quiet(state, index)]
        waiting = [index for index in open if index not in quiet]
        while position < len(self._events):
            _, is_end, index = self._events[position]
            if not is_end:
                (quiet if self._is_quiet(state, index) else waiting).append(index)
            elif index in waiting:
                break
            position += 1
        return _Configuration(position, tuple(waiting), state, (*placed, *quiet), before)

    def _is_quiet(self, state: S, index: int) -> bool:
        operation = self._history[index]
        return operation.ended is not None and self._apply(state, operation.action) == state

    def _explain(self, last: _Configuration[S]) -> Flaw[S, A]:
        due = self._events[last.position].call
        way = last.way()
        return Flaw(
            placed=[self._history[index] for step in way for index in step],
            turns=[self._history[step[0]] for step in way[1:]],
            state=last.state,
            due=self._history[due],
            open=[self._history[index] for index in last.open if index != due],
        )


class Standing(NamedTuple):
    """What there is under a job's id."""

    version: int
    """Of the job; or that of `ABSENT`, or `BURIED`."""
    token: str
    """What its writer called it, differently each time."""


BURIED = -1
"""In place of a version: there is a tombstone."""
ABSENT = Standing(0, "")
"""How every job begins: there is nothing."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a `get` was answered."""

    sees: Standing


@dataclass(frozen=True, slots=True)
class Write:
    """What a `create`, a `replace` or a `bury` would leave, which version it was for, and whether it was let."""

    expects: int
    leaves: Standing
    made: bool = True


def job(standing: Standing, action: Read | Write) -> Standing | None:
    """Specify one job in a store: a read sees what there is; a write is made just if it expects that."""
    if isinstance(action, Read):
        return standing if action.sees == standing else None
    if action.made != (standing.version == action.expects):
        return None
    return action.leaves if action.made else standing
