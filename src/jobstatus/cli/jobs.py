"""`jobstatus jobs`: what the native contract offers, by hand."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, cast

import typer

from jobstatus.client import Client
from jobstatus.client.wire import JobError, JobView, NewJob, Page, Said
from jobstatus.job import Status

from . import output
from .connection import ask
from .options import SERVER, AsJson, IfMatch, JobId, Server, Token, json_object, moment, rfc3339

group = typer.Typer(no_args_is_help=True, help="Create jobs, report on them, look at them.")

Type = Annotated[str, typer.Option(help="What kind of work it is.", show_default=False)]
Message = Annotated[str | None, typer.Option(help="What a person is to know.")]
Eta = Annotated[str | None, typer.Option(metavar="WHEN", help="When it will be done: a time, or a span such as 10m.")]
Expires = Annotated[
    str | None, typer.Option(metavar="WHEN", help="When its record is to go: a time, or a span such as 30d.")
]
Lease = Annotated[int | None, typer.Option(metavar="SECONDS", help="Lost unless reported on within this time.")]
When = Annotated[str | None, typer.Option(metavar="TIME", help="An RFC 3339 time.")]


class Reported(StrEnum):
    """The states that a worker may report."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Fault(StrEnum):
    """Whose fault a failure is."""

    USER = "user"
    SYSTEM = "system"


@group.command(epilog="Example: jobstatus jobs create --type export --eta 10m --lease 300")
def create(
    type: Type,
    id: Annotated[str | None, typer.Option(help="Its id; made by the server if left out.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose it is; the credential's tenant if left out.")] = None,
    message: Message = None,
    eta: Eta = None,
    expires: Expires = None,
    lease: Lease = None,
    server: Server = SERVER,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Create a pending job."""
    new: dict[str, Any] = {"type": type, "id": id, "tenant": tenant, "message": message, "lease_seconds": lease}
    new["eta"] = eta and rfc3339(moment(eta))
    new["expires_at"] = expires and rfc3339(moment(expires))
    _show(ask(server, token, lambda client: client.create(cast(NewJob, _given(new)))), as_json)


@group.command(epilog="Example: jobstatus jobs report ID --status running --progress 42 --message 'packing'")
def report(
    id: JobId,
    status: Annotated[Reported | None, typer.Option(help="Its state from now on.")] = None,
    progress: Annotated[float | None, typer.Option(min=0, max=100, help="How far it is, in percent.")] = None,
    message: Message = None,
    eta: Eta = None,
    expires: Expires = None,
    result: Annotated[str | None, typer.Option(metavar="JSON|@FILE", help="What it leaves behind.")] = None,
    error_kind: Annotated[Fault, typer.Option(help="Whose fault the failure is.")] = Fault.SYSTEM,
    error_message: Annotated[str | None, typer.Option(help="Why it failed.")] = None,
    error_code: Annotated[str | None, typer.Option(help="The failure's code.")] = None,
    error_status: Annotated[int | None, typer.Option(min=400, max=599, help="The failure's HTTP status.")] = None,
    lease: Lease = None,
    if_match: IfMatch = None,
    server: Server = SERVER,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Say how a job goes. What is left out stays as it is."""
    said: dict[str, Any] = {"status": status, "progress": progress, "message": message, "lease_seconds": lease}
    said["eta"] = eta and rfc3339(moment(eta))
    said["expires_at"] = expires and rfc3339(moment(expires))
    said["result"] = result and json_object(result)
    said["error"] = _error(error_kind, error_message, error_code, error_status)
    changed = cast(Said, _given(said))
    if not changed:
        raise typer.BadParameter("there is nothing to report; give --status, --progress or another option")
    _show(ask(server, token, lambda client: client.report(id, changed, version=if_match)), as_json)


@group.command(epilog="Example: jobstatus jobs show 01990b2e-7c1d-7a30-9f6e-2f1d5c8b4a10")
def show(id: JobId, server: Server = SERVER, token: Token = None, as_json: AsJson = False) -> None:
    """Show a job, and where each contract answers for it."""
    _show(ask(server, token, lambda client: client.get(id)), as_json)


@group.command("list", epilog="Example: jobstatus jobs list --status running --status pending --type export")
def list_(
    status: Annotated[list[Status] | None, typer.Option(help="In this state. Repeatable.")] = None,
    type: Annotated[str | None, typer.Option(help="Of this kind.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Of this tenant.")] = None,
    created_from: When = None,
    created_before: When = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at a time.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Go on after the page that gave this.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Not one page, but all of them.")] = False,
    server: Server = SERVER,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    query: dict[str, Any] = {"status": status, "type": type, "tenant": tenant, "limit": limit, "cursor": cursor}
    query["created_from"] = created_from and rfc3339(moment(created_from))
    query["created_before"] = created_before and rfc3339(moment(created_before))
    page = ask(server, token, lambda client: _all(client, query) if everything else client.page(query))
    if as_json:
        output.print_json(page)
        return
    output.show_jobs(page["jobs"])
    if page["next_cursor"]:
        output.note(f"There are more: --cursor {page['next_cursor']}, or --all")


@group.command(epilog="Example: jobstatus jobs cancel 01990b2e-7c1d-7a30-9f6e-2f1d5c8b4a10")
def cancel(
    id: JobId, if_match: IfMatch = None, server: Server = SERVER, token: Token = None, as_json: AsJson = False
) -> None:
    """Ask a job to stop: a waiting one is cancelled at once, a running one when its worker obeys."""
    _show(ask(server, token, lambda client: client.cancel(id, version=if_match)), as_json)


@group.command(epilog="Example: jobstatus jobs delete 01990b2e-7c1d-7a30-9f6e-2f1d5c8b4a10")
def delete(
    id: JobId, if_match: IfMatch = None, server: Server = SERVER, token: Token = None, as_json: AsJson = False
) -> None:
    """Delete a job that has ended."""
    ask(server, token, lambda client: client.delete(id, version=if_match))
    if as_json:
        output.print_json({"deleted": id})
    else:
        output.note(f"Job {id} is deleted.")


@group.command(epilog="Example: jobstatus jobs events 01990b2e-7c1d-7a30-9f6e-2f1d5c8b4a10")
def events(id: JobId, server: Server = SERVER, token: Token = None, as_json: AsJson = False) -> None:
    """Show a job's timeline, oldest first."""
    timeline = ask(server, token, lambda client: client.events(id))
    if as_json:
        output.print_json({"events": timeline})
    else:
        output.show_events(timeline)


def _show(job: JobView, as_json: bool) -> None:
    if as_json:
        output.print_json(job)
    else:
        output.show_job(job)


async def _all(client: Client, query: dict[str, Any]) -> Page:
    return {"jobs": [job async for job in client.jobs(query)], "next_cursor": None}


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _error(kind: Fault, message: str | None, code: str | None, http_status: int | None) -> JobError | None:
    if message is None:
        if code is not None or http_status is not None:
            raise typer.BadParameter("--error-code and --error-status need an --error-message")
        return None
    error: JobError = {"kind": kind, "message": message}
    if code is not None:
        error["code"] = code
    if http_status is not None:
        error["http_status"] = http_status
    return error
