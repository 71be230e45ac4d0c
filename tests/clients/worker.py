"""A worker for tests: it says something, waits until a file is there, says something more, and ends as it is told.

Run as `python worker.py FILE FIRST LAST END`. END is JSON: a number is the exit code; an object is the last report,
which the worker then makes by itself, for it can say more than an exit code.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

PATIENCE = 120.0
"""Seconds after which it goes on anyway, lest it be left behind by a test that failed."""


def report(said: dict[str, Any]) -> None:
    """Say how one's own job goes."""
    request = urllib.request.Request(
        f"{os.environ['JOBSTATUS_SERVER']}/jobs/{os.environ['JOBSTATUS_JOB_ID']}",
        method="PATCH",
        data=json.dumps(said).encode(),
        headers={"Authorization": f"Bearer {os.environ['JOBSTATUS_TOKEN']}", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


if __name__ == "__main__":
    file, first, last, end = sys.argv[1:]
    print(first, flush=True)
    deadline = time.monotonic() + PATIENCE
    while not Path(file).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    print(last, flush=True)
    ending = json.loads(end)
    if isinstance(ending, int):
        sys.exit(ending)
    report(ending)
    os._exit(0 if ending["status"] == "succeeded" else 1)  # at once: `run` stops who works on a job that has ended
