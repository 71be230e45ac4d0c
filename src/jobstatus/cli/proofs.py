"""What a new credential is shown by: made or read here, and kept in no form that would open anything."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from enum import StrEnum
from getpass import getpass

import typer

from jobstatus.credential import Kind
from jobstatus.errors import ConfigurationError
from jobstatus.security.passwords import LONGEST, hash_password
from jobstatus.security.tokens import digest, name_digest, new_token
from jobstatus.security.vault import AccessKey, Vault


class Kinds(StrEnum):
    """What a credential can be shown by."""

    TOKEN = "token"  # noqa: S105  a word
    USER = "user"
    ACCESS_KEY = "access-key"
    TEMPORARY_ACCESS_KEY = "temporary-access-key"


@dataclass(frozen=True, slots=True)
class Proof:
    """What is kept of a credential, and what is shown of it once."""

    kind: Kind
    digest: bytes
    secret: str | None = None
    shown: dict[str, str] = field(default_factory=dict, repr=False)


def prove(kind: Kinds, name: str) -> Proof:
    """Make or read what a credential is shown by."""
    match kind:
        case Kinds.TOKEN:
            token = new_token()
            return Proof(Kind.TOKEN, digest(token), shown={"token": token})
        case Kinds.USER:
            return Proof(Kind.USER, name_digest(Kind.USER, name), hash_password(_password()))
        case _:
            return _access_key(AccessKey.new(temporary=kind is Kinds.TEMPORARY_ACCESS_KEY))


def _access_key(key: AccessKey) -> Proof:
    keys = os.environ.get("JOBSTATUS_SECRET_KEY")
    if not keys:
        raise ConfigurationError("set JOBSTATUS_SECRET_KEY, which encrypts the secrets of access keys")
    shown = {"access_key": key.access_key, "secret_key": key.secret_key, "security_token": key.security_token}
    return Proof(
        Kind.ACCESS_KEY,
        name_digest(Kind.ACCESS_KEY, key.access_key),
        Vault(keys).lock(key),
        {name: value for name, value in shown.items() if value is not None},
    )


def _password() -> str:
    """Ask for a password, or read a line of standard input where that is no terminal."""
    password = getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not password or len(password.encode()) > LONGEST:
        raise typer.BadParameter(f"a password, on standard input, has 1 to {LONGEST} bytes")
    return password
