"""The mock: jobs that live scripted lives on the real server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from commands import run, until
from house import EVERYTHING, KEYS, TENANT, House, MovingClock, make_token
from raw_asgi import started
from serving import PATIENCE

from jobstatus.beside import beside
from jobstatus.errors import ConfigurationError
from jobstatus.scenarios import SCENARIOS, Outage, Stage, Throttle, named, prepared
from jobstatus.settings import Profile, Settings
from jobstatus.storage import opened

PAGE = (Path(__file__).parent.parent / "docs" / "mock.md").read_text(encoding="utf-8")
CONTRACTS = ("native", "ehealth", "ehealth-composition", "traffic-ops", "ims")
DOCUMENTED: Mapping[str, Profile] = dict.fromkeys(CONTRACTS, "documented")
WORDS = {
    "native": ("pending", "running", "cancelling", "succeeded", "failed", "cancelled"),
    "ehealth": ("pending", "pending", "pending", "processed", "failed", "failed"),
    "ehealth-composition": ("PENDING", "PENDING", "PENDING", "DONE", "FAILED", "FAILED"),
    "traffic-ops": ("PENDING", "PENDING", "PENDING", "SUCCEEDED", "FAILED", "FAILED"),
    "ims": ("INIT", "RUNNING", "RUNNING", "SUCCESS", "FAIL", "FAIL"),
}
"""What each contract says of what the first of them says."""
SENT = ("Authorization: ", "Authorization: ", "api-key: ", "mojolicious=", "X-Auth-Token: ", '{"type": "expires"}')
"""What stands in the commands that are shown, in their order."""
GONE = {"native": 410, "ehealth": 404, "ehealth-composition": 404, "traffic-ops": 404, "ims": 400}
DOWN = {**dict.fromkeys(CONTRACTS, 503), "traffic-ops": 500}
LIVES: Mapping[str, Sequence[tuple[float, str]]] = {
    "quick-success": [(0, "pending"), (1, "running"), (2, "succeeded")],
    "slow-success": [(0, "pending"), (1.9, "pending"), (2, "running"), (29.9, "running"), (30, "succeeded")],
    "pending-forever": [(0, "pending"), (86_400, "pending")],
    "fails-at-60": [(0, "pending"), (1, "running"), (7.9, "running"), (8, "failed")],
    "user-error": [(0, "pending"), (1, "running"), (2.9, "running"), (3, "failed")],
    "lost-worker": [(0, "pending"), (1, "running"), (4.9, "running"), (5, "failed")],
    "expires": [(0, "pending"), (1, "running"), (2, "succeeded"), (6.9, "succeeded"), (7, "gone")],
    "cancelled": [(0, "pending"), (1, "running"), (4, "cancelling"), (5.9, "cancelling"), (6, "cancelled")],
    "throttled": [(0, "pending"), (2, "running"), (30, "succeeded")],
    "unavailable": [(0, "pending"), (4.9, "running"), (5, "down"), (7.9, "down"), (8, "running"), (32, "succeeded")],
}
"""What is said when, in seconds."""
PACKAGE_CALL = "/api/patients/7c3da506-804d-4550-8993-bf17f9ee0403/encounter_package"
PACKAGE = {
    "signed_data": "c2lnbmVk",
    "visit": {
        "id": "90a9e15b-b71b-4caf-8f2e-ff247e8a5600",
        "period": {"start": "2018-08-02T10:00:00Z", "end": "2018-08-02T11:00:00Z"},
    },
}


class Hands:
    """A clock's hands, which those who pause wait for; nobody sleeps."""

    def __init__(self, clock: MovingClock) -> None:
        self._clock = clock
        self._start = clock.now
        self._waiting: list[tuple[datetime, asyncio.Future[None]]] = []

    async def __call__(self, seconds: float) -> None:
        called = asyncio.get_running_loop().create_future()
        self._waiting.append((self._clock.now + timedelta(seconds=seconds), called))
        await called

    async def move_to(self, seconds: float) -> None:
        """Move on to so many seconds after the start, and let happen what is due on the way, in its order."""
        end = self._start + timedelta(seconds=seconds)
        await settle()
        while due := [each for each in self._waiting if each[0] <= end]:
            first = min(due, key=lambda each: each[0])
            self._waiting.remove(first)
            self._clock.now = max(self._clock.now, first[0])
            first[1].set_result(None)
            await settle()
        self._clock.now = end


async def settle() -> None:
    """Let everything happen that needs no time: in memory each step takes a few turns of the loop."""
    for _ in range(100):
        await asyncio.sleep(0)


class Play:
    """A stage with its server, and the jobs that it began with."""

    def __init__(self, house: House, hands: Hands, headers: Mapping[str, str], jobs: Mapping[str, Any]) -> None:
        self.house = house
        self.hands = hands
        self.headers = headers
        self.jobs = jobs

    async def ask(self, method: str, path: str, **rest: Any) -> httpx.Response:
        """Ask, in whatever contract."""
        return await self.house.client.request(method, path, headers=self._headers(path), **rest)

    async def said(self, job: Any, contract: str) -> str:
        """Poll for a job; give its state, or that it is gone, or the server down."""
        href = next(link["href"] for link in job["links"] if link["contract"] == contract)
        answer = await self.ask("GET", href)
        known = {GONE[contract]: "gone", DOWN[contract]: "down", 429: "throttled"}
        return known.get(answer.status_code) or word(contract, answer)

    def _headers(self, path: str) -> Mapping[str, str]:
        """Send what the path's contract takes: a session would be second to a bearer token."""
        return {name: value for name, value in self.headers.items() if name != "Authorization" or "/4.0/" not in path}


def word(contract: str, answer: httpx.Response) -> str:
    """Read the status out of a contract's answer."""
    body = answer.json()
    shell = {"ehealth": "data", "ehealth-composition": "data", "traffic-ops": "response"}.get(contract)
    return str((body[shell] if shell else body)["status"])


def spelt(contract: str, state: str) -> str:
    """Give a contract's word for a state; what is no state is told alike."""
    return dict(zip(WORDS["native"], WORDS[contract], strict=True)).get(state, state)


@asynccontextmanager
async def played(scenario: str, speed: float = 1.0) -> AsyncGenerator[Play]:
    """Play a scenario on a server in this process, by a clock that tests move."""
    clock, scenarios = MovingClock(), named(scenario)
    hands = Hands(clock)
    settings = prepared(Settings().model_copy(update=KEYS), scenarios, DOCUMENTED, speed)
    async with opened("memory://") as store:
        stage = Stage(store, settings, scenarios, TENANT, speed=speed, clock=clock, pause=hands)
        transport = httpx.ASGITransport(stage.app)
        async with started(stage.app), httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
            key = await make_token(store, clock.now, "broker", EVERYTHING, ["api-key"])
            house = House(stage.app, client, store, clock, key)
            headers = house.headers(await house.token())
            jobs = {scenario.name: job for scenario, job in await stage.open(headers)}
            async with beside(stage.play()):
                yield Play(house, hands, headers, jobs)


def test_every_scenario_has_a_life_here() -> None:
    """What is new must be told of below."""
    assert LIVES.keys() == SCENARIOS.keys()


@pytest.mark.parametrize("scenario", LIVES)
async def test_a_job_lives_its_scenario_in_every_contract(scenario: str) -> None:
    """At each time it is told of as the script has it, in the contract's words."""
    async with played(scenario) as play:
        for at, state in LIVES[scenario]:
            await play.hands.move_to(at)
            told = {contract: await play.said(play.jobs[scenario], contract) for contract in CONTRACTS}
            assert told == {contract: spelt(contract, state) for contract in CONTRACTS}, at


async def test_all_plays_each_scenario_that_has_no_weather() -> None:
    """The jobs live beside one another."""
    async with played("all") as play:
        await play.hands.move_to(30)
        ends = {name: await play.said(job, "native") for name, job in play.jobs.items()}

    assert ends == {name: life[-1][1] for name, life in LIVES.items() if not SCENARIOS[name].weather}


async def test_speed_makes_all_spans_shorter() -> None:
    """Ten times as fast, a lease of four seconds runs out after four tenths of one."""
    async with played("lost-worker", speed=10) as play:
        for at, state in LIVES["lost-worker"]:
            await play.hands.move_to(at / 10)
            assert await play.said(play.jobs["lost-worker"], "native") == state


async def test_failures_say_why() -> None:
    """Each kind has its own error."""
    async with played("all") as play:
        await play.hands.move_to(30)
        failed = ("fails-at-60", "user-error", "lost-worker")
        shown = {name: (await play.ask("GET", f"/jobs/{play.jobs[name]['id']}")).json() for name in failed}

    errors = {name: job["error"] for name, job in shown.items()}
    assert {name: error["kind"] for name, error in errors.items()} == {
        "fails-at-60": "system",
        "user-error": "user",
        "lost-worker": "lost",
    }
    assert shown["fails-at-60"]["progress"] == 60
    assert (errors["user-error"]["http_status"], errors["user-error"]["invalid"][0]["entry"]) == (422, "$.period.start")


async def test_an_end_that_is_foreseen_makes_the_pause() -> None:
    """A slow job tells when it will end; clients are told to come back no later."""
    async with played("slow-success") as play:
        await play.hands.move_to(27)
        answer = await play.ask("GET", f"/jobs/{play.jobs['slow-success']['id']}")

    assert 1 <= int(answer.headers["Retry-After"]) <= 3


@pytest.mark.parametrize(
    ("path", "body"), [("/jobs", {"type": "t"}), (PACKAGE_CALL, PACKAGE), ("/api/4.0/acme_autorenew", None)]
)
async def test_whatever_job_is_created_lives_the_scenario(path: str, body: Any) -> None:
    """Each contract's own call begins such a life."""
    async with played("quick-success") as play:
        await play.hands.move_to(10)
        begun = await play.ask("POST", path, json=body)
        assert begun.is_success, begun.text
        newest = (await play.ask("GET", "/jobs?limit=1")).json()["jobs"][0]
        assert newest["id"] != play.jobs["quick-success"]["id"]
        for at, state in LIVES["quick-success"]:
            await play.hands.move_to(10 + at)
            assert await play.said(newest, "native") == state


async def test_a_type_names_the_scenario_where_several_are_played() -> None:
    """Any other type has the first."""
    async with played("all") as play:
        told, other = [(await play.ask("POST", "/jobs", json={"type": t})).json() for t in ("user-error", "other")]
        await play.hands.move_to(5)

        assert [await play.said(job, "native") for job in (told, other)] == ["failed", "succeeded"]


async def test_a_job_that_somebody_reports_on_is_left_to_them() -> None:
    """The script says no more."""
    async with played("quick-success") as play:
        job = play.jobs["quick-success"]
        await play.hands.move_to(1)
        await play.ask("PATCH", f"/jobs/{job['id']}", json={"status": "running", "progress": 7})
        await play.hands.move_to(60)
        shown = (await play.ask("GET", f"/jobs/{job['id']}")).json()

    assert (shown["status"], shown["progress"]) == ("running", 7)


async def test_a_running_job_that_is_asked_to_stop_has_stopped_at_its_next_step() -> None:
    """The script obeys, as a worker would."""
    async with played("slow-success") as play:
        job = play.jobs["slow-success"]
        await play.hands.move_to(3)
        asked = await play.ask("POST", f"/jobs/{job['id']}/cancel")
        assert asked.json()["status"] == "cancelling", asked.text
        await play.hands.move_to(9)

        assert await play.said(job, "native") == "cancelled"


async def test_a_job_that_is_deleted_ends_its_script() -> None:
    """The others go on."""
    async with played("all") as play:
        job = play.jobs["pending-forever"]
        await play.ask("POST", f"/jobs/{play.jobs['cancelled']['id']}/cancel")
        await play.ask("DELETE", f"/jobs/{play.jobs['cancelled']['id']}")
        await play.hands.move_to(30)

        assert await play.said(play.jobs["cancelled"], "native") == "gone"
        assert await play.said(play.jobs["slow-success"], "native") == "succeeded"
        assert await play.said(job, "native") == "pending"


async def test_who_waits_is_told_of_each_step() -> None:
    """What the script reports goes through the same feed as any worker's reports."""
    async with played("quick-success") as play:
        path = f"/jobs/{play.jobs['quick-success']['id']}"
        first = await play.ask("GET", path)
        headers = {**play.headers, "Prefer": "wait=60", "If-None-Match": first.headers["ETag"]}
        async with beside(play.house.client.get(path, headers=headers)) as waiting:
            await play.hands.move_to(1)
            answer = await waiting

    assert answer.json()["status"] == "running"


def test_steps_stand_in_the_order_of_their_times() -> None:
    """The player takes them one after the other."""
    for scenario in SCENARIOS.values():
        times = [step.after for step in scenario.steps]
        assert times == sorted(set(times)), scenario.name


def test_an_outage_is_the_end_of_each_round() -> None:
    """It begins and ends as it says."""
    outage = Outage(every=8, lasts=3)

    assert [second for second in range(17) if outage.holds(second)] == [5, 6, 7, 13, 14, 15]


@pytest.mark.parametrize(("speed", "limit"), [(1, "3/10"), (5, "3/2"), (1000, "3/1")])
def test_a_throttle_is_written_in_whole_seconds(speed: float, limit: str) -> None:
    """The server's limits know no parts of one."""
    assert Throttle(polls=3, seconds=10).limit(speed) == limit


def test_a_pause_that_is_set_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it is short."""
    short = prepared(Settings(), named("all"), DOCUMENTED, 2.0)
    monkeypatch.setenv("JOBSTATUS_RETRY_AFTER_SECONDS", "17")
    kept = prepared(Settings(), named("all"), DOCUMENTED, 2.0)

    assert (short.retry_after_seconds, kept.retry_after_seconds) == (2, 17)


def test_an_unknown_scenario_is_told_with_those_that_are_known() -> None:
    """Whoever mistypes a name sees what there is."""
    with pytest.raises(ConfigurationError) as refused:
        named("nope")

    assert all(name in str(refused.value) for name in (*SCENARIOS, "all"))


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_every_scenario_is_documented(scenario: Any) -> None:
    """It stands in the page's table, with what it is."""
    assert f"| `{scenario.name}` | {scenario.summary} |" in PAGE


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--scenario", "nope"), "quick-success"),
        (("--contract", "identity"), "traffic-ops"),
        (("--contract", "native", "--profile", "deployed"), "documented"),
        (("--port", "0", "--host", "203.0.113.7"), "203.0.113.7"),
        (("--speed", "0"), "--speed"),
    ],
)
def test_what_cannot_be_played_is_a_wrong_command_line(arguments: Sequence[str], told: str) -> None:
    """It exits with 2, and says what there is instead."""
    assert told in run("mock", *arguments, code=2).stderr


class Mock:
    """The command, and what it said when it listened."""

    def __init__(self, told: Any) -> None:
        self.jobs = {(job["scenario"], job["contract"]): job for job in told["jobs"]}
        self.headers = told["headers"]
        self._url = told["url"]

    def poll(self, scenario: str, contract: str) -> httpx.Response:
        """Poll for a job in a contract."""
        job = self.jobs[scenario, contract]
        return httpx.get(self._url + job["href"], headers=job["headers"], trust_env=False)


@contextmanager
def mocking(*arguments: str, **env: str) -> Iterator[Mock]:
    """Run the command beside the block; SIGTERM ends it."""
    command = [sys.executable, "-m", "jobstatus", "mock", "--port", "0", "--json", *arguments]
    with subprocess.Popen(
        command, env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            yield Mock(json.loads(line))
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == -signal.SIGTERM
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


def test_the_command_plays_all_scenarios_in_all_contracts(tmp_path: Path) -> None:
    """Each job's words come in their order, to the last; and the spec has all that crosses the wire."""
    record = tmp_path / "log"
    with mocking("--speed", "20", JOBSTATUS_RECORD=str(record)) as mock:
        seen: dict[tuple[str, str], list[str]] = {place: [] for place in mock.jobs}

        def ended() -> bool:
            for (scenario, contract), said in seen.items():
                answer = mock.poll(scenario, contract)
                now = "gone" if answer.status_code == GONE[contract] else word(contract, answer)
                said.extend([now] if said[-1:] != [now] else [])
            return all(said[-1] == last(*place) for place, said in seen.items())

        until(ended)

    assert {contract for _, contract in seen} == set(CONTRACTS)
    for (scenario, contract), said in seen.items():
        words = iter([spelt(contract, state) for _, state in LIVES[scenario]])
        assert all(any(known == now for known in words) for now in said), (scenario, contract, said)
    assert [line for line in map(json.loads, record.read_text().splitlines()) if line["undocumented"]] == []


def last(scenario: str, contract: str) -> str:
    """Give the word that a contract has for a scenario's end."""
    return spelt(contract, LIVES[scenario][-1][1])


def test_the_command_throttles_each_contract() -> None:
    """The fourth poll is one too many, and told when to come again."""
    with mocking("--scenario", "throttled") as mock:
        for contract in CONTRACTS:
            answers = [mock.poll("throttled", contract) for _ in range(4)]
            assert [answer.status_code for answer in answers] == [200, 200, 200, 429], contract
            assert 1 <= int(answers[-1].headers["Retry-After"]) <= 10


def test_the_command_is_unavailable_for_a_while_in_each_contract() -> None:
    """Whoever is refused is told when to come again, where the contract can say so; then all is as before."""
    with mocking("--scenario", "unavailable", "--speed", "4") as mock:
        waiting, refused = {*CONTRACTS}, dict[str, httpx.Response]()

        def down_and_up() -> bool:
            for contract in sorted(waiting):
                answer = mock.poll("unavailable", contract)
                if answer.status_code == DOWN[contract]:
                    refused[contract] = answer
                elif contract in refused and answer.is_success:
                    waiting.discard(contract)
            return not waiting

        until(down_and_up)

    assert refused.keys() == set(CONTRACTS)
    assert all(int(refused[contract].headers["Retry-After"]) >= 1 for contract in CONTRACTS if DOWN[contract] == 503)


@pytest.mark.parametrize(
    ("arguments", "env"), [(("--profile", "deployed"), {}), ((), {"JOBSTATUS_PROFILE_IMS": "deployed"})]
)
def test_one_contract_in_one_profile_is_shown_alone(arguments: Sequence[str], env: Mapping[str, str]) -> None:
    """The profile may be the server's; the native credential is there all the same, to create more jobs with."""
    with mocking("--contract", "ims", "--scenario", "slow-success", "--speed", "20", *arguments, **env) as mock:
        until(lambda: "process_percent" in mock.poll("slow-success", "ims").json()["entities"])

    assert {contract for _, contract in mock.jobs} == {"ims"}
    assert mock.headers.keys() == {"ims", "native"}


def test_a_profile_is_for_the_contracts_that_have_it() -> None:
    """The others are as documented."""
    with mocking("--profile", "deployed", "--scenario", "quick-success", "--speed", "20") as mock:
        until(lambda: word("native", mock.poll("quick-success", "native")) == "succeeded")
        done = mock.poll("quick-success", "ehealth")

    assert done.json()["data"]["status_code"] == 200


def test_people_see_a_table_and_commands_that_are_ready() -> None:
    """Each line of curl holds what its contract asks for."""
    command = [sys.executable, "-m", "jobstatus", "mock", "--port", "0", "--scenario", "expires"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        while "Ctrl-C" not in lines[-1]:
            assert lines[-1], "it ended early"
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGTERM)

    curls = [line for line in lines if line.startswith("curl ")]
    assert lines[0].split() == ["scenario", "contract", "poll"]
    assert all(name in curl for name, curl in zip(SENT, curls, strict=True))
