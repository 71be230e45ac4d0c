"""The answers that last, ready to be sent again: bounded memory."""

from __future__ import annotations

from collections.abc import Hashable

from jobstatus.contract.template import Template
from jobstatus.job import Job

MEMORY = 24 * 1024 * 1024
"""About how many bytes are kept in a process; where there is no more room, the oldest goes."""
LARGEST = MEMORY // 64
"""The most bytes that one answer may take to be kept."""


class Memo:
    """Templates by what they answer. One is good for the record that it was made of, and for no other.

    What is asked for on each poll is a mere look into a dict: which template was used last is not kept account of.
    """

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory = memory
        self._room = memory
        self._kept: dict[Hashable, tuple[Job, Template]] = {}

    def find(self, key: Hashable, job: Job) -> Template | None:
        """Give the template that was made of this record, as it stands."""
        kept = self._kept.get(key)
        return kept[1] if kept is not None and (kept[0] is job or kept[0] == job) else None

    def keep(self, key: Hashable, job: Job, template: Template) -> None:
        """Keep a template in place of the one that was made of the record before."""
        self._drop(key)
        if template.size > LARGEST:
            return
        while self._room < template.size:
            self._drop(next(iter(self._kept)))
        self._kept[key] = job, template
        self._room -= template.size

    def _drop(self, key: Hashable) -> None:
        if key in self._kept:
            self._room += self._kept.pop(key)[1].size
