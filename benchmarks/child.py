"""Work that is done in a process of its own, on a core of its own: its plan and its outcome are JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from benchmarks.load import LoadFailed
from benchmarks.machine import on_core
from benchmarks.serving import PLENTY, ROOT


def call(module: str, plan: dict[str, Any], core: int | None) -> Any:
    """Run a module with a plan and give what its last line says. Raises `LoadFailed`."""
    with on_core(core):
        ended = subprocess.run(
            [sys.executable, "-m", module],
            input=json.dumps(plan),
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, **PLENTY},
        )
    if ended.returncode:
        raise LoadFailed(ended.stderr)
    return json.loads(ended.stdout.splitlines()[-1])
