"""Why a store is not moved."""

from __future__ import annotations

from collections.abc import Sequence

from jobstatus.errors import Conflict
from jobstatus.job import Job, Tombstone

NAMED = 3
"""Records that a refusal names."""


class MovingRefused(Conflict):
    """The target holds what the move would destroy, or cannot replace."""


class Losses:
    """Counts what would be lost, and remembers the first of it by name."""

    def __init__(self) -> None:
        self._jobs = 0
        self._tombstones = 0
        self._first: list[str] = []

    def note(self, records: Sequence[Job | Tombstone]) -> None:
        """Count these."""
        jobs = sum(isinstance(record, Job) for record in records)
        self._jobs += jobs
        self._tombstones += len(records) - jobs
        self._first += [record.id for record in records[: NAMED - len(self._first)]]

    def refuse(self) -> None:
        """Raise `MovingRefused` if anything would be lost."""
        if self._first:
            raise MovingRefused(
                f"the target holds {self._jobs} jobs and {self._tombstones} tombstones that the source does not have, "
                f"or not as far on ({', '.join(self._first)}, …); they would be lost: "
                "move to an empty store, or give --overwrite"
            )
