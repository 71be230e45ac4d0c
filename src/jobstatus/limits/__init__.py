"""How much each credential may ask for in each contract: buckets of tokens that servers share through their store."""

from __future__ import annotations

from jobstatus.limits.turnpike import Turnpike, Turnpikes

__all__ = ["Turnpike", "Turnpikes"]
