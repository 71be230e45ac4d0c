"""An environment of its own for each client: made the first time that it is needed, and kept."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = Path(__file__).parent / "requirements"
PATIENCE = 900.0
"""Seconds that the making of one may take, on a slow line."""
_OURS = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
"""What would lead another interpreter to what is installed for this one."""


def interpreter(name: str) -> Path:
    """Give the interpreter of a client's environment; where it cannot be made, skip on a laptop and fail in CI."""
    try:
        return _environment(name) / "bin" / "python"
    except (OSError, subprocess.SubprocessError) as error:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"the environment of {name} cannot be made: {_reason(error)}")


def _environment(name: str) -> Path:
    """Find the environment, or make it."""
    wanted = REQUIREMENTS / f"{name}.txt"
    digest = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()
    place = _folder() / f"{name}-{digest[:12]}"
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        _make(place, wanted)
    return place


def _make(place: Path, wanted: Path) -> None:
    """Make it aside and put it into its place whole, unless another run was faster."""
    draft = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        _run(sys.executable, "-m", "venv", "--without-pip", str(draft))
        python = str(draft / "bin" / "python")
        _run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--requirement", str(wanted))
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


def _reason(error: Exception) -> str:
    """Give the last line of what went wrong."""
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else ""
    return said.strip().rpartition("\n")[2] or str(error)
