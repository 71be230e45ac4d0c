"""A vendor's client, driven by a script in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commands import until
from serving import PATIENCE


class Driver:
    """Runs a script of this folder with the interpreter that has the client, which inherits nothing but the PATH."""

    def __init__(self, interpreter: Path, script: str, home: Path, **variables: str) -> None:
        alone = ["-I"] if script.endswith(".py") else []
        self._command = [str(interpreter), *alone, str(Path(__file__).with_name(script))]
        self._home = home
        self._env = {"PATH": os.environ["PATH"], "HOME": str(home), "NO_PROXY": "127.0.0.1", **variables}

    def __call__(self, *arguments: str) -> Any:
        """Run it to its end, and give what it found."""
        with self.started(*arguments) as run:
            return run.found()

    @contextmanager
    def started(self, *arguments: str) -> Iterator[Run]:
        """Run it beside the block."""
        log = self._home / f"{len(list(self._home.glob('*.log')))}.log"
        with (
            log.open("w") as told,
            subprocess.Popen(
                [*self._command, *arguments], env=self._env, cwd=self._home, stdout=subprocess.PIPE, stderr=told
            ) as process,
        ):
            try:
                yield Run(process, log)
            finally:
                process.kill()


class Run:
    """One run of a script, which prints one JSON object at its end and, line by line, what it sees until then."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    def sees(self, line: str) -> None:
        """Wait until it has seen something."""
        until(lambda: line in self._told or self._process.poll() is not None)

        assert line in self._told, self._log.read_text()

    def found(self) -> Any:
        """Wait for its end, and give what it found."""
        output, _ = self._process.communicate(timeout=2 * PATIENCE)

        assert self._process.returncode == 0, self._log.read_text()
        return json.loads(output)

    @property
    def _told(self) -> list[str]:
        return self._log.read_text().splitlines()
