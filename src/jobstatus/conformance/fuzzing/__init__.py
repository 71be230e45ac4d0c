"""Requests made at random from a contract's document, valid ones and others, by Schemathesis."""

from __future__ import annotations

from .config import CONFIG, HOOKS
from .run import available, fuzz

__all__ = ["CONFIG", "HOOKS", "available", "fuzz"]
