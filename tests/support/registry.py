"""A Registry of SwaggerHub on a port of its own, as its published contract has it; it keeps things in memory."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

OWNER = "acme"
KEY = "a-key-of-tests-alone"
MOCK = {"url": "https://virtserver.swaggerhub.example/mock", "description": "SwaggerHub API Auto Mocking"}
_API = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,58}[A-Za-z0-9]")
_VERSION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass
class Version:
    """One version of an API."""

    content: bytes
    private: bool
    published: bool = False

    @property
    def document(self) -> Any:
        """Read it."""
        return yaml.safe_load(self.content)


@dataclass
class Api:
    """One API; its first version is the default until another one is."""

    default: str
    versions: dict[str, Version] = field(default_factory=dict)


class LocalRegistry:
    """What the Registry keeps, what it was asked, and what a test makes it answer instead."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.apis: dict[str, Api] = {}
        self.calls: list[str] = []
        self.authorizations: set[str | None] = set()
        self.answers: dict[str, Response] = {}
        """What is answered instead, by the beginning of `METHOD path`."""
        self.only_json = False
        """Whether documents are answered as JSON, whatever is asked for."""
        self.mocking = False
        """Whether `servers` of what is updated is rewritten."""
        self.app = Starlette(routes=self._routes())

    @property
    def writes(self) -> list[str]:
        """Give the calls that change something."""
        return [call for call in self.calls if not call.startswith("GET ")]

    def version(self, api: str, version: str = "1.0.0") -> Version:
        """Find a version that must be there."""
        return self.apis[api].versions[version]

    def _routes(self) -> list[Route]:
        return [
            self._route("", "GET", self._list),
            self._route("", "POST", self._save),
            self._route("/settings/default", "GET", self._get_default),
            self._route("/settings/default", "PUT", self._set_default),
            self._route("/{version}", "GET", self._definition),
            self._route("/{version}/settings/{name}", "GET", self._get_setting),
            self._route("/{version}/settings/{name}", "PUT", self._set_setting),
        ]

    def _route(self, path: str, method: str, answer: Any) -> Route:
        async def endpoint(request: Request) -> Response:
            call = f"{method} {request.url.path.removeprefix('/v1')}"
            self.calls.append(f"{call}?{request.url.query}" if request.url.query else call)
            self.authorizations.add(request.headers.get("authorization"))
            if instead := next((each for begin, each in self.answers.items() if call.startswith(begin)), None):
                return instead
            if request.headers.get("authorization") != f"Bearer {KEY}":
                return _error(401, "Unauthorized")
            result: Response = answer(request, await request.body())
            return result

        return Route("/v1/apis/{owner}/{api}" + path, endpoint, methods=[method])

    def _list(self, request: Request, _: bytes) -> Response:
        api = self._api(request)
        if api is None:
            return _error(404, "Unknown API")
        versions = [_listed(name, version) for name, version in api.versions.items()]
        return JSONResponse({"name": request.path_params["api"], "apis": versions, "totalCount": len(versions)})

    def _save(self, request: Request, content: bytes) -> Response:
        if (refused := self._unfit(request, content)) is not None:
            return refused
        name, version = request.path_params["api"], request.query_params["version"]
        api = self.apis.setdefault(name, Api(version))
        is_new = version not in api.versions
        private = request.query_params.get("isPrivate", "false") == "true"
        api.versions[version] = Version(self._mocked(content), private)
        return Response(status_code=201 if is_new else 205 if self.mocking else 200)

    def _unfit(self, request: Request, content: bytes) -> Response | None:
        """Refuse what the Registry does not take."""
        if request.path_params["owner"] != OWNER:
            return _error(404, "Unknown owner")
        if request.headers.get("content-type") not in ("application/yaml", "application/json"):
            return _error(415, "Unsupported media type")
        if request.query_params.get("specification", "openapi-3.0.0") != "openapi-3.0.0":
            return _error(400, "Unknown specification")
        name, version = request.path_params["api"], request.query_params.get("version", "")
        if not (_API.fullmatch(name) and _VERSION.fullmatch(version) and _is_document(content)):
            return _error(400, "Invalid API definition")
        kept = self.apis[name].versions.get(version) if name in self.apis else None
        return _error(409, "Cannot overwrite a published API version") if kept and kept.published else None

    def _mocked(self, content: bytes) -> bytes:
        if not self.mocking:
            return content
        document = yaml.safe_load(content)
        return json.dumps({**document, "servers": [MOCK, *document["servers"]]}).encode()

    def _definition(self, request: Request, _: bytes) -> Response:
        version = self._version(request)
        if version is None:
            return _error(404, "Unknown API or version")
        if self.only_json or not request.headers.get("accept", "").startswith("application/yaml"):
            return JSONResponse(version.document)
        return Response(version.content, media_type="application/yaml")

    def _get_default(self, request: Request, _: bytes) -> Response:
        api = self._api(request)
        return _error(404, "Unknown API") if api is None else JSONResponse({"version": api.default})

    def _set_default(self, request: Request, body: bytes) -> Response:
        api, version = self._api(request), json.loads(body)["version"]
        if api is None or version not in api.versions:
            return _error(404, "Unknown API or version")
        api.default = version
        return Response(status_code=200)

    def _get_setting(self, request: Request, _: bytes) -> Response:
        version, field = self._version(request), _field(request)
        if version is None:
            return _error(404, "Unknown API or version")
        return JSONResponse({field: getattr(version, field)})

    def _set_setting(self, request: Request, body: bytes) -> Response:
        version, field = self._version(request), _field(request)
        if version is None:
            return _error(404, "Unknown API or version")
        setattr(version, field, json.loads(body)[field])
        return Response(status_code=200)

    def _api(self, request: Request) -> Api | None:
        return self.apis.get(request.path_params["api"]) if request.path_params["owner"] == OWNER else None

    def _version(self, request: Request) -> Version | None:
        api = self._api(request)
        return None if api is None else api.versions.get(request.path_params["version"])


def _field(request: Request) -> str:
    return {"lifecycle": "published", "private": "private"}[request.path_params["name"]]


def _listed(name: str, version: Version) -> dict[str, Any]:
    """List a version as APIs.json does."""
    properties = {"X-Version": name, "X-Private": version.private, "X-Published": version.published}
    return {"properties": [{"type": type, "value": str(value)} for type, value in properties.items()]}


def _is_document(content: bytes) -> bool:
    try:
        return isinstance(yaml.safe_load(content), dict)
    except yaml.YAMLError:
        return False


def _error(status: int, message: str) -> Response:
    return JSONResponse({"code": status, "message": message}, status)


@contextmanager
def running_registry() -> Iterator[LocalRegistry]:
    """Run a Registry for as long as it is needed; who comes before it has started waits in the socket's queue."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        registry = LocalRegistry(listening.getsockname()[1])
        config = uvicorn.Config(registry.app, log_level="critical", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield registry
        finally:
            server.should_exit = True
            thread.join()
