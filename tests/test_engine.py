"""The engine's own rules: what is kept of answers, what is never sent, and what cannot be compiled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from connexion.resolver import Resolver
from connexion.security import SecurityHandlerFactory
from connexion.spec import Specification
from house import TENANT, House, running_house
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from jobstatus.answer import Answer, Lasting
from jobstatus.contract.engine import Engine, _shared
from jobstatus.contract.exchange import Exchange
from jobstatus.contract.memo import LARGEST, Memo
from jobstatus.contract.parameters import CompiledParameters
from jobstatus.contract.plan import Plan
from jobstatus.contract.router import Router
from jobstatus.contract.spec import Document
from jobstatus.contract.template import Rendered, Template, disguised
from jobstatus.errors import ConfigurationError
from jobstatus.handlers import CONTRACTS, ehealth, envelope, native
from jobstatus.job import Job
from jobstatus.settings import EngineName, Settings

NOW = datetime(2031, 1, 1, tzinfo=UTC)
JOB = Job(id="a", tenant=TENANT, owner="o", type="t", created_at=NOW, updated_at=NOW, number=1)
ENGINES: list[EngineName] = ["compiled", "stock"]


def exchange(host: str = "jobs.example", id: str = "req-1") -> Exchange:
    """Make up a request."""
    headers = [(b"host", host.encode("latin-1")), (b"x-request-id", id.encode())]
    scope = {"type": "http", "method": "GET", "path": "/api/jobs/a", "query_string": b"", "scheme": "http"}
    return Exchange({**scope, "headers": headers}, ehealth, "documented")


def written(asked: Exchange, before: bytes, after: bytes) -> Rendered:
    """Write an answer that holds its request's id and URL, as a contract would."""
    body = before + asked.url.encode() + after + asked.id.encode() + before
    return Rendered(200, [(b"content-length", b"%d" % len(body)), (b"x-request-id", asked.id.encode())], body)


@given(st.binary(), st.binary(), st.from_regex(r"[A-Za-z0-9._#~-]{1,128}", fullmatch=True))
def test_a_template_gives_what_would_have_been_written(before: bytes, after: bytes, id: str) -> None:
    """Whatever else stands in the answer, and whatever the request's id is."""
    asked = exchange(id=id)
    template = Template(written(disguised(asked), before, after), JOB)

    assert template.fill(asked) == written(asked, before, after)


@pytest.mark.parametrize("host", ['a"b', "a\\b", "ü", "a b", "a" * 2001, ""])
def test_a_url_that_json_may_spell_otherwise_is_not_filled_in(host: str) -> None:
    """Its answer is made anew, and checked."""
    asked = exchange(host)
    if host:
        assert Template(written(disguised(asked), b"", b""), JOB).fill(asked) is None
    assert Template(Rendered(200, [], b"{}"), JOB).fill(asked) == Rendered(200, [], b"{}")


def test_part_of_a_url_cannot_be_left_blank() -> None:
    """An answer that holds some of it would hold some of a stranger's."""
    part = disguised(exchange()).url.removeprefix("http://").encode()

    with pytest.raises(RuntimeError, match="no part of it"):
        Template(Rendered(200, [], part), JOB)


def test_an_answer_is_kept_for_the_record_that_it_was_made_of() -> None:
    """Not for another version, and not for another record of the same id and version."""
    memo, template = Memo(), Template(Rendered(200, [], b"{}"), JOB)
    memo.keep("k", template)

    assert memo.find("k", JOB) is template
    assert memo.find("k", replace(JOB)) is template
    assert memo.find("k", replace(JOB, version=2)) is None
    assert memo.find("k", replace(JOB, number=2)) is None
    assert memo.find("other", JOB) is None


def test_what_is_kept_is_bounded() -> None:
    """By memory, not by number; the oldest goes first, and what is too large is not kept at all."""
    memo = Memo(1_000_000)
    template = Template(Rendered(200, [], b"x" * 10_000), JOB)
    for number in range(100):
        memo.keep(number, template)
    memo.keep("large", Template(Rendered(200, [], b"x" * LARGEST), JOB))
    kept = [number for number in range(100) if memo.find(number, JOB)]

    assert kept == list(range(100 - len(kept), 100))
    assert 80 < len(kept) < 100
    assert memo.find("large", JOB) is None


def test_a_larger_answer_ends_the_smaller_one() -> None:
    """One that is no longer right does not lie about."""
    memo = Memo()
    memo.keep("k", Template(Rendered(200, [], b"{}"), JOB))
    memo.keep("k", Template(Rendered(200, [], b"x" * LARGEST), replace(JOB, version=2)))

    assert memo.find("k", JOB) is None


async def poll(house: House, id: str) -> Any:
    """Poll a job by the native contract."""
    headers = {"Authorization": f"Bearer {await house.token()}", "X-Request-Id": "req-1"}
    return await house.client.get(f"/jobs/{id}", headers=headers)


BROKEN = {
    "a body that is not the schema's": Answer({"nonsense": True}, job=JOB),
    "a status that the spec has not": Answer({}, 202, job=JOB),
    "no body": Answer(None, job=JOB),
    "a media type that the spec has not": replace(native._job(JOB, None), media_type="text/plain"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("lasting", [False, True], ids=["made anew", "lasting"])
@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
async def test_an_answer_that_breaks_the_spec_is_a_server_error(
    engine: EngineName, lasting: bool, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the contract's shape; it is logged and counted, each time, and nothing of it is sent."""

    async def broken(*_: Any, **__: Any) -> Answer | Lasting:
        return Lasting(lambda _: answer, JOB) if lasting else answer

    monkeypatch.setattr(native, "get_job", broken)
    async with running_house(Settings(engine=engine)) as house:
        with capture_logs() as logs:
            answers = [await poll(house, "a") for _ in range(2)]

    assert [(each.status_code, each.json()["type"]) for each in answers] == [(500, "/problems/server-error")] * 2
    assert [(line["event"], line["request_id"], line["broken"]) for line in logs if line["log_level"] == "error"] == [
        ("request failed", "req-1", 1),
        ("request failed", "req-1", 2),
    ]


@pytest.mark.parametrize("engine", ENGINES)
async def test_an_answer_that_lacks_a_header_is_a_server_error(
    engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that the spec says is always there."""

    async def untagged(*_: Any, **__: Any) -> Answer:
        return Answer(native._job(JOB, None).body)

    monkeypatch.setattr(native, "get_job", untagged)
    async with running_house(Settings(engine=engine)) as house:
        assert (await poll(house, "a")).status_code == 500


async def test_what_clients_make_long_is_not_remembered() -> None:
    """Nobody fills the memory with places to be led to, or with what they accept."""

    async def ask(house: House, letter: str, token: str) -> tuple[int, int]:
        await house.client.get(f"/api//4.0/ping?{letter * 1000}")
        headers = {"Authorization": f"Bearer {token}", "Accept": f"*/*, {letter * 1000}", "X-Request-Id": "req-1"}
        assert (await house.client.get("/api/jobs/a", headers=headers)).status_code == 404
        return _shared.cache_info().currsize, envelope._known.cache_info().currsize

    async with running_house(Settings(engine="compiled")) as house:
        token = await house.token()
        sizes = {await ask(house, letter, token) for letter in "abcdef"}

    assert len(sizes) == 1


def test_every_path_stands_below_a_prefix_of_its_own_contract() -> None:
    """So that what is wrong with a request is told in the same contract before and after its operation is found."""
    document = Document.load()
    router = Router(document)
    paths = {each.path.replace("{version}", "4.0"): each.contract for each in document.operations.values()}

    assert {path: router.contract(path) for path in paths} == paths


def test_a_parameter_that_cannot_be_decoded_is_told_at_the_start() -> None:
    """Not when the first client sends it."""
    document = Document.load()
    number = {"name": "n", "in": "path", "required": True, "schema": {"type": "integer"}}
    operation = replace(document.operations["getJob"], parameters=(number,))

    with pytest.raises(ConfigurationError, match="getJob: the path parameter n must be a string"):
        CompiledParameters(document, operation, None, strict=True)


def test_a_security_scheme_that_nothing_verifies_is_told_at_the_start() -> None:
    """The operation is not left open."""
    document = Document.load()
    operation = {
        "operationId": "getJob",
        "security": [{"odd": []}],
        "responses": {"200": {"description": "d"}},
    }
    raw: dict[str, Any] = {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {"/jobs/a": {"get": operation}},
        "components": {"securitySchemes": {"odd": {"type": "http", "scheme": "odd"}}},
    }
    specification = Specification.from_dict(raw)
    read = specification.operation_cls.from_spec(
        specification, path="/jobs/a", method="get", resolver=Resolver(lambda _: native.get_job)
    )

    with pytest.raises(ConfigurationError, match="nothing verifies the security scheme odd"):
        Plan(Engine(document, CONTRACTS), document.operations["getJob"], read, SecurityHandlerFactory(), 1)
