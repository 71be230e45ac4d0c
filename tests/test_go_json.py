"""JSON as Go reads it: what is taken, and the words in which the rest is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstatus.handlers.go_json import DEEPEST, GoJSONError, decode
from jobstatus.testing.strategies import json_objects, json_values

FORM = {"u": "u", "p": "p"}
HEX = r"in \u hexadecimal character escape"
PIECES = [*rb"{}[]:,\"-+.019eEutfnl ", *b"\x00\x7f\xc3\xff", b'"u":', b"\\u00", b"\\ud83d", b"true", b"null"]

names = st.sampled_from(["u", "p", "", "up", "other", "\u00fc", "\0", '"'])
closed = st.lists(json_values(), max_size=3) | json_objects() | st.text() | st.booleans() | st.none()
"""Values of which no part is a value of its own, as part of a number may be."""
scraps = st.lists(st.sampled_from([bytes([piece]) if isinstance(piece, int) else piece for piece in PIECES]))


def read(body: bytes, fields: Mapping[str, str] = FORM) -> dict[str, str]:
    """Read a body as the form of a login."""
    return decode(body, "auth.PasswordForm", fields)


def refusal(body: bytes, fields: Mapping[str, str] = FORM) -> str:
    """Give what is said against a body."""
    with pytest.raises(GoJSONError) as caught:
        read(body, fields)
    return str(caught.value)


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b'{"u":"alice","p":"secret"}', {"u": "alice", "p": "secret"}),
        (b' \t\r\n{ "u" : "alice" , "p" : "secret" }', {"u": "alice", "p": "secret"}),
        (b"{}", {"u": "", "p": ""}),
        (b"{ }", {"u": "", "p": ""}),
        (b"null", {"u": "", "p": ""}),
        (b'{"u":"alice"}', {"u": "alice", "p": ""}),
        (b'{"u":null,"p":"secret"}', {"u": "", "p": "secret"}),
        (b'{"u":"alice","u":null}', {"u": "alice", "p": ""}),
        (b'{"u":"alice","u":"bob"}', {"u": "bob", "p": ""}),
        (b'{"U":"alice","P":"secret"}', {"u": "alice", "p": "secret"}),
        (b'{"u":"alice","U":"bob"}', {"u": "bob", "p": ""}),
        (b'{"\\u0075":"alice"}', {"u": "alice", "p": ""}),
        (b'{"v":{"u":"bob","p":[1]},"w":[{"u":1}],"x":-0.5e+3,"y":true,"u":"alice"}', {"u": "alice", "p": ""}),
        (b'{"u":"alice"}{"u":"bob"}', {"u": "alice", "p": ""}),
        (b'{"u":"alice"}]', {"u": "alice", "p": ""}),
        (b"nullx", {"u": "", "p": ""}),
    ],
)
def test_the_first_value_fills_the_form(body: bytes, form: dict[str, str]) -> None:
    """Unknown members and whatever follows the value are passed over; the last of two members counts."""
    assert read(body) == form


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (rb"a\"\\\/\b\f\n\r\tz", 'a"\\/\b\f\n\r\tz'),
        (rb"\u00e9\u20AC", "\u00e9\u20ac"),
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\ud83d", "\ufffd"),
        (rb"\ude00\ud83d", "\ufffd\ufffd"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"\ud83dx\ude00", "\ufffdx\ufffd"),
        ("\u00e9\u20ac\U0001f600\x7f".encode(), "\u00e9\u20ac\U0001f600\x7f"),
        (b"a\xffz", "a\ufffdz"),
        (b"\xe2\x82", "\ufffd\ufffd"),
        (b"\xf0\x9f\x98", "\ufffd\ufffd\ufffd"),
        (b"\xed\xa0\xbd", "\ufffd\ufffd\ufffd"),
        (b"\\ud83d\xb8\x80", "\ufffd\ufffd\ufffd"),
    ],
)
def test_a_string_is_read_whatever_its_bytes(literal: bytes, value: str) -> None:
    """Each byte that is not UTF-8 and each half of a pair becomes U+FFFD."""
    assert read(b'{"u":"' + literal + b'"}')["u"] == value


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "EOF"),
        (b" \t\r\n", "EOF"),
        (b"{", "unexpected EOF"),
        (b'{"u":"alice"', "unexpected EOF"),
        (b'{"u":"alice\\', "unexpected EOF"),
        (b'"', "unexpected EOF"),
        (b"[1", "unexpected EOF"),
        (b"-", "unexpected EOF"),
        (b"1.", "unexpected EOF"),
        (b"1e", "unexpected EOF"),
        (b"1e+", "unexpected EOF"),
        (b"tru", "unexpected EOF"),
    ],
)
def test_a_body_that_ends_too_soon_is_told_apart_from_one_that_is_not_there(body: bytes, text: str) -> None:
    """White space is no body."""
    assert refusal(body) == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"u=alice", "'u' looking for beginning of value"),
        (b"<form>", "'<' looking for beginning of value"),
        (b"[1,]", "']' looking for beginning of value"),
        (b"[}", "'}' looking for beginning of value"),
        (b'{"u":}', "'}' looking for beginning of value"),
        (b"+1", "'+' looking for beginning of value"),
        (b".5", "'.' looking for beginning of value"),
        (b"NaN", "'N' looking for beginning of value"),
        (b"{u:1}", "'u' looking for beginning of object key string"),
        (b"{'u':1}", "'\\'' looking for beginning of object key string"),
        (b'{"u":"",}', "'}' looking for beginning of object key string"),
        (b"{]", "']' looking for beginning of object key string"),
        (b'{"u"}', "'}' after object key"),
        (b'{"u" "alice"}', "'\"' after object key"),
        (b'{"u":"" "p":""}', "'\"' after object key:value pair"),
        (b'{"u":""]', "']' after object key:value pair"),
        (b'{"u":01}', "'1' after object key:value pair"),
        (b"[1 2]", "'2' after array element"),
        (b"[1}", "'}' after array element"),
        (b"[1.5.5]", "'.' after array element"),
        (b"[truer]", "'r' after array element"),
        (b"tx", "'x' in literal true (expecting 'r')"),
        (b"trx", "'x' in literal true (expecting 'u')"),
        (b"trux", "'x' in literal true (expecting 'e')"),
        (b"fx", "'x' in literal false (expecting 'a')"),
        (b"falsy", "'y' in literal false (expecting 'e')"),
        (b"nil", "'i' in literal null (expecting 'u')"),
        (b"nulx", "'x' in literal null (expecting 'l')"),
        (b"-x", "'x' in numeric literal"),
        (b"--1", "'-' in numeric literal"),
        (b"1.x", "'x' after decimal point in numeric literal"),
        (b"1ex", "'x' in exponent of numeric literal"),
        (b"1e+-1", "'-' in exponent of numeric literal"),
        (b'"\n"', r"'\n' in string literal"),
        (b'{"u\x00":1}', r"'\x00' in string literal"),
        (b'"\\x"', "'x' in string escape code"),
        (b'"\\U0041"', "'U' in string escape code"),
        (b'"\\\'"', r"'\'' in string escape code"),
        (b'"\\ux"', f"'x' {HEX}"),
        (b'"\\u0x"', f"'x' {HEX}"),
        (b'"\\u00x"', f"'x' {HEX}"),
        (b'"\\u004"', f"'\"' {HEX}"),
        (b"[" * (DEEPEST + 1), "'[' exceeded max depth"),
        (b'{"u":' * (DEEPEST + 1), "'{' exceeded max depth"),
    ],
)
def test_the_first_byte_that_does_not_belong_is_named(body: bytes, text: str) -> None:
    """With what was being read, in the decoder's words."""
    assert refusal(body) == f"invalid character {text}"


@pytest.mark.parametrize(
    ("byte", "quoted"),
    [
        (b"'", r"'\''"),
        (b'\\"', r"'\\'"),
        (b"\x00", r"'\x00'"),
        (b"\a", r"'\a'"),
        (b"\b", r"'\b'"),
        (b"\f", r"'\f'"),
        (b"\v", r"'\v'"),
        (b"\x1b", r"'\x1b'"),
        (b"\x7f", r"'\x7f'"),
        (b"~", "'~'"),
        (b"\x80", r"'\u0080'"),
        (b"\xa0", r"'\u00a0'"),
        (b"\xad", r"'\u00ad'"),
        (b"\xef\xbb\xbf{}", "'\u00ef'"),
        ("\u00e9".encode(), "'\u00c3'"),
        (b"\xff", "'\u00ff'"),
    ],
)
def test_a_byte_is_quoted_as_a_character(byte: bytes, quoted: str) -> None:
    """The first byte of a longer character stands for itself; what cannot be printed is escaped."""
    assert refusal(byte) == f"invalid character {quoted} looking for beginning of value"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[1,2]", "array"),
        (b"[" * DEEPEST + b"]" * DEEPEST, "array"),
        (b'"alice"', "string"),
        (b"-1.5e3", "number"),
        (b"01", "number"),
        (b"12x", "number"),
        (b"true", "bool"),
        (b"false", "bool"),
    ],
)
def test_only_an_object_is_a_form(body: bytes, kind: str) -> None:
    """Anything else that is JSON is named with the type that it does not fit."""
    assert refusal(body) == f"json: cannot unmarshal {kind} into Go value of type auth.PasswordForm"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"u":1}', "number into Go struct field PasswordForm.u"),
        (b'{"p":{"u":"alice"}}', "object into Go struct field PasswordForm.p"),
        (b'{"u":["alice"]}', "array into Go struct field PasswordForm.u"),
        (b'{"U":false}', "bool into Go struct field PasswordForm.u"),
        (b'{"u":true,"p":1}', "bool into Go struct field PasswordForm.u"),
        (b'{"v":1,"u":"alice","p":1,"u":2}', "number into Go struct field PasswordForm.p"),
        (b'{"u":1,"u":"alice"}', "number into Go struct field PasswordForm.u"),
    ],
)
def test_the_first_member_that_is_no_string_is_named(body: bytes, told: str) -> None:
    """Even if it is told once more, as a string."""
    assert refusal(body) == f"json: cannot unmarshal {told} of type string"


def test_what_is_not_json_is_told_before_what_does_not_fit() -> None:
    """A value is read to its end before anything of it is stored."""
    assert refusal(b'{"u":1,}') == "invalid character '}' looking for beginning of object key string"


def test_a_field_is_told_by_the_path_that_go_has_for_it() -> None:
    """Not by the name that it was found by."""
    assert refusal(b'{"T":1}', {"t": "Embedded.t"}).endswith("PasswordForm.Embedded.t of type string")


def test_a_name_is_matched_exactly_before_it_is_matched_in_any_case() -> None:
    """And of two fields that differ in case alone, the first is the one for any other spelling."""
    body = b'{"task":"a","TASK":"b","Task":"c"}'

    assert read(body, {"TASK": "TASK", "task": "task"}) == {"TASK": "c", "task": "a"}


def test_two_letters_beyond_ascii_are_letters_in_another_case() -> None:
    """The long s and the sign for kelvin; no other letter is taken for one of ASCII."""
    assert read('{"TA\u017f\u212a":"a"}'.encode(), {"task": "task"}) == {"task": "a"}
    assert read('{"t\u00e0sk":"a"}'.encode(), {"task": "task"}) == {"task": ""}


@pytest.mark.parametrize("ascii_only", [True, False])
@given(form=st.dictionaries(names, st.text()))
def test_what_is_written_is_read(ascii_only: bool, form: dict[str, str]) -> None:
    """Every object of strings, escaped or not."""
    body = json.dumps(form, ensure_ascii=ascii_only).encode()

    assert read(body) == {"u": form.get("u", ""), "p": form.get("p", "")}


@given(body=st.binary() | scraps.map(b"".join))
def test_every_body_is_read_or_refused(body: bytes) -> None:
    """Nothing else can come of it."""
    try:
        form = read(body)
    except GoJSONError:
        return

    assert form.keys() == FORM.keys()


@given(value=closed, ascii_only=st.booleans(), space=st.sampled_from(["", " ", "\r\n\t"]), data=st.data())
def test_what_is_cut_short_is_told_to_be(value: object, ascii_only: bool, space: str, data: st.DataObject) -> None:
    """Wherever the cut is, unless nothing but white space comes before it."""
    body = (space + json.dumps(value, ensure_ascii=ascii_only)).encode()
    cut = data.draw(st.integers(0, len(body) - 1))

    assert refusal(body[:cut]) == ("unexpected EOF" if cut > len(space) else "EOF")
