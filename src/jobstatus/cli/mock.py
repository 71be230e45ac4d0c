"""`jobstatus mock`: the real server, with jobs that live scripted lives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, cast

import typer

from jobstatus.errors import ConfigurationError
from jobstatus.settings import Profile, Settings

from . import exits, mock_keys, mock_shown, output
from .mock_keys import NATIVE, TENANT
from .mock_shown import Headers
from .options import AsJson

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from jobstatus.scenarios import Scenario, Stage

EXAMPLE = "Example: jobstatus mock --contract traffic-ops --scenario slow-success --speed 10"
POLLED = (NATIVE, "ehealth", "ehealth-composition", "traffic-ops", "ims")
_FIELDS = Settings.model_fields


def mock(
    contract: Annotated[
        str | None, typer.Option(help=f"Show this contract alone: {', '.join(POLLED)}.", show_default=False)
    ] = None,
    scenario: Annotated[str, typer.Option(help="The life of its jobs; see docs/mock.md.")] = "all",
    profile: Annotated[
        str | None, typer.Option(help="Answer in this profile: documented or deployed.", show_default=False)
    ] = None,
    host: Annotated[str, typer.Option(envvar="JOBSTATUS_HOST", help=_FIELDS["host"].description)] = _FIELDS[
        "host"
    ].default,
    port: Annotated[
        int, typer.Option(envvar="JOBSTATUS_PORT", min=0, max=65535, help=_FIELDS["port"].description)
    ] = _FIELDS["port"].default,
    speed: Annotated[float, typer.Option(min=0.01, max=100, help="Play so many times as fast.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Serve contracts with jobs that live scripted lives, to test clients with, until SIGTERM or Ctrl-C.

    Nothing is kept; the credentials are made at the start and shown.
    """
    from jobstatus.scenarios import named, prepared

    scenarios, read = named(scenario), Settings.read()
    profiles = _profiles(contract, profile, read)
    settings = prepared(read, scenarios, profiles, speed).model_copy(update={"host": host, "port": port})
    try:
        asyncio.run(_serve(settings, scenarios, tuple(profiles), speed, as_json))
    except SystemExit:  # uvicorn has told why, but its exit code has another meaning here
        raise typer.Exit(exits.Exit.USAGE) from None
    except KeyboardInterrupt:
        return


def _profiles(contract: str | None, wanted: str | None, settings: Settings) -> dict[str, Profile]:
    """Give each contract that is to be shown, in the profile that is wanted, if it has that, or the server's."""
    from jobstatus.contract.spec import Document

    if contract is not None and contract not in POLLED:
        raise ConfigurationError(f"contract: there is none named {contract!r} that is polled; use {', '.join(POLLED)}")
    document = Document.load()
    known = {name: document.profiles(name) for name in (POLLED if contract is None else (contract,))}
    there = {profile for profiles in known.values() for profile in profiles}
    if wanted is not None and wanted not in there:
        raise ConfigurationError(f"profile: there is no {wanted!r} here; use {', '.join(sorted(there, reverse=True))}")
    chosen = {name: wanted if wanted in profiles else settings.profile(name) for name, profiles in known.items()}
    return cast("dict[str, Profile]", chosen)


async def _serve(
    settings: Settings, scenarios: Sequence[Scenario], contracts: Sequence[str], speed: float, as_json: bool
) -> None:
    from jobstatus.scenarios import Stage
    from jobstatus.storage import opened

    async with opened("memory://") as store:
        stage = Stage(store, settings, scenarios, TENANT, speed=speed)
        headers = await mock_keys.made(store, settings, contracts)
        async with asyncio.TaskGroup() as group:
            listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            beside = group.create_task(_play(stage, listening, headers, contracts, as_json))
            await _listen(stage.app, settings, listening.set_result)
            beside.cancel()


async def _listen(app: ASGIApp, settings: Settings, listening: Callable[[str], None]) -> None:
    import uvicorn

    from .serve import server_options

    logging.getLogger("uvicorn.error").addHandler(Heard(listening))
    await uvicorn.Server(uvicorn.Config(app, settings.host, settings.port, **server_options())).serve()


class Heard(logging.Handler):
    """Hears from uvicorn where it listens, and passes its troubles on."""

    def __init__(self, listening: Callable[[str], None]) -> None:
        super().__init__()
        self._listening = listening

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if record.levelno >= logging.WARNING:
            output.complain(self.format(record))
        elif said.startswith("Uvicorn running on "):
            self._listening(said.split()[3])


async def _play(
    stage: Stage, listening: asyncio.Future[str], headers: Headers, contracts: Sequence[str], as_json: bool
) -> None:
    """Begin a job for each scenario once there is a server, tell of them, and play whatever else is created."""
    url = await listening
    wanted = {name: headers[name] for name in contracts}
    opened = await stage.open(headers[NATIVE])
    shown = [place for scenario, job in opened for place in mock_shown.places(scenario, job, wanted)]
    if as_json:
        output.print_json({"url": url, "headers": headers, "jobs": [asdict(each) for each in shown]})
    else:
        mock_shown.show(url, shown, headers[NATIVE])
    await stage.play()
