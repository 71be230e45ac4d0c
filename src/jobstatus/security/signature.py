"""Requests signed with an access key: the two schemes that share the name `SDK-HMAC-SHA256`.

Both bring the request into one form, hash that, and sign the hash together with the date. The unscoped one (`Access=`)
signs with the secret itself. The scoped one (`Credential=`) signs with a key that is derived from it for one day, one
region and one service, and signs this scope too; region and service may be empty.

The access key is not among what is signed: it says whose secret to verify with. Headers that are not listed as signed
are free to change on their way.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from jobstatus.security.canonical import SignedRequest, canonical_request, octets

__all__ = [
    "Authorization",
    "BadSignature",
    "MalformedAuthorization",
    "Reason",
    "Scope",
    "SignedRequest",
    "sign",
    "verify",
]

ALGORITHM = "SDK-HMAC-SHA256"
DATE_HEADER = "x-sdk-date"
WINDOW = timedelta(minutes=15)
LONGEST_AUTHORIZATION = 8192

_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_PART = r"[!-+\-.0-~]"  # a visible character, but neither a comma nor a slash
_NAME = r"[!#$%&'*+\-.^_`|~0-9a-z]+"
_FORM = re.compile(
    rf"{ALGORITHM} (?:Access=({_PART}+)"
    rf"|Credential=({_PART}+)/([0-9]{{8}})/({_PART}*)/({_PART}*)/sdk_request)"
    rf",[ \t]*SignedHeaders=({_NAME}(?:;{_NAME})*),[ \t]*Signature=([0-9a-f]{{64}})"
)


class MalformedAuthorization(ValueError):
    """The header has the form of neither scheme."""


class Reason(StrEnum):
    """Why a signature is refused."""

    MISMATCH = "the request was changed, or signed with another secret"
    DATE = "the date is missing, not signed, malformed, not of the scope's day, or too far from now"
    HEADER = "a signed header is not in the request"


class BadSignature(ValueError):
    """The request does not bear the signature of whoever has the secret."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Scope:
    """What a derived key is good for."""

    date: str
    """The day, as in `20241106`."""
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/sdk_request"


@dataclass(frozen=True, slots=True)
class Authorization:
    """What the `Authorization` header of a signed request says."""

    access_key: str
    scope: Scope | None
    """What the key is derived for, in the scoped scheme only."""
    signed_headers: tuple[str, ...]
    signature: str

    @classmethod
    def parse(cls, header: str) -> Authorization:
        """Read the header, in exactly the form that signers write; only the space after commas may differ.

        Raises:
            MalformedAuthorization: it is another scheme's, a part is missing, doubled, out of order or not in its form,
                a header is listed twice, or all of it is longer than `LONGEST_AUTHORIZATION`.
        """
        found = _FORM.fullmatch(header) if len(header) <= LONGEST_AUTHORIZATION else None
        if found is None:
            raise MalformedAuthorization(f"this is not an authorization by {ALGORITHM}")
        access, key, date, region, service, names, signature = found.groups()
        signed_headers = tuple(names.split(";"))
        if len(set(signed_headers)) < len(signed_headers):
            raise MalformedAuthorization("a signed header is listed twice")
        return cls(access or key, None if access else Scope(date, region, service), signed_headers, signature)


def sign(request: SignedRequest, authorization: Authorization, secret: str) -> str:
    """Compute the signature that a request should bear, with the scope and the signed headers of *authorization*.

    Raises:
        BadSignature: a header that is to be signed, or the date, is not in the request.
    """
    date = _date(request)
    scope = authorization.scope
    try:
        canonical = canonical_request(request, authorization.signed_headers, scoped=scope is not None)
    except KeyError:
        raise BadSignature(Reason.HEADER) from None
    digest = hashlib.sha256(canonical).hexdigest()
    lines = [ALGORITHM, date, digest] if scope is None else [ALGORITHM, date, str(scope), digest]
    return hmac.digest(_key(secret, scope), octets("\n".join(lines)), "sha256").hex()


def verify(request: SignedRequest, authorization: Authorization, secret: str, now: datetime) -> None:
    """Make sure that whoever has the secret signed this request, within `WINDOW` of *now*, an aware time.

    Nothing is remembered: within that time the same request may come again.

    Raises:
        BadSignature: it is not so, for the `reason` given.
    """
    _check_date(_date(request), authorization, now)
    expected = sign(request, authorization, secret).encode()
    if not hmac.compare_digest(expected, octets(authorization.signature)):
        raise BadSignature(Reason.MISMATCH)


def _date(request: SignedRequest) -> str:
    date = request.headers.get(DATE_HEADER)
    if date is None:
        raise BadSignature(Reason.DATE)
    return date.strip(" \t")


def _check_date(date: str, authorization: Authorization, now: datetime) -> None:
    scope = authorization.scope
    if DATE_HEADER not in authorization.signed_headers or not _DATE.fullmatch(date):
        raise BadSignature(Reason.DATE)
    try:
        signed_at = datetime.fromisoformat(date)
    except ValueError:
        raise BadSignature(Reason.DATE) from None
    if abs(now - signed_at) > WINDOW or (scope is not None and scope.date != date[:8]):
        raise BadSignature(Reason.DATE)


def _key(secret: str, scope: Scope | None) -> bytes:
    """Give the secret itself, or what is derived from it for a scope."""
    if scope is None:
        return secret.encode()
    key = f"SDK{secret}".encode()
    for part in (scope.date, scope.region, scope.service, "sdk_request"):
        key = hmac.digest(key, octets(part), "sha256")
    return key
