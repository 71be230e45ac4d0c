"""Connexion, wired with this server's stages through its public seams."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import connexion
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.request_validation import RequestValidationMiddleware
from connexion.middleware.routing import RoutingMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.options import SwaggerUIOptions
from jsonschema.protocols import Validator
from starlette.types import ASGIApp

from jobstatus.contract.bodies import body_check
from jobstatus.contract.engine import Engine
from jobstatus.contract.parameters import parameter_check
from jobstatus.contract.schema import json_schema
from jobstatus.contract.spec import Document
from jobstatus.contract.stages import Front, Perform, Permissions
from jobstatus.contract.validation import compile_schema

JSON = "application/json"


def wire(
    engine: Engine,
    *,
    security_map: Mapping[str, type],
    profile: Callable[[str], str],
    max_body_bytes: int,
    lifespan: Callable[[Any], Any],
) -> ASGIApp:
    """Make the application of all contracts."""
    app = connexion.AsyncApp(
        "jobstatus",
        lifespan=lifespan,
        middlewares=[
            partial(Front, engine=engine, profile=profile),
            RoutingMiddleware,
            SecurityMiddleware,
            Permissions,
            RequestValidationMiddleware,
            LifespanMiddleware,
            partial(Perform, engine=engine),
        ],
        security_map=dict(security_map),
        swagger_ui_options=SwaggerUIOptions(serve_spec=False, swagger_ui=False),
        validator_map={
            "parameter": parameter_check(engine.document),
            "body": {JSON: body_check(max_body_bytes, _body_schemas(engine.document))},
        },
    )
    handlers = {operation.id: engine.handler(operation) for operation in engine.document.operations.values()}
    app.add_api(_private_copy(engine.document), resolver=connexion.Resolver(handlers.__getitem__))
    asgi: ASGIApp = app
    return asgi


def _private_copy(document: Document) -> dict[str, Any]:
    """Give Connexion a document of its own, at the root: it changes what it reads, and serves below `servers`."""
    raw = copy.deepcopy(dict(document.raw))
    raw.pop("servers", None)
    return raw


def _body_schemas(document: Document) -> dict[str, Validator]:
    return {
        operation["operationId"]: compile_schema(json_schema(document, content[JSON]["schema"]))
        for item in document.raw["paths"].values()
        for operation in item.values()
        if isinstance(operation, Mapping) and "requestBody" in operation
        for content in [document.resolve(operation["requestBody"])["content"]]
    }
