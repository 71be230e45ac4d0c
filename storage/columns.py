"""How the values of a record are kept in a column, exactly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

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


class Own(TypeDecorator[Any]):
    """A type that says itself how its values are written and read, whatever the database."""

    impl: type[TypeEngine[Any]] = Text
    cache_ok = True
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self.write(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self.read(value)


class Moment(Own):
    """A point in time as whole microseconds since 1970: exact, and sorted as time is."""

    impl = BigInteger
    cache_ok = True

    @staticmethod
    def write(value: datetime) -> int:
        return (value - _EPOCH) // _MICROSECOND

    @staticmethod
    def read(value: int) -> datetime:
        return _EPOCH + timedelta(0, 0, value)


class Written(Own):
    """A value that is written as text."""

    cache_ok = True

    def __init__(self, write: Callable[[Any], str], read: Callable[[str], Any]) -> None:
        super().__init__()
        self.write = write
        self.read = read


def unbroken(text: str) -> str:
    """Write a text without NUL."""
    return text.translate(_PLAIN_TO_KEPT) if "\0" in text or _ESCAPE in text else text


def _broken(text: str) -> str:
    return _KEPT.sub(lambda found: _PLAIN[found[1]], text) if _ESCAPE in text else text


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


PlainText = Text().with_variant(Written(unbroken, _broken), "postgresql")
"""PostgreSQL takes every character but NUL: that one is written otherwise."""
StatusText = Written(str, Status)
KindText = Written(str, Kind)
ResultText = Written(_write, _result)
FailureText = Written(_write, _failure)
WordsText = Written(_write_sorted, _words)
