"""The time, as something that is handed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

Clock = Callable[[], datetime]


utc_now: Clock = partial(datetime.now, UTC)
"""The wall clock."""
