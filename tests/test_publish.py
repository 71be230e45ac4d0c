"""The contracts in SwaggerHub, published over HTTP to a Registry that stands here."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from commands import Done, run
from hypothesis import given
from hypothesis import strategies as st
from registry import KEY, MOCK, OWNER, Api, LocalRegistry, Version, running_registry
from serving import free_port
from starlette.responses import JSONResponse, Response

from jobstatus.cli.exits import Exit
from jobstatus.contract.bundle import Bundle, bundle, bundles
from jobstatus.contract.spec import Document
from jobstatus.contract.writing import as_yaml
from jobstatus.errors import ConfigurationError
from jobstatus.publishing import Registry, RegistryError, RegistryUnavailable
from jobstatus.publishing.difference import difference
from jobstatus.publishing.registry import CLOUD
from jobstatus.publishing.rules import api_name, api_version

WHOLE = Document.load()
ALL = [f"jobstatus-{each.name}" for each in bundles(WHOLE)]
IMS = "jobstatus-ims"
IMS_BUNDLE = bundle(WHOLE, "ims")
CLOUD_URL, OWN_URL = httpx.URL(CLOUD), httpx.URL("https://swaggerhub.example.com/v1")
WORKFLOW = Path(__file__).parent.parent / "deploy" / "github" / "publish-contracts.yml"
FIRST = ["created", "published", "made default"]


@pytest.fixture
def registry() -> Iterator[LocalRegistry]:
    """Give a Registry that is empty."""
    with running_registry() as running:
        yield running


def publish(registry: LocalRegistry, *arguments: str, code: int = 0, **env: str) -> Done:
    """Publish to it."""
    own = {"SWAGGERHUB_API_KEY": KEY, "JOBSTATUS_SWAGGERHUB_URL": registry.url, "NO_PROXY": "127.0.0.1"}
    return run("spec", "publish", "--to", "swaggerhub", "--owner", OWNER, *arguments, code=code, **{**own, **env})


def ims(registry: LocalRegistry, *arguments: str, code: int = 0) -> Any:
    """Publish one contract in one profile, and read what was done."""
    done = publish(registry, "--contract", "ims", "--profile", "documented", "--json", *arguments, code=code)
    (found,) = json.loads(done.stdout)["apis"]
    return found


def keep(registry: LocalRegistry, api: str, content: bytes, version: str = "1.0.0", **state: bool) -> None:
    """Have the Registry keep something from before, private and not published unless told otherwise."""
    registry.apis[api] = Api(version, {version: Version(content, **{"private": True, **state})})


def changed(bundle: Bundle) -> bytes:
    """Write a document that says something else."""
    return as_yaml({**bundle.document, "info": {**bundle.document["info"], "title": "as it was"}})


def speaking(registry: LocalRegistry) -> Registry:
    """Speak to it in this process."""
    return Registry(OWNER, KEY, registry.url)


def test_every_contract_is_an_api(registry: LocalRegistry) -> None:
    """Each in each of its profiles, as the bytes of its bundle, private, published and the default."""
    done = json.loads(publish(registry, "--json").stdout)

    assert [(api["api"], api["done"], api["left"]) for api in done["apis"]] == [
        (f"{OWNER}/{n}", FIRST, []) for n in ALL
    ]
    assert list(registry.apis) == ALL
    for each in bundles(WHOLE):
        kept = registry.version(f"jobstatus-{each.name}", each.version)
        assert (kept.content, kept.private, kept.published) == (each.yaml, True, True)
        assert registry.apis[f"jobstatus-{each.name}"].default == each.version


def test_what_is_published_is_left_alone(registry: LocalRegistry) -> None:
    """A second run says so, and writes nothing."""
    publish(registry)
    registry.calls.clear()
    told, shown = json.loads(publish(registry, "--json").stdout), publish(registry).stdout

    assert all(api["unchanged"] and not api["done"] and not api["left"] for api in told["apis"])
    assert [line.split() for line in shown.splitlines()[1:]] == [[f"{OWNER}/{n}", "1.0.0", "unchanged"] for n in ALL]
    assert registry.calls
    assert not registry.writes


@pytest.mark.parametrize(
    ("arguments", "published"),
    [
        (("--contract", "ims"), ["ims", "ims-deployed"]),
        (("--contract", "ims", "--profile", "deployed"), ["ims-deployed"]),
        (("--contract", "identity", "--contract", "native"), ["native", "identity"]),
        (("--profile", "deployed"), ["ehealth-deployed", "traffic-ops-deployed", "ims-deployed"]),
    ],
)
def test_contracts_and_profiles_can_be_chosen(
    registry: LocalRegistry, arguments: tuple[str, ...], published: list[str]
) -> None:
    """No other API is touched."""
    publish(registry, *arguments)

    assert list(registry.apis) == [f"jobstatus-{name}" for name in published]
    assert all(any(f"{OWNER}/{api}" in call for api in registry.apis) for call in registry.calls)


def test_a_server_can_be_named(registry: LocalRegistry) -> None:
    """It stands in the document in place of those of the file."""
    ims(registry, "--server", "https://jobs.acme.example")

    assert registry.version(IMS).document["servers"] == [{"url": "https://jobs.acme.example"}]


def test_a_published_version_that_differs_stops_everything(registry: LocalRegistry) -> None:
    """The refusal names it, where it differs and what to do; nothing of any API is changed."""
    keep(registry, IMS, changed(IMS_BUNDLE), published=True)
    refused = [publish(registry, *form, code=Exit.REFUSED) for form in ((), ("--dry-run",), ("--json",))]

    assert list(registry.apis) == [IMS]
    assert not registry.writes
    for done in refused:
        assert f"{OWNER}/{IMS} 1.0.0 (at /info/title)" in done.stderr
        assert "raise the version of the contract" in done.stderr
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""


def test_a_version_that_is_not_published_is_updated(registry: LocalRegistry) -> None:
    """Then it is published, with the visibility that it is to have."""
    keep(registry, IMS, changed(IMS_BUNDLE), private=False)

    assert ims(registry)["done"] == ["updated", "made private", "published"]
    assert registry.version(IMS).content == IMS_BUNDLE.yaml
    assert registry.version(IMS).private
    assert registry.writes[0].startswith(f"POST /apis/{OWNER}/{IMS}?version=1.0.0&isPrivate=true&")


def test_a_version_that_is_there_as_a_draft_is_only_published(registry: LocalRegistry) -> None:
    """What is equal is not sent again."""
    keep(registry, IMS, IMS_BUNDLE.yaml)

    assert ims(registry)["done"] == ["published"]
    assert registry.writes == [f"PUT /apis/{OWNER}/{IMS}/1.0.0/settings/lifecycle"]


def test_a_new_version_stands_beside_the_old_one(registry: LocalRegistry) -> None:
    """It becomes the default after it is published; the old one stays as it was."""
    keep(registry, IMS, b"openapi: 3.0.3", version="0.9.0", published=True)
    found = ims(registry)

    assert found["done"] == FIRST
    assert registry.apis[IMS].default == "1.0.0"
    assert registry.version(IMS, "0.9.0").content == b"openapi: 3.0.3"
    assert registry.writes[-1] == f"PUT /apis/{OWNER}/{IMS}/settings/default"


def test_visibility_is_private_unless_told_otherwise(registry: LocalRegistry) -> None:
    """It can be changed of what is published, and changed back, without sending the document."""
    first = ims(registry, "--visibility", "public")
    private_first = registry.version(IMS).private
    registry.calls.clear()
    later = [ims(registry), ims(registry, "--visibility", "public"), ims(registry, "--visibility", "public")]

    assert (first["done"], private_first) == (FIRST, False)
    assert [each["done"] for each in later] == [["made private"], ["made public"], []]
    assert registry.writes == [f"PUT /apis/{OWNER}/{IMS}/1.0.0/settings/private"] * 2


def test_a_dry_run_only_reads(registry: LocalRegistry) -> None:
    """It says what would be done."""
    shown = publish(registry, "--dry-run", "--contract", "native").stdout
    found = ims(registry, "--dry-run")

    assert "to be created, published, made default" in shown
    assert (found["done"], found["left"], found["unchanged"]) == ([], FIRST, False)
    assert not registry.writes
    assert not registry.apis


def test_a_document_is_the_same_as_json_and_as_yaml(registry: LocalRegistry) -> None:
    """What counts is what the Registry's answer says, not how it is written."""
    keep(registry, IMS, yaml.safe_dump(IMS_BUNDLE.document).encode(), published=True)
    as_yaml = ims(registry)
    registry.only_json = True

    assert as_yaml["unchanged"]
    assert ims(registry)["unchanged"]


def test_mock_servers_are_no_difference(registry: LocalRegistry) -> None:
    """SwaggerHub puts them into what it keeps, says so with 205, and this is told once."""
    keep(registry, IMS, changed(IMS_BUNDLE))
    registry.mocking = True
    updated = ims(registry)

    assert updated["done"] == ["updated", "its servers rewritten by the Registry", "published"]
    assert registry.version(IMS).document["servers"][0] == MOCK
    assert ims(registry)["unchanged"]


def test_a_run_that_stopped_in_the_middle_is_run_again(registry: LocalRegistry) -> None:
    """The first says what it has done and what is left, the second does that."""
    lifecycle = f"PUT /apis/{OWNER}/{IMS}/1.0.0/settings/lifecycle"
    registry.answers[lifecycle] = Response("<html>", 502)
    both = ("--contract", "ims")
    broken = publish(registry, *both, "--json", code=Exit.UNREACHABLE)
    shown = publish(registry, *both, code=Exit.UNREACHABLE)
    registry.answers.clear()
    again = json.loads(publish(registry, *both, "--json").stdout)["apis"]

    documented, deployed = json.loads(broken.stdout)["apis"]
    assert (documented["done"], documented["left"]) == (["created"], ["published", "made default"])
    assert (deployed["done"], deployed["left"]) == ([], FIRST)
    assert "not yet published" in shown.stdout
    assert f"cannot publish {OWNER}/{IMS} 1.0.0" in shown.stderr
    assert [each["done"] for each in again] == [["published"], FIRST]


@pytest.mark.parametrize(
    ("call", "status", "code", "said"),
    [
        ("GET", 401, Exit.DENIED, "SWAGGERHUB_API_KEY is not valid"),
        ("GET", 403, Exit.DENIED, "SWAGGERHUB_API_KEY is not enough"),
        ("GET", 301, Exit.USAGE, "is the URL right?"),
        ("GET", 429, Exit.UNREACHABLE, "asked too often"),
        ("GET", 503, Exit.UNREACHABLE, "run this again later"),
        ("POST", 400, Exit.USAGE, "the Registry refuses it (400: because of this)"),
        ("POST", 403, Exit.DENIED, "(403: because of this)"),
        ("POST", 404, Exit.MISSING, "there is no such owner"),
        ("POST", 409, Exit.REFUSED, "raise the version of the contract"),
        ("POST", 415, Exit.USAGE, "does not take YAML"),
        ("PUT", 400, Exit.USAGE, "cannot publish"),
        ("PUT", 424, Exit.USAGE, "domains that are not published"),
        ("PUT", 500, Exit.UNREACHABLE, "run this again later"),
    ],
)
def test_a_refusal_is_one_line(registry: LocalRegistry, call: str, status: int, code: Exit, said: str) -> None:
    """It tells what was asked, what the answer means and what the Registry says of it, but never the key."""
    body = {"code": status, "message": f"because\n of this{KEY}" if status == 401 else "because\n of this"}
    registry.answers[f"{call} "] = JSONResponse(body, status)
    done = publish(registry, "--contract", "ims", code=code)

    assert done.stderr.startswith("jobstatus: cannot ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert KEY not in done.stdout + done.stderr


def test_an_owner_that_does_not_exist_is_told(registry: LocalRegistry) -> None:
    """The Registry tells it of the first write."""
    done = publish(registry, "--owner", "nobody", code=Exit.MISSING)

    assert "cannot save nobody/jobstatus-native 1.0.0: there is no such owner" in done.stderr
    assert not registry.apis


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"[1]", b"{", b"\xff", b"a: [", b"&a [*a"])
@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_what_is_no_registry_is_told(registry: LocalRegistry, body: bytes, kind: str) -> None:
    """Whatever it answers, nothing is written there."""
    registry.answers["GET "] = Response(body, media_type=kind)
    with speaking(registry) as ours, pytest.raises(RegistryError, match="is the URL right"):
        ours.definition(IMS, "1.0.0")


def test_a_setting_that_is_not_said_is_told(registry: LocalRegistry) -> None:
    """It is not taken for a no."""
    registry.answers["GET "] = JSONResponse({"published": "no"})
    with speaking(registry) as ours, pytest.raises(RegistryError, match="the answer does not say"):
        ours.is_published(IMS, "1.0.0")


def test_a_registry_that_cannot_be_reached_is_told() -> None:
    """In one line with its URL."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    done = run("spec", "publish", "--owner", OWNER, "--url", nowhere, code=Exit.UNREACHABLE, SWAGGERHUB_API_KEY=KEY)

    assert done.stderr.startswith("jobstatus: cannot read ")
    assert f"{nowhere} cannot be reached" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_registry_that_does_not_answer_is_not_waited_for_long() -> None:
    """It takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Registry(OWNER, KEY, url, timeout=0.1) as ours, pytest.raises(RegistryUnavailable) as late:
            ours.default(IMS)

    assert "did not answer within 0.1 s" in str(late.value)


@pytest.mark.parametrize("key", ["", " \n", "two words", "schlüssel", "line\nbreak"])
def test_a_key_that_cannot_be_one_is_told_and_not_shown(registry: LocalRegistry, key: str) -> None:
    """Before anything is asked; the message names the variable."""
    done = publish(registry, code=Exit.USAGE, SWAGGERHUB_API_KEY=key)

    assert done.stderr.startswith("jobstatus: SWAGGERHUB_API_KEY ")
    assert done.stderr.count("\n") == 1
    assert not key.strip() or key.strip() not in done.stderr
    assert not registry.calls


def test_the_key_is_sent_as_a_bearer_token(registry: LocalRegistry) -> None:
    """With every call; a line's end behind it, as files of secrets have it, is no part of it."""
    publish(registry, SWAGGERHUB_API_KEY=f"{KEY}\n")

    assert registry.authorizations == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    "url",
    [
        *("swaggerhub.example.com", "ftp://swaggerhub.example.com", "https://", "https://h:port"),
        *("https://user:hidden@swaggerhub.example.com", "https://h.example/v1?hidden=1", "https://h.example/#hidden"),
        "http://swaggerhub.example.com/v1",
    ],
)
def test_a_wrong_url_is_told(url: str) -> None:
    """One that has secrets is not repeated, and over plain HTTP the key goes to this machine alone."""
    with pytest.raises(ConfigurationError) as wrong:
        Registry(OWNER, KEY, url)

    assert str(wrong.value).startswith("url: ")
    assert "hidden" not in str(wrong.value)


@pytest.mark.parametrize(
    "url", [CLOUD, "https://swaggerhub.example.com/v1/", "http://localhost:8080", "http://[::1]/v1"]
)
def test_the_cloud_and_own_premises_are_taken(url: str) -> None:
    """A slash at the end has no meaning."""
    with Registry(OWNER, KEY, url) as ours:
        assert str(ours.url) == url.rstrip("/")


@pytest.mark.parametrize("arguments", [("--contract", "imz"), ("--contract", "native", "--profile", "deployed")])
def test_a_contract_that_does_not_exist_is_told(registry: LocalRegistry, arguments: tuple[str, ...]) -> None:
    """So is a profile that it has not; nothing is asked."""
    publish(registry, *arguments, code=Exit.USAGE)
    publish(registry, "--profile", "ideal", code=Exit.USAGE)
    publish(registry, "--owner", "../acme", code=Exit.USAGE)

    assert not registry.calls


@pytest.mark.parametrize("version", ["1.0.0", "1", "1.0.0-rc.1", "2026_11", "v1"])
def test_a_version_keeps_the_rules_of_swaggerhub(version: str) -> None:
    """Letters, digits and signs, with no sign at either end."""
    assert api_version(version, CLOUD_URL) == api_version(version, OWN_URL) == version
    for wrong in ("", f".{version}", f"{version}-", f"{version}/2", f"{version} ", f"{version}\n", f"{version}é"):
        with pytest.raises(ConfigurationError, match="version: "):
            api_version(wrong, CLOUD_URL)


def test_a_plus_in_a_version_is_for_the_cloud() -> None:
    """On premises it is refused; a host that only looks like the cloud's is none."""
    assert api_version("1.0.0+build", CLOUD_URL) == "1.0.0+build"
    for url in (OWN_URL, httpx.URL("https://api.notswaggerhub.com")):
        with pytest.raises(ConfigurationError, match="cloud"):
            api_version("1.0.0+build", url)


def test_every_bundle_has_a_name_that_swaggerhub_takes() -> None:
    """Of at most 60 characters, which do not begin or end with a sign."""
    assert [api_name(each.name) for each in bundles(WHOLE)] == ALL
    for wrong in ("", "a" * 51, "a/b", "a-"):
        with pytest.raises(ConfigurationError, match="API name"):
            api_name(wrong)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(min_size=1), JSON, max_size=4)


@given(OBJECTS, OBJECTS)
def test_two_documents_are_equal_if_their_json_is(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Whatever the order of their keys; true is not 1."""
    equal = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert (difference(one, other) is None) is equal
    assert difference(one, dict(reversed(one.items()))) is None


@pytest.mark.parametrize(
    ("ours", "theirs", "place"),
    [
        ({"a": {"b/c": [1, {"d": 1}]}}, {"a": {"b/c": [1, {"d": 2}]}}, "/a/b~1c/1/d"),
        ({"a": [1]}, {"a": [1, 2]}, "/a/1"),
        ({"a": 1}, {}, "/a"),
        ({}, {"a": None}, "/a"),
        ({"a": 1}, {"a": True}, "/a"),
        ({"a": {}}, {"a": []}, "/a"),
        ({"200": 1}, {200: 1.0}, None),
        ({"servers": [{"url": "u"}]}, {"servers": [MOCK]}, None),
        ({"servers": [{"url": "u"}]}, {"servers": [MOCK, {"url": "v"}]}, "/servers/0/url"),
        ({"servers": [{"url": "u"}]}, {"servers": []}, "/servers/0"),
    ],
)
def test_a_difference_is_told_by_its_place(ours: Any, theirs: Any, place: str | None) -> None:
    """As a JSON pointer; what YAML has as a number names the same as a text."""
    assert difference(ours, theirs) == place


@pytest.fixture(scope="module")
def job() -> Any:
    """Give the one job of the workflow."""
    (found,) = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"].values()
    return found


def test_the_workflow_may_only_read(job: Any) -> None:
    """It uses actions of named versions, keeps no credentials of the checkout, and runs for tags alone."""
    whole = yaml.load(WORKFLOW.read_text(encoding="utf-8"), yaml.BaseLoader)  # to others `on` is a boolean
    used = [step["uses"] for step in job["steps"] if "uses" in step]

    assert whole["permissions"] == {"contents": "read"}
    assert whole["on"] == {"push": {"tags": ["v*"]}}
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+\.\d+\.\d+", action) for action in used)
    assert job["steps"][0]["with"] == {"persist-credentials": False}


def test_the_workflow_gives_the_key_to_what_publishes_alone(job: Any) -> None:
    """It comes from the secrets, and no other step sees it; what was published is guarded before."""
    with_key = [step["name"] for step in job["steps"] if "secrets." in json.dumps(step)]

    assert with_key == ["Publish"]
    assert [step["run"] for step in job["steps"] if "run" in step][:-1] == [
        "python -m pip install .",
        "jobstatus spec guard contracts/published",
    ]


def test_the_workflow_publishes(job: Any, registry: LocalRegistry) -> None:
    """Its last step does, run as it stands there."""
    step = job["steps"][-1]
    given = {"SWAGGERHUB_OWNER": OWNER, "SWAGGERHUB_API_KEY": KEY, "JOBSTATUS_SWAGGERHUB_URL": registry.url}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, **given, "PATH": path, "NO_PROXY": "127.0.0.1"}
    subprocess.run(["bash", "-e", "-c", step["run"]], env=env, check=True, capture_output=True, timeout=60)

    assert step["env"].keys() == given.keys()
    assert all(registry.version(name).published for name in ALL)
