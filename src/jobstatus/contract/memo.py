"""The answers that last, ready to be sent again: bounded memory."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from cachetools import LRUCache

from jobstatus.contract.template import Template
from jobstatus.job import Job

MEMORY = 32 * 1024 * 1024
"""About how many bytes are kept in a process; where there is no more room, what was used least recently goes."""
LARGEST = MEMORY // 64
"""The most bytes that one answer may take to be kept."""
RECORD = 2000
"""About how many bytes a record takes beside the text of its result."""


@dataclass(frozen=True, slots=True)
class _Kept:
    job: Job
    template: Template

    @property
    def size(self) -> int:
        return 2 * self.template.size + RECORD


class Memo:
    """Templates by what they answer. One is good for the record that it was made of, and for no other."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._kept: LRUCache[Hashable, _Kept] = LRUCache(memory, getsizeof=lambda kept: kept.size)

    def find(self, key: Hashable, job: Job) -> Template | None:
        """Give the template that was made of this record, as it stands."""
        kept = self._kept.get(key)
        return kept.template if kept is not None and (kept.job is job or kept.job == job) else None

    def keep(self, key: Hashable, job: Job, template: Template) -> None:
        """Keep a template in place of the one that was made of the record before."""
        kept = _Kept(job, template)
        if kept.size <= LARGEST:
            self._kept[key] = kept
        else:
            self._kept.pop(key, None)
