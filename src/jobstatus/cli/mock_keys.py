"""The credentials of `jobstatus mock`: one for each contract, made at its start."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from jobstatus.clock import utc_now
from jobstatus.credential import Credential
from jobstatus.ids import new_id
from jobstatus.settings import Settings

from .credentials import GRANTS, Preset
from .mock_shown import Headers

if TYPE_CHECKING:
    from jobstatus.storage import Store

TENANT = "6d6f636b6d6f636b6d6f636b6d6f636b"
"""A project's id, as clouds make them."""
NATIVE = "native"
SESSION = timedelta(days=365)
"""How long the session lasts that is shown for Traffic Ops."""


async def made(store: Store, settings: Settings, contracts: Sequence[str]) -> Headers:
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
