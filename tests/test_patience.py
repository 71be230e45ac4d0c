"""How long a poll is held, and what a client may say of that."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polling import SPEC, until
from raw_asgi import Sent
from starlette.types import Message

from jobstatus.answer import Answer, Lasting, Told
from jobstatus.contract.exchange import Exchange
from jobstatus.contract.patience import Call, Patience
from jobstatus.handlers import CONTRACTS
from jobstatus.job import Job
from jobstatus.storage.memory import MemoryStore
from jobstatus.testing.stores.samples import put
from jobstatus.waiting import Waiters

LONG = "wait=600"
SOON = 0.01
"""Seconds that a wait takes whose end is what is tried."""


async def test_a_server_that_stops_keeps_nobody_waiting() -> None:
    """All are answered with what there is."""
    waiters, job = await waiting_for_one()
    task = asyncio.ensure_future(Patience(waiters).told(telling(job), asking(Prefer=LONG), never, let_in))
    await until(lambda: waiters.count == 1)
    waiters.end()

    told = await task
    assert isinstance(told, Lasting)
    assert (told.job, waiters.count) == (job, 0)


async def test_the_time_of_a_wait_is_the_contracts_or_the_clients() -> None:
    """What the client says counts, be it less or more; at its end the place is free."""
    waiters, job = await waiting_for_one()
    patience = Patience(waiters, most=600, holds={"native": SOON})

    async with asyncio.timeout(60):
        await patience.told(telling(job), asking(), never, let_in)
        await patience.told(telling(job), asking(Prefer="wait=0"), never, let_in)
    assert waiters.count == 0
    assert patience.span(asking(Prefer="wait=5")) == 5


@pytest.mark.parametrize(
    ("wishes", "seconds"),
    [
        *[((wish,), 5) for wish in ("wait=5", "Wait = 5", 'wait="5"', "respond-async, wait=5", "wait=5; a=b, wait=9")],
        *[((wish,), 5) for wish in ("wait=005", 'a="b\\", wait=9", wait=5', "handling=lenient;a, wait=5", "wait=5,")],
        (("respond-async", "wait=5"), 5),
        (("wait=5", "wait=9"), 5),
        (("wait=0",), 0),
        (("wait=999999999",), 60),
        *[((wish,), None) for wish in ("", "wait", "wait=", "wait=-1", "wait=1.5", "wait=1e3", "wait=9999999999")],
        *[((wish,), None) for wish in ('wait="5', "await=5", "wait=5s", "wait=\u0665", 'a="wait=5"', 'a=", wait=5"')],
    ],
)
def test_what_a_client_prefers_is_read_as_it_is_written(wishes: tuple[str, ...], seconds: int | None) -> None:
    """The first wait counts, on whichever line; what is no number of seconds is passed over."""
    pairs = tuple((b"prefer", wish.encode("utf-8")) for wish in wishes)
    exchange = asking(pairs)
    span = Patience(Waiters(MemoryStore()), most=60).span(exchange)

    assert span == (seconds or 0)
    applied = () if seconds is None else ((b"preference-applied", b"wait=%d" % seconds),)
    assert exchange.asides == applied


@given(st.binary(max_size=200))
def test_no_wish_is_a_fault(wish: bytes) -> None:
    """Whatever bytes it is, the time is within its bounds."""
    exchange = asking(((b"prefer", wish),))

    assert 0 <= Patience.span(Patience(None, most=60), exchange) <= 60  # type: ignore[arg-type]  # nobody waits here


async def waiting_for_one() -> tuple[Waiters, Job]:
    """Give a store's waiters, and a job in it."""
    store = MemoryStore()
    return Waiters(store), await put(store)


def asking(pairs: tuple[tuple[bytes, bytes], ...] = (), **headers: str) -> Exchange:
    """Give a poll of the native contract."""
    sent = (*pairs, *((key.lower().encode(), value.encode()) for key, value in headers.items()))
    exchange = Exchange(Sent("GET", b"/jobs/a", headers=sent).scope(), CONTRACTS["native"], "documented")
    exchange.find(SPEC.operations["getJob"])
    return exchange


def telling(job: Job) -> Call:
    """Give a handler that tells of a job as it is."""

    async def tell() -> Told:
        return Lasting(lambda job: Answer({}), job)

    return tell


async def never() -> Message:
    """Stay, and send nothing."""
    await asyncio.Event().wait()
    raise AssertionError


async def let_in(_: Exchange) -> None:
    """Let everybody in once more."""
