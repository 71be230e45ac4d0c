"""Holding a server to a contract: every row of the contract's decision table is asked, and each answer judged."""

from __future__ import annotations

from . import credentials
from .finding import Finding, Verdict, counted
from .fuzzing import fuzz
from .junit import junit
from .original import original
from .run import Unreachable, hold
from .target import State, Target

__all__ = [
    "Finding",
    "State",
    "Target",
    "Unreachable",
    "Verdict",
    "counted",
    "credentials",
    "fuzz",
    "hold",
    "junit",
    "original",
]
