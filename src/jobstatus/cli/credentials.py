"""`jobstatus credentials`: works on the store itself, so that the first credential needs no other.

A credential is a token, a user with a password, or an access key with its secret key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import typer

from jobstatus.clock import utc_now
from jobstatus.credential import Credential
from jobstatus.errors import ConfigurationError
from jobstatus.ids import new_id
from jobstatus.storage import CredentialStore, opened

from . import output
from .exits import Exit
from .options import STORE, AsJson, Store, moment, rfc3339, tenant_name
from .proofs import Kinds, Proof, prove

T = TypeVar("T")

group = typer.Typer(no_args_is_help=True, help="Give out, list and revoke credentials.")


class Preset(StrEnum):
    """What a credential is for."""

    NATIVE = "native"
    EHEALTH = "ehealth"
    COMPOSITION = "ehealth-composition"
    TRAFFIC_OPS = "traffic-ops"
    IMS = "ims"
    API_KEY = "api-key"


class Profile(StrEnum):
    """Which of a contract's two profiles a caller is answered in."""

    DOCUMENTED = "documented"
    DEPLOYED = "deployed"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a credential may do."""

    permissions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()


GRANTS: dict[Preset | None, Grant] = {
    None: Grant(),
    Preset.NATIVE: Grant(frozenset({"job:read", "job:write"})),
    Preset.EHEALTH: Grant(frozenset({"job:read", "encounter:write"})),
    Preset.COMPOSITION: Grant(frozenset({"composition:read"})),
    Preset.TRAFFIC_OPS: Grant(
        frozenset(
            {
                "ASYNC-STATUS:READ",
                *("ACME:READ", "DELIVERY-SERVICE:UPDATE", "DS-SECURITY-KEY:UPDATE"),
                *("CDN:READ", "CDN:UPDATE", "DNS-SEC:UPDATE"),
            }
        ),
        frozenset({"admin"}),
    ),
    Preset.IMS: Grant(frozenset({"ims:imageJobs:get", "ims:imageJobs:getPercentage"})),
    Preset.API_KEY: Grant(frozenset({"job:read", "encounter:write", "composition:read"}), frozenset({"api-key"})),
}


@group.command(epilog="Example: jobstatus credentials add me --tenant demo --contract native --expires 30d")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is; a user logs in by it.", show_default=False)],
    tenant: Annotated[
        str, typer.Option(help="Whose jobs it reaches; * reaches all.", callback=tenant_name, show_default=False)
    ],
    contract: Annotated[Preset | None, typer.Option(help="Give it what this contract asks for.")] = None,
    permission: Annotated[list[str] | None, typer.Option(help="Give it these instead. Repeatable.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="Give it these instead. Repeatable.")] = None,
    broker: Annotated[bool, typer.Option("--broker", help="Good only together with an api-key.")] = False,
    profile: Annotated[Profile | None, typer.Option(help="Answer it in this profile, whatever the server's.")] = None,
    expires: Annotated[str | None, typer.Option(metavar="WHEN", help="A span such as 30d, or a time.")] = None,
    kind: Annotated[Kinds, typer.Option(help="What it is shown by.")] = Kinds.TOKEN,
    store: Store = STORE,
    as_json: AsJson = False,
) -> None:
    """Make a credential. What is secret of it is shown now and never again; a user's password is read, never shown."""
    grant = GRANTS[contract]
    proof = prove(kind, name)
    credential = Credential(
        id=new_id(),
        name=name,
        tenant=tenant,
        digest=proof.digest,
        created_at=utc_now(),
        kind=proof.kind,
        secret=proof.secret,
        permissions=frozenset(permission) if permission else grant.permissions,
        roles=frozenset(role) if role else grant.roles,
        broker=broker,
        profile=profile and profile.value,
        expires_at=moment(expires) if expires else None,
    )
    _in_store(store, lambda opened: opened.add_credential(credential))
    if not credential.permissions:
        output.complain("the credential holds no permission: see --contract and --permission")
    _show(credential, proof, as_json)


@group.command("list", epilog="Example: jobstatus credentials list --store sqlite:///jobs.db")
def list_(store: Store = STORE, as_json: AsJson = False) -> None:
    """List the credentials, oldest first; never their tokens."""
    found = _in_store(store, lambda opened: opened.credentials())
    views = [_view(credential, utc_now()) for credential in found]
    if as_json:
        output.print_json({"credentials": views})
    else:
        output.show_credentials(views)


@group.command(epilog="Example: jobstatus credentials revoke 01990b2e-7c1d-7a30-9f6e-2f1d5c8b4a10")
def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="The credential's id.", show_default=False)],
    store: Store = STORE,
    as_json: AsJson = False,
) -> None:
    """Revoke a credential, from now on."""
    revoked = _in_store(store, lambda opened: opened.revoke_credential(id, utc_now()))
    if revoked is None:
        output.complain(f"there is no credential {id}")
        raise typer.Exit(Exit.MISSING)
    if as_json:
        output.print_json(_view(revoked, utc_now()))
    else:
        output.note(f"Credential {revoked.id} of {revoked.name} is revoked.")


def _show(credential: Credential, proof: Proof, as_json: bool) -> None:
    if as_json:
        output.print_json({**_view(credential, utc_now()), **proof.shown})
        return
    output.note(f"Credential {credential.id} for {credential.name}.")
    if proof.shown:
        output.note(f"Keep the {' and the '.join(proof.shown)}; not shown again:".replace("_", " "))
    for value in proof.shown.values():
        print(value)


def _in_store(url: str, work: Callable[[CredentialStore], Awaitable[T]]) -> T:
    if url.startswith("memory:"):
        raise ConfigurationError("memory:// lives in its server alone; credentials need a store such as sqlite:///FILE")

    async def use() -> T:
        async with opened(url) as store:
            return await work(store)

    return asyncio.run(use())


def _view(credential: Credential, now: datetime) -> dict[str, Any]:
    return {
        "id": credential.id,
        "name": credential.name,
        "kind": credential.kind.value,
        "tenant": credential.tenant,
        "state": _state(credential, now),
        "permissions": sorted(credential.permissions),
        "roles": sorted(credential.roles),
        "broker": credential.broker,
        "profile": credential.profile,
        "created_at": rfc3339(credential.created_at),
        "expires_at": credential.expires_at and rfc3339(credential.expires_at),
        "revoked_at": credential.revoked_at and rfc3339(credential.revoked_at),
    }


def _state(credential: Credential, now: datetime) -> str:
    if credential.valid(now):
        return "active"
    return "expired" if credential.revoked_at is None else "revoked"
