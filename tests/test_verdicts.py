"""Requests that come again: what was found out about the first counts for the next, and for no other."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from house import EVERYTHING, House, running_house

from jobstatus.bounded import Bounded
from jobstatus.contract.plan import Plan
from jobstatus.credential import Credential
from jobstatus.settings import Settings


@pytest.fixture
async def quick() -> AsyncGenerator[House]:
    """Run the compiled engine, whatever the others run."""
    async with running_house(Settings(engine="compiled")) as house:
        yield house


@pytest.fixture
def led(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each request that takes the whole way."""
    paths: list[str] = []
    admit = Plan.admit

    async def noting(self: Plan, exchange: Any, *rest: Any) -> Any:
        paths.append(exchange.path)
        return await admit(self, exchange, *rest)

    monkeypatch.setattr(Plan, "admit", noting)
    return paths


async def job(house: House, token: str, id: str = "a") -> None:
    """Create a job."""
    made = await house.client.post("/jobs", json={"type": "t", "id": id}, headers=bearing(token))
    assert made.status_code == 201


def bearing(token: str, **more: str) -> dict[str, str]:
    """Send a token."""
    return {"Authorization": f"Bearer {token}", **more}


async def poll(house: House, token: str, path: str = "/jobs/a", **more: str) -> int:
    """Poll, and give the status."""
    return (await house.client.get(path, headers=bearing(token, **more))).status_code


async def known(house: House) -> str:
    """Give a token whose polls of `/jobs/a` have been led to the handler at once."""
    token = await house.token()
    await job(house, token)
    for _ in range(2):
        assert await poll(house, token) == 200
    return token


async def test_the_same_request_goes_to_its_handler_at_once(quick: House, led: list[str]) -> None:
    """Whatever its own id is; and it is answered as before but for that."""
    token = await known(quick)
    led.clear()
    answers = [await quick.client.get("/jobs/a", headers=bearing(token, **{"X-Request-Id": id})) for id in ("x", "y")]

    assert led == []
    assert [answer.headers["X-Request-Id"] for answer in answers] == ["x", "y"]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize(
    ("path", "more"),
    [("/jobs/b", {}), ("/jobs/a?x=1", {}), ("/jobs/a", {"Accept": "text/html"}), ("/jobs/a", {"X-Else": "1"})],
)
async def test_any_other_request_takes_the_whole_way(
    quick: House, led: list[str], path: str, more: dict[str, str]
) -> None:
    """One header or one character is enough."""
    token = await known(quick)
    led.clear()
    await poll(quick, token, path, **more)

    assert led == [path.partition("?")[0]]


async def test_what_may_change_is_looked_at_each_time(quick: House) -> None:
    """The job is read from the store."""
    token = await known(quick)
    await quick.client.patch("/jobs/a", json={"status": "running"}, headers=bearing(token))
    running = await quick.client.get("/jobs/a", headers=bearing(token))
    await quick.client.patch("/jobs/a", json={"status": "succeeded"}, headers=bearing(token))
    await quick.client.delete("/jobs/a", headers=bearing(token))

    assert (running.json()["status"], running.json()["version"]) == ("running", 2)
    assert await poll(quick, token) == 410


async def test_a_revocation_takes_effect_in_its_time(quick: House, led: list[str]) -> None:
    """In five seconds at the most, also for requests that come again."""
    token = await known(quick)
    quick.clock.move(seconds=4.9)
    await poll(quick, token)
    await revoke(quick)
    quick.clock.move(seconds=0.1)

    assert await poll(quick, token) == 401
    assert await poll(quick, token) == 401


async def test_a_credential_that_is_found_again_counts_again(quick: House, led: list[str]) -> None:
    """One request takes the whole way for all of them."""
    token = await known(quick)
    await job(quick, token, "b")
    for _ in range(2):
        await poll(quick, token, "/jobs/b")
    quick.clock.move(seconds=5)
    led.clear()
    statuses = [await poll(quick, token, path) for path in ("/jobs/a", "/jobs/b", "/jobs/a")]

    assert statuses == [200, 200, 200]
    assert led == ["/jobs/a"]


async def test_a_credential_that_has_changed_is_asked_anew(quick: House) -> None:
    """What it was let in for before, it may not be any more."""
    token = await known(quick)
    await change(quick, permissions=EVERYTHING - {"job:read"})
    quick.clock.move(seconds=5)

    assert await poll(quick, token) == 403


async def test_a_credential_ends_when_it_is_to_end(quick: House) -> None:
    """Not when it would have been looked up again."""
    token = await quick.token(expires_at=quick.clock.now + timedelta(seconds=2))
    await job(quick, token)
    for _ in range(3):
        assert await poll(quick, token) == 200
    quick.clock.move(seconds=2)

    assert await poll(quick, token) == 401


async def test_a_client_of_a_broker_takes_the_whole_way(quick: House, led: list[str]) -> None:
    """It rests on two credentials."""
    token = await quick.token(broker=True)
    for _ in range(3):
        assert await poll(quick, token, "/api/jobs/a", **{"api-key": quick.api_key}) == 404

    assert len(led) == 3


async def revoke(house: House) -> None:
    """Revoke the token that was made last."""
    await house.store.revoke_credential((await made(house)).id, house.clock.now)


async def change(house: House, **fields: Any) -> None:
    """Change a credential in the store, as nobody but its keeper could."""
    before = await made(house)
    kept: dict[bytes, Credential] = house.store._credentials  # type: ignore[attr-defined]  # no store changes one
    kept[before.digest] = replace(before, **fields)


async def made(house: House) -> Credential:
    """Find the token that was made."""
    return next(each for each in await house.store.credentials() if "api-key" not in each.roles)


def test_a_bounded_dict_holds_no_more_than_it_has_room_for() -> None:
    """What was kept first goes first; a value that is larger than all the room is not kept."""
    kept: Bounded[int, str] = Bounded(10, len)
    for key, value in enumerate(["aaaa", "bbbb", "cc", "dd"]):
        kept.keep(key, value)
    kept.keep(1, "b")
    kept.keep(9, "x" * 11)

    assert [kept.get(key) for key in (0, 1, 2, 3, 9)] == [None, "b", "cc", "dd", None]
    assert (len(kept), kept.used) == (3, 5)
    kept.drop(2)
    kept.drop(2)
    assert kept.used == 3
