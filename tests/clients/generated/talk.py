"""What every script here does: it polls for each job whose id it reads, and prints what it was told, line by line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

URL = os.environ["URL"]
CREDENTIALS: dict[str, str] = json.loads(os.environ["CREDENTIALS"])
PROJECT = os.environ["PROJECT"]

Told = tuple[Any, str | None]
"""The answer as the client gives it, and the contract's word for how the job is, where it has one."""


def talk(poll: Callable[[str], Told], **others: Callable[[], dict[str, Any]]) -> None:
    """Poll for what is asked; *others* are done when they are named in the place of an id."""
    for line in sys.stdin:
        asked = line.strip()
        if asked in others:
            said = others[asked]()
        else:
            answer, word = poll(asked)
            said = {"status": int(answer.status_code), "word": word, "broken": broken(answer)}
        print(json.dumps(said), flush=True)


def broken(answer: Any) -> str | None:
    """Give what the proxy found wrong, in the request or in the answer."""
    return answer.headers.get("sl-violations")  # type: ignore[no-any-return]  # as the client has it
