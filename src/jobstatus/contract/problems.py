"""Connexion's exceptions, told in our own tree."""

from __future__ import annotations

from connexion.exceptions import OAuthProblem, ProblemException, UnsupportedMediaTypeProblem
from starlette.exceptions import HTTPException

from jobstatus.contract.exchange import Exchange
from jobstatus.errors import BadRequest, Cause, PathNotFound, Unauthenticated, UnsupportedMediaType


def understood(error: Exception, exchange: Exchange) -> Exception:
    """Translate what Connexion and Starlette raise; anything else stays what it is."""
    match error:
        case OAuthProblem():
            return Unauthenticated(Cause.MISSING)
        case UnsupportedMediaTypeProblem():
            return UnsupportedMediaType("the body must be sent as application/json")
        case ProblemException(status=400):
            return BadRequest.of("body", "$", "invalid", error.detail or "the request is not valid")
        case HTTPException(status_code=404):
            return PathNotFound(exchange.path)
        case HTTPException(status_code=400):
            return BadRequest.of("body", "$", "invalid", error.detail)
        case _:
            return error
