"""The answers that last, ready to be sent again: bounded memory."""

from __future__ import annotations

from collections.abc import Hashable
from operator import attrgetter

from jobstatus.bounded import Bounded
from jobstatus.contract.template import Template
from jobstatus.job import Job

MEMORY = 24 * 1024 * 1024
"""About how many bytes are kept in a process."""
LARGEST = MEMORY // 64
"""The most bytes that one answer may take to be kept, so that no few drive out many."""


class Memo:
    """Templates by what they answer. One is good for the record that it was made of, and for no other."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._kept: Bounded[Hashable, Template] = Bounded(memory, attrgetter("size"))

    def find(self, key: Hashable, job: Job) -> Template | None:
        """Give the template that was made of this record, as it stands."""
        template = self._kept.get(key)
        return template if template is not None and (template.job is job or template.job == job) else None

    def keep(self, key: Hashable, template: Template) -> None:
        """Keep a template in place of the one that was made of the record before."""
        if template.size <= LARGEST:
            self._kept.keep(key, template)
        else:
            self._kept.drop(key)
