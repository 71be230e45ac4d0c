"""Whom to ask about a token that is none of our own."""

from __future__ import annotations

import base64
import re

import orjson

from jobstatus.credential import Caller
from jobstatus.errors import Cause, Unauthenticated
from jobstatus.security.bearer import TokenVerifier
from jobstatus.security.claims import LONGEST_TOKEN

_JWS = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


def looks_like_jwt(token: str) -> bool:
    """Tell whether a token has the form of a signed JWT: three parts, the first an object that names an algorithm."""
    parts = _JWS.fullmatch(token) if len(token) <= LONGEST_TOKEN else None
    if parts is None:
        return False
    try:
        header = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return False
    return isinstance(header, dict) and isinstance(header.get("alg"), str)


class OutsideTokens:
    """Tokens of an outside authorization server, of either form.

    A token with the form of a JWT is verified as one where that is set up; any other is asked about.
    """

    def __init__(self, *, jwt: TokenVerifier | None = None, introspection: TokenVerifier | None = None) -> None:
        self._jwt = jwt
        self._introspection = introspection

    async def verify(self, token: str) -> Caller:
        """Give the caller that a token stands for.

        Raises:
            Unauthenticated: the token is not valid, or nobody can tell.
            IssuerUnavailable: whoever could tell cannot be asked now.
        """
        verifier = self._jwt if self._jwt is not None and looks_like_jwt(token) else self._introspection
        if verifier is None:
            raise Unauthenticated(Cause.UNKNOWN)
        return await verifier.verify(token)
