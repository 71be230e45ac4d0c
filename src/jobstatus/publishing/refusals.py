"""What a registry answers when it does not do what it was asked, as errors of one line."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from jobstatus.errors import Conflict, JobstatusError

KEY = "SWAGGERHUB_API_KEY"
LONGEST = 500
"""Characters of what the Registry says that are repeated."""


class RegistryError(JobstatusError):
    """The Registry did not do what it was asked."""


class KeyRefused(RegistryError):
    """The key is not valid, or not enough."""


class NothingThere(RegistryError, LookupError):
    """There is no such owner, API or version, or the key does not see it."""


class DocumentRefused(RegistryError):
    """The Registry does not take the document, or does not publish it."""


class RegistryUnavailable(RegistryError):
    """There was no answer, or one that may be another later."""


class PublishedVersion(Conflict):
    """A published version stands against it, and is never overwritten."""


Refusal = type[RegistryError] | type[PublishedVersion]

_REFUSALS: Mapping[int, tuple[Refusal, str]] = {
    400: (DocumentRefused, "the Registry refuses it"),
    401: (KeyRefused, f"the key in {KEY} is not valid"),
    403: (KeyRefused, f"the key in {KEY} is not enough"),
    404: (NothingThere, "there is no such owner, API or version, or the key does not see it"),
    409: (PublishedVersion, "a published version is never overwritten; raise the version of the contract"),
    415: (DocumentRefused, "the Registry does not take YAML"),
    424: (DocumentRefused, "it refers to domains that are not published"),
    429: (RegistryUnavailable, "it is asked too often; run this again later"),
}
_ELSE: tuple[Refusal, str] = (RegistryError, "what answers is no Registry; is the URL right?")
_FAULT: tuple[Refusal, str] = (RegistryUnavailable, "the Registry fails; run this again later")


def refusal(what: str, answer: httpx.Response, secret: str) -> RegistryError | PublishedVersion:
    """Say why it was not done: what was asked, what that means, what the Registry says of it, never the *secret*."""
    status = answer.status_code
    kind, meaning = _REFUSALS.get(status, _FAULT if status >= 500 else _ELSE)
    said = message(answer).replace(secret, "…")
    return kind(f"cannot {what}: {meaning} ({status}{f': {said[:LONGEST]}' if said else ''})")


def message(answer: httpx.Response) -> str:
    """Read what a refusal says, if it is JSON that says anything."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    found = body.get("message") or body.get("error") if isinstance(body, dict) else None
    return " ".join(found.split()) if isinstance(found, str) else ""
