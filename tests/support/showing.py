"""Each way in which some contract is shown a credential, right and wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from callers import HOLDERS, NOW, STRANGER, access_key, token
from house import SESSION_KEY, SESSIONS, TENANT
from joserfc import jwt
from joserfc.jwk import OctKey
from raw_asgi import Sent

from jobstatus.contract.spec import Document, Operation
from jobstatus.security.seal import Seal
from jobstatus.security.signature import Authorization, Scope, SignedRequest, sign
from jobstatus.security.tokens import digest
from jobstatus.security.vault import AccessKey

Show = Callable[[Sent, datetime], Sent]
"""Puts a credential on a request that is about to be sent at a time."""

SPEC = Document.load()
LATER = NOW + timedelta(days=20_000)
BEFORE = NOW - timedelta(hours=1)
_TOKENS = Seal(SESSION_KEY.encode(), "identity token")
_JWT = OctKey.import_key(Seal(SESSION_KEY.encode(), "traffic ops access token").key)


@dataclass(frozen=True, slots=True)
class Caller:
    """A credential, and the way in which it is shown."""

    name: str
    show: Show

    def __repr__(self) -> str:
        return f"Caller({self.name})"


def in_header(name: bytes, value: str) -> Show:
    """Show a credential in a header; a cookie beside another goes into the same header, as clients send them."""

    def show(sent: Sent, _: datetime) -> Sent:
        before = [old for key, old in sent.headers if key == name == b"cookie"]
        others = tuple(pair for pair in sent.headers if pair[0] != b"cookie" or name != b"cookie")
        return replace(sent, headers=(*others, (name, b"; ".join([*before, value.encode("latin-1")]))))

    return show


def session(holder: str, end: datetime = LATER) -> str:
    """Give the cookie of a Traffic Ops session."""
    return SESSIONS.seal({"auth_data": digest(token(holder)).hex(), "expires": int(end.timestamp()), "by": "tests"})


def session_jwt(holder: str, end: datetime = LATER) -> str:
    """Give the access token of a Traffic Ops session."""
    return jwt.encode({"alg": "HS256"}, {"exp": int(end.timestamp()), "mojoCookie": session(holder)}, _JWT)


def project_token(holder: str, end: datetime = LATER) -> str:
    """Give a token of the identity service, for the holder's own project."""
    tenant = HOLDERS.get(holder, {}).get("tenant", TENANT)
    known = {"sub": digest(token(holder)).hex(), "project": None if tenant == "*" else tenant}
    times = {"iat": NOW.timestamp(), "exp": end.timestamp()}
    return "jst-" + _TOKENS.seal({**known, "methods": ["password"], **times})


def signing(key: AccessKey, *, scoped: bool = False) -> Show:
    """Sign a request with an access key."""

    def show(sent: Sent, now: datetime) -> Sent:
        date = f"{now:%Y%m%dT%H%M%SZ}"
        security = ((b"x-security-token", key.security_token.encode()),) if key.security_token else ()
        dated = replace(sent, headers=(*sent.headers, (b"x-sdk-date", date.encode()), *security))
        scope = Scope(date[:8], "eu-de", "ims") if scoped else None
        names = ("host", "x-sdk-date")
        request = SignedRequest(
            method=sent.method,
            path=sent.path.decode("ascii"),
            query=sent.query.decode("latin-1"),
            headers={"host": "", **{name.decode(): value.decode("latin-1") for name, value in dated.headers}},
        )
        signature = sign(request, Authorization(key.access_key, scope, names, ""), key.secret_key)
        by = f"Access={key.access_key}" if scope is None else f"Credential={key.access_key}/{scope}"
        written = f"SDK-HMAC-SHA256 {by}, SignedHeaders={';'.join(names)}, Signature={signature}"
        return in_header(b"authorization", written)(dated, now)

    return show


SCHEMES: Mapping[str, Callable[[str], Show]] = {
    "jobToken": lambda holder: in_header(b"authorization", f"Bearer {token(holder)}"),
    "ehealthToken": lambda holder: in_header(b"authorization", f"Bearer {token(holder)}"),
    "ehealthApiKey": lambda holder: in_header(b"api-key", token(holder)),
    "ehealthCookie": lambda holder: in_header(b"cookie", f"authorization={token(holder)}"),
    "trafficOpsSession": lambda holder: in_header(b"cookie", f"mojolicious={session(holder)}"),
    "trafficOpsAccessToken": lambda holder: in_header(b"cookie", f"access_token={session_jwt(holder)}"),
    "trafficOpsBearer": lambda holder: in_header(b"authorization", f"Bearer {session_jwt(holder)}"),
    "imsToken": lambda holder: in_header(b"x-auth-token", token(holder)),
    "imsSignature": lambda holder: signing(access_key(holder)),
}
"""How a holder's credential is shown by each security scheme of the spec."""
OTHERS: Mapping[str, Mapping[str, Show]] = {
    "jobToken": {
        "no scheme": in_header(b"authorization", token("everything")),
        "basic": in_header(b"authorization", f"Basic {token('everything')}"),
        "lower case": in_header(b"authorization", f"bearer {token('everything')}"),
        "two spaces": in_header(b"authorization", f"Bearer  {token('everything')}"),
        "tab": in_header(b"authorization", f"Bearer\t{token('everything')}"),
        "not ASCII": in_header(b"authorization", "Bearer \xe9\xff"),
        "empty": in_header(b"authorization", "Bearer "),
    },
    "ehealthCookie": {
        "with its kind": in_header(b"cookie", f"authorization=Bearer {token('everything')}"),
        "empty": in_header(b"cookie", "authorization="),
        "quoted": in_header(b"cookie", f'authorization="{token("everything")}"'),
    },
    "trafficOpsSession": {
        "over": in_header(b"cookie", f"mojolicious={session('everything', BEFORE)}"),
        "empty": in_header(b"cookie", "mojolicious="),
        "no dashes": in_header(b"cookie", "mojolicious=nonsense"),
        "not signed": in_header(b"cookie", "mojolicious=e30--00"),
        "quoted": in_header(b"cookie", f'mojolicious="{session("everything")}"'),
    },
    "trafficOpsAccessToken": {
        "over": in_header(b"cookie", f"access_token={session_jwt('everything', BEFORE)}"),
        "nonsense": in_header(b"cookie", "access_token=a.b.c"),
    },
    "trafficOpsBearer": {"nonsense": in_header(b"authorization", "Bearer a.b.c")},
    "imsToken": {
        **{f"issued to {holder}": in_header(b"x-auth-token", project_token(holder)) for holder in (*HOLDERS, STRANGER)},
        "over": in_header(b"x-auth-token", project_token("everything", BEFORE)),
        "not signed": in_header(b"x-auth-token", "jst-e30--00"),
        "empty": in_header(b"x-auth-token", ""),
    },
    "imsSignature": {
        "temporary": signing(access_key("everything", temporary=True)),
        "scoped": signing(access_key("everything"), scoped=True),
        "late": lambda sent, now: signing(access_key("everything"))(sent, now - timedelta(hours=1)),
        "wrong": signing(replace(access_key("everything"), secret_key="wrong")),
        "malformed": in_header(b"authorization", "SDK-HMAC-SHA256 nonsense"),
    },
}
"""By scheme, other ways to show a credential, right and wrong."""
ENDS = {"imsSignature": timedelta(minutes=15)}
"""By scheme, how long after it was made something ends that cannot be told when to."""
NOBODY = Caller("nobody", lambda sent, _: sent)
Callers = tuple[Caller, ...]
"""Credentials that are shown together."""
KEY = "ehealthApiKey"


def ending(scheme: str, end: datetime) -> Show:
    """Show what is good until a time, by a scheme that has such; by others, what is good for long."""
    match scheme:
        case "trafficOpsSession":
            return in_header(b"cookie", f"mojolicious={session('everything', end)}")
        case "trafficOpsAccessToken":
            return in_header(b"cookie", f"access_token={session_jwt('everything', end)}")
        case "trafficOpsBearer":
            return in_header(b"authorization", f"Bearer {session_jwt('everything', end)}")
        case "imsToken":
            return in_header(b"x-auth-token", project_token("everything", end))
        case _:
            return _right(scheme).show


def alternatives(operation: Operation) -> list[list[str]]:
    """Give the schemes that an operation takes, each with those that must go with it."""
    node = SPEC.raw["paths"][operation.path][operation.method.lower()]
    security: list[dict[str, Any]] = node.get("security", SPEC.raw.get("security", []))
    return [sorted(schemes) for schemes in security]


def right_callers(operation: Operation) -> list[Callers]:
    """Give who may do everything, in each way that is enough; where all may call, nobody is."""
    return [tuple(map(_right, schemes)) for schemes in alternatives(operation)] or [(NOBODY,)]


def callers_of(operation: Operation) -> list[Callers]:
    """Give nobody, and in each way every holder, and what is wrong or odd, with what must go with it right."""
    ways = alternatives(operation) or [["imsToken"], ["jobToken"], ["trafficOpsSession"]]
    callers: list[Callers] = [(NOBODY,)]
    for schemes in ways:
        for scheme in schemes:
            beside = tuple(_right(other) for other in schemes if other != scheme)
            callers += [(*beside, each) for each in _every(scheme)]
        if KEY in schemes and len(schemes) > 1:
            callers += [(Caller("broker", SCHEMES["ehealthToken"]("broker")), key) for key in _every(KEY)]
    return callers


def ways_in(operation: Operation) -> list[tuple[str, str]]:
    """Give each scheme with the holder of what must go with it: of a key, who stands alone and who does not."""
    keyed = [(KEY, "broker")] if KEY in operation.schemes else []
    return [(scheme, "everything") for scheme in sorted(operation.schemes)] + keyed


def with_scheme(operation: Operation, scheme: str, beside: str, show: Show) -> Callers:
    """Show something by a scheme, and of the holder *beside* what must go with it."""
    schemes = min((schemes for schemes in alternatives(operation) if scheme in schemes), key=len)
    return (*(_right(other, beside) for other in schemes if other != scheme), Caller(scheme, show))


def typical_callers(operation: Operation) -> list[Callers]:
    """Give one who may do everything, one who may not do this, and nobody; where all may call, nobody alone."""
    littles = [callers for callers in callers_of(operation) if callers[-1].name.endswith(": little")]
    return [(NOBODY,)] if operation.public else [right_callers(operation)[0], littles[-1], (NOBODY,)]


def _right(scheme: str, holder: str = "everything") -> Caller:
    return Caller(scheme, SCHEMES[scheme]("key" if scheme == KEY else holder))


def _every(scheme: str) -> list[Caller]:
    shows = {holder: SCHEMES[scheme](holder) for holder in (*HOLDERS, STRANGER)}
    return [Caller(f"{scheme}: {name}", show) for name, show in {**shows, **OTHERS.get(scheme, {})}.items()]
