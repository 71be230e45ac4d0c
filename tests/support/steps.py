"""What may happen to a job and to who asks for it, and how both are polled in between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from asks import Ask, asks, body_examples, plain
from hypothesis import strategies as st
from raw_asgi import Sent
from showing import KEY, SCHEMES, SPEC, right_callers, with_scheme
from twins import Twins
from world import LIVES, World, word

from jobstatus.contract.spec import Operation

MOMENTS = (0.001, 1.0, 29.0, 61.0, 301.0, 8 * 86_400.0)
"""Seconds that may go by; after the last of them, a job that has ended is no longer told of."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Time goes by, in seconds."""

    seconds: float


Step = Ask | Wait


def _names(operation: Operation) -> bool:
    return word("running").encode() in plain(operation).path


POLLS = [plain(each) for each in SPEC.operations.values() if each.method == "GET" and _names(each)]
"""How a job is asked for in each contract."""
CHANGES = [
    plain(each, body=body)
    for each in SPEC.operations.values()
    if each.method != "GET" and _names(each)
    for body in body_examples(each) or [None]
]
"""How a job is told of, cancelled and deleted."""
STEPS: list[Step] = [*CHANGES, *map(Wait, MOMENTS)]


def lives() -> st.SearchStrategy[tuple[str, list[Step]]]:
    """Draw which of the jobs it is, and what happens; more often than not the job has not ended yet."""
    jobs = st.one_of(st.sampled_from(["pending", "running", "expected", "lapsed"]), st.sampled_from(sorted(LIVES)))
    return st.tuples(jobs, st.lists(_steps(), min_size=1, max_size=6))


def _steps() -> st.SearchStrategy[Step]:
    waits = st.sampled_from(MOMENTS[:-1]).map(Wait)
    named = [operation for operation in SPEC.operations.values() if _names(operation)]
    any_of_them = st.sampled_from(named).flatmap(asks)
    reports = asks(SPEC.operations["reportJob"]).map(_rightly)
    return st.one_of(reports, reports, st.sampled_from(CHANGES), waits, st.sampled_from(STEPS), any_of_them)


def _rightly(ask: Ask) -> Ask:
    """Ask the same as one who may, and with no conditions."""
    return replace(ask, headers=plain(ask.operation).headers, callers=right_callers(ask.operation)[0])


def live(twins: Twins, world: World, job: str, steps: Iterable[Step]) -> None:
    """Take one step after another with this job, whichever was meant, and poll it in all contracts in between."""
    world = world.only(job)
    poll(twins, world)
    for step in steps:
        if isinstance(step, Wait):
            twins.clock.move(seconds=step.seconds)
        else:
            twins.ask(step.within(world))
        poll(twins, world)


def poll(twins: Twins, world: World) -> None:
    """Ask in all contracts for the job that the world means."""
    for ask in POLLS:
        twins.ask(ask.within(world))


def ask_over_time(twins: Twins, ask: Ask | Sent, id: str, *waits: float) -> None:
    """Let time go by again and again, and ask for the same each time, twice."""
    for seconds in waits:
        twins.clock.move(seconds=seconds)
        for _ in range(2):
            twins.send(ask if isinstance(ask, Sent) else ask.sent(twins.clock.now), id)


def newcomer(id: str, scheme: str, beside: str, why: str) -> tuple[str, str, Ask]:
    """Give a holder whom nobody knows yet, the role that is needed, and what the holder asks for."""
    operation, holder = SPEC.operations[id], f"{why}-{id}-{scheme}-{beside}"
    callers = with_scheme(operation, scheme, beside, SCHEMES[scheme](holder))
    return holder, "api-key" if scheme == KEY else "admin", plain(operation, "running", *callers)
