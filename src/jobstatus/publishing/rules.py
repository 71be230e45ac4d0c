"""The rules of SwaggerHub for what can be published there, and of this program for where to."""

from __future__ import annotations

import re
from ipaddress import ip_address

import httpx

from jobstatus.errors import ConfigurationError

PREFIX = "jobstatus-"
"""What the name of each contract's API begins with."""
CLOUD = "swaggerhub.com"
_OWNER = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_API = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,58}[A-Za-z0-9]")
_VERSION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._+-]*[A-Za-z0-9])?")


def owner_name(text: str) -> str:
    """Check the name of an organization or user: letters, digits and `-_.`."""
    if not _OWNER.fullmatch(text):
        raise ConfigurationError(f"owner: {text!r} is no name of an owner; it has letters, digits, '-', '_' and '.'")
    return text


def api_name(bundle: str) -> str:
    """Name the API of a bundle, by SwaggerHub's rule: 3 to 60 letters, digits and `-_.`, no sign at either end."""
    name = f"{PREFIX}{bundle}"
    if not _API.fullmatch(name):
        raise ConfigurationError(
            f"API name: {name!r} has to be 3 to 60 letters, digits, '-', '_' and '.', a letter or digit at each end"
        )
    return name


def api_version(text: str, url: httpx.URL) -> str:
    """Check a version by SwaggerHub's rule; `+` is one of its signs in the cloud, and not on premises."""
    if not _VERSION.fullmatch(text):
        raise ConfigurationError(
            f"version: {text!r} has to be letters, digits, '.', '_', '-' and '+', a letter or digit at each end"
        )
    if "+" in text and not f".{url.host}".endswith(f".{CLOUD}"):
        raise ConfigurationError(f"version: {text!r} has a '+', which SwaggerHub takes in its cloud alone")
    return text


def registry_url(text: str) -> httpx.URL:
    """Read the URL of a Registry; the key goes over HTTPS alone, but for this machine itself."""
    try:
        url = httpx.URL(text.rstrip("/"))
    except httpx.InvalidURL:
        raise ConfigurationError("url: it is no URL") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError("url: it has to be such as https://swaggerhub.example.com/v1")
    if url.userinfo or url.query or url.fragment:
        raise ConfigurationError("url: it has a host and a path, no user, query or fragment")
    if url.scheme == "http" and not _is_here(url.host):
        raise ConfigurationError("url: over http:// the key could be read on the way; use https://")
    return url


def secret_key(text: str, variable: str) -> str:
    """Check a key that is sent in a header; what it is, is never told."""
    key = text.strip()
    if not key:
        raise ConfigurationError(f"{variable} is not set: it has to hold the key of a user who may publish")
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ConfigurationError(f"{variable} has characters that no key has")
    return key


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
