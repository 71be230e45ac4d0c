"""Hypothesis strategies for JSON values from the schemas of the spec: what they take, and what they might."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from jobstatus.contract.schema import json_schema
from jobstatus.contract.spec import Document, Node
from jobstatus.testing.strategies import json_values

Lexicon = Mapping[str, Sequence[str]]
"""By the names of members and parameters, texts that mean something to the server."""
Place = tuple[Any, ...]

ODD_TIMES = (
    "2031-03-04T05:06:07Z",
    "2031-03-04t05:06:07z",
    "2031-03-04T05:06:07z",
    "2031-03-04 05:06:07Z",
    "2031-03-04T05:06:07",
    "2031-03-04T05:06Z",
    "2031-03-04T05:06:60Z",
    "2030-12-31T23:59:60Z",
    "2031-03-04T24:00:00Z",
    "2031-02-29T00:00:00Z",
    "2031-02-30T00:00:00Z",
    "2031-13-04T05:06:07Z",
    "2031-00-04T05:06:07Z",
    "2031-03-04T05:06:07+24:00",
    "2031-03-04T05:06:07+23:59",
    "2031-03-04T05:06:07-00:00",
    "2031-03-04T05:06:07+0000",
    "2031-03-04T05:06:07.Z",
    "2031-03-04T05:06:07,5Z",
    "2031-03-04T05:06:07.123456789Z",
    "2031-03-04T05:06:07.1234567890Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "1900-01-01T00:00:00Z",
    "2999-12-31T23:59:59.999999999+00:00",
    "2031-03-04T05:06:07Z\n",
    "2031-03-04T05:06:07\u0660Z",
    "２031-03-04T05:06:07Z",  # noqa: RUF001  a digit of another script is the point
)
ODD_TEXTS = ("", " ", "a\n", "\na", "é", "\u0661", "\x00", "\x7f", "\u2028", "\U0001f600", "a" * 70, "%s", "$", "None")
ODD_NUMBERS = (0, -0.0, 1, 1.0, -1, 0.5, 1e2, 100.0, 101, 2**31, 2**53 + 1, 2**64, 10**30, 1e300, -1e-300)
ODD_VALUES: tuple[Any, ...] = (None, True, False, [], {}, [None], {"": None}, "1", "true", *ODD_NUMBERS, *ODD_TEXTS)


def values_of(document: Document, schema: Node, lexicon: Lexicon) -> st.SearchStrategy[Any]:
    """Draw values that a schema takes, nearly always, and from the lexicon where it has words for a member."""
    alone = json_schema(document, schema)
    return _Values(alone.get("components", {}).get("schemas", {}), lexicon).of(alone["allOf"][0])


class _Values:
    """Strategies for schemas that refer to the same components. It knows the keywords that the spec uses."""

    def __init__(self, components: Mapping[str, Node], lexicon: Lexicon) -> None:
        self._components = components
        self._lexicon = lexicon

    def of(self, schema: Node) -> st.SearchStrategy[Any]:
        """Draw from a schema."""
        if "$ref" in schema:
            return self.of(self._components[schema["$ref"].rpartition("/")[2]])
        if "anyOf" in schema:
            rest = {key: value for key, value in schema.items() if key != "anyOf"}
            return st.one_of([self.of(_merged(rest, alternative)) for alternative in schema["anyOf"]])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        if isinstance(schema.get("type"), list):
            return st.one_of([self.of({**schema, "type": kind}) for kind in schema["type"]])
        return self._typed(schema)

    def named(self, name: str, schema: Node) -> st.SearchStrategy[Any]:
        """Draw a member: a text that means something, where there are such for its name."""
        drawn = self.of(schema)
        return st.one_of(st.sampled_from(self._lexicon[name]), drawn) if name in self._lexicon else drawn

    def _typed(self, schema: Node) -> st.SearchStrategy[Any]:
        match schema.get("type"):
            case "object":
                return self._objects(schema)
            case "array":
                most = min(schema.get("maxItems", 3), 3)
                return st.lists(self.of(schema["items"]), min_size=schema.get("minItems", 0), max_size=most)
            case "integer":
                return st.integers(schema.get("minimum"), schema.get("maximum"))
            case "number":
                low, high = schema.get("minimum", 0), schema.get("maximum", 100)
                return st.integers(low, high) | st.floats(low, high)
            case "string":
                return _texts(schema)
            case "null":
                return st.none()
            case "boolean":
                return st.booleans()
            case _:
                return json_values()

    def _objects(self, schema: Node) -> st.SearchStrategy[Any]:
        members = {name: self.named(name, member) for name, member in schema.get("properties", {}).items()}
        required = {name: members.pop(name, json_values()) for name in schema.get("required", ())}
        drawn = st.fixed_dictionaries(required, optional=members)
        if schema.get("minProperties"):
            drawn = drawn.filter(bool)
        if schema.get("additionalProperties", True) is False:
            return drawn
        more = st.dictionaries(st.text(max_size=5), json_values(), max_size=1)
        return st.builds(lambda extra, known: {**extra, **known}, more, drawn)


def _merged(schema: Node, alternative: Node) -> Node:
    required = [*schema.get("required", ()), *alternative.get("required", ())]
    return {**schema, **alternative, **({"required": required} if required else {})}


def _texts(schema: Node) -> st.SearchStrategy[str]:
    if schema.get("format") == "date-time":
        zones = st.sampled_from(["Z", "+00:00", "+05:30", "-11:00"])
        times = st.builds(lambda at, zone: f"2{at.isoformat()[1:]}{zone}", st.datetimes(), zones)
        return times | st.sampled_from(ODD_TIMES)
    if "pattern" in schema:
        pattern: str = schema["pattern"]
        return st.from_regex(pattern, fullmatch=True)
    least = schema.get("minLength", 0)
    return st.text(min_size=least, max_size=min(schema.get("maxLength", 40), 40)) | st.sampled_from(["a", "export"])


def places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Give the path to every member and item within a value, the value itself first."""
    yield here
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in inner:
        yield from places(member, (*here, key))


def changed(value: Any, place: Place, new: Any) -> Any:
    """Give a value with something else at a place."""
    if not place:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = changed(copy[place[0]], place[1:], new)
    return copy


def without(value: Any, place: Place) -> Any:
    """Give a value in which a member or an item is missing."""
    *before, last = place
    inner = _at(value, tuple(before))
    copy: Any = dict(inner) if isinstance(inner, dict) else list(inner)
    del copy[last]
    return changed(value, tuple(before), copy)


def spoilt(value: Any) -> Iterator[Any]:
    """Give a value with one thing wrong, or nearly: each place with each odd value, missing, or with one too many."""
    for place in places(value):
        old = _at(value, place)
        texts = ODD_TIMES if isinstance(old, str) and old[:1] == "2" else ()
        yield from (changed(value, place, odd) for odd in (*ODD_VALUES, *texts, *_variants(old)))
        if place:
            yield without(value, place)
        if isinstance(old, dict):
            yield changed(value, place, {**old, "unknown": 1})


def _at(value: Any, place: Place) -> Any:
    for key in place:
        value = value[key]
    return value


def _variants(old: Any) -> Iterator[Any]:
    """Spell what is there in another way."""
    if isinstance(old, str):
        yield from (
            old + "\n",
            "\n" + old,
            f" {old}",
            old.upper(),
            old.lower(),
            old * 200,
            [old],
            old.encode("utf-8", "surrogatepass").hex(),
        )
    elif isinstance(old, list):
        yield from (old * 2, old * 101, {"0": old})
    elif isinstance(old, dict):
        yield [old]
    elif isinstance(old, float | int):
        yield from (f"{old}", -old, [old], *([float(old)] if abs(old) < 2**64 else []))


def texts_of(value: Any) -> st.SearchStrategy[bytes]:
    """Draw ways to write a value as JSON."""

    def write(ascii_only: bool, indent: int | None, ordered: bool) -> bytes:
        text = json.dumps(value, ensure_ascii=ascii_only, indent=indent, sort_keys=ordered)
        return text.encode("utf-8", "surrogatepass")

    return st.builds(write, st.booleans(), st.sampled_from([None, 1]), st.booleans())
