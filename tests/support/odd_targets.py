"""What may be odd about where a request goes: its path and query, each in one way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from asks import Ask

Spell = Callable[[bytes], bytes]

SPELLINGS: Mapping[str, Spell] = {
    "empty": lambda _: b"",
    "space after": lambda text: text + b"%20",
    "space before": lambda text: b"%20" + text,
    "line feed after": lambda text: text + b"%0A",
    "line feed within": lambda text: text[:1] + b"%0A" + text[1:],
    "slash after": lambda text: text + b"%2F",
    "slash within": lambda text: text[:1] + b"%2f" + text[1:],
    "zero after": lambda text: text + b"%00",
    "upper case": bytes.upper,
    "long": lambda text: (text or b"a")[:60] * 300,
    "digits joined": lambda _: b"1_0",
    "plus": lambda _: b"+1",
    "plus encoded": lambda _: b"%2B1",
    "minus": lambda _: b"-1",
    "float": lambda _: b"1.0",
    "exponent": lambda _: b"1e1",
    "huge": lambda _: b"9" * 30,
    "64 bits": lambda _: b"9223372036854775808",
    "zeros before": lambda text: b"000" + text,
    "a sign and zeros": lambda text: b"+00" + text,
    "Arabic digit": lambda _: b"%D9%A1",
    "full-width digit": lambda _: b"%EF%BC%91",
    "a word": lambda _: b"a",
    "two words": lambda text: text + b"," + text,
    "null": lambda _: b"null",
    "dot": lambda _: b".",
    "dots": lambda _: b"..",
    "dots encoded": lambda _: b"%2e%2E",
    "not UTF-8": lambda text: text + b"%C3%28",
    "surrogate": lambda text: text + b"%ED%A0%80",
    "no escape": lambda text: text + b"%zz",
    "half an escape": lambda text: text + b"%",
    "encoded twice": lambda text: b"%25" + text,
    "encoded once": lambda text: b"%%%02X" % text[0] + text[1:] if text else text,
    "semicolon": lambda text: text + b";a=1",
    "brackets": lambda text: b"[" + text + b"]",
    "quotes": lambda text: b"%22" + text + b"%22",
    "an accent": lambda text: text + b"%C3%A9",
    "a suffix": lambda text: text + b".json",
    "a star": lambda _: b"*",
}
"""Other ways to spell a value that is part of a path or query."""


def odd_targets(ask: Ask) -> Iterator[tuple[str, Ask]]:
    """Give a request with each oddity of its path or query, and what that is called."""
    yield from _paths(ask)
    yield from _queries(ask)


def _parts(spell: Spell, at: int, parts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(spell(part) if index == at else part for index, part in enumerate(parts))


def _paths(ask: Ask) -> Iterator[tuple[str, Ask]]:
    for at in range(1, len(ask.path), 2):
        for name, spell in SPELLINGS.items():
            yield f"path {at}, {name}", replace(ask, path=_parts(spell, at, ask.path))
    for name, path in _whole_paths(ask.path):
        yield f"path, {name}", replace(ask, path=path)


def _whole_paths(path: tuple[bytes, ...]) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    yield "slash at the end", (*path, b"/")
    yield "slashes at the end", (*path, b"//")
    yield "encoded slash at the end", (*path, b"%2F")
    yield "line feed at the end", (*path, b"%0A")
    yield "carriage return at the end", (*path, b"%0D")
    yield "space at the end", (*path, b"%20")
    yield "zero at the end", (*path, b"%00")
    yield "semicolon at the end", (*path, b";a=b")
    yield "more at the end", (*path, b"/more")
    yield "slashes at the beginning", (b"/", *path)
    yield "slashes within", (path[0].replace(b"/", b"//"), *path[1:])
    yield "dots within", (path[0].replace(b"/", b"/./"), *path[1:])
    yield "dots encoded within", (path[0].replace(b"/", b"/%2e%2e/x/", 1), *path[1:])
    yield "upper case", (path[0].upper(), *path[1:])
    yield "first letter encoded", (path[0][:1] + SPELLINGS["encoded once"](path[0][1:]), *path[1:])
    yield "encoded twice", (path[0][:1] + SPELLINGS["encoded once"](path[0][1:]).replace(b"%", b"%25"), *path[1:])
    yield "slashes encoded", (path[0][:1] + path[0][1:].replace(b"/", b"%2F"), *path[1:])
    yield "prefix doubled", (path[0].rstrip(b"/"), *path)
    yield "cut short", path[:-1] or (path[0][:-1],)
    yield "one letter less", (*path[:-1], path[-1][:-1])


def _queries(ask: Ask) -> Iterator[tuple[str, Ask]]:
    for node in ask.operation.parameters:
        if node["in"] == "query":
            example = node["example"]
            value = str(example[0] if isinstance(example, list) else example).replace("+", "%2B").encode()
            for name, parts in _of_parameter(node["name"].encode(), value):
                yield f"query {node['name']}, {name}", replace(ask, query=parts)
    for name, query in _WHOLE_QUERIES.items():
        yield f"query, {name}", replace(ask, query=(*ask.query, query))


_WHOLE_QUERIES: Mapping[str, bytes] = {
    "unknown": b"unknown=1",
    "two unknown": b"z=1&a=2&z=3",
    "no value": b"unknown",
    "no name": b"=1",
    "nothing between": b"&&",
    "only a sign": b"=",
    "not UTF-8": b"%C3%28=%ED%A0%80",
    "bytes": b"\xc3\xa9=\xff",
    "no escape": b"a%zz=%",
    "brackets": b"a[]=1&a[b]=2",
    "semicolons": b"a=1;b=2",
    "long": b"a" * 3000 + b"=1",
    "many": b"&".join(b"a%d=1" % number for number in range(30)),
    "zero": b"a%00=%00",
    "question mark": b"?a=1",
    "spaces": b"+a+=+",
}


def _of_parameter(name: bytes, value: bytes) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    pair = name + b"=" + value
    for spelt, spell in SPELLINGS.items():
        yield spelt, (name + b"=" + spell(value),)
    yield "right", (pair,)
    yield "no sign", (name,)
    yield "twice the same", (pair, pair)
    yield "twice, the second wrong", (pair, name + b"=%00")
    yield "twice, the first wrong", (name + b"=%00", pair)
    yield "twice, the second empty", (pair, name + b"=")
    yield "semicolon", (pair + b";" + pair,)
    yield "array", (name + b"[]=" + value,)
    yield "array with an index", (name + b"[0]=" + value,)
    yield "deep object", (name + b"[a]=" + value,)
    yield "deeper object", (name + b"[a][b]=" + value,)
    yield "brackets encoded", (name + b"%5Ba%5D=" + value,)
    yield "open bracket", (name + b"[a=" + value,)
    yield "beside an array", (pair, name + b"[a]=" + value)
    yield "bars", (name + b"=" + value + b"|" + value,)
    yield "spaces between", (name + b"=" + value + b"%20" + value,)
    yield "many", (pair,) * 7
    yield "name in capitals", (name.upper() + b"=" + value,)
    yield "name encoded", (b"%%%02x" % name[0] + name[1:] + b"=" + value,)
    yield "name not encoded right", (name + b"%=" + value,)
    yield "space around the name", (b"+" + name + b"=" + value,)
    yield "value with a plus", (name + b"=" + value + b"+",)
