"""A status server for asynchronous jobs: one durable record per job, answered in every contract that polls for it."""

from __future__ import annotations
