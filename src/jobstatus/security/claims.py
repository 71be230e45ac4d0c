"""What an outside authorization server says of a token, read as a caller.

The claims are the same in a JWT (RFC 7519, RFC 9068) and in the answer to an introspection (RFC 7662). One that is
null is as good as absent; one that has not the form it must have makes the token not valid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobstatus.credential import API_KEY, EVERY_TENANT, Caller
from jobstatus.errors import Cause, Unauthenticated

LONGEST_TOKEN = 16_384
"""The most characters of a token."""
LONGEST_TENANT = 128
LONGEST_SUBJECT = 255
PREFIX = "jwt:"
"""What the id of a caller from outside begins with, so that it is never a stored credential's."""

Claims = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRules:
    """What the claims must say for a token to be good here, and which of them tell whose it is.

    An `issuer` or an `audience` of None is not asked after. With `operators`, the tenant `*` is believed.
    """

    issuer: str | None = None
    audience: str | None = None
    tenant_claim: str = "tenant"
    roles_claim: str = "roles"
    operators: bool = False


def caller_of(claims: Claims, rules: ClaimRules) -> Caller:
    """Make the caller that the claims stand for.

    Raises:
        Unauthenticated: the token is another issuer's or for another audience, is bound to a key (`cnf`, RFC 7800) and
            so no bearer token, names no subject or tenant, or claims what only a credential of our own can be.
    """
    _hold_to(claims, rules)
    roles = frozenset(_texts(claims, rules.roles_claim))
    if API_KEY in roles:
        raise Unauthenticated(Cause.UNKNOWN)
    return Caller(
        id=PREFIX + _subject(claims),
        tenant=_tenant(claims, rules),
        permissions=frozenset(_scopes(claims)),
        roles=roles,
    )


def check_times(claims: Claims, now: datetime, leeway: timedelta) -> None:
    """See that the token is of now: `exp` must be there, `nbf` and `iat` may be (RFC 7519 §4.1).

    Raises:
        Unauthenticated: it is not, by more than *leeway*; an expired one is told as such.
    """
    at, slack = now.timestamp(), leeway.total_seconds()
    ends, begins = moment(claims, "exp"), moment(claims, "nbf")
    if ends is None:
        raise Unauthenticated(Cause.UNKNOWN)
    if at >= ends + slack:
        raise Unauthenticated(Cause.EXPIRED)
    if max(begins or 0, moment(claims, "iat") or 0) > at + slack:
        raise Unauthenticated(Cause.UNKNOWN)


def moment(claims: Claims, name: str) -> float | None:
    """Read a point in time, in seconds since 1970 (RFC 7519, NumericDate). Raises `Unauthenticated`."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthenticated(Cause.UNKNOWN)
    return float(value)


def _hold_to(claims: Claims, rules: ClaimRules) -> None:
    if rules.issuer is not None and claims.get("iss") != rules.issuer:
        raise Unauthenticated(Cause.UNKNOWN)
    if rules.audience is not None and rules.audience not in _audiences(claims):
        raise Unauthenticated(Cause.UNKNOWN)
    if claims.get("cnf") is not None:
        raise Unauthenticated(Cause.UNKNOWN)


def _audiences(claims: Claims) -> list[str]:
    audience = claims.get("aud")
    return [audience] if isinstance(audience, str) else _texts(claims, "aud")


def _subject(claims: Claims) -> str:
    subject = claims.get("sub")
    return _text(claims.get("client_id") if subject is None else subject, LONGEST_SUBJECT)


def _tenant(claims: Claims, rules: ClaimRules) -> str:
    tenant = _text(claims.get(rules.tenant_claim), LONGEST_TENANT)
    if tenant == EVERY_TENANT and not rules.operators:
        raise Unauthenticated(Cause.UNKNOWN)
    return tenant


def _scopes(claims: Claims) -> list[str]:
    """Read `scope`, or else `scp`: some servers write the one, some the other, as one text or as a list."""
    name = "scp" if claims.get("scope") is None else "scope"
    scopes = claims.get(name)
    return scopes.split() if isinstance(scopes, str) else _texts(claims, name)


def _texts(claims: Claims, name: str) -> list[str]:
    values = claims.get(name)
    if values is None:
        return []
    if not isinstance(values, list):
        raise Unauthenticated(Cause.UNKNOWN)
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values):
        raise Unauthenticated(Cause.UNKNOWN)
    return texts


def _text(value: object, longest: int) -> str:
    """Read a name, which stands in logs and answers: no control character may be in it."""
    if not isinstance(value, str) or not 1 <= len(value) <= longest or not value.isprintable():
        raise Unauthenticated(Cause.UNKNOWN)
    return value
