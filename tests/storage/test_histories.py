"""What several processes see of a store they share may have happened one call after the other."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import historian
from linearizable import ABSENT, Operation, Read, Write, flaws, job

History = list[Operation[Read | Write]]

PROCESSES = 3
SECONDS = 2.0
"""That a history lasts."""
PATIENCE = 60.0
"""Seconds that the processes may take to end, on a machine that is busy."""
ENOUGH = 500
"""Reads that a history has at the least: else nothing was tried."""
TRIES = 5

"""Back ends that several processes can work at."""


def recorded(url: str, folder: Path, name: str, *options: str, seconds: float = SECONDS) -> History:
    """Let several processes work a store at the same time; give what they recorded."""
    files = [folder / f"{name}-{i}" for i in range(PROCESSES)]
    with ExitStack() as stack:
        processes = [
            stack.enter_context(working(url, name, str(i), str(seconds), str(file), *options))
            for i, file in enumerate(files)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("begin\n")
            process.stdin.flush()
        for process in processes:
            assert process.wait(PATIENCE) == 0
    return [operation for file in files for operation in pickle.loads(file.read_bytes())]


@contextmanager
def working(*given: str) -> Iterator[subprocess.Popen[str]]:
    """Start a process that is about to work."""
    command = [sys.executable, historian.__file__, *given]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def check(history: History) -> None:
    """Assert that a history is linearizable, and that there was something to find out."""
    wrong = flaws(history, job, ABSENT)
    assert not wrong, "\n\n".join(map(str, wrong.values()))
    writes = [each.action for each in history if isinstance(each.action, Write) and each.ended is not None]
    assert sum(isinstance(each.action, Read) for each in history) > ENOUGH
    assert {write.made for write in writes} == {True, False}
    assert any(each.ended is None for each in history)


def test_a_shared_store_is_linearizable(shared_url: str, tmp_path: Path) -> None:
    """Each read sees all that was acknowledged before it began, by whatever process, and none goes back in time."""
    check(recorded(shared_url, tmp_path, "shared"))


def test_a_file_that_is_slow_is_linearizable(tmp_path: Path) -> None:
    """Where no look into a SQLite file is taken, all reads are coalesced: none joins a reading that has begun."""
    check(recorded(f"sqlite:///{tmp_path / 'jobs.db'}", tmp_path, "slow", "--slow-file"))


def test_a_reader_that_joins_a_reading_under_way_is_found_out(tmp_path: Path) -> None:
    """The same work over a wrong coalescer is not linearizable, so the tests above would tell.

    There is always a reading under way, and it takes long: so whoever reads what it has just written joins one that
    began before. Hundreds do so within a second, and one is enough; a machine that stands still is given five tries.
    """
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    histories = (recorded(url, tmp_path, f"joined{i}", "--joined", seconds=1) for i in range(TRIES))

    wrong = next(filter(None, (flaws(history, job, ABSENT) for history in histories)), {})

    assert wrong
