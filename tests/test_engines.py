"""Both engines answer every request alike, to the byte, and leave the same behind."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from asks import Ask, asks, body_examples, plain
from callers import HASHER, admitting, revoking
from hostile import hostile_requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_bodies import odd_bodies, odd_framing, spoilt_bodies
from odd_headers import odd_credentials, odd_headers
from odd_targets import odd_targets
from raw_asgi import Sent
from showing import ENDS, SCHEMES, SPEC, callers_of, ending, right_callers, typical_callers, ways_in, with_scheme
from steps import POLLS, STEPS, Step, ask_over_time, live, lives, newcomer
from twins import Difference, Twins, running_twins
from world import FRESH, LIVES, forget, word

from jobstatus.contract.checks import PROFILES
from jobstatus.security import passwords

T = TypeVar("T")
Houses = Mapping[str, Twins]
OddAsks = Callable[[Ask], Iterator[tuple[str, Ask]]]
OddSents = Callable[[Sent], Iterator[tuple[str, Sent]]]

CASES = int(os.environ.get("ENGINE_CASES", "50"))
"""How many requests of each kind are drawn for an operation."""
DIFFERENCES: list[Difference] = []
"""What the engines are meant to answer differently."""
ODD_ASKS: Sequence[OddAsks] = (odd_targets, odd_headers, odd_bodies, spoilt_bodies)
ODD_SENTS: Sequence[OddSents] = (odd_credentials, odd_framing)
each_operation = pytest.mark.parametrize("id", sorted(SPEC.operations))
each_profile = pytest.mark.parametrize("profile", PROFILES)
drawn = settings(deadline=None, max_examples=CASES, print_blob=True, suppress_health_check=list(HealthCheck))
profiles = st.sampled_from(PROFILES)
numbers = st.integers(0, 10_000)


@pytest.fixture(scope="module", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hash the password of a user who is not there as cheaply as those of the users: it is slow by design."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", HASHER)
        passwords._nobodys.cache_clear()
        yield
    passwords._nobodys.cache_clear()


@pytest.fixture(scope="module")
def houses() -> Iterator[Houses]:
    """Give, for each profile, both servers, which all tests share.

    A file that `ENGINE_TALLY` names is told how often each operation was answered with which status.
    """
    with ExitStack() as stack:
        houses = {profile: stack.enter_context(running_twins(profile, DIFFERENCES)) for profile in PROFILES}
        yield houses
    if place := os.environ.get("ENGINE_TALLY"):
        tally = sum((twins.tally for twins in houses.values()), Counter[tuple[str, int]]())
        Path(place).write_text("".join(f"{id} {status} {count}\n" for (id, status), count in sorted(tally.items())))


def nth(choices: Sequence[T], number: int, otherwise: T) -> T:
    """Choose one, or else the other thing where there are none."""
    return choices[number % len(choices)] if choices else otherwise


@each_profile
@each_operation
def test_every_caller_is_answered_alike(houses: Houses, id: str, profile: str) -> None:
    """Every holder in every way: what one engine lets in, the other does, and each refusal is the same."""
    operation = SPEC.operations[id]

    houses[profile].ask_all((plain(operation, "running", *callers) for callers in callers_of(operation)), id)


@each_profile
@each_operation
def test_every_job_is_told_alike(houses: Houses, id: str, profile: str) -> None:
    """In whatever state a job is, and as often as it is asked for."""
    operation = SPEC.operations[id]

    houses[profile].ask_all((plain(operation, job) for job in LIVES for _ in range(3)), id)


@pytest.mark.parametrize("of", [odd_targets, odd_headers, odd_bodies])
@each_operation
def test_every_oddity_is_answered_alike(houses: Houses, id: str, of: OddAsks) -> None:
    """Each thing that may be odd about a request alone, of who may do everything, of who may not, and of nobody."""
    operation = SPEC.operations[id]
    asks = [plain(operation, "running", *callers) for callers in typical_callers(operation)]

    houses["documented"].ask_all((odd for ask in asks for _, odd in of(ask)), id)


@each_operation
def test_every_value_in_a_body_is_judged_alike(houses: Houses, id: str) -> None:
    """Each place of each of the spec's examples, with each odd value, missing, or with one too many."""
    operation = SPEC.operations[id]
    examples = [plain(operation, body=example) for example in body_examples(operation)]

    houses["documented"].ask_all((odd for ask in examples for _, odd in spoilt_bodies(ask)), id)


@pytest.mark.parametrize("of", [odd_credentials, odd_framing])
@each_operation
def test_every_oddity_of_what_is_sent_is_answered_alike(houses: Houses, id: str, of: OddSents) -> None:
    """However a credential is written, by every way in, and however a body comes."""
    operation = SPEC.operations[id]
    twins = houses["documented"]
    for callers in right_callers(operation):
        count = len([*of(plain(operation).sent(twins.clock.now))])
        for number in range(count):
            with twins.world() as world:
                sent = plain(operation, "running", *callers).within(world).sent(twins.clock.now)
                twins.send([odd for _, odd in of(sent)][number], id)


@each_operation
def test_whoever_is_let_in_or_shut_out_is_so_alike(houses: Houses, id: str) -> None:
    """A credential that is new counts, and one that is revoked does not, half a minute later at the most."""
    twins = houses["documented"]
    for scheme, beside in ways_in(SPEC.operations[id]):
        holder, role, ask = newcomer(id, scheme, beside, "passing")
        with twins.world() as world:
            ask_over_time(twins, ask.within(world), id, 0)
            twins.each(admitting(holder, twins.clock.now + timedelta(days=1), role))
            ask_over_time(twins, ask.within(world), id, 31, 1)
            twins.each(revoking(holder))
            ask_over_time(twins, ask.within(world), id, 31)


@each_operation
def test_who_ends_does_so_at_the_same_moment(houses: Houses, id: str) -> None:
    """A credential is good to its end, and no longer."""
    twins = houses["documented"]
    for scheme, beside in ways_in(SPEC.operations[id]):
        holder, role, ask = newcomer(id, scheme, beside, "ending")
        twins.each(admitting(holder, twins.clock.now + timedelta(seconds=9), role))
        with twins.world() as world:
            ask_over_time(twins, ask.within(world), id, 6, 2.999, 0.001, 1)


@each_operation
def test_what_ends_does_so_at_the_same_moment(houses: Houses, id: str) -> None:
    """A session, a token and a signature are good to their end, and no longer."""
    operation, twins = SPEC.operations[id], houses["documented"]
    for scheme, beside in ways_in(operation):
        end = twins.clock.now.replace(microsecond=0) + ENDS.get(scheme, timedelta(seconds=5))
        callers = with_scheme(operation, scheme, beside, ending(scheme, end))
        with twins.world() as world:
            sent = plain(operation, "running", *callers).within(world).sent(twins.clock.now)
            span = (end - twins.clock.now).total_seconds()
            ask_over_time(twins, sent, id, span - 1, 0.999, 0.001, 0.001, 1)


@each_profile
@each_operation
def test_a_store_that_cannot_answer_is_told_alike(houses: Houses, id: str, profile: str) -> None:
    """Nothing that is remembered is told in its place, and once it is back all is as it was."""
    twins = houses[profile]
    for callers in typical_callers(SPEC.operations[id]):
        with twins.world() as world:
            ask = plain(SPEC.operations[id], "running", *callers).within(world)
            ask_over_time(twins, ask, id, 0)
            with twins.outage():
                ask_over_time(twins, ask, id, 31)
            ask_over_time(twins, ask, id, 0)


@drawn
@given(profile=profiles, data=st.data())
@each_operation
def test_what_the_spec_has_is_answered_alike(houses: Houses, id: str, profile: str, data: st.DataObject) -> None:
    """Requests drawn from the schemas, of any caller and for any job, sent again and again."""
    ask = data.draw(asks(SPEC.operations[id]))

    with houses[profile].world() as world:
        for _ in range(3):
            houses[profile].ask(ask.within(world))


@drawn
@given(profile=profiles, data=st.data())
@each_operation
def test_what_is_nearly_right_is_answered_alike(houses: Houses, id: str, profile: str, data: st.DataObject) -> None:
    """Requests drawn from the schemas, with one oddity or more."""
    ask = data.draw(asks(SPEC.operations[id]))
    for of, number in data.draw(st.lists(st.tuples(st.sampled_from(ODD_ASKS), numbers), min_size=1, max_size=2)):
        ask = nth([odd for _, odd in of(ask)], number, ask)
    late = data.draw(st.none() | st.tuples(st.sampled_from(ODD_SENTS), numbers))

    with houses[profile].world() as world:
        sent = ask.within(world).sent(houses[profile].clock.now)
        if late is not None:
            of_sent, number = late
            sent = nth([odd for _, odd in of_sent(sent)], number, sent)
        houses[profile].send(sent, id)


@drawn
@given(profile=profiles, data=st.data())
@each_operation
def test_what_nobody_foresees_is_answered_alike(houses: Houses, id: str, profile: str, data: st.DataObject) -> None:
    """Whatever bytes HTTP lets through, near the paths of the spec."""
    operation = SPEC.operations[id]
    sent = data.draw(hostile_requests(operation))

    with houses[profile].world() as world:
        houses[profile].send(replace(sent, path=world.told(sent.path, operation.contract)), id)


@settings(drawn, max_examples=3 * CASES)
@given(profile=profiles, life=lives())
def test_a_life_is_told_alike(houses: Houses, profile: str, life: tuple[str, list[Step]]) -> None:
    """A job is polled in every contract while it is told of, cancelled and deleted, and while time goes by."""
    job, happens = life

    with houses[profile].world() as world:
        live(houses[profile], world, job, happens)


@each_profile
@pytest.mark.parametrize("job", LIVES)
def test_every_change_is_told_alike(houses: Houses, job: str, profile: str) -> None:
    """What every contract says of a job, before each thing that may happen to it and after."""
    for step in STEPS:
        with houses[profile].world() as world:
            live(houses[profile], world, job, [step])


def test_an_id_that_is_used_again_is_told_alike(houses: Houses) -> None:
    """Once a job that was deleted is forgotten, its id may be another's, which is then at the same version."""
    twins, create = houses["documented"], SPEC.operations["createJob"]
    one, other = [plain(create, body={"id": word(FRESH), "type": type}) for type in ("one", "another")]
    polls = [plain(poll.operation, FRESH) for poll in POLLS] * 2
    ends = [plain(SPEC.operations[id], FRESH) for id in ("cancelJob", "deleteJob")]

    with twins.world() as world:
        for ask in (one, *polls, *ends, *polls):
            twins.ask(ask.within(world))
        twins.each(forget)
        for ask in (*polls, other, *polls):
            twins.ask(ask.within(world))

        assert twins.tally["createJob", 201] >= 2


def test_every_difference_that_is_meant_is_one(houses: Houses) -> None:
    """What no longer differs needs no reason."""
    for difference in DIFFERENCES:
        stock, other = houses["documented"].answers(difference.shown_by)

        assert stock != other, difference.reason
        assert difference.holds(difference.shown_by, stock, other), difference.reason


def test_every_way_to_show_a_credential_is_tried() -> None:
    """A scheme that is new in the spec needs its callers here."""
    assert SCHEMES.keys() == SPEC.raw["components"]["securitySchemes"].keys()


def test_a_request_that_spells_another_in_its_path_is_not_taken_for_it(houses: Houses) -> None:
    """A line feed in a path does not make it the rest of another request."""
    twins = houses["documented"]
    host, auth = (b"host", b"jobs.example"), (b"authorization", b"Bearer token-of-everything")
    with twins.world() as world:
        id = world.jobs["running"].id.encode()
        right = Sent("GET", b"/api/jobs/" + id, b"/api/jobs/z", (host, auth, (b"a", b"GET")))
        other = Sent("GET", b"/api/jobs/z%0AGET%0A/api/jobs/" + id, b"a", (host, auth))
        for sent in (other, right, right, other):
            twins.send(sent, "getEhealthJob")
