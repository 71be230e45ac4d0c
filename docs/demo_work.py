"""A piece of real work for the demo: write files, pack them and take their checksums, telling how far it is."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import tarfile
import tempfile
import time
from pathlib import Path

FILES = 40
SIZE = 1_000_000
PACE = 0.5
"""Seconds for one file at the least, so that there is something to see on a fast machine."""


def main() -> None:
    """Do the work in a folder of its own, and leave nothing behind, not even when asked to stop."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with tarfile.open(folder / "all.tar.gz", "w:gz") as archive:
            for number in range(1, FILES + 1):
                start = time.monotonic()
                add_file(folder, archive, number)
                tell(f"packed file-{number:02}.bin, {100 * number / (FILES + 1):.0f}%")
                time.sleep(max(0.0, PACE - (time.monotonic() - start)))
        checksum = hashlib.sha256((folder / "all.tar.gz").read_bytes()).hexdigest()
        tell(f"all.tar.gz {checksum} 100%")


def add_file(folder: Path, archive: tarfile.TarFile, number: int) -> None:
    """Write one file and pack it."""
    path = folder / f"file-{number:02}.bin"
    path.write_bytes(os.urandom(SIZE // 2).hex().encode())
    archive.add(path, path.name)


def tell(line: str) -> None:
    """Say it at once: to a pipe, Python else speaks in large pieces."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
