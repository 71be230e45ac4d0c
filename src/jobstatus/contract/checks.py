"""Holding every answer to the spec before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jsonschema_rs

from jobstatus.answer import Answer, Frame
from jobstatus.contract.schema import in_profile, json_schema
from jobstatus.contract.spec import Document, Operation
from jobstatus.contract.validation import fast_schema
from jobstatus.errors import ContractBroken

PROFILES = ("documented", "deployed")


@dataclass(frozen=True, slots=True)
class _Form:
    """What one status of one operation must look like in one profile."""

    headers: frozenset[str]
    bodies: Mapping[str, jsonschema_rs.Draft4Validator]
    events: Mapping[str, jsonschema_rs.Draft4Validator]
    """By type, those that a stream has."""


class AnswerChecks:
    """The forms of all answers, compiled once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._validators: dict[str, jsonschema_rs.Draft4Validator] = {}
        self._forms = {
            (operation.id, profile, status): self._compile(operation, profile, status)
            for operation in document.operations.values()
            for profile in PROFILES
            for status in operation.responses
        }

    def check(self, operation: Operation, profile: str, answer: Answer) -> None:
        """Let an answer pass that the spec has.

        Raises:
            ContractBroken: the status, a required header, the media type or the body is not as the spec says.
        """
        form = self._forms.get((operation.id, profile, str(answer.status)))
        if form is None:
            raise ContractBroken(f"{operation.id} has no status {answer.status}")
        absent = form.headers - {name.lower() for name in answer.headers}
        if absent:
            raise ContractBroken(f"{operation.id} {answer.status} lacks the headers {', '.join(sorted(absent))}")
        _check_body(form, answer, f"{operation.id} {answer.status}")

    def check_event(self, operation: Operation, profile: str, frame: Frame) -> None:
        """Let an event of a stream pass that the spec has. Raises `ContractBroken`."""
        form, kind = self._forms.get((operation.id, profile, "200")), frame.event or "message"
        validator = form.events.get(kind) if form is not None else None
        if validator is None:
            raise ContractBroken(f"{operation.id} has no event of type {kind}")
        _hold(validator, frame.data, f"{operation.id}, event {kind}")

    def _compile(self, operation: Operation, profile: str, status: str) -> _Form:
        response = operation.responses[status]
        headers = response.get("headers", {})
        required = {name.lower() for name, node in headers.items() if self._document.resolve(node).get("required")}
        content = response.get("content", {})
        return _Form(
            headers=frozenset(required),
            bodies={media_type: self._validator(node["schema"], profile) for media_type, node in content.items()},
            events={
                kind: self._validator(schema, profile)
                for node in content.values()
                for kind, schema in node.get("x-events", {}).items()
            },
        )

    def _validator(self, schema: Mapping[str, object], profile: str) -> jsonschema_rs.Draft4Validator:
        narrowed = in_profile(self._document, self._document.resolve(schema), profile)
        key = repr(narrowed)
        if key not in self._validators:
            schema = json_schema(self._document, narrowed)
            self._validators[key] = fast_schema(schema)
        return self._validators[key]


def _check_body(form: _Form, answer: Answer, what: str) -> None:
    if answer.body is None and not form.bodies:
        return
    validator = form.bodies.get(answer.media_type)
    if validator is None:
        raise ContractBroken(f"{what} has no body of type {answer.media_type}")
    _hold(validator, answer.body, what)


def _hold(validator: jsonschema_rs.Draft4Validator, body: object, what: str) -> None:
    if not validator.is_valid(body):
        error = next(validator.iter_errors(body))
        raise ContractBroken(f"{what}, at {'/'.join(map(str, error.instance_path)) or 'its root'}: {error.message}")
