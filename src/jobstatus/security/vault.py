"""Secrets that must be read again, encrypted: the secret keys of access keys.

Fernet (AES-128-CBC with HMAC-SHA256), with keys derived by HKDF (RFC 5869) from texts that the operator sets.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jobstatus.errors import ConfigurationError

SHORTEST = 32
"""The fewest characters of a key."""


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key with what belongs to it; a temporary one is good only together with its security token."""

    access_key: str
    secret_key: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)

    @classmethod
    def new(cls, *, temporary: bool = False) -> AccessKey:
        """Make one: 20 characters and 40 of secret, as clouds do."""
        name = secrets.token_hex(10).upper()
        return cls(name, secrets.token_urlsafe(30), secrets.token_urlsafe(48) if temporary else None)


class Vault:
    """Encrypts with the first of its keys, and decrypts with any of them."""

    def __init__(self, keys: str) -> None:
        """Take the keys, divided by commas. Raises `ConfigurationError` where one is too short."""
        texts = [text.strip() for text in keys.split(",")]
        if any(len(text) < SHORTEST for text in texts):
            raise ConfigurationError(f"JOBSTATUS_SECRET_KEY: each key needs at least {SHORTEST} characters")
        self._fernet = MultiFernet([Fernet(_derived(text)) for text in texts])

    def lock(self, key: AccessKey) -> str:
        """Encrypt what belongs to an access key, bound to its name."""
        plain = json.dumps([key.access_key, key.secret_key, key.security_token])
        return self._fernet.encrypt(plain.encode()).decode()

    def unlock(self, access_key: str, locked: str) -> AccessKey:
        """Decrypt what belongs to an access key. Raises `ConfigurationError` where none of the keys fits."""
        try:
            name, secret_key, security_token = json.loads(self._fernet.decrypt(locked))
        except InvalidToken:
            raise ConfigurationError("JOBSTATUS_SECRET_KEY is not the key that access keys were kept with") from None
        if name != access_key:
            raise ConfigurationError("an access key was kept with another one's secret")
        return AccessKey(name, secret_key, security_token)


def _derived(text: str) -> bytes:
    hkdf = HKDF(SHA256(), length=32, salt=None, info=b"jobstatus access keys")
    return base64.urlsafe_b64encode(hkdf.derive(text.encode()))
