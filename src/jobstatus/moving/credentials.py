"""Moving credentials. A store never forgets one, so what the target has beyond the source's cannot be taken away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from jobstatus.credential import Credential
from jobstatus.storage import CredentialStore

from .refusals import MovingRefused

ById = Mapping[str, Credential]


async def move_credentials(source: CredentialStore, target: CredentialStore) -> int:
    """Make the target's credentials like the source's; tell how many were changed.

    Raises:
        MovingRefused: the target has some that the source does not have, or has revoked some earlier.
    """
    wanted, held = _by_id(await source.credentials()), _by_id(await target.credentials())
    _expect_no_more(wanted, held.values())
    changed = [each for each in wanted.values() if held.get(each.id) != each]
    for credential in changed:
        await _move(target, credential, known=credential.id in held)
    return len(changed)


async def expect_no_more_credentials(source: CredentialStore, target: CredentialStore) -> None:
    """Raise `MovingRefused` where the target's can never be like the source's."""
    _expect_no_more(_by_id(await source.credentials()), await target.credentials())


def _by_id(credentials: Sequence[Credential]) -> ById:
    return {credential.id: credential for credential in credentials}


async def _move(target: CredentialStore, credential: Credential, *, known: bool) -> None:
    if not known:
        await target.add_credential(credential)
    elif credential.revoked_at is not None:
        await target.revoke_credential(credential.id, credential.revoked_at)


def _expect_no_more(wanted: ById, held: Iterable[Credential]) -> None:
    beyond = [each.id for each in held if not _may_become(each, wanted.get(each.id))]
    if beyond:
        raise MovingRefused(
            f"the target holds {len(beyond)} credentials that the source does not have, or has not revoked "
            f"({', '.join(beyond[:3])}, …); a store never forgets a credential: move to an empty one"
        )


def _may_become(held: Credential, wanted: Credential | None) -> bool:
    """Tell whether a revocation, or nothing, makes the one that is held like the other."""
    if wanted is None or replace(held, revoked_at=None) != replace(wanted, revoked_at=None):
        return False
    return held.revoked_at is None or (wanted.revoked_at is not None and wanted.revoked_at <= held.revoked_at)
