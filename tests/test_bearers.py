"""Which tokens are verified, and which are asked about."""

from __future__ import annotations

from typing import Any

import pytest
from issuer import signed, unsigned

from jobstatus.errors import Unauthenticated
from jobstatus.security.bearers import OutsideTokens, looks_like_jwt
from jobstatus.security.claims import LONGEST_TOKEN


class Asked:
    """Takes every token, and remembers it."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    async def verify(self, token: str) -> Any:
        self.tokens.append(token)


async def test_each_form_of_token_has_its_verifier() -> None:
    """One that looks like a JWT is asked about only where JWTs are not set up."""
    jwt, opaque = signed({}), "0123456789abcdef"
    signatures, questions, all_questions = Asked(), Asked(), Asked()

    both = OutsideTokens(jwt=signatures, introspection=questions)
    for token in (jwt, opaque):
        await both.verify(token)
        await OutsideTokens(introspection=all_questions).verify(token)

    assert (signatures.tokens, questions.tokens, all_questions.tokens) == ([jwt], [opaque], [jwt, opaque])
    with pytest.raises(Unauthenticated):
        await OutsideTokens(jwt=signatures).verify(opaque)
    with pytest.raises(Unauthenticated):
        await OutsideTokens().verify(jwt)


@pytest.mark.parametrize(
    ("token", "looks"),
    [
        (signed({}), True),
        (unsigned({"alg": "none"}, {}), True),
        (unsigned({"typ": "JWT"}, {}, b"x"), False),
        (unsigned({"alg": 5}, {}, b"x"), False),
        (unsigned(["alg"], {}, b"x"), False),
        ("a.b.c", False),
        ("e30.e30.e30", False),
        ("W1tbW1tbW1tb" * 900 + ".a.b", False),
        (signed({}) + ".a.b", False),
        (unsigned({"alg": "RS256"}, {"fill": "x" * LONGEST_TOKEN}), False),
        ("eyJhbGciOiJSUzI1NiJ9.e30.é", False),
        ("", False),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_jwt_is_known_by_its_form(token: str, looks: bool) -> None:
    """Three parts, and a header that names an algorithm: other servers' opaque tokens may have points in them too."""
    assert looks_like_jwt(token) is looks
