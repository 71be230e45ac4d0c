"""How a contract's credentials are given on the command line, and how they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jobstatus.contract.bundle import Bundle
from jobstatus.errors import ConfigurationError

Scheme = Mapping[str, Any]


def read(bundle: Bundle, given: Iterable[str], option: str = "credential") -> dict[str, str]:
    """Read `SCHEME=VALUE`; a value alone is of the scheme that the contract names first.

    Raises `ConfigurationError`, which never repeats the value.
    """
    return dict(_one(schemes(bundle), text, option) for text in given)


def schemes(bundle: Bundle) -> Mapping[str, Scheme]:
    """Give the security schemes whose credentials can be given: a signature is made for one request only."""
    declared: Mapping[str, Scheme] = bundle.document["components"].get("securitySchemes", {})
    return {name: scheme for name, scheme in declared.items() if not _signature(scheme)}


def sent(
    bundle: Bundle, security: Sequence[Mapping[str, Any]], credentials: Mapping[str, str], without: Sequence[str] = ()
) -> dict[str, str]:
    """Give the headers of the fullest alternative of *security* for which there are credentials, *without* some."""
    able = [names for names in map(tuple, security) if all(name in credentials for name in names)]
    known = schemes(bundle)
    kept = [name for name in max(able, key=len, default=()) if name not in without]
    return dict(_header(known[name], credentials[name]) for name in kept)


def _one(known: Mapping[str, Scheme], text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if equals and name in known:
        return _valid(name, value, option)
    if not known:
        raise ConfigurationError(f"{option}: this contract asks nobody who calls, and takes none")
    return _valid(next(iter(known)), text, option)


def _valid(name: str, value: str, option: str) -> tuple[str, str]:
    if not value or not value.isascii() or not value.isprintable():
        raise ConfigurationError(f"{option}: the value for {name} must be printable ASCII, and not empty")
    return name, value


def _signature(scheme: Scheme) -> bool:
    return scheme["type"] == "apiKey" and str(scheme["name"]).lower() == "authorization" and scheme["in"] == "header"


def _header(scheme: Scheme, value: str) -> tuple[str, str]:
    if scheme["type"] != "apiKey":
        return "Authorization", f"Bearer {value}"
    if scheme["in"] == "cookie":
        return "Cookie", f"{scheme['name']}={value}"
    return str(scheme["name"]), value
