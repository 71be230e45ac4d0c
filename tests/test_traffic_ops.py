"""Traffic Ops as its clients see it: sessions, texts, headers, paths, and the calls that begin jobs."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from house import OTHER_TENANT, SESSION_KEY, SESSIONS, House, running_house
from joserfc import jwt
from joserfc.jwk import OctKey

from jobstatus.contract.exchange import Exchange
from jobstatus.credential import Credential
from jobstatus.errors import StoreUnavailable
from jobstatus.handlers import traffic_ops
from jobstatus.handlers.traffic_ops import divert
from jobstatus.security.seal import Seal
from jobstatus.settings import Settings

VERSIONS = ("4.0", "4.1", "5.0")
ANY_VERSION = ("3.0", "3.1", *VERSIONS)
POLL = "/api/4.0/async_status/1"
BARE = {"content-length", "content-type"}
COMMON = {
    "access-control-allow-credentials": "true",
    "access-control-allow-headers": "Origin, X-Requested-With, Content-Type, Accept, Set-Cookie, Cookie",
    "access-control-allow-methods": "POST,GET,OPTIONS,PUT,DELETE",
    "access-control-allow-origin": "*",
    "vary": "Accept-Encoding",
    "permissions-policy": "interest-cohort=()",
    "content-type": "application/json",
}
NEEDED = "missing required Permissions: ASYNC-STATUS:READ"
JWT_KEY = OctKey.import_key(Seal(SESSION_KEY.encode(), "traffic ops access token").key)


@pytest.fixture(params=["documented", "deployed"])
async def either(request: pytest.FixtureRequest) -> AsyncGenerator[House]:
    """Give a server in each of the two profiles."""
    async with running_house(Settings(profile_traffic_ops=request.param)) as house:
        yield house


@pytest.fixture
async def deployed() -> AsyncGenerator[House]:
    """Give a server that answers as the shipped one does."""
    async with running_house(Settings(profile_traffic_ops="deployed")) as house:
        yield house


async def log_in(house: House, name: str = "admin", password: str = "twelve", version: str = "4.0") -> httpx.Response:
    """Log in, in a client that keeps no cookies by itself."""
    house.client.cookies.clear()
    return await house.client.post(f"/api/{version}/user/login", json={"u": name, "p": password})


def cookies(response: httpx.Response) -> dict[str, str]:
    """Give the cookies that an answer sets, each with its attributes."""
    return {line.partition("=")[0]: line for line in response.headers.get_list("set-cookie")}


def value(line: str) -> str:
    """Give a cookie's value."""
    return line.partition("=")[2].partition(";")[0]


def text(response: httpx.Response) -> str:
    """Give the text of the only alert."""
    (alert,) = response.json()["alerts"]
    assert alert["level"] == "error"
    return str(alert["text"])


async def poll(house: House, cookie: str = "", path: str = POLL, **headers: str) -> httpx.Response:
    """Ask for a job with these cookies alone."""
    house.client.cookies.clear()
    plain = {"Accept-Encoding": "identity", **headers}
    return await house.client.get(path, headers=plain | ({"Cookie": cookie} if cookie else {}))


async def session(house: House, **terms: Any) -> str:
    """Give the cookie of a session of a holder of a token."""
    return f"mojolicious={house.session(await house.token(**terms))}"


@pytest.mark.parametrize("version", ANY_VERSION)
@pytest.mark.parametrize("slash", ["", "/"])
async def test_a_user_logs_in(house: House, version: str, slash: str) -> None:
    """The alert is the one that clients look for; both cookies last six hours."""
    await house.user("admin", "twelve")

    answer = await house.client.post(f"/api/{version}/user/login{slash}", json={"u": "admin", "p": "twelve"})

    assert answer.status_code == 200
    assert answer.content == b'{"alerts":[{"text":"Successfully logged in.","level":"success"}]}\n'
    set_now = cookies(answer)
    assert set(set_now) == {"mojolicious", "access_token"}
    for line in set_now.values():
        assert line.partition("; ")[2] == "Path=/; Expires=Tue, 04 Mar 2031 11:06:07 GMT; Max-Age=21600; HttpOnly"


async def test_the_session_cookie_has_the_form_of_the_original(house: House) -> None:
    """Base64url of three members of JSON, two dashes, a signature in hexadecimal digits; the JWT holds the cookie."""
    await house.user("admin", "twelve")
    set_now = cookies(await log_in(house))
    mojolicious, token = value(set_now["mojolicious"]), value(set_now["access_token"])

    body, _, signature = mojolicious.rpartition("--")
    statement = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims = jwt.decode(token, JWT_KEY, algorithms=["HS256"]).claims

    assert set(statement) == {"auth_data", "expires", "by"}
    assert statement["by"] == "trafficcontrol-go-tocookie"
    assert statement["expires"] == int((house.clock.now + timedelta(hours=6)).timestamp())
    assert len(bytes.fromhex(signature)) == 32
    assert claims == {"exp": statement["expires"], "mojoCookie": mojolicious}


@pytest.mark.parametrize(
    ("name", "password"), [("admin", "wrong"), ("nobody", "twelve"), ("Admin", "twelve"), ("admin", "twelve ")]
)
async def test_a_wrong_login_is_not_told_what_is_wrong_with_it(house: House, name: str, password: str) -> None:
    """Unknown and wrong are one answer, and no cookie comes with it."""
    await house.user("admin", "twelve")

    answer = await log_in(house, name, password)

    assert (answer.status_code, text(answer), cookies(answer)) == (401, "Invalid username or password.", {})


async def test_who_is_disallowed_or_revoked_cannot_log_in(house: House) -> None:
    """The right password does not help."""
    await house.user("out", "twelve", roles=frozenset({"disallowed"}))
    await house.user("gone", "twelve", revoked_at=house.clock.now)

    answers = [await log_in(house, name) for name in ("out", "gone")]

    assert [(answer.status_code, text(answer)) for answer in answers] == [(401, "Invalid username or password.")] * 2


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "EOF"),
        (b"not json", "invalid character 'o' in literal null (expecting 'u')"),
        (b"x", "invalid character 'x' looking for beginning of value"),
        (b"[]", "json: cannot unmarshal array into Go value of type auth.PasswordForm"),
        (b'{"u":"a"', "unexpected EOF"),
        (b"{}", "username and password are required"),
        (b'{"u":"a","p":""}', "username and password are required"),
        (b"null", "username and password are required"),
    ],
)
async def test_a_login_that_cannot_be_read_is_told_as_go_tells_it(house: House, body: bytes, told: str) -> None:
    """Clients see the decoder's own words."""
    answer = await house.client.post("/api/4.0/user/login", content=body)

    assert (answer.status_code, text(answer)) == (400, told)


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/json; charset=UTF-8", "image/png"])
async def test_a_login_is_read_whatever_it_is_said_to_be(house: House, media_type: str | None) -> None:
    """The media type is not looked at, nor are members that are not known."""
    await house.user("admin", "twelve")
    headers = {} if media_type is None else {"Content-Type": media_type}

    answer = await house.client.post(
        "/api/4.0/user/login", content=b'{"u":"admin","p":"twelve","more":[1]} and more', headers=headers
    )

    assert answer.status_code == 200


async def test_a_token_logs_in(house: House) -> None:
    """It gives the one cookie; an unknown token, a key and a broken body are told in the original's words."""
    token = await house.token()
    good = await house.client.post("/api/5.0/user/login/token", json={"t": token})
    unknown = await house.client.post("/api/5.0/user/login/token", json={"t": "guess"})
    key = await house.client.post("/api/5.0/user/login/token", json={"t": house.api_key})
    broken = await house.client.post("/api/5.0/user/login/token", content=b"[")

    assert (good.status_code, set(cookies(good))) == (200, {"mojolicious"})
    assert good.json() == {"alerts": [{"text": "Successfully logged in.", "level": "success"}]}
    assert (unknown.status_code, text(unknown)) == (401, "Invalid token. Please contact your administrator.")
    assert (key.status_code, text(key)) == (401, "Invalid token. Please contact your administrator.")
    assert (broken.status_code, text(broken)) == (400, "Invalid request: unexpected EOF")


async def test_a_session_opens_and_is_renewed(either: House) -> None:
    """Each authenticated answer, an error too, sets the cookie for another hour."""
    await either.user("admin", "twelve")
    mojolicious = value(cookies(await log_in(either))["mojolicious"])
    await either.client.post("/jobs", json={"type": "t"}, headers=either.headers(await either.token()))

    found = await poll(either, f"mojolicious={mojolicious}")
    missing = await poll(either, f"mojolicious={mojolicious}", "/api/4.0/async_status/99")
    malformed = await poll(either, f"mojolicious={mojolicious}", "/api/4.0/async_status/x")

    assert [answer.status_code for answer in (found, missing, malformed)] == [200, 404, 400]
    for answer in (found, missing, malformed):
        (line,) = cookies(answer).values()
        assert line.endswith("; Path=/; Expires=Tue, 04 Mar 2031 06:06:07 GMT; Max-Age=3600; HttpOnly")
        assert (await poll(either, f"mojolicious={value(line)}")).status_code == 200


async def test_the_access_token_opens_and_is_renewed_with_its_own_end(house: House) -> None:
    """Its cookie lasts an hour, but the JWT within has the end that it had."""
    await house.user("admin", "twelve")
    token = value(cookies(await log_in(house))["access_token"])
    house.clock.move(minutes=30)

    answer = await poll(house, f"access_token={token}")

    renewed = cookies(answer)
    before, after = (
        jwt.decode(value, JWT_KEY, algorithms=["HS256"]).claims for value in (token, value(renewed["access_token"]))
    )
    assert answer.status_code == 404
    assert "; Max-Age=3600; " in renewed["access_token"]
    assert after["exp"] == before["exp"]
    assert set(renewed) == {"mojolicious", "access_token"}


async def test_a_bearer_token_opens_and_is_not_sent_again(house: House) -> None:
    """The JWT of the cookie, in a header."""
    await house.user("admin", "twelve")
    token = value(cookies(await log_in(house))["access_token"])

    answer = await poll(house, Authorization=f"Bearer {token}")

    assert (answer.status_code, set(cookies(answer))) == (404, {"mojolicious"})


async def test_a_bearer_token_goes_before_cookies_even_if_it_is_bad(house: House) -> None:
    """Then no cookie counts."""
    good = await session(house)
    house.client.event_hooks = {"request": [], "response": []}

    answer = await poll(house, good, Authorization="Bearer nonsense")

    assert (answer.status_code, text(answer)) == (401, "unauthorized, please log in.")


@pytest.mark.parametrize(("first", "status"), [("mojolicious", 404), ("access_token", 401)])
async def test_of_two_cookies_the_first_counts(house: House, first: str, status: int) -> None:
    """In the order in which they were sent."""
    pair = [await session(house), "access_token=nonsense"]

    answer = await poll(house, "; ".join(pair if first == "mojolicious" else pair[::-1]))

    assert answer.status_code == status


async def test_a_session_outlives_a_logout_on_the_server_but_not_in_the_client(house: House) -> None:
    """Nothing is kept: the client is given cookies that are over, and an old one still opens."""
    cookie = await session(house)

    out = await house.client.post("/api/4.0/user/logout", headers={"Cookie": cookie})
    again = await poll(house, cookie)

    assert out.content == b'{"alerts":[{"text":"You are logged out.","level":"success"}]}\n'
    assert out.headers.get_list("set-cookie")[-2:] == [
        f"{name}=; Path=/; Expires=Tue, 04 Mar 2031 05:06:07 GMT; HttpOnly" for name in ("mojolicious", "access_token")
    ]
    assert again.status_code == 404


async def test_logging_out_needs_a_session(house: House) -> None:
    """Whoever is not logged in is told to, and who is nobody may not."""
    answer = await house.client.post("/api/4.0/user/logout")
    nobody = await house.client.post("/api/4.0/user/logout", headers={"Cookie": "mojolicious="})

    assert (answer.status_code, text(answer)) == (401, "unauthorized, please log in.")
    assert (nobody.status_code, text(nobody)) == (403, "Forbidden.")


def sealed(**members: Any) -> str:
    """Sign a statement as the server does."""
    return SESSIONS.seal(members)


@pytest.mark.parametrize(
    ("cookie", "told"),
    [
        ("", "unauthorized, please log in."),
        ("other=1", "unauthorized, please log in."),
        ("mojolicious=nodashes", "error parsing cookie: malformed cookie 'nodashes' - no dashes"),
        ("mojolicious=!!!--00", "Unauthorized"),
        ("mojolicious=e30--xyz", "Unauthorized"),
        ("mojolicious=e30--" + "00" * 32, "bad signature - unauthorized, please log in"),
        (f"mojolicious={sealed(auth_data='', expires=2**40, by='t')}", "unauthorized, please log in."),
        (f"mojolicious={sealed(auth_data='00', expires=1, by='t')}", "signature expired - unauthorized, please log in"),
        (f"mojolicious={sealed(auth_data='00', expires=2**40, by='t')}", "user not found"),
        ("access_token=a.b.c", "unauthorized, please log in."),
        (f"access_token={jwt.encode({'alg': 'HS256'}, {'exp': 2**33}, JWT_KEY)}", "unauthorized, please log in."),
        (
            f"access_token={jwt.encode({'alg': 'HS256'}, {'exp': 1, 'mojoCookie': 'e30--00'}, JWT_KEY)}",
            "unauthorized, please log in.",
        ),
    ],
)
async def test_each_bad_session_has_its_text(house: House, cookie: str, told: str) -> None:
    """Every 401 of the original; none sets a cookie, all have the headers of a path that there is."""
    answer = await poll(house, cookie)

    assert (answer.status_code, text(answer), cookies(answer)) == (401, told, {})
    assert answer.headers["X-Server-Name"].startswith("traffic_ops_golang/")


async def test_a_long_cookie_is_no_fault_of_the_server(house: House) -> None:
    """Its text is as long as what it repeats."""
    answer = await poll(house, f"mojolicious={'a' * 60_000}")

    assert (answer.status_code, len(text(answer))) == (401, 60_053)


async def test_basic_authentication_is_no_session(house: House) -> None:
    """HTTP Basic is as good as nothing."""
    answer = await poll(house, Authorization="Basic YTpi")

    assert (answer.status_code, text(answer)) == (401, "unauthorized, please log in.")


async def test_an_empty_session_cookie_is_somebody_who_may_do_nothing(either: House) -> None:
    """A quirk of the original: 403, and no cookie."""
    answer = await poll(either, "mojolicious=")

    assert (answer.status_code, text(answer), cookies(answer)) == (403, NEEDED, {})


async def test_a_session_ends_with_its_user(house: House) -> None:
    """A revoked user is not found, once the server looks again."""
    user = await house.user("admin", "twelve")
    mojolicious = value(cookies(await log_in(house))["mojolicious"])
    await house.store.revoke_credential(user.id, house.clock.now)
    house.clock.move(seconds=5)

    answer = await poll(house, f"mojolicious={mojolicious}")

    assert (answer.status_code, text(answer)) == (401, "user not found")


async def test_a_session_ends_with_its_time(house: House) -> None:
    """Six hours after a login that was not followed by anything."""
    await house.user("admin", "twelve")
    mojolicious = value(cookies(await log_in(house))["mojolicious"])

    house.clock.move(hours=6)
    last = await poll(house, f"mojolicious={mojolicious}")
    house.clock.move(seconds=1)
    over = await poll(house, f"mojolicious={mojolicious}")

    assert (last.status_code, over.status_code) == (404, 401)


MAY = {"ASYNC-STATUS:READ"}
ROLES = ("admin", "operations", "steering", "federation", "read-only", "portal")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("permissions", [MAY, set()], ids=["permitted", "not"])
async def test_who_may_read_as_documented(house: House, role: str, permissions: set[str]) -> None:
    """The permission, and the role admin or operations."""
    answer = await poll(house, await session(house, roles=[role], permissions=permissions))

    allowed = role in ("admin", "operations") and permissions
    assert answer.status_code == (404 if allowed else 403)
    assert allowed or text(answer) == ("Forbidden." if permissions else NEEDED)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("permissions", [MAY, set()], ids=["permitted", "not"])
async def test_who_may_read_from_a_shipped_server(deployed: House, role: str, permissions: set[str]) -> None:
    """The permission, whatever the role; admin needs none."""
    answer = await poll(deployed, await session(deployed, roles=[role], permissions=permissions))

    assert answer.status_code == (404 if permissions or role == "admin" else 403)
    assert answer.status_code == 404 or text(answer) == NEEDED


async def test_what_is_wrong_is_told_in_the_order_of_the_original(house: House) -> None:
    """Path, then session, then permission, then id, then job."""
    nobody = await poll(house, path="/api/4.0/async_status/abc")
    forbidden = await poll(house, await session(house, permissions=[]), "/api/4.0/async_status/abc")
    malformed = await poll(house, await session(house), "/api/4.0/async_status/abc")

    assert [answer.status_code for answer in (nobody, forbidden, malformed)] == [401, 403, 400]
    assert text(malformed) == "getting integer parameters: parameter 'id' not an integer"


@pytest.mark.parametrize("path", ["/api/4x0/async_status/1", "/api/5-0/async_status/1"])
async def test_the_dot_of_a_version_is_any_character_to_the_router(house: House, path: str) -> None:
    """The path is found, and after the session has been looked at it is told that there is no such version."""
    nobody = await poll(house, path=path)
    known = await poll(house, await session(house), path)

    assert (nobody.status_code, known.status_code) == (401, 400)
    assert text(known) == "couldn't get a valid version from the requested path"
    assert cookies(known)


UNKNOWN = (
    b'{"alerts":[{"level":"error","text":"The requested api version is not implemented by this server. If you are using'
    b' a newer client with an older server, you will need to use an older client version or upgrade your server."}]}'
)


@pytest.mark.parametrize("version", ["2.0", "4", "4.2", "5.1", "6.0", ""])
async def test_another_version_is_not_implemented(house: House, version: str) -> None:
    """223 bytes, the level first, no line feed, and no header that can be left out."""
    answer = await poll(house, path=f"/api/{version}/async_status/1" if version else "/api/")

    assert (answer.status_code, answer.content) == (501, UNKNOWN)
    assert len(UNKNOWN) == 223
    assert set(answer.headers) == BARE


@pytest.mark.parametrize(
    "path",
    [
        *("/api/4.0/nothing", "/api/4.0.0/async_status/1", "/api/3.0/async_status/1", "/api/3.1/async_status/1"),
        *("/API/4.0/async_status/1", "/api/4.0/ASYNC_STATUS/1", "/api/4.0/async_status/", f"{POLL}/x", f"{POLL}%2F2"),
    ],
)
async def test_an_unknown_path_is_told_before_anybody_is_asked_who_calls(house: House, path: str) -> None:
    """In a text that holds the decoded path; bare, and without a session's cookie."""
    for cookie in ("", await session(house)):
        answer = await poll(house, cookie, path)

        assert (answer.status_code, set(answer.headers)) == (404, BARE)
        assert text(answer) == f"The requested path '{path.replace('%2F', '/')}' does not exist."


async def test_the_path_is_escaped_as_go_does(house: House) -> None:
    """Three characters that mean something in HTML never stand in an answer."""
    answer = await poll(house, path="/api/4.0/x<y>&z")

    assert rb"'/api/4.0/x\u003cy\u003e\u0026z'" in answer.content


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH", "POST", "PUT", "DELETE"])
async def test_a_wrong_method_is_an_unknown_path(house: House, method: str) -> None:
    """Never 405, and OPTIONS is none of the methods either."""
    answer = await house.client.request(method, POLL, headers={"Cookie": await session(house)})

    assert (answer.status_code, set(answer.headers)) == (404, BARE)


async def test_login_is_a_post(house: House) -> None:
    """GET is an unknown path."""
    answer = await house.client.get("/api/4.0/user/login")

    assert (answer.status_code, text(answer)) == (404, "The requested path '/api/4.0/user/login' does not exist.")


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/api//4.0/ping", "/api/4.0/ping"),
        ("/api/4.0/./ping", "/api/4.0/ping"),
        ("/api/4.0/x/../ping", "/api/4.0/ping"),
        ("/api/4.0/async_status//1", "/api/4.0/async_status/1"),
        ("/api/4.0//", "/api/4.0/"),
        ("/api/4.0/x/..", "/api/4.0/"),
    ],
)
def test_a_path_with_empty_or_dotted_parts_is_led_to_the_clean_one(path: str, where: str) -> None:
    """A page of one link; what is asked beside the path goes along."""
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"a=b", "headers": []}
    answer = divert(Exchange(scope, traffic_ops, "documented"))

    assert answer is not None
    assert (answer.status, answer.headers) == (301, {"Location": f"{where}?a=b"})
    assert answer.body == f'<a href="{where}?a=b">Moved Permanently</a>.\n\n'.encode()


async def test_such_a_lead_is_bare(house: House) -> None:
    """It is made before anything else; only GET has the page."""
    page = await house.client.get("/api//4.0/ping")
    bare = await house.client.post("/api//4.0/ping")

    assert (page.status_code, page.headers["Content-Type"]) == (301, "text/html; charset=utf-8")
    assert set(page.headers) == BARE | {"location"}
    assert (bare.status_code, bare.headers["Location"], bare.content) == (301, "/api/4.0/ping", b"")


@pytest.mark.parametrize("version", ANY_VERSION)
async def test_ping(house: House, version: str) -> None:
    """Sixteen bytes for anybody."""
    answer = await house.client.get(f"/api/{version}/ping")

    assert (answer.status_code, answer.content) == (200, b'{"ping":"pong"}\n')
    assert cookies(answer) == {}


async def test_the_headers_are_those_of_the_original(house: House) -> None:
    """All of them, and none beside; an unauthorized answer alone has a challenge, which HTTP wants of it."""
    cookie = await session(house)
    found = await poll(house, cookie)
    refused = await poll(house)

    own = {"whole-content-sha512", "x-server-name", "content-length"}
    assert set(found.headers) == {*COMMON, *own, "set-cookie"}
    assert set(refused.headers) == {*COMMON, *own, "www-authenticate"}
    assert {**found.headers, **COMMON} == {**found.headers}
    assert found.headers["Whole-Content-Sha512"] == base64.b64encode(hashlib.sha512(found.content).digest()).decode()


async def test_the_body_of_a_job_has_the_hash_that_was_seen(house: House) -> None:
    """The bytes of the original's own example, by their length and SHA-512."""
    house.clock.now = datetime(2021, 2, 18, 17, 13, 56, 352261, UTC)
    headers = house.headers(await house.token(profile="deployed"))
    await house.client.post("/jobs", json={"type": "t", "message": "Async job has started."}, headers=headers)

    answer = await poll(house, headers["Cookie"])

    assert answer.content == (
        b'{"response":{"id":1,"status":"PENDING","start_time":"2021-02-18T17:13:56.352261Z",'
        b'"message":"Async job has started."}}\n'
    )
    assert answer.headers["Content-Length"] == "119"
    assert answer.headers["Whole-Content-Sha512"] == (
        "dxAEfk+nnlj7vIWbBrzcrfsTJztm1v9Qz8haApAReWO20d2j46Y3Xgou2y08Nyjrqpw6hShhDHwQtSJsvTnGxg=="
    )


@pytest.mark.parametrize(
    ("asked", "compressed"),
    [("gzip", True), ("deflate, GZip", True), ("br,gzip ,x", True), ("gzip;q=1.0", False), ("*", False), ("br", False)],
)
async def test_an_answer_is_compressed_for_who_asks_for_exactly_that(
    house: House, asked: str, compressed: bool
) -> None:
    """Errors too; the hash is that of the body before compression."""
    answer = await poll(house, **{"Accept-Encoding": asked})

    assert (answer.headers.get("content-encoding") == "gzip") is compressed
    plain = b'{"alerts":[{"text":"unauthorized, please log in.","level":"error"}]}\n'
    assert answer.content == plain
    assert answer.headers["Whole-Content-Sha512"] == base64.b64encode(hashlib.sha512(plain).digest()).decode()
    if compressed:
        assert int(answer.headers["Content-Length"]) == len(gzip.compress(plain, mtime=0))


async def test_bare_answers_are_never_compressed(house: House) -> None:
    """They are made before anything else."""
    answer = await poll(house, path="/api/4.0/nothing", **{"Accept-Encoding": "gzip"})

    assert set(answer.headers) == BARE


async def test_what_a_client_says_it_takes_is_not_looked_at(house: House) -> None:
    """Nor are conditions; a path's id goes before one in the query."""
    headers = house.headers(await house.token())
    await house.client.post("/jobs", json={"type": "t"}, headers=headers)
    extra = {"Accept": "text/html", "Content-Type": "x/y", "If-Modified-Since": "Tue, 04 Mar 2031 05:06:07 GMT"}

    answer = await poll(house, headers["Cookie"], POLL + "?id=2&other=3", **extra)

    assert (answer.status_code, answer.json()["response"]["id"]) == (200, 1)


ACME = ("POST", "acme_autorenew", ["ACME:READ", "DELIVERY-SERVICE:UPDATE", "DS-SECURITY-KEY:UPDATE"])
DNSSEC = ("PUT", "cdns/dnsseckeys/refresh", ["CDN:READ", "CDN:UPDATE", "DNS-SEC:UPDATE"])
RENEWING = "Beginning async call to renew certificates."
REFRESHING = "Starting DNSSEC key refresh in the background."
WHERE = " This may take a few minutes. Status updates can be found here: "


async def begin(house: House, method: str, path: str, version: str = "5.0", **terms: Any) -> httpx.Response:
    """Begin a job."""
    headers = {"Cookie": await session(house, **terms), "Content-Type": "application/json"}
    house.client.cookies.clear()
    return await house.client.request(method, f"/api/{version}/{path}", headers=headers)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("call", "said", "message"),
    [(ACME, RENEWING, "ACME async job has started."), (DNSSEC, REFRESHING, "DNSSEC refresh started")],
    ids=["acme", "dnssec"],
)
async def test_a_call_begins_a_job_and_says_where_it_is(
    either: House, call: tuple[str, str, list[str]], said: str, message: str, version: str
) -> None:
    """202, a path in `Location` and in the alert: of the version called, or always 4.0 from a shipped server."""
    answer = await begin(either, *call[:2], version)

    own = "4.0" if "end_time" not in str((await poll(either, await session(either))).json()) else version
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/{own}/async_status/1"
    assert answer.json() == {"alerts": [{"text": f"{said}{WHERE}/api/{own}/async_status/1", "level": "success"}]}
    job = (await poll(either, await session(either), answer.headers["Location"])).json()["response"]
    assert (job["id"], job["status"], job["message"]) == (1, "PENDING", message)


@pytest.mark.parametrize("call", [ACME, DNSSEC], ids=["acme", "dnssec"])
async def test_beginning_needs_its_permissions(either: House, call: tuple[str, str, list[str]]) -> None:
    """All that are lacking are named; a shipped server asks nothing of admin."""
    operations = await begin(either, *call[:2], roles=["operations"], permissions=call[2][:1])

    assert operations.status_code == 403
    assert text(operations) == f"missing required Permissions: {', '.join(call[2][1:])}"


async def test_a_refresh_that_is_under_way_is_not_begun_again(house: House) -> None:
    """As documented the way leads to the one under way."""
    first = await begin(house, *DNSSEC[:2])
    second = await begin(house, *DNSSEC[:2])
    other = await begin(house, *DNSSEC[:2], tenant=OTHER_TENANT)

    already = "the server is already executing a DNSSEC refresh"
    assert second.json()["alerts"] == [{"text": already, "level": "success"}]
    assert (second.status_code, second.headers["Location"]) == (202, first.headers["Location"])
    assert other.headers["Location"] != first.headers["Location"]


async def test_a_shipped_server_leads_to_a_job_that_never_is(deployed: House) -> None:
    """A trap of the original: job 0."""
    await begin(deployed, *DNSSEC[:2])

    second = await begin(deployed, *DNSSEC[:2])

    assert second.headers["Location"] == "/api/4.0/async_status/0"
    assert (await poll(deployed, await session(deployed), "/api/4.0/async_status/0")).status_code == 404


async def test_a_refresh_is_begun_again_once_one_has_ended(house: House) -> None:
    """Whatever became of it; a renewal is begun as often as it is asked for."""
    first = await begin(house, *DNSSEC[:2])
    headers = house.headers(await house.token())
    (job,) = (await house.client.get("/jobs", headers=headers)).json()["jobs"]
    await house.client.patch(f"/jobs/{job['id']}", json={"status": "failed"}, headers=headers)

    again = await begin(house, *DNSSEC[:2])
    renewals = {(await begin(house, *ACME[:2])).headers["Location"] for _ in range(2)}

    assert job["type"] == "dnssecRefresh"
    assert again.headers["Location"] != first.headers["Location"]
    assert len(renewals) == 2


async def test_another_sites_page_cannot_begin_a_job(house: House) -> None:
    """The cookies go along with whatever a browser sends, so its own word on where that comes from counts."""
    headers = {"Cookie": await session(house), "Sec-Fetch-Site": "cross-site"}

    forged = await house.client.post("/api/4.0/acme_autorenew", headers=headers)

    assert (forged.status_code, text(forged)) == (403, "Forbidden.")
    assert (await house.client.get("/jobs", headers=house.headers(await house.token()))).json()["jobs"] == []


@pytest.mark.parametrize("call", ["user/login", "user/login/token"])
async def test_another_sites_page_cannot_log_anybody_in(house: House, call: str) -> None:
    """Who is logged in as somebody else unawares would leave what is private with them."""
    await house.user("admin", "twelve")

    forged = await house.client.post(
        f"/api/4.0/{call}", json={"u": "admin", "p": "twelve"}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert (forged.status_code, text(forged), cookies(forged)) == (403, "Forbidden.", {})


async def test_an_operator_must_say_whose_job_it_is_to_begin(house: House) -> None:
    """These calls have no place for that, so a credential of every tenant begins none."""
    for call in (ACME, DNSSEC):
        answer = await begin(house, *call[:2], tenant="*")

        assert (answer.status_code, text(answer)) == (403, "Forbidden.")


@pytest.mark.parametrize(("profile", "status"), [("documented", 500), ("deployed", 401)])
async def test_a_store_that_is_down(profile: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server error; a shipped server tells who logs in then that the password is wrong."""
    async with running_house(Settings(profile_traffic_ops=profile)) as house:

        async def fail(digest: bytes) -> Credential:
            raise StoreUnavailable("down")

        monkeypatch.setattr(house.store, "find_credential", fail)
        login = await log_in(house)
        answer = await poll(house, f"mojolicious={house.session('token')}")

    assert login.status_code == status
    assert (answer.status_code, text(answer)) == (500, "Internal Server Error")


@pytest.mark.parametrize("name", ["ping", "acme_autorenew"])
async def test_a_job_of_another_contract_may_be_named_as_a_call_of_this_one(house: House, name: str) -> None:
    """`/api/jobs/ping` is an eHealth job: `jobs` is no version."""
    headers = house.headers(await house.token())
    nobody = await house.client.get(f"/api/jobs/{name}")
    missing = await house.client.get(f"/api/jobs/{name}", headers=headers)
    await house.client.post("/jobs", json={"type": "t", "id": name}, headers=headers)
    found = await house.client.get(f"/api/jobs/{name}", headers=headers)

    assert [answer.status_code for answer in (nobody, missing, found)] == [401, 404, 200]
    assert found.json()["data"]["status"] == "pending"
