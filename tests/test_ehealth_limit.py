"""What is kept of an error that is longer than the eHealth service keeps."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstatus.handlers.ehealth_limit import limited
from jobstatus.handlers.wire import dumps
from jobstatus.testing.strategies import json_values

texts = st.text(max_size=60)
odd = json_values()
params = st.lists(odd, max_size=3)
rules = odd | st.fixed_dictionaries({"rule": texts}, optional={"params": params | odd, "description": texts})
entries = odd | st.fixed_dictionaries({"entry_type": texts}, optional={"rules": st.lists(rules, max_size=3) | odd})
objects = st.fixed_dictionaries(
    {"type": st.text(max_size=20)},
    optional={"message": texts | odd, "invalid": st.lists(entries, max_size=4) | odd},
)
errors = objects | texts | odd
limits = st.integers(0, 400)


def size(error: Any) -> int:
    """Measure an error as the service does: a text without its quotes."""
    return len(error.encode() if isinstance(error, str) else dumps(error))


def entry(number: int, *params: str) -> dict[str, Any]:
    """Make an entry of some two hundred bytes, and those of its parameters."""
    rule = {"description": "x" * 100, "params": list(params), "rule": "inclusion"}
    return {"entry": f"$.items[{number:03d}]", "entry_type": "json_data_property", "rules": [rule]}


def failed(*invalid: dict[str, Any], message: str = "Validation failed.") -> dict[str, Any]:
    """Make the error of a job that failed its validation."""
    return {"type": "validation_failed", "message": message, "invalid": list(invalid)}


@pytest.mark.parametrize("error", ["x" * 10_000, "\u0457" * 5_000, '"' * 10_000, failed(entry(0, "y" * 9_000)), None])
def test_an_error_within_the_limit_is_given_as_it_is(error: Any) -> None:
    """It is not even copied."""
    assert limited(error) is error


def test_an_object_is_measured_with_all_that_makes_it_json() -> None:
    """To the byte."""
    room = 10_000 - size(failed(message=""))

    assert size(failed(message="x" * room)) == 10_000
    assert limited(failed(message="x" * room)) == failed(message="x" * room)
    assert limited(failed(message="x" * (room + 1))) == failed(message="x" * (room - 3) + "...")


def test_parameters_go_first() -> None:
    """Those of all rules, even where those of one would do."""
    error = failed(entry(0, "y" * 10_000), entry(1, "y"))

    assert limited(error) == failed(entry(0), entry(1))


def test_a_rule_without_parameters_gets_none() -> None:
    """Only what is there is emptied."""
    bare = {"entry_type": "json_data_property", "rules": [{"rule": "required"}]}

    assert limited(failed(bare, entry(0, "y" * 10_000))) == failed(bare, entry(0))


def test_entries_go_next_from_the_end() -> None:
    """As few of them as need be, and what is left has lost its parameters all the same."""
    error = failed(*(entry(number, "y") for number in range(100)))

    kept = limited(error)

    left = len(kept["invalid"])
    assert kept == failed(*(entry(number) for number in range(left)))
    assert size(kept) <= 10_000 < size(failed(*(entry(number) for number in range(left + 1))))


def test_the_message_goes_last() -> None:
    """Not before there is no entry left."""
    kept = limited(failed(entry(0), message="x" * 20_000))

    assert kept["type"] == "validation_failed"
    assert kept["invalid"] == []
    assert kept["message"].strip("x") == "..."
    assert size(kept) == 10_000


def test_a_text_loses_its_end() -> None:
    """It is as long as the limit then, dots included."""
    assert limited("x" * 10_001) == "x" * 9_997 + "..."


def test_no_character_is_cut_in_two() -> None:
    """A text that cannot be as long as the limit is shorter."""
    assert limited("x" + "\u0457" * 10_000) == "x" + "\u0457" * 4_998 + "..."
    assert limited("\U0001f600" * 10_000) == "\U0001f600" * 2_499 + "..."
    assert limited(failed(message="\u0457" * 10_000))["message"].strip("\u0457") == "..."


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        ({"type": "x" * 30, "message": "m"}, '{"type":"xxxxxxxx...'),
        (["x" * 30], '["xxxxxxxxxxxxxxx...'),
        (10**30, "10000000000000000..."),
        ({"type": "x" * 30, "invalid": "none"}, '{"type":"xxxxxxxx...'),
    ],
)
def test_what_cannot_be_shortened_is_told_as_a_text(error: Any, kept: str) -> None:
    """An error of this contract is an object or a text; the beginning of its JSON is at least readable."""
    assert limited(error, 20) == kept


@given(error=errors, limit=limits)
def test_every_error_ends_within_the_limit(error: Any, limit: int) -> None:
    """And what has been shortened once is left alone; what it was made of is left alone too."""
    before = deepcopy(error)

    kept = limited(error, limit)

    assert size(kept) <= limit
    assert limited(kept, limit) is kept
    assert error == before


@given(error=texts, limit=limits)
def test_what_is_kept_of_a_text_is_its_beginning(error: str, limit: int) -> None:
    """As much of it as there is room for."""
    kept = limited(error, limit)

    if kept != error and limit >= 3:
        head = kept.removesuffix("...")
        assert error.startswith(head)
        assert size(error[: len(head) + 1]) + 3 > limit


@given(error=objects, limit=limits)
def test_nothing_is_cut_before_its_turn(error: dict[str, Any], limit: int) -> None:
    """Parameters, then entries, then the message; all else is kept while the object is one."""
    kept = limited(error, limit)
    if kept == error or not isinstance(kept, dict):
        return

    assert kept.keys() == error.keys()
    assert kept["type"] == error["type"]
    if isinstance(entries := error.get("invalid"), list):
        left = kept["invalid"]
        assert left == [without_params(entry) for entry in entries[: len(left)]]
        assert left == [] or kept.get("message") == error.get("message")
        more = {**error, "invalid": [without_params(entry) for entry in entries[: len(left) + 1]]}
        assert len(left) == len(entries) or size(more) > limit
    if kept.get("message") != error.get("message"):
        head = kept["message"].removesuffix("...")
        assert error["message"].startswith(head)
        assert size({**kept, "message": error["message"][: len(head) + 1] + "..."}) > limit


def without_params(entry: Any) -> Any:
    """Empty the parameters of an entry's rules, in a copy."""
    copy = deepcopy(entry)
    if isinstance(copy, dict) and isinstance(copy.get("rules"), list):
        for rule in copy["rules"]:
            if isinstance(rule, dict) and "params" in rule:
                rule["params"] = []
    return copy
