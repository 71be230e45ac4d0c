"""The server that scenarios are played on: the real one, over a store of its own."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import httpx
from pydantic import SecretStr
from starlette.types import ASGIApp

from jobstatus.app import create_app
from jobstatus.clock import Clock, utc_now
from jobstatus.scenarios.player import Pause, Player
from jobstatus.scenarios.script import Outage, Scenario
from jobstatus.scenarios.weather import weathered
from jobstatus.service import JobService
from jobstatus.settings import Profile, Settings
from jobstatus.storage import Store

PAUSE = 5
"""Seconds after which clients are told to ask again at the most, unless it is set: scenarios are short."""
SWEEP = 0.25
"""Seconds between two looks for lost and expired jobs."""


class Stage:
    """A server's application, and the player of its jobs, whose own way to the store knows no weather."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        scenarios: Sequence[Scenario],
        tenant: str,
        *,
        speed: float = 1.0,
        clock: Clock = utc_now,
        pause: Pause = asyncio.sleep,
    ) -> None:
        """Take settings as `prepared` gives them."""
        self._scenarios, self._clock, self._speed = scenarios, clock, speed
        self._built = self._began = clock()
        self._opened = False
        outage = next((scenario.outage for scenario in scenarios if scenario.outage), None)
        seen = store if outage is None else weathered(store, partial(self._down, outage))
        self.app: ASGIApp = create_app(settings, store=seen, clock=clock)
        service = JobService(store, clock=clock, retention=settings.retention)
        self._player = Player(service, scenarios, tenant, speed=speed, pause=pause)

    async def open(self, headers: Mapping[str, str]) -> list[tuple[Scenario, Any]]:
        """Create a job for each scenario with a credential of the native contract, whose answers are given.

        The server must have been started; the weather begins afterwards.
        """
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock", headers=headers) as client:
            answers = [await client.post("/jobs", json={"type": scenario.name}) for scenario in self._scenarios]
        self._began, self._opened = self._clock(), True
        return [(scenario, _created(answer)) for scenario, answer in zip(self._scenarios, answers, strict=True)]

    async def play(self) -> None:
        """Play what has been created since the server was built, and what will be, until this is cancelled."""
        await self._player.play(self._built)

    def _down(self, outage: Outage) -> bool:
        return self._opened and outage.holds((self._clock() - self._began).total_seconds() * self._speed)


def _created(answer: httpx.Response) -> Any:
    answer.raise_for_status()
    return answer.json()


def prepared(
    settings: Settings, scenarios: Sequence[Scenario], profiles: Mapping[str, Profile], speed: float
) -> Settings:
    """Set what scenarios need: these contracts in their profiles, the limits, and short pauses."""
    throttle = next((scenario.throttle for scenario in scenarios if scenario.throttle), None)
    chosen = {f"profile_{contract.replace('-', '_')}": profile for contract, profile in profiles.items()}
    changed: dict[str, Any] = {
        **{name: profile for name, profile in chosen.items() if name in Settings.model_fields},
        "session_key": settings.session_key or SecretStr(secrets.token_urlsafe(32)),
        "sweep_seconds": SWEEP,
    }
    if "retry_after_seconds" not in settings.model_fields_set:
        changed["retry_after_seconds"] = max(1, round(PAUSE / speed))
    if throttle is not None:
        changed["limit_polls"] = dict.fromkeys(profiles, throttle.limit(speed))
    return settings.model_copy(update=changed)
