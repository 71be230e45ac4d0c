"""The command line, run as its users run it: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from serving import PATIENCE, Server

Done = subprocess.CompletedProcess[str]
Process = subprocess.Popen[str]


def run(*arguments: str, code: int = 0, **env: str) -> Done:
    """Run a command that needs no server, and see what it exits with."""
    command = [sys.executable, "-m", "jobstatus", *arguments]
    done = subprocess.run(
        command, env={**os.environ, **env}, capture_output=True, text=True, timeout=2 * PATIENCE, check=False
    )
    assert done.returncode == code, done.stderr
    return done


class CommandLine:
    """Runs `jobstatus` against one server, with one token."""

    def __init__(self, server: Server, token: str) -> None:
        self.server = server
        self.env = {
            **os.environ,
            "JOBSTATUS_SERVER": server.url,
            "JOBSTATUS_STORE": server.store,
            "JOBSTATUS_TOKEN": token,
            "NO_PROXY": "127.0.0.1",
        }

    def __call__(self, *arguments: str, stdin: str | None = None, **env: str) -> Done:
        """Run a command to its end; *stdin* is what it can read."""
        return subprocess.run(
            [sys.executable, "-m", "jobstatus", *arguments],
            env={**self.env, **env},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        """Run a command that succeeds, and read its JSON."""
        done = self(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def started(self, *arguments: str, stdout: int = subprocess.PIPE) -> Iterator[Process]:
        """Run a command beside the block."""
        process = subprocess.Popen(
            [sys.executable, "-m", "jobstatus", *arguments],
            env=self.env,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def job(self, id: str) -> Any:
        """Read a job."""
        return self.json("jobs", "show", id)


def until(true: Callable[[], bool]) -> None:
    """Wait for something that another process is about to do."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def python(code: str) -> tuple[str, ...]:
    """Give a command that runs *code*."""
    return (sys.executable, "-u", "-c", code)


def waiting_for(file: Path, first: str = "") -> tuple[str, ...]:
    """Give a command that says something, then waits until *file* is there."""
    return ("sh", "-c", f'echo "{first}"; while ! [ -e "{file}" ]; do sleep 0.05; done')
