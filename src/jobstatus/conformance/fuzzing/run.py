"""Running Schemathesis as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from jobstatus.conformance.finding import Finding, Verdict
from jobstatus.conformance.target import Target, hidden

from .config import written
from .report import read

PROGRAM = "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"
PART = "schemathesis"
FOUND = 1
"""The exit code for failures that were found."""


def available() -> bool:
    """Tell whether Schemathesis is installed."""
    return find_spec("schemathesis") is not None


def fuzz(target: Target, examples: int) -> list[Finding]:
    """Make up to so many requests for each operation, beside those that the document itself leads to."""
    if not available():
        needs = "needs Schemathesis: install jobstatus[conform]"
        return [Finding("requests made at random", "as the contract says", needs, Verdict.SKIPPED, PART)]
    with tempfile.TemporaryDirectory(prefix="jobstatus-conform-") as name:
        return list(_run(target, examples, Path(name)))


def _run(target: Target, examples: int, folder: Path) -> Iterator[Finding]:
    config, secrets = written(target, folder)
    report = folder / "junit.xml"
    command = [sys.executable, "-c", PROGRAM, "--config-file", str(config), "run", str(folder / "contract.json")]
    command += ["--url", target.url, "--max-examples", str(examples), "--rate-limit", "auto"]
    command += ["--report", "junit", "--report-junit-path", str(report)]
    command += [] if target.writes else ["--include-method", "GET"]
    done = subprocess.run(  # noqa: S603  our own interpreter, with files of our own making
        command, cwd=folder, env={**os.environ, **secrets}, capture_output=True, text=True, check=False
    )
    findings = list(read(report, PART)) if report.exists() else []
    if done.returncode not in (0, FOUND) or not findings:
        yield _broken(done, target)
    for each in findings:
        yield each.told(lambda text: hidden(text, target.secrets))


def _broken(done: subprocess.CompletedProcess[str], target: Target) -> Finding:
    said = hidden(done.stdout + done.stderr, target.secrets)
    last = said.strip().rpartition("\n")[2]
    what = f"Schemathesis ended with {done.returncode}: {last}"
    return Finding("requests made at random", "as the contract says", what, Verdict.FAILED, PART, said)
