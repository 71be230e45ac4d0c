"""An environment of its own for each client: made the first time that it is needed, and kept."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = Path(__file__).parent / "requirements"
PACKAGES = Path(__file__).parent / "node"
PATIENCE = 900.0
"""Seconds that the making of one may take, on a slow line."""
_OURS = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
"""What would lead another interpreter to what is installed for this one."""
_QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-progress")


def interpreter(name: str) -> Path:
    """Give the interpreter of a client's environment; where it cannot be made, skip on a laptop and fail in CI."""
    wanted = REQUIREMENTS / f"{name}.txt"

    def make(draft: Path) -> None:
        _run(sys.executable, "-m", "venv", "--without-pip", str(draft))
        python = str(draft / "bin" / "python")
        _run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--requirement", str(wanted))

    return _kept(name, wanted.read_bytes() + sys.version.encode(), make) / "bin" / "python"


def node(name: str) -> Path:
    """Give the folder with a client's packages for Node.js in its `node_modules`; without Node.js, give up likewise."""
    wanted, npm = PACKAGES / name, shutil.which("npm")
    if npm is None:
        _give_up("no Node.js is installed")

    def make(draft: Path) -> None:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(wanted / file, draft)
        _run(npm, "ci", "--prefix", str(draft), *_QUIET)

    return _kept(f"node-{name}", (wanted / "package-lock.json").read_bytes(), make)


def _kept(name: str, wanted: bytes, make: Callable[[Path], None]) -> Path:
    """Find the environment, or make it."""
    place = _folder() / f"{name}-{hashlib.sha256(wanted).hexdigest()[:12]}"
    try:
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            _make(place, make)
    except (OSError, subprocess.SubprocessError) as error:
        _give_up(f"the environment of {name} cannot be made: {_reason(error)}")
    return place


def _make(place: Path, make: Callable[[Path], None]) -> None:
    """Make it aside and put it into its place whole, unless another run was faster."""
    draft = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        make(draft)
        try:
            draft.rename(place)
        except OSError:
            if not place.exists():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _run(*command: str) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in _OURS}
    subprocess.run(command, env=clean, check=True, capture_output=True, text=True, timeout=PATIENCE)


def _folder() -> Path:
    """Keep them beside the tools of a checkout; elsewhere, where the user's programs keep what they can make again."""
    if (ROOT / ".venv").is_dir():
        return ROOT / ".venv" / "clients"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jobstatus" / "clients"


def _give_up(reason: str) -> NoReturn:
    """Skip on a laptop and fail in CI."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _reason(error: Exception) -> str:
    """Give the last line of what went wrong."""
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else ""
    return said.strip().rpartition("\n")[2] or str(error)
