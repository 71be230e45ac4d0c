"""Edits of contracts' documents, by what they do to clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import reduce
from typing import Any

Document = dict[str, Any]
Step = str | int | Mapping[str, str]
"""A key, a number in a list, or the member of a list that has these values."""
JOBS = ("paths", "/jobs", "get")
CREATE = ("paths", "/jobs", "post")
JOB = ("paths", "/jobs/{id}", "get")
LIMIT = (*JOBS, "parameters", {"name": "limit"})
SCHEMAS = ("components", "schemas")
TOKEN = ("components", "securitySchemes", "jobToken")


@dataclass(frozen=True)
class Edit:
    """A change that is made to a copy of a bundle."""

    name: str
    bundle: str
    change: Callable[[Document], None]

    def __call__(self, document: Mapping[str, Any]) -> Document:
        """Give the changed copy."""
        copy = deepcopy(dict(document))
        self.change(copy)
        return copy


def at(document: Any, *path: Step) -> Any:
    """Go down to a node."""
    return reduce(_down, path, document)


def put(*path: Step, value: Any) -> Callable[[Document], None]:
    """Make an edit that puts a value in a place."""

    def change(document: Document) -> None:
        at(document, *path[:-1])[path[-1]] = deepcopy(value)

    return change


def drop(*path: Step) -> Callable[[Document], None]:
    """Make an edit that takes away what is in a place."""

    def change(document: Document) -> None:
        parent = at(document, *path[:-1])
        found = at(parent, path[-1])
        key = next(key for key, node in _members(parent) if node is found)
        del parent[key]

    return change


def add(*path: Step, value: Any) -> Callable[[Document], None]:
    """Make an edit that adds a value to a list."""
    return lambda document: at(document, *path).append(deepcopy(value))


def move(*path: Step, to: str) -> Callable[[Document], None]:
    """Make an edit that gives what is under a key another one, in its parent."""

    def change(document: Document) -> None:
        parent = at(document, *path[:-1])
        parent[to] = parent.pop(path[-1])

    return change


def both(*changes: Callable[[Document], None]) -> Callable[[Document], None]:
    """Make an edit of several."""

    def change(document: Document) -> None:
        for each in changes:
            each(document)

    return change


def _members(parent: Any) -> list[tuple[Any, Any]]:
    return list(parent.items() if isinstance(parent, dict) else enumerate(parent))


def _down(node: Any, step: Step) -> Any:
    if isinstance(step, Mapping):
        return next(member for member in node if step.items() <= member.items())
    return node[step]


def native(name: str, change: Callable[[Document], None]) -> Edit:
    """Make an edit of the native contract."""
    return Edit(name, "native", change)


NEW_QUERY = {"name": "colour", "in": "query", "schema": {"type": "string"}}
SHOWN = ("components", "responses", "JobShown")
IMS = ("paths", "/v1/{project_id}/jobs/{job_id}", "get", "security")
VERSION = ("paths", "/v3", "get")
EHEALTH = ("components", "schemas", "EhealthJobDocumented", "properties")
SECURED: list[dict[str, list[str]]] = [{"token": []}]

BREAKING = [
    native("path removed", drop("paths", "/jobs/{id}/events")),
    native("path renamed", move("paths", "/jobs/{id}/cancel", to="/jobs/{id}/stop")),
    native("operation removed", drop("paths", "/jobs/{id}", "delete")),
    native("operation renamed", put(*JOBS, "operationId", value="findJobs")),
    native("parameter required from now on", add(*JOBS, "parameters", value={**NEW_QUERY, "required": True})),
    native("optional parameter made required", put(*LIMIT, "required", value=True)),
    native("parameter removed", drop(*LIMIT)),
    native("parameter renamed", put(*LIMIT, "name", value="page_size")),
    native("parameter moved", put(*LIMIT, "in", value="header")),
    native("parameter's maximum lowered", put(*LIMIT, "schema", "maximum", value=100)),
    native("parameter's minimum raised", put(*LIMIT, "schema", "minimum", value=2)),
    native("parameter's type changed", put(*LIMIT, "schema", "type", value="string")),
    native("parameter's default changed", put(*LIMIT, "schema", "default", value=20)),
    native("parameter's spelling changed", put(*JOBS, "parameters", {"name": "ids"}, "explode", value=True)),
    native("parameter made a document", move(*LIMIT, "schema", to="content")),
    native("shared parameter required", put("components", "parameters", "RequestId", "required", value=True)),
    native("request's enum shortened", put(*SCHEMAS, "Report", "properties", "status", "enum", value=["running"])),
    native("request's pattern added", put(*SCHEMAS, "Message", "pattern", value="^[a-z]*$")),
    native("request's maxLength lowered", put(*SCHEMAS, "Tenant", "maxLength", value=64)),
    native("request's property required", add(*SCHEMAS, "NewJob", "required", value="tenant")),
    native("request's property removed", drop(*SCHEMAS, "NewJob", "properties", "message")),
    native("request's minProperties raised", put(*SCHEMAS, "Report", "minProperties", value=2)),
    native("request no longer nullable", drop(*SCHEMAS, "ErrorCodeOrNull", "nullable")),
    native("request's media type removed", move(*CREATE, "requestBody", "content", "application/json", to="text/json")),
    native("success removed", move(*CREATE, "responses", "201", to="202")),
    native("error removed", drop(*JOB, "responses", "404")),
    native("answer's media type removed", drop(*JOBS, "responses", "200", "content", "text/event-stream")),
    native("answer's enum lengthened", add(*SCHEMAS, "JobStatus", "enum", value="paused")),
    native("answer's property may be missing", put(*SCHEMAS, "Job", "required", value=["id"])),
    native("answer's property removed", drop(*SCHEMAS, "Job", "properties", "owner")),
    native(
        "answer's property added where closed", put(*SCHEMAS, "Job", "properties", "colour", value={"type": "string"})
    ),
    native("answer's pattern removed", drop(*SCHEMAS, "Problem", "properties", "type", "pattern")),
    native("answer's limit loosened", put(*SCHEMAS, "Problem", "properties", "title", "maxLength", value=256)),
    native("answer nullable", put(*SCHEMAS, "JobNumber", "nullable", value=True)),
    native("answer's type changed", put(*SCHEMAS, "JobNumber", "type", value="string")),
    native("answer opened", put(*SCHEMAS, "Timeline", "additionalProperties", value=True)),
    native("header removed", drop(*SHOWN, "headers", "ETag")),
    native("header not always there", drop("components", "headers", "Location", "required")),
    native("link removed", drop(*CREATE, "responses", "201", "links", "getJob")),
    native("link leads elsewhere", put("components", "links", "GetJob", "operationId", value="deleteJob")),
    native("scope added", add(*JOB, "security", 0, "jobToken", value="job:write")),
    native("scheme of another type", put(*TOKEN, value={"type": "http", "scheme": "basic"})),
    native("unknown keyword", put(*JOB, "x-rate", value=7)),
    native("callbacks", put(*CREATE, "callbacks", value={"done": {}})),
    Edit("way in removed", "ims", drop(*IMS, 0)),
    Edit("credential sent elsewhere", "ims", put("components", "securitySchemes", "imsToken", "name", value="X-Token")),
    Edit("public operation secured", "identity", put(*VERSION, "security", value=SECURED)),
    Edit("all made secured", "identity", both(put("security", value=SECURED), drop(*VERSION, "security"))),
    Edit("answer's anyOf lengthened", "ehealth", add(*EHEALTH, "data", "anyOf", value={"type": "string"})),
]
"""What a client may break of."""

MINOR = [
    native("path added", lambda document: document["paths"].update({"/weather": {"get": {"responses": {}}}})),
    native("operation added", put("paths", "/jobs/{id}/events", "head", value={"responses": {}})),
    native("optional parameter added", add(*JOBS, "parameters", value=NEW_QUERY)),
    native("parameter's maximum raised", put(*LIMIT, "schema", "maximum", value=500)),
    native("request's property added", put(*SCHEMAS, "NewJob", "properties", "colour", value={"type": "string"})),
    native("request's enum lengthened", add(*SCHEMAS, "Report", "properties", "status", "enum", value="paused")),
    native("request's property optional", put(*SCHEMAS, "GivenError", "required", value=["kind"])),
    native("body optional", put(*CREATE, "requestBody", "required", value=False)),
    native("error added", put(*JOB, "responses", "418", value={"description": "A teapot."})),
    native("answer's enum shortened", put(*SCHEMAS, "EtaSourceOrNull", "enum", value=["ended", None])),
    native("answer's limit tightened", put(*SCHEMAS, "Timeline", "properties", "events", "maxItems", value=1000)),
    native("header added", put(*SHOWN, "headers", "X-Colour", value={"schema": {"type": "string"}})),
    native("header always there", put("components", "headers", "AskAgain", "required", value=True)),
    native("media type added", put(*SHOWN, "content", "text/plain", value={"schema": {"type": "string"}})),
    native("token URL moved", put(*TOKEN, "flows", "clientCredentials", "tokenUrl", value="https://id.example/token")),
    native("server moved", put("servers", 0, "url", value="https://jobs.example.net")),
    native("on its way out", put(*JOB, "deprecated", value=True)),
    native("made public", put(*JOB, "security", value=[])),
    Edit("way in added", "ims", add(*IMS, value={"imsCertificate": []})),
]
"""What adds to a contract, and breaks nobody."""

PATCHES = [
    native("operation described anew", put(*JOB, "description", value="Gives one job.")),
    native("summary reworded", put(*JOB, "summary", value="Poll a job")),
    native("schema described anew", put(*SCHEMAS, "Job", "description", value="A record.")),
    native("example changed", put(*LIMIT, "example", value=20)),
    native("tag described anew", put("tags", 0, "description", value="Jobs.")),
    native("licence named otherwise", put("info", "license", "name", value="Apache 2.0")),
    native(
        "schema that nothing uses", lambda document: document["components"]["schemas"].update(Spare={"type": "string"})
    ),
]
"""What changes nothing that is sent or answered."""
