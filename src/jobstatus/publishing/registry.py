"""The Registry API of SwaggerHub, as far as publishing needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from .refusals import KEY, RegistryError, RegistryUnavailable, refusal
from .rules import owner_name, registry_url, secret_key

CLOUD = "https://api.swaggerhub.com"
SPECIFICATION = "openapi-3.0.0"
"""What SwaggerHub calls every OpenAPI 3.0.x."""
ACCEPT = "application/yaml, application/json;q=0.9"
"""YAML is kept as it was sent; as JSON a long integer may have been rounded on the way."""
TIMEOUT = 30.0
"""Seconds after which an answer is no longer waited for."""


class Registry:
    """Speaks for one owner with one key. Each method raises a `RegistryError` where it does not get its answer."""

    def __init__(self, owner: str, key: str, url: str = CLOUD, timeout: float = TIMEOUT) -> None:
        """Take the owner of the APIs, and the key; raises `ConfigurationError` where one of them cannot be right."""
        self.owner = owner_name(owner)
        self.url = registry_url(url)
        self._key = secret_key(key, KEY)
        self._timeout = timeout
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Accept": ACCEPT,
            "User-Agent": "jobstatus",
        }
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def definition(self, api: str, version: str) -> Mapping[str, Any] | None:
        """Read the document of a version, which comes as JSON or YAML; nothing if there is no such version."""
        what = f"read {self.owner}/{api} {version}"
        answer = self._ask(what, "GET", f"{api}/{version}", or_missing=True)
        return None if _is_missing(answer) else _document(what, answer)

    def is_published(self, api: str, version: str) -> bool:
        """Tell whether a version is published: its document can be changed no more."""
        return self._flag(api, version, "lifecycle", "published")

    def is_private(self, api: str, version: str) -> bool:
        """Tell whether a version is shown to its owner alone."""
        return self._flag(api, version, "private", "private")

    def default(self, api: str) -> str | None:
        """Give the version that is shown first; nothing if there is no such API."""
        what = f"read the default version of {self.owner}/{api}"
        answer = self._ask(what, "GET", f"{api}/settings/default", or_missing=True)
        return None if _is_missing(answer) else str(_document(what, answer).get("version"))

    def save(self, api: str, version: str, content: bytes, *, private: bool) -> bool:
        """Create a version, or update one that is not published; tell whether the Registry rewrote its `servers`."""
        answer = self._ask(
            f"save {self.owner}/{api} {version}",
            "POST",
            api,
            params={"version": version, "isPrivate": json.dumps(private), "specification": SPECIFICATION},
            content=content,
            headers={"Content-Type": "application/yaml"},
        )
        return answer.status_code == httpx.codes.RESET_CONTENT

    def publish(self, api: str, version: str) -> None:
        """Publish a version; from then on its document is what it is."""
        path = f"{api}/{version}/settings/lifecycle"
        self._ask(f"publish {self.owner}/{api} {version}", "PUT", path, json={"published": True})

    def set_private(self, api: str, version: str, *, private: bool) -> None:
        """Show a version to its owner alone, or to everybody."""
        what = f"make {self.owner}/{api} {version} {'private' if private else 'public'}"
        self._ask(what, "PUT", f"{api}/{version}/settings/private", json={"private": private})

    def set_default(self, api: str, version: str) -> None:
        """Show a version first."""
        what = f"make {self.owner}/{api} {version} the default"
        self._ask(what, "PUT", f"{api}/settings/default", json={"version": version})

    def _flag(self, api: str, version: str, setting: str, field: str) -> bool:
        what = f"read whether {self.owner}/{api} {version} is {field}"
        answer = self._ask(what, "GET", f"{api}/{version}/settings/{setting}")
        value = _document(what, answer).get(field)
        if not isinstance(value, bool):
            raise RegistryError(f"cannot {what}: the answer does not say; is the URL right?")
        return value

    def _ask(self, what: str, method: str, path: str, *, or_missing: bool = False, **content: Any) -> httpx.Response:
        """Ask, and give an answer that is a success, or, if that is one here, that there is no such thing."""
        try:
            answer = self._http.request(method, f"apis/{self.owner}/{path}", **content)
        except httpx.TimeoutException:
            raise RegistryUnavailable(
                f"cannot {what}: {self.url} did not answer within {self._timeout:g} s; run this again"
            ) from None
        except httpx.RequestError as error:
            raise RegistryUnavailable(f"cannot {what}: {self.url} cannot be reached: {error}") from None
        if answer.is_success or (or_missing and _is_missing(answer)):
            return answer
        raise refusal(what, answer, self._key)


def _is_missing(answer: httpx.Response) -> bool:
    return answer.status_code == httpx.codes.NOT_FOUND


def _document(what: str, answer: httpx.Response) -> Mapping[str, Any]:
    """Read an object, from JSON if it says that it is, else from YAML."""
    import yaml  # which every command would have to load

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        is_json = "json" in answer.headers.get("Content-Type", "")
        found = json.loads(answer.content) if is_json else yaml.load(answer.content, loader)  # noqa: S506  a safe one
    except (ValueError, yaml.YAMLError):
        found = None
    if not isinstance(found, dict):
        raise RegistryError(f"cannot {what}: the answer is no document; is the URL right?")
    return found
