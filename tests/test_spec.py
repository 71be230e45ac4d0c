"""The spec by itself: whole, consistent, and true to the pages that it comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from examples import SPEC, Example, answer_schema, component, examples, fits
from hypothesis import given, settings
from hypothesis import strategies as st

from jobstatus.contract.spec import PATH, Node, Operation
from jobstatus.handlers import times

SEEDS = Path(__file__).parent / "data" / "seeds"
PUBLISHED = {
    "ehealth-pending": "getEhealthJob",
    "ehealth-failed": "getEhealthJob",
    "traffic-ops-pending": "getAsyncStatus",
    "ims-success": "showImsJob",
}
EXAMPLES = list(examples())
OF_ONE_PROFILE = [example for example in EXAMPLES if example.profile and "anyOf" in example.schema]

every_operation = pytest.mark.parametrize(
    "operation", list(SPEC.operations.values()), ids=lambda operation: operation.id
)
moments = st.datetimes(datetime(1900, 1, 2), datetime(2999, 12, 30)).map(lambda at: at.replace(tzinfo=UTC))
zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def node(operation: Operation) -> Node:
    """Give an operation as it stands in the file."""
    found: Node = SPEC.raw["paths"][operation.path][operation.method.lower()]
    return found


@pytest.mark.parametrize(("name", "operation"), list(PUBLISHED.items()))
def test_what_the_published_pages_show_is_in_the_contract(name: str, operation: str) -> None:
    """Each body that a source page gives as its example is one that the documented profile has."""
    body = json.loads((SEEDS / f"{name}.json").read_text(encoding="utf-8"))

    assert fits(answer_schema(operation, "200"), body, "documented")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.place)
def test_every_example_fits_its_schema(example: Example) -> None:
    """An example is of its profile, and of the documented one if it names none."""
    assert example.fits()


@pytest.mark.parametrize("example", OF_ONE_PROFILE, ids=lambda example: example.place)
def test_what_only_running_systems_say_is_not_taken_for_documented(example: Example) -> None:
    """The profiles are held apart."""
    assert not example.fits("documented")


@every_operation
def test_every_operation_is_described(operation: Operation) -> None:
    """It says in short and at length what it does, whose contract it is of and where that is published."""
    told = node(operation)
    (tag,) = (tag for tag in SPEC.raw["tags"] if tag["x-contract"] == operation.contract)

    assert told["summary"]
    assert told["description"]
    assert told["externalDocs"]["url"].startswith("https://")
    assert told["tags"] == [tag["name"]]


@every_operation
def test_every_path_lies_below_a_prefix_of_its_contract(operation: Operation) -> None:
    """What is not found below a path is told by the contract that owns the path."""
    owners = {prefix: name for prefix, name in SPEC.prefixes.items() if f"{operation.path}/".startswith(f"{prefix}/")}

    assert owners[max(owners, key=len)] == operation.contract


@every_operation
def test_every_answer_names_its_request(operation: Operation) -> None:
    """Clients can rely on X-Request-Id but for Traffic Ops, which has none; and a body is always shown by example."""
    for response in operation.responses.values():
        named = response.get("headers", {}).get("X-Request-Id")
        assert SPEC.resolve(named)["required"] if named else operation.contract == "traffic-ops"
        assert all(media["examples"] for media in response.get("content", {}).values())


@every_operation
def test_every_operation_is_guarded(operation: Operation) -> None:
    """Each names what a caller must hold, or why it needs nothing; and declares the refusals that it can give."""
    assert all(node(operation)["security"])
    assert bool(operation.permissions) is not bool(node(operation).get("x-open"))
    if operation.public:
        return
    assert {"401", "403"} <= set(operation.responses)
    assert SPEC.resolve(operation.responses["401"]["headers"]["WWW-Authenticate"])["required"]


def test_every_contract_has_its_own_errors() -> None:
    """Only the native contract's errors are problem details."""
    for operation in SPEC.operations.values():
        errors = [response for status, response in operation.responses.items() if status >= "400"]
        media_types = {media_type for response in errors for media_type in response["content"]}

        assert media_types == {"application/problem+json" if operation.contract == "native" else "application/json"}


def test_operation_ids_are_unique_and_in_camel_case() -> None:
    """They name handlers and generated functions."""
    ids = re.findall(r"^ +operationId: (\S+)$", PATH.read_text(encoding="utf-8").partition("\ncomponents:")[0], re.M)

    assert len(set(ids)) == len(ids) == len(SPEC.operations)
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", id) for id in ids)


def test_nothing_of_the_program_stands_in_the_contract() -> None:
    """The file is published as it is."""
    text = PATH.read_text(encoding="utf-8")

    assert not re.search(r"InfoFunc|x-openapi-router-controller|handlers\.|\bpython\b", text, re.I)


@pytest.mark.parametrize(
    ("schema", "write"),
    [
        (component("Time"), times.micros),
        (component("EhealthUtcTime"), times.millis),
        (component("GoTime"), times.trimmed),
        (component("ImsJobDocumented")["properties"]["begin_time"], times.english),
        (component("ImsJobDocumented")["properties"]["end_time"], times.english),
        (component("ImsJobDeployed")["properties"]["end_time"], times.millis),
    ],
)
@settings(deadline=None)
@given(at=moments)
def test_every_time_that_is_written_has_the_form_of_its_contract(
    schema: Node, write: Callable[[datetime], str], at: datetime
) -> None:
    """Patterns and writers agree over eleven centuries."""
    assert fits(schema, write(at))


@settings(deadline=None)
@given(at=moments, zone=zones)
def test_a_time_may_be_given_with_any_offset(at: datetime, zone: timezone) -> None:
    """What RFC 3339 allows within the years taken is taken."""
    assert fits(component("GivenTime"), at.astimezone(zone).isoformat())


@settings(deadline=None)
@given(number=st.integers(-(2**63), 2**63 - 1), zeros=st.integers(0, 20), suffix=st.sampled_from(["", ".json"]))
def test_every_64_bit_integer_is_a_number_of_a_job(number: int, zeros: int, suffix: str) -> None:
    """A sign, leading zeros and one `.json` change nothing of that."""
    (id,) = (p for p in SPEC.operations["getAsyncStatus"].parameters if p["name"] == "id")
    sign = "-" if number < 0 else ""

    assert fits(id["schema"], f"{sign}{'0' * zeros}{abs(number)}{suffix}")
