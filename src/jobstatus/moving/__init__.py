"""Moving all that a store keeps to another one, while it is in use.

The target is made equal to the source span by span of numbers: what is equal already is only read. So a move that was
broken off is simply done again, and a pass that finds no difference is the last. A verification reads both by itself.
"""

from __future__ import annotations

from .inventory import Inventory
from .mover import PASSES, Pass, move
from .progress import Stage, Step, Tell
from .refusals import MovingRefused
from .span import PAGE
from .verification import Verification, verify

__all__ = [
    "PAGE",
    "PASSES",
    "Inventory",
    "MovingRefused",
    "Pass",
    "Stage",
    "Step",
    "Tell",
    "Verification",
    "move",
    "verify",
]
