"""What changes between two documents, and whom it breaks."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from commands import run
from edits import BREAKING, MINOR, PATCHES, Edit
from hypothesis import given, settings
from hypothesis import strategies as st

from jobstatus.changes import Rating, compare, read, worst
from jobstatus.cli.exits import Exit
from jobstatus.contract.bundle import bundles
from jobstatus.contract.schema import json_schema
from jobstatus.contract.spec import Document
from jobstatus.contract.validation import compile_schema
from jobstatus.contract.writing import as_json, as_yaml

BUNDLES = {bundle.name: bundle.document for bundle in bundles(Document.load())}
REDOCLY = Path(__file__).parent.parent / "lint" / "node_modules" / ".bin" / "redocly"
BARE = Document({"components": {"schemas": {}}})
LIMITS = {"integer": ("minimum", "maximum"), "string": ("minLength", "maxLength"), "array": ("minItems", "maxItems")}
VALUES = [None, True, *range(5), 1.5, "", "a", "b", "ab", "abc"]
VALUES += [[], [1], ["a"], [1, 2], [1, 1], ["a", "b", "c"], [None], {}, {"p": 1}, {"q": "a"}, {"p": 2, "q": "ab"}]
VALUES += [{"p": "a"}, {"p": None}, {"r": 1}, {"p": 1, "r": "a"}, {"p": 0, "q": 3, "r": None}]


def edited(*lists: list[Edit]) -> pytest.MarkDecorator:
    """Run a test for each edit."""
    edits = list(itertools.chain(*lists))
    return pytest.mark.parametrize("edit", edits, ids=lambda edit: edit.name.replace(" ", "-"))


def rating(edit: Edit) -> Rating | None:
    """Rate an edit of its bundle."""
    return worst(compare(BUNDLES[edit.bundle], edit(BUNDLES[edit.bundle])))


def asking(schema: Any) -> dict[str, Any]:
    """Give a document with one operation that takes a body of this schema."""
    return _document({"requestBody": {"content": {"application/json": {"schema": schema}}}, "responses": {}})


def answering(schema: Any) -> dict[str, Any]:
    """Give a document with one operation that answers with a body of this schema."""
    return _document({"responses": {"200": {"content": {"application/json": {"schema": schema}}}}})


def _document(operation: Any) -> dict[str, Any]:
    info = {"title": "x", "version": "1.0.0"}
    return {"openapi": "3.0.3", "info": info, "paths": {"/x": {"post": deepcopy(operation)}}}


def rated(old: dict[str, Any], new: dict[str, Any]) -> Rating | None:
    """Rate a change."""
    return worst(compare(old, new))


@edited(BREAKING)
def test_what_may_break_a_client_is_major(edit: Edit) -> None:
    """Each of them, in a contract as it is."""
    assert rating(edit) is Rating.MAJOR


@edited(MINOR)
def test_what_adds_to_a_contract_is_minor(edit: Edit) -> None:
    """Clients that know nothing of it go on."""
    assert rating(edit) is Rating.MINOR


@edited(PATCHES)
def test_what_is_told_in_other_words_is_a_patch(edit: Edit) -> None:
    """Nothing that is sent or answered changes."""
    assert rating(edit) is Rating.PATCH


@settings(max_examples=25)
@given(
    st.sampled_from(sorted(BUNDLES)),
    st.lists(st.sampled_from([*BREAKING, *MINOR, *PATCHES]), max_size=4),
    st.randoms(use_true_random=False),
)
def test_a_document_does_not_differ_from_itself(name: str, edits: list[Edit], chance: random.Random) -> None:
    """Nor from one that is the same in another order, or of another version."""
    document: Any = BUNDLES[name]
    for edit in {edit.bundle: edit for edit in edits if edit.bundle == name}.values():
        document = edit(document)
    shuffled = _shuffled(document, chance)
    shuffled["info"]["version"] = "7.0.0"

    assert compare(document, deepcopy(document)) == compare(document, shuffled) == []


def _shuffled(node: Any, chance: random.Random) -> Any:
    if isinstance(node, list):
        return [_shuffled(item, chance) for item in node]
    if not isinstance(node, dict):
        return node
    keys = chance.sample(list(node), len(node))
    return {key: _shuffled(node[key], chance) for key in keys}


@st.composite
def schemas(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    """Give schemas that say of each property whether it may be there."""
    kinds = ["integer", "number", "string", *(["array", "object", "anyOf"] if depth else [])]
    kind = draw(st.sampled_from(kinds))
    if kind == "anyOf":
        return {"anyOf": draw(st.lists(schemas(depth - 1), min_size=1, max_size=3))}
    schema: dict[str, Any] = {"type": kind}
    for limit in LIMITS.get(kind, ()):
        if draw(st.booleans()):
            schema[limit] = draw(st.integers(0, 3))
    if kind == "array":
        schema |= {"items": draw(schemas(depth - 1)), "uniqueItems": draw(st.booleans())}
    if kind == "object":
        schema |= draw(_members(depth - 1))
    if kind == "string" and draw(st.booleans()):
        schema["enum"] = draw(st.lists(st.sampled_from(["", "a", "b", "ab"]), min_size=1, unique=True))
    return schema | ({"nullable": True} if draw(st.booleans()) else {})


@st.composite
def _members(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    return {
        "properties": draw(st.dictionaries(st.sampled_from("pqr"), schemas(depth), max_size=3)),
        "required": draw(st.lists(st.sampled_from("pqr"), max_size=2, unique=True)),
        "additionalProperties": draw(st.one_of(st.just(False), schemas(depth))),
    }


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give two schemas that are much alike, or nothing alike."""
    old = draw(schemas())
    if draw(st.booleans()):
        return old, draw(schemas())
    new = deepcopy(old)
    for node in _nodes(new):
        if draw(st.integers(0, 2)) == 0:
            other = draw(schemas(0 if "items" not in node and "properties" not in node else 1))
            if other.get("type") == node.get("type"):
                node.update(other)
    return old, new


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "type" in node and isinstance(node["type"], str):
            yield node
        for value in node.values():
            yield from _nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from _nodes(value)


def allowed(schema: Any) -> set[int]:
    """Give the numbers of those values that a schema allows."""
    check = compile_schema(json_schema(BARE, schema))
    return {number for number, value in enumerate(VALUES) if check.is_valid(value)}


@given(pairs())
def test_a_value_that_is_lost_or_won_is_never_missed(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """One that is no longer taken is major in a request, and one that is newly given is in an answer."""
    old, new = map(allowed, pair)

    if old - new:
        assert rated(*map(asking, pair)) is Rating.MAJOR
    if new - old:
        assert rated(*map(answering, pair)) is Rating.MAJOR


@given(pairs())
def test_what_widens_a_request_narrows_it_backwards(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """A change of a request that breaks nobody breaks them when it is taken back, and when it is one of an answer."""
    old, new = map(asking, pair)
    if rated(old, new) is Rating.MINOR:
        assert rated(new, old) is rated(*map(answering, pair)) is Rating.MAJOR


@pytest.mark.parametrize("name", BUNDLES)
def test_yaml_and_json_are_the_same_document(name: str, tmp_path: Path) -> None:
    """Whatever file it is read from."""
    (tmp_path / "a.yaml").write_bytes(as_yaml(BUNDLES[name]))
    (tmp_path / "a.json").write_bytes(as_json(BUNDLES[name]))

    assert read(tmp_path / "a.yaml") == read(tmp_path / "a.json") == json.loads(as_json(BUNDLES[name]))


def test_a_reference_that_leads_back_is_followed_once() -> None:
    """A schema may hold itself."""
    old = answering({"$ref": "#/components/schemas/Tree"})
    old["components"] = {"schemas": {"Tree": {"properties": {"left": {"$ref": "#/components/schemas/Tree"}}}}}
    new = deepcopy(old)
    new["components"]["schemas"]["Tree"]["properties"]["right"] = {"$ref": "#/components/schemas/Tree"}

    assert compare(old, old) == []
    assert [change.kind for change in compare(old, new)] == ["response-property-added"]


UNREADABLE = {
    "missing.yaml": (None, "cannot read"),
    "list.yaml": ("- a\n- b\n", "is no document of OpenAPI 3"),
    "two.yaml": ('swagger: "2.0"\npaths: {}\n', "is no document of OpenAPI 3.0"),
    "later.yaml": ("openapi: 3.1.0\npaths: {}\n", "is no document of OpenAPI 3.0"),
    "broken.yaml": ("a: [\n", "is neither YAML nor JSON"),
    "broken.json": ("{", "is neither YAML nor JSON"),
    "circle.yaml": ("openapi: 3.0.3\npaths: &x\n  /a: *x\n", "it refers to itself"),
    "binary.yaml": (b"\xff\xfe\x00", "is no UTF-8 text"),
    "nowhere.yaml": ("openapi: 3.0.3\npaths:\n  /a:\n    $ref: '#/nowhere'\n", "#/nowhere leads nowhere"),
    "outside.yaml": ("openapi: 3.0.3\npaths:\n  /a:\n    $ref: 'other.yaml'\n", "leads out of the document"),
    "form.yaml": ("openapi: 3.0.3\npaths: [1]\n", "must be an object"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_document_is_told_in_a_line(name: str, tmp_path: Path) -> None:
    """It names the file, and there is no guess at what was meant."""
    content, trouble = UNREADABLE[name]
    old, new = tmp_path / "old.yaml", tmp_path / name
    old.write_text("openapi: 3.0.3\npaths:\n  /a: {}\n")
    if content is not None:
        new.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = run("spec", "diff", str(old), str(new), code=Exit.USAGE).stderr

    assert name in said
    assert trouble in said
    assert said.count("\n") == 1


def test_the_command_tells_people_and_machines_what_changes(tmp_path: Path) -> None:
    """With the version that it takes, and an exit code for what breaks."""
    (breaking,) = (edit for edit in BREAKING if edit.name == "header removed")
    (compatible,) = (edit for edit in MINOR if edit.name == "path added")
    files = {name: tmp_path / f"{name}.json" for name in ("old", "breaking", "compatible")}
    files["old"].write_bytes(as_json(BUNDLES["native"]))
    files["breaking"].write_bytes(as_json(breaking(BUNDLES["native"])))
    files["compatible"].write_bytes(as_json(compatible(BUNDLES["native"])))
    shown = run("spec", "diff", str(files["old"]), str(files["breaking"]), code=Exit.DIFFERENT)
    told = json.loads(run("spec", "diff", str(files["old"]), str(files["compatible"]), "--json").stdout)

    assert "ETag" in shown.stdout
    assert "it must be at least 2.0.0" in shown.stderr
    assert told["breaking"] is False
    assert told["versions"] == {"old": "1.0.0", "new": "1.0.0", "needed": "1.1.0"}
    assert [change["rating"] for change in told["changes"]] == ["minor"]
    assert "nothing changes" in run("spec", "diff", str(files["old"]), str(files["old"])).stderr


def test_two_contracts_are_compared_with_a_word_about_it(tmp_path: Path) -> None:
    """Somebody may have taken the wrong file."""
    for name in ("ims", "identity"):
        (tmp_path / f"{name}.yaml").write_bytes(as_yaml(BUNDLES[name]))
    said = run("spec", "diff", str(tmp_path / "ims.yaml"), str(tmp_path / "identity.yaml"), code=Exit.DIFFERENT)

    assert "these may be two contracts" in said.stderr
