"""Each contract as a document of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import run
from house import House
from hypothesis import given
from hypothesis import strategies as st

from jobstatus.cli.exits import Exit
from jobstatus.contract.bundle import Bundle, bundle, bundles
from jobstatus.contract.schema import json_schema
from jobstatus.contract.spec import PATH, Document
from jobstatus.contract.validation import compile_schema
from jobstatus.contract.writing import as_json, as_yaml
from jobstatus.errors import UnknownContract

WHOLE = Document.load()
BUNDLES = list(bundles(WHOLE))
VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")

OF_BOTH = ("ImsJobDeployed", "ImsRunningDeployed", "ImsSuccessDeployed", "ImsFailDeployed")
"""The query by job alone answers in this form whatever the profile."""

every_bundle = pytest.mark.parametrize("cut", BUNDLES, ids=lambda cut: cut.name)


def references(node: Any) -> set[str]:
    """Find all that a document refers to."""
    if isinstance(node, list):
        return {found for item in node for found in references(item)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return own | {found for value in node.values() for found in references(value)}


def operations(cut: Bundle) -> dict[str, dict[str, Any]]:
    """Give the operations of a bundle by their ids."""
    items = cut.document["paths"].values()
    return {node["operationId"]: node for item in items for node in item.values() if "operationId" in node}


def examples_of(document: Any) -> list[tuple[dict[str, Any], Any]]:
    """Give each named example of a body with its schema."""
    found = []
    if isinstance(document, dict):
        if "schema" in document and "examples" in document:
            found = [(document["schema"], example) for example in document["examples"].values()]
        found += [each for value in document.values() for each in examples_of(value)]
    return found


@every_bundle
def test_a_bundle_holds_one_contract_and_all_that_it_refers_to(cut: Bundle) -> None:
    """It has the operations of its contract, and of the components just those that are used, and their own."""
    own = {operation.id for operation in WHOLE.operations.values() if operation.contract == cut.contract}
    components = {
        f"#/components/{kind}/{name}"
        for kind, nodes in cut.document["components"].items()
        if kind != "securitySchemes"
        for name in nodes
    }

    assert operations(cut).keys() == own
    assert references(cut.document) == components
    assert [tag["name"] for tag in cut.document["tags"]] == [WHOLE.tag(cut.contract)["name"]]
    assert {link["operationId"] for link in cut.document["components"].get("links", {}).values()} <= own


@every_bundle
def test_a_bundle_names_just_the_security_that_it_uses(cut: Bundle) -> None:
    """A scheme is there if some operation takes it."""
    taken = {name for node in operations(cut).values() for one in node["security"] for name in one}

    assert cut.document["components"].get("securitySchemes", {}).keys() == taken


@every_bundle
def test_nothing_internal_is_in_a_bundle(cut: Bundle) -> None:
    """Fields that speak to this server alone are left out, in all but values."""
    keys = re.findall(r'^ *"(x-[a-z-]+)":', cut.json.decode(), re.M)

    assert keys == []


@every_bundle
def test_what_only_this_server_reads_is_told_in_words(cut: Bundle) -> None:
    """A permission or a role that no security scheme can name stands in the description."""
    for id, node in operations(cut).items():
        source = WHOLE.raw["paths"][WHOLE.operations[id].path][WHOLE.operations[id].method.lower()]
        needed = [*source.get("x-permissions", ()), *source.get("x-roles", {}).get(cut.profile, ())]
        assert all(f"`{name}`" in node["description"] for name in needed)


@every_bundle
def test_every_example_of_a_bundle_fits(cut: Bundle) -> None:
    """Each body that is shown is one of this profile, and every body has one that is."""
    part = Document(cut.document)
    for schema, example in examples_of(cut.document):
        value = part.resolve(example)["value"]
        if isinstance(value, dict | list):
            assert compile_schema(json_schema(part, schema)).is_valid(value)
    for node in operations(cut).values():
        for response in map(part.resolve, node["responses"].values()):
            assert all(media["examples"] for media in response.get("content", {}).values())


@every_bundle
def test_both_forms_say_the_same(cut: Bundle) -> None:
    """YAML and JSON are read as the same document, whose version is the contract's own."""
    assert yaml.safe_load(cut.yaml) == json.loads(cut.json) == cut.document
    assert VERSION.fullmatch(cut.version)
    assert cut.document["info"]["version"] == cut.version == WHOLE.tag(cut.contract)["x-version"]


def test_the_bytes_are_the_same_each_time() -> None:
    """A bundle of the file read anew is equal to the byte."""
    again = Document(yaml.safe_load(PATH.read_text(encoding="utf-8")))

    assert [(cut.yaml, cut.json) for cut in bundles(again)] == [(cut.yaml, cut.json) for cut in BUNDLES]


def test_profiles_are_held_apart() -> None:
    """No schema or example of one profile is in the bundle of the other, but for what both answer with somewhere."""
    marked = {
        (kind, name): node["x-profile"]
        for kind in ("schemas", "examples")
        for name, node in WHOLE.raw["components"][kind].items()
        if "x-profile" in node and not name.startswith(OF_BOTH)
    }
    for cut in BUNDLES:
        there = {(kind, name) for kind, nodes in cut.document["components"].items() for name in nodes}
        assert {marked[each] for each in there & marked.keys()} <= {cut.profile}


def test_servers_can_be_named() -> None:
    """Those of the file are replaced."""
    cut = bundle(WHOLE, "ims", "deployed", ("https://ims.example", "/"))

    assert cut.document["servers"] == [{"url": "https://ims.example"}, {"url": "/"}]


@pytest.mark.parametrize(("contract", "profile"), [("nothing", "documented"), ("native", "deployed"), ("ims", "")])
def test_what_is_not_there_is_refused(contract: str, profile: str) -> None:
    """The error names what there is."""
    with pytest.raises(UnknownContract, match=r"documented|native"):
        bundle(WHOLE, contract, profile)


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
odd = st.sampled_from(
    ["1e3", "1_000", "0o17", "0x1F", "on", "~", "2031-03-04", "12e03", ".5", "+1", "a: b", "# c", "a\nb\n"]
)
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts | odd,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | odd, inner, max_size=3),
    max_leaves=8,
)
PLAIN_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+")


@given(st.dictionaries(texts, trees, max_size=4))
def test_what_is_written_is_read_again(tree: dict[str, Any]) -> None:
    """Whatever a document holds survives both forms."""
    assert yaml.safe_load(as_yaml(tree)) == tree
    assert json.loads(as_json(tree)) == tree


@given(st.from_regex(PLAIN_NUMBER, fullmatch=True))
def test_a_text_that_looks_like_a_number_is_quoted(text: str) -> None:
    """Readers of YAML 1.2 see numbers where those of 1.1 see texts; neither does here."""
    assert as_yaml({"a": text}) in (f"a: '{text}'\n".encode(), f'a: "{text}"\n'.encode())


def test_the_command_writes_one_contract(tmp_path: Path) -> None:
    """To standard output or to a file, whose name tells the form."""
    cut = bundle(WHOLE, "ims", "deployed")
    said = run("spec", "bundle", "--contract", "ims", "--profile", "deployed")
    run("spec", "bundle", "--contract", "ims", "--profile", "deployed", "-o", str(tmp_path / "ims.json"))

    assert said.stdout == cut.yaml.decode()
    assert (tmp_path / "ims.json").read_bytes() == cut.json


def test_the_command_writes_all_contracts(tmp_path: Path) -> None:
    """Each in each of its profiles, into a folder."""
    run("spec", "bundle", "-o", str(tmp_path / "new"), "--server", "https://jobs.example")

    files = {file.name: yaml.safe_load(file.read_bytes()) for file in (tmp_path / "new").iterdir()}
    assert files.keys() == {f"{cut.name}.yaml" for cut in BUNDLES}
    assert all(file["servers"] == [{"url": "https://jobs.example"}] for file in files.values())


@pytest.mark.parametrize(
    ("arguments", "trouble"),
    [
        (("--contract", "nothing"), "native, ehealth"),
        (("--contract", "native", "--profile", "deployed"), "native has no profile 'deployed'"),
        ((), "--output"),
        (("--contract", "ims", "-o", "/nowhere/ims.yaml"), "/nowhere/ims.yaml"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: tuple[str, ...], trouble: str) -> None:
    """In one line, with the exit code of a wrong command line."""
    done = run("spec", "bundle", *arguments, code=Exit.USAGE)

    assert trouble in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("form", ["json", "yaml"])
@pytest.mark.parametrize("contract", WHOLE.contracts)
async def test_the_server_offers_each_contract(house: House, contract: str, form: str) -> None:
    """As a document for the server that it is read from, with an entity tag; 304 to who has it."""
    url = f"/openapi/{contract}.{form}"
    given = await house.client.get(url)
    again = await house.client.get(url, headers={"If-None-Match": given.headers["ETag"]})

    cut = bundle(WHOLE, contract, "documented", ("/",))
    assert given.content == (cut.json if form == "json" else cut.yaml)
    assert given.headers["Content-Type"].split(";")[0] == f"application/{form}"
    assert given.headers["Access-Control-Allow-Origin"] == "*"
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", given.headers["ETag"])


async def test_the_profile_can_be_chosen(house: House) -> None:
    """By default it is the server's own; one that is not there is not found."""
    chosen = await house.client.get("/openapi/ims.json", params={"profile": "deployed"})
    missing = await house.client.get("/openapi/native.json", params={"profile": "deployed"})

    assert chosen.json()["info"]["title"] == "jobstatus: IMS (deployed)"
    assert missing.status_code == 404
