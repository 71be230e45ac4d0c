"""Tokens: random, shown once, kept only as their SHA-256.

A token carries 256 random bits, so a plain hash of it gives nothing away and needs no salt.
"""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """Make a token, 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """Give the SHA-256 under which a token is kept."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
