"""Logging in to Traffic Ops and out of it.

Source: Traffic Control documentation, Traffic Ops API, `user/login`, `user/login/token`, `user/logout` and `ping`; the
bodies are those of shipped servers, which read JSON as Go does.
"""

from __future__ import annotations

from jobstatus.answer import Answer
from jobstatus.credential import Caller
from jobstatus.errors import PayloadTooLarge, StoreUnavailable, Unauthenticated
from jobstatus.login import Sessions

from .go_json import GoJSONError, decode
from .traffic_ops_errors import alert

LONGEST = 16_384
"""The most bytes of a login that are read; nobody's name and password are longer."""


async def create_traffic_ops_session(
    sessions: Sessions, caller: Caller, *, version: str, body: bytes, profile: str
) -> Answer:
    """Begin a session with a name and a password. A shipped server whose database is down takes none for right."""
    try:
        form = decode(_short(body), "auth.PasswordForm", {"u": "u", "p": "p"})
    except GoJSONError as error:
        return alert(400, str(error))
    if not form.get("u") or not form.get("p"):
        return alert(400, "username and password are required")
    try:
        cookies = await sessions.log_in(form["u"], form["p"])
    except (Unauthenticated, StoreUnavailable) as error:
        if isinstance(error, StoreUnavailable) and profile != "deployed":
            raise
        return _stranger("Invalid username or password.")
    return _logged_in(cookies)


async def create_traffic_ops_session_by_token(
    sessions: Sessions, caller: Caller, *, version: str, body: bytes
) -> Answer:
    """Begin a session with a token that the operator gave out."""
    try:
        form = decode(_short(body), "tc.UserToken", {"t": "t"})
    except GoJSONError as error:
        return alert(400, f"Invalid request: {error}")
    try:
        cookies = await sessions.log_in_by_token(form.get("t", ""))
    except Unauthenticated:
        return _stranger("Invalid token. Please contact your administrator.")
    return _logged_in(cookies)


async def delete_traffic_ops_session(sessions: Sessions, caller: Caller, *, version: str) -> Answer:
    """End a session on the client's side; a cookie that is kept is good to its end all the same."""
    out = alert(200, "You are logged out.", "success")
    return Answer(out.body, cookies=sessions.log_out(caller))


async def ping_traffic_ops(sessions: Sessions, caller: Caller, *, version: str) -> Answer:
    """Tell that the server is there."""
    return Answer({"ping": "pong"})


def _short(body: bytes) -> bytes:
    if len(body) > LONGEST:
        raise PayloadTooLarge(LONGEST)
    return body


def _logged_in(cookies: tuple[str, ...]) -> Answer:
    done = alert(200, "Successfully logged in.", "success")
    return Answer(done.body, cookies=cookies)


def _stranger(text: str) -> Answer:
    refused = alert(401, text)
    return Answer(refused.body, 401, {"WWW-Authenticate": "Bearer"})
