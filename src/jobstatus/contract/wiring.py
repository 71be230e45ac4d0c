"""Connexion, wired with one of the two engines through its public seams."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import connexion
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.request_validation import RequestValidationMiddleware
from connexion.middleware.response_validation import ResponseValidationMiddleware
from connexion.middleware.routing import RoutingMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.options import SwaggerUIOptions
from starlette.types import ASGIApp, Receive, Scope, Send

from jobstatus.answer import JSON
from jobstatus.clock import Clock
from jobstatus.contract.compiled import Compiled
from jobstatus.contract.delivery import Delivery
from jobstatus.contract.engine import Engine
from jobstatus.contract.front import Elsewhere
from jobstatus.contract.schema import json_schema
from jobstatus.contract.spec import Document
from jobstatus.contract.stock import AnswerValidator, Perform, Permissions, StockFront, body_check, parameter_check
from jobstatus.contract.validation import compile_schema

Profile = Callable[[str], str]
"""Tells the profile of a contract, where a credential has none of its own."""


class Wired:
    """The application. Requests come in at the first stage itself, once Connexion has put the stages together."""

    def __init__(self) -> None:
        self.entry: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start or stop."""
        await self.entry(scope, receive, send)

    def begin_with(self, stage: ASGIApp) -> None:
        """Have requests come in at *stage* from now on."""
        self.entry = stage


def wire(
    engine: Engine,
    delivery: Delivery,
    *,
    stock: bool,
    security_map: Mapping[str, type],
    profile: Profile,
    max_body_bytes: int,
    lifespan: Callable[[Any], Any],
    clock: Clock,
    elsewhere: Elsewhere,
) -> ASGIApp:
    """Make the application of all contracts, on Connexion's own stages if *stock* is set, else on compiled ones."""
    document, wired = engine.document, Wired()
    front = {"engine": engine, "delivery": delivery, "profile": profile, "elsewhere": elsewhere}
    app = connexion.AsyncApp(
        "jobstatus",
        lifespan=lifespan,
        middlewares=_stock(front) if stock else _compiled(front, max_body_bytes, clock, wired),
        security_map=dict(security_map),
        swagger_ui_options=SwaggerUIOptions(serve_spec=False, swagger_ui=False),
        validator_map=_validators(document, max_body_bytes) if stock else {},
        validate_responses=stock,
    )
    handlers = {operation.id: engine.handler(operation) for operation in document.operations.values()}
    app.add_api(_private_copy(document), resolver=connexion.Resolver(handlers.__getitem__))
    wired.begin_with(app)
    return wired


def _compiled(front: dict[str, Any], max_body_bytes: int, clock: Clock, wired: Wired) -> list[Any]:
    def compiled(app: ASGIApp) -> Compiled:
        stage = Compiled(app, max_body_bytes=max_body_bytes, clock=clock, **front)
        wired.begin_with(stage)
        return stage

    return [compiled, LifespanMiddleware]


def _stock(front: dict[str, Any]) -> list[Any]:
    return [
        partial(StockFront, **front),
        RoutingMiddleware,
        SecurityMiddleware,
        Permissions,
        RequestValidationMiddleware,
        ResponseValidationMiddleware,
        LifespanMiddleware,
        partial(Perform, engine=front["engine"], delivery=front["delivery"]),
    ]


def _validators(document: Document, max_body_bytes: int) -> dict[str, Any]:
    bodies = {
        operation.id: compile_schema(json_schema(document, operation.body))
        for operation in document.operations.values()
        if operation.body is not None
    }
    return {
        "parameter": parameter_check(document),
        "body": {JSON: body_check(max_body_bytes, bodies)},
        "response": {JSON: AnswerValidator},
    }


def _private_copy(document: Document) -> dict[str, Any]:
    """Give Connexion a document of its own, at the root: it changes what it reads, and serves below `servers`."""
    raw = copy.deepcopy(dict(document.raw))
    raw.pop("servers", None)
    return raw
