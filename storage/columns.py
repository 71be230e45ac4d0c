"""How the values of a record are kept in a column, exactly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

from jobstatus.credential import Kind
from jobstatus.job import Failure, FailureKind, Link, Result, Status

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Number = BigInteger().with_variant(Integer, "sqlite")
"""64 bits; SQLite counts up only what is declared as INTEGER."""


_ESCAPE = "\ue000"
_PLAIN_TO_KEPT = str.maketrans({"\0": f"{_ESCAPE}0", _ESCAPE: f"{_ESCAPE}1"})
_KEPT = re.compile(f"{_ESCAPE}(.)")
_PLAIN = {"0": "\0", "1": _ESCAPE}


class Unbroken(TypeDecorator[str]):
    """Text for a database that takes every character but NUL: that one is written otherwise."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else unbroken(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or _ESCAPE not in value:
            return value
        return _KEPT.sub(lambda found: _PLAIN[found[1]], value)


PlainText = Text().with_variant(Unbroken(), "postgresql")


def unbroken(text: str) -> str:
    """Write a text without NUL."""
    return text.translate(_PLAIN_TO_KEPT) if "\0" in text or _ESCAPE in text else text


class Moment(TypeDecorator[datetime]):
    """A point in time as whole microseconds since 1970: exact, and sorted as time is."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


class Written(TypeDecorator[Any]):
    """A value that is written as text."""

    impl = Text
    cache_ok = True

    def __init__(self, write: Callable[[Any], str], read: Callable[[str], Any]) -> None:
        super().__init__()
        self.write = write
        self.read = read

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.write(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else self.read(value)


def _write(value: Any) -> str:
    return json.dumps(value, default=_object, separators=(",", ":"))


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _result(text: str) -> Result:
    kept = json.loads(text)
    return Result(**kept | {"links": tuple(Link(**link) for link in kept["links"])})


def _failure(text: str) -> Failure:
    kept = json.loads(text)
    return Failure(**kept | {"kind": FailureKind(kept["kind"]), "invalid": tuple(kept["invalid"])})


def _write_sorted(words: Collection[str]) -> str:
    return _write(sorted(words))


def _words(text: str) -> frozenset[str]:
    return frozenset(json.loads(text))


StatusText = Written(str, Status)
KindText = Written(str, Kind)
ResultText = Written(_write, _result)
FailureText = Written(_write, _failure)
WordsText = Written(_write_sorted, _words)
