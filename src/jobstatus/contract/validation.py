"""Schemas as they are meant: formats asserted, and patterns that end where the text ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import jsonschema_rs
from jsonschema import Draft4Validator, FormatChecker, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from jobstatus.errors import Violation

MOST_VIOLATIONS = 20
LONGEST = 200
_FORMATS = FormatChecker()


def _pattern(validator: Validator, pattern: str, instance: Any, _: Mapping[str, Any]) -> Iterator[ValidationError]:
    """Match as ECMA 262 does: to Python, `$` stands before a line feed at the end as well."""
    strict = f"{pattern[:-1]}\\Z" if pattern.endswith("$") and not pattern.endswith("\\$") else pattern
    if validator.is_type(instance, "string") and not re.search(strict, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Strict = extend(Draft4Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def compile_schema(schema: Mapping[str, Any]) -> Validator:
    """Make the validator of a schema."""
    validator: Validator = _Strict(schema, format_checker=_FORMATS)
    return validator


def fast_schema(schema: Mapping[str, Any]) -> jsonschema_rs.Draft4Validator:
    """Make the validator of a schema that says yes or no at once; what is wrong it does not tell as contracts do."""
    return jsonschema_rs.Draft4Validator(dict(schema), validate_formats=True, mask="a value")


def violations(validator: Validator, value: Any, location: str, field: str | None = None) -> list[Violation]:
    """Tell which rules a value breaks and where, the first few; without *field* by their path in the value."""
    return [
        Violation(location, field or _shortened(_place(error)), str(error.validator), _shortened(error.message), params)
        for error in islice(validator.iter_errors(value), MOST_VIOLATIONS)
        for params in [_params(error)]
    ]


def _place(error: ValidationError) -> str:
    """Give the path to what breaks the rule; to what is missing, where a member is."""
    if error.validator != "required":
        return str(error.json_path)
    names: Sequence[str] = error.validator_value  # type: ignore[assignment]  # as the rule has it
    missing = next(name for name in names if error.message.startswith(repr(name)))
    return f"{error.json_path}.{missing}"


def _params(error: ValidationError) -> tuple[Any, ...]:
    """Give what the rule asks for, where that is a value or a list of values."""
    asked = error.validator_value
    if error.validator == "required" or isinstance(asked, dict | bool):
        return ()
    return tuple(asked) if isinstance(asked, list) else (asked,)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
