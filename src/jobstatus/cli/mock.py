"""`jobstatus mock`: the real server, with jobs that live scripted lives."""

from __future__ import annotations

import asyncio
import json
import logging
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from jobstatus.clock import utc_now
from jobstatus.credential import Credential
from jobstatus.errors import ConfigurationError
from jobstatus.ids import new_id
from jobstatus.settings import Profile, Settings

from . import exits, output
from .credentials import GRANTS, Preset
from .options import AsJson

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from jobstatus.scenarios import Scenario, Stage
    from jobstatus.storage import Store

EXAMPLE = "Example: jobstatus mock --contract traffic-ops --scenario slow-success --speed 10"
TENANT = "6d6f636b6d6f636b6d6f636b6d6f636b"
"""A project's id, as clouds make them."""
NATIVE = "native"
POLLED = (NATIVE, "ehealth", "ehealth-composition", "traffic-ops", "ims")
SESSION = timedelta(days=365)
"""How long the session lasts that is shown for Traffic Ops."""
_FIELDS = Settings.model_fields
Headers = Mapping[str, Mapping[str, str]]
"""What to send in each contract."""


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
        headers = await _headers(store, settings, contracts)
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
    shown = [place for scenario, job in await stage.open(headers[NATIVE]) for place in _places(scenario, job, wanted)]
    if as_json:
        output.print_json({"url": url, "headers": headers, "jobs": [asdict(each) for each in shown]})
    else:
        _show(url, shown, headers)
    await stage.play()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contract answers for a job, and the headers to ask with."""

    scenario: str
    id: str
    contract: str
    href: str
    headers: Mapping[str, str]


def _places(scenario: Scenario, job: Any, headers: Headers) -> list[Place]:
    there = {link["contract"]: link["href"] for link in job["links"]}
    return [Place(scenario.name, job["id"], name, there[name], sent) for name, sent in headers.items() if name in there]


def _show(url: str, places: Sequence[Place], headers: Headers) -> None:
    rows = output.table("scenario", "contract", "poll")
    for place in places:
        rows.add_row(output.text(place.scenario), output.text(place.contract), output.text(url + place.href))
    output.console().print(rows)
    for place in places[: len({place.contract for place in places})]:  # the first job's
        print(f"\n# {place.contract}\n{_curl(url + place.href, place.headers)}")
    body = json.dumps({"type": places[0].scenario})
    made = _curl(f"{url}/jobs", {**headers[NATIVE], "Content-Type": "application/json"}, "-d", body)
    print(f"\n# one more job\n{made}\n\njobstatus mocks on {url} (Ctrl-C to stop)", flush=True)


def _curl(url: str, headers: Mapping[str, str], *rest: str) -> str:
    sent = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    return shlex.join(["curl", "-i", *sent, *rest, url])


async def _headers(store: Store, settings: Settings, contracts: Sequence[str]) -> Headers:
    """Make a credential for each contract, and give what it is shown by; the native one creates the jobs."""
    headers: dict[str, dict[str, str]] = {}
    for contract in dict.fromkeys([*contracts, NATIVE]):
        token, credential = await _credential(store, Preset(contract))
        headers[contract] = {"Authorization": f"Bearer {token}"}
        if contract == "ims":
            headers[contract] = {"X-Auth-Token": token}
        elif contract == "traffic-ops":
            headers[contract] = {"Cookie": f"mojolicious={_session(credential, settings)}"}
        elif contract == "ehealth-composition":
            headers[contract]["api-key"], _ = await _credential(store, Preset.API_KEY)
    return headers


async def _credential(store: Store, preset: Preset) -> tuple[str, Credential]:
    from jobstatus.security.tokens import digest, new_token

    token, grant = new_token(), GRANTS[preset]
    credential = Credential(
        id=new_id(),
        name=f"mock {preset.value}",
        tenant=TENANT,
        digest=digest(token),
        created_at=utc_now(),
        permissions=grant.permissions,
        roles=grant.roles,
    )
    await store.add_credential(credential)
    return token, credential


def _session(credential: Credential, settings: Settings) -> str:
    """Make the cookie of a session, as a login by the credential's token would."""
    from jobstatus.security.gate import Gate
    from jobstatus.security.sessions import CookieSessions

    key = settings.session_key.get_secret_value() if settings.session_key else ""
    return CookieSessions(Gate(), key.encode()).seal(credential, SESSION)
