"""Tokens: random, shown once, kept only as their SHA-256; and names, found by theirs.

A token carries 256 random bits, so a plain hash of it gives nothing away and needs no salt.
"""

from __future__ import annotations

import hashlib
import secrets

from jobstatus.credential import Kind


def new_token() -> str:
    """Make a token, 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """Give the SHA-256 under which a token is kept."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def name_digest(kind: Kind, name: str) -> bytes:
    """Give the SHA-256 under which a user or an access key is kept, which no token's can be."""
    return digest(f"{kind}\0{name}")
