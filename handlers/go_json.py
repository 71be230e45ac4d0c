"""A JSON body, read into a struct of strings as Go's `encoding/json` reads one, and refused in its words.

Clients of a server written in Go are shown what its decoder says. Source: the documentation of `encoding/json`
(`Decoder.Decode`, `Unmarshal`) and the texts that Go 1.2x gives.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from string import ascii_lowercase, ascii_uppercase
from typing import NoReturn, TypeAlias

_State: TypeAlias = "Callable[[], _State | None]"

_SPACE = b" \t\r\n"
_SPACES = re.compile(rb"[ \t\r\n]*")
_DIGITS = re.compile(rb"[0-9]*")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_SURROGATE = re.compile("[\ud800-\udfff]")
_HEX = b"0123456789abcdefABCDEF"
_QUOTE, _BACKSLASH, _COLON, _COMMA = b'"\\:,'
_OBJECT, _ARRAY = b"}]"
_CLOSERS = dict(zip(b"{[", b"}]", strict=True))
_LITERALS = {word[0]: word for word in (b"true", b"false", b"null")}
_KINDS = {ord('"'): "string", ord("{"): "object", ord("["): "array", **dict.fromkeys(b"tf", "bool"), ord("n"): "null"}
_ESCAPES = str.maketrans(
    {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F)}
    | {code: f"\\u{code:04x}" for code in (*range(0x80, 0xA1), 0xAD)}
    | dict(zip(b"\a\b\f\n\r\t\v\\'", [rf"\{letter}" for letter in r"abfnrtv\'"], strict=True))
)
_FOLDS = str.maketrans(f"{ascii_uppercase}\u017f\u212a", f"{ascii_lowercase}sk")
"""Letters that Go takes for one of ASCII in another case: two of them are not ASCII themselves."""

DEEPEST = 10_000


class GoJSONError(ValueError):
    """A body that Go does not take; told as Go tells it."""


def decode(body: bytes, type_name: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Read the first JSON value of *body* into the *fields* of a struct; whatever follows it is not looked at.

    *fields* gives, by its name in JSON (of ASCII), the path that Go has for each; one that the body does not tell is
    empty. A member is told by its exact name or else in any case. Of two with one name, the last counts.

    Raises:
        GoJSONError: the value is not JSON, or not an object with strings in these fields.
    """
    text = body.lstrip(_SPACE)
    if not text:
        raise GoJSONError("EOF")
    members = _Scanner(text).scan()
    if (kind := _kind(text)) not in ("object", "null"):
        raise GoJSONError(f"json: cannot unmarshal {kind} into Go value of type {type_name}")
    return _struct(members, type_name.rpartition(".")[2], fields)


def _struct(members: list[tuple[bytes, bytes]], struct: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Store members. Go goes on after one that does not fit, but all that is told of it is the first of them."""
    values = dict.fromkeys(fields, "")
    folded = {name.translate(_FOLDS): name for name in reversed([*fields])}
    for literal, value in members:
        name = _unquoted(literal)
        field = name if name in fields else folded.get(name.translate(_FOLDS))
        if field is None or (kind := _kind(value)) == "null":
            continue
        if kind != "string":
            place = f"{struct}.{fields[field]} of type string"
            raise GoJSONError(f"json: cannot unmarshal {kind} into Go struct field {place}")
        values[field] = _unquoted(value)
    return values


def _kind(value: bytes) -> str:
    return _KINDS.get(value[0], "number")


def _unquoted(literal: bytes) -> str:
    """Read a string that has been scanned; each byte that is not UTF-8, like half a pair, is U+FFFD."""
    return _SURROGATE.sub("\ufffd", json.loads(literal.decode("utf-8", "surrogateescape")))


def _quoted(byte: int) -> str:
    """Write a byte as Go quotes a character: one of several that make up a character stands for itself."""
    return f"'{chr(byte).translate(_ESCAPES)}'"


class _Scanner:
    """A reader of the value that a text begins with, byte by byte and without recursion.

    Each method that gives a state reads one thing and says what is to be read next: nothing, once the value has ended.
    """

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._at = 0
        self._open = bytearray()
        self._name = b""
        self._members: list[tuple[bytes, bytes]] = []

    def scan(self) -> list[tuple[bytes, bytes]]:
        """List the members of the value, if it is an object: the name and, of what is in it, at least the beginning.

        Raises:
            GoJSONError: it is not JSON.
        """
        state: _State | None = self._value
        while state is not None:
            state = state()
        return self._members

    def _value(self) -> _State | None:
        byte, start = self._next(), self._at
        composite = byte in _CLOSERS
        if not composite:
            self._scalar(byte)
        if self._open == b"}":
            self._members.append((self._name, self._text[start : self._at + composite]))
        return self._begin(byte) if composite else self._after_value

    def _begin(self, byte: int) -> _State | None:
        if len(self._open) == DEEPEST:
            self._refuse("exceeded max depth")
        self._at += 1
        self._open.append(_CLOSERS[byte])
        if self._next() == self._open[-1]:
            return self._end()
        return self._key if self._open[-1] == _OBJECT else self._value

    def _end(self) -> _State:
        self._at += 1
        self._open.pop()
        return self._after_value

    def _key(self) -> _State | None:
        if self._next() != _QUOTE:
            self._refuse("looking for beginning of object key string")
        start = self._at
        self._string()
        if len(self._open) == 1:
            self._name = self._text[start : self._at]
        if self._next() != _COLON:
            self._refuse("after object key")
        self._at += 1
        return self._value

    def _after_value(self) -> _State | None:
        if not self._open:
            return None
        byte, closer = self._next(), self._open[-1]
        if byte == closer:
            return self._end()
        if byte != _COMMA:
            self._refuse("after object key:value pair" if closer == _OBJECT else "after array element")
        self._at += 1
        return self._key if closer == _OBJECT else self._value

    def _scalar(self, byte: int) -> None:
        if byte == _QUOTE:
            self._string()
        elif byte in _LITERALS:
            self._literal(_LITERALS[byte])
        elif byte in b"-0123456789":
            self._number()
        else:
            self._refuse("looking for beginning of value")

    def _string(self) -> None:
        self._at += 1
        while True:
            self._skip(_PLAIN)
            if self._takes(b'"'):
                return
            if self._byte() != _BACKSLASH:
                self._refuse("in string literal")
            self._escape()

    def _escape(self) -> None:
        self._at += 1
        if self._takes(b"u"):
            for _ in range(4):
                self._need(_HEX, r"in \u hexadecimal character escape")
        else:
            self._need(b'bfnrt\\/"', "in string escape code")

    def _literal(self, word: bytes) -> None:
        self._at += 1
        for byte in word[1:]:
            self._need(bytes([byte]), f"in literal {word.decode()} (expecting '{chr(byte)}')")

    def _number(self) -> None:
        self._takes(b"-")
        if not self._takes(b"0"):
            self._digits("in numeric literal")
        if self._takes(b"."):
            self._digits("after decimal point in numeric literal")
        if self._takes(b"eE"):
            self._takes(b"+-")
            self._digits("in exponent of numeric literal")

    def _digits(self, context: str) -> None:
        self._need(b"0123456789", context)
        self._skip(_DIGITS)

    def _next(self) -> int:
        """Give the next byte that is not white space."""
        while (byte := self._byte()) in _SPACE:
            self._skip(_SPACES)
        return byte

    def _byte(self) -> int:
        if self._at == len(self._text):
            raise GoJSONError("unexpected EOF")
        return self._text[self._at]

    def _skip(self, pattern: re.Pattern[bytes]) -> None:
        if match := pattern.match(self._text, self._at):
            self._at = match.end()

    def _takes(self, choice: bytes) -> bool:
        """Step over a byte if it is one of these."""
        taken = self._at < len(self._text) and self._text[self._at] in choice
        self._at += taken
        return taken

    def _need(self, choice: bytes, context: str) -> None:
        if self._byte() not in choice:
            self._refuse(context)
        self._at += 1

    def _refuse(self, context: str) -> NoReturn:
        raise GoJSONError(f"invalid character {_quoted(self._text[self._at])} {context}")
