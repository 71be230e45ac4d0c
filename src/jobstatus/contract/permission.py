"""Whether a caller may do what it asks for."""

from __future__ import annotations

from jobstatus.contract.exchange import Exchange
from jobstatus.contract.spec import Operation
from jobstatus.credential import Caller
from jobstatus.errors import Forbidden

NONE: frozenset[str] = frozenset()


def allow(exchange: Exchange) -> None:
    """Let a request pass that its caller may make, and that the contract admits. Raises `Forbidden`, or as that."""
    if exchange.found is None or exchange.caller is None:
        raise RuntimeError("nobody has asked who calls for what yet")
    permit(exchange.found, exchange.caller, exchange.profile, exchange.limit)
    exchange.contract.admit(exchange)


def permit(operation: Operation, caller: Caller, profile: str, limit: frozenset[str] | None = None) -> None:
    """Let a caller pass that holds all permissions and, where the profile names roles, one of them.

    What it calls through, if anything, must hold the permissions too; and whoever is nobody passes only where the
    operation is open to all. Raises `Forbidden`.
    """
    if not caller.id and not operation.public:
        raise Forbidden(permissions=operation.permissions)
    if operation.superusers and caller.roles & operation.superusers.get(profile, NONE):
        return
    wanted = operation.roles.get(profile, NONE)
    lacking = wanted if wanted and not wanted & caller.roles else NONE
    held = caller.permissions if limit is None else caller.permissions & limit
    if lacking or not operation.permissions <= held:
        raise Forbidden(permissions=operation.permissions - held, roles=lacking)
