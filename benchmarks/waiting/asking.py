"""What those who wait send."""

from __future__ import annotations

import json

from benchmarks.load import request

LONGEST = 60
"""Seconds for which they wait."""


def poll(path: str, token: str, seconds: int = LONGEST) -> str:
    """Ask to be answered once a job changes."""
    return request(path, authorization=f"Bearer {token}", prefer=f"wait={seconds}")


def stream(path: str, token: str) -> str:
    """Ask for a job's changes as events."""
    asked = request(f"{path}/events", authorization=f"Bearer {token}")
    return asked.replace("Accept: */*", "Accept: text/event-stream")


def report(path: str, token: str, step: int) -> str:
    """Change a job: its progress grows by a hundredth with each step."""
    body = json.dumps({"progress": step / 100})
    shown = {"authorization": f"Bearer {token}", "content_type": "application/json"}
    return request(path, method="PATCH", body=body, **shown)
