"""The back end that the documentation shows keeps all rules of storage."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import itertools
import os
import resource
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from jobstatus.errors import ConfigurationError, StoreUnavailable
from jobstatus.job import Job
from jobstatus.storage import Kept, Limits, Store, open_store
from jobstatus.testing.service_machine import ServiceMachine
from jobstatus.testing.store_machine import StoreMachine
from jobstatus.testing.stores import StoreConformance
from jobstatus.testing.stores.moving import some_of_all
from jobstatus.testing.stores.noting import LATE, noted
from jobstatus.testing.stores.samples import NOW, SECOND, a_credential, change, put

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "docs" / "example_store.py"
WRITER = ROOT / "tests" / "storage" / "writer.py"
LIVES = settings(deadline=None, max_examples=15, stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow])
LONGEST = 60
"""Statements, beside imports and words, that the example is to have at the most: so simple a back end may be."""
KILLS = 3
ACKNOWLEDGED = 40
"""Writes of a process before it is killed."""


def example() -> Any:
    """Load the example by its path."""
    spec = importlib.util.spec_from_file_location("example_store", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


JOURNAL = example()


def open_file(file: Path) -> Coroutine[Any, Any, Store]:
    """Open the store whose journal is in a file."""
    opening: Coroutine[Any, Any, Store] = JOURNAL.open_journal(f"journal:///{file}", Limits())
    return opening


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Name a file that is not there yet."""
    return tmp_path / "jobs.journal"


class TestJournal(StoreConformance):
    """The conformance suite."""

    @pytest.fixture
    async def store(self, file: Path) -> AsyncGenerator[Store]:
        """Open an empty store; afterwards see that its journal tells all that it holds."""
        store = await open_file(file)
        yield store
        held = await everything(store)
        await store.aclose()
        again = await open_file(file)
        assert await everything(again) == held
        await again.aclose()


async def everything(store: Store) -> tuple[list[Any], list[Any]]:
    """Read all that a store keeps."""
    return list(await store.scan(0, 10_000)), list(await store.credentials())


@pytest.mark.parametrize("machine", [StoreMachine, ServiceMachine])
def test_the_rules_hold_whatever_is_done(machine: Callable[..., RuleBasedStateMachine], tmp_path: Path) -> None:
    """No order of calls leads the store, or the service over it, to break a rule."""
    counter = itertools.count()
    made: Any = partial(machine, lambda: open_file(tmp_path / str(next(counter))))
    run_state_machine_as_test(made, settings=LIVES)


def test_the_example_is_short() -> None:
    """Whoever writes a back end can read it through."""
    statements = [
        node for node in ast.walk(ast.parse(EXAMPLE.read_text(encoding="utf-8"))) if isinstance(node, ast.stmt)
    ]
    words = [node for node in statements if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    imports = [node for node in statements if isinstance(node, ast.Import | ast.ImportFrom)]

    assert len(statements) - len(words) - len(imports) <= LONGEST


async def test_numbers_are_not_given_again_after_an_opening(file: Path) -> None:
    """Not even those of jobs that are quite forgotten."""
    store = await open_file(file)
    await some_of_all(store)
    last = await put(store, expires_at=NOW)
    await store.expire(NOW, 10)
    await store.forget(NOW.max.replace(tzinfo=NOW.tzinfo), 10)
    await store.aclose()
    store = await open_file(file)

    assert (await put(store)).number == last.number + 1
    await store.aclose()


async def test_notes_are_there_after_an_opening(file: Path) -> None:
    """What was dropped is not."""
    store = await open_file(file)
    for key, until in (("kept", LATE), ("dropped", LATE - SECOND)):
        await store.swap(key, None, b"a", until)
    await store.drop_notes(LATE, 10)
    await store.aclose()
    store = await open_file(file)

    assert await noted(store, ["kept", "dropped"]) == [b"a", None]
    await store.aclose()


@pytest.mark.parametrize("torn", [1, 10, -1])
async def test_a_last_line_that_is_torn_was_never_written(file: Path, torn: int) -> None:
    """What stands before it is there, what comes after it is kept."""
    store = await open_file(file)
    first = await put(store)
    whole = file.read_bytes()
    await change(store, first)
    await store.aclose()
    line = file.read_bytes()[len(whole) :]
    file.write_bytes(whole + line[:torn])

    store = await open_file(file)
    assert await store.get(first.id) == first
    changed = await change(store, first, message="again")
    await store.aclose()
    store = await open_file(file)
    assert await store.get(first.id) == changed
    await store.aclose()


async def test_a_last_line_of_which_a_part_never_reached_the_disk_was_never_written(file: Path) -> None:
    """The end of a line may be there without its middle."""
    store = await open_file(file)
    first = await put(store)
    whole = file.read_bytes()
    await change(store, first)
    await store.aclose()
    line = bytearray(file.read_bytes()[len(whole) :])
    line[20:60] = bytes(40)
    file.write_bytes(whole + line)

    store = await open_file(file)
    assert await store.get(first.id) == first
    await store.aclose()


async def test_a_journal_that_is_damaged_is_not_opened(file: Path) -> None:
    """What was acknowledged is not passed over in silence."""
    store = await open_file(file)
    for _ in range(3):
        await put(store)
    await store.aclose()
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    file.write_bytes(damaged)

    with pytest.raises(StoreUnavailable, match="damaged"):
        await open_file(file)


async def test_one_at_a_time_has_the_journal(file: Path) -> None:
    """Two that append would not know of each other's writes."""
    store = await open_file(file)
    with pytest.raises(StoreUnavailable):
        await open_file(file)
    await store.aclose()

    await (await open_file(file)).aclose()


async def test_after_a_write_that_failed_none_is_taken(file: Path) -> None:
    """Reads go on, and the next opening finds nothing half written."""
    store = await open_file(file)
    job = await put(store)
    with room_for(file.stat().st_size + 10), pytest.raises(StoreUnavailable, match="open it again"):
        await change(store, job)
    with pytest.raises(StoreUnavailable, match="open it again"):
        await change(store, job)

    assert await store.get(job.id) == job
    await store.aclose()
    store = await open_file(file)
    assert await everything(store) == ([Kept(job, tuple(await store.events(job.id)))], [])
    await change(store, job)
    await store.aclose()


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file become longer than this."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("url", ["journal:", "journal://", "journal:///", "other:///file"])
async def test_a_url_without_a_file_is_refused(url: str) -> None:
    """It says how one is written."""
    with pytest.raises(ConfigurationError, match="journal:///FILE"):
        await JOURNAL.open_journal(url, Limits())


async def test_a_file_in_no_folder_is_unavailable(tmp_path: Path) -> None:
    """The server tells of it as of any store that cannot be reached."""
    with pytest.raises(StoreUnavailable):
        await open_file(tmp_path / "none" / "jobs.journal")


async def test_the_loop_goes_on_while_a_write_waits_for_the_disk(file: Path) -> None:
    """Reads are answered, and writes come out in the order in which they went in."""
    store = await open_file(file)
    job = await put(store)
    writes = [asyncio.ensure_future(put(store)) for _ in range(20)]
    reads = 0
    while not all(write.done() for write in writes):
        assert await store.get(job.id) == job
        reads += 1
        await asyncio.sleep(0)

    assert reads > len(writes)
    assert [(await write).number for write in writes] == list(range(2, 22))
    await store.aclose()


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Lay the example out as if it were installed, with its entry point; give the folder."""
    folder = tmp_path / "site"
    information = folder / "example_store-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: example-store\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[jobstatus.storage]\njournal = example_store:open_journal\n")
    (folder / "example_store.py").write_bytes(EXAMPLE.read_bytes())
    return folder


async def test_an_installed_back_end_is_found_by_its_scheme(
    installed: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else needs to be told of it."""
    monkeypatch.syspath_prepend(str(installed))
    try:
        store = await open_store(f"journal:///{file}")
        await store.add_credential(a_credential())
        await store.aclose()
    finally:
        sys.modules.pop("example_store", None)

    assert file.read_bytes()
    with pytest.raises(ConfigurationError, match="journal"):
        monkeypatch.undo()
        await open_store(f"journal:///{file}")


@contextmanager
def writing(installed: Path, file: Path, name: str) -> Iterator[subprocess.Popen[str]]:
    """Let a process write to the journal until it is killed."""
    command = [sys.executable, str(WRITER), f"journal:///{file}", name, "100000"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(installed)}, stdin=pipe, stdout=pipe, text=True
    ) as process:
        try:
            assert process.stdin is not None
            process.stdin.write("begin\n")
            process.stdin.flush()
            yield process
        finally:
            process.kill()


async def test_what_was_acknowledged_survives_a_kill(installed: Path, file: Path) -> None:
    """A process that is killed while it writes leaves all that it was told is written, and nothing half done."""
    acknowledged: dict[str, int] = {}
    for round in range(KILLS):
        with writing(installed, file, f"k{round}") as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            lines = list(itertools.islice(process.stdout, ACKNOWLEDGED))
            process.kill()
            lines += process.stdout
        acknowledged |= {line.split()[0]: int(line.split()[1]) for line in lines if line.endswith("\n")}
        store = await open_file(file)
        for id, version in acknowledged.items():
            found = await store.get(id)
            assert isinstance(found, Job)
            assert found.version >= version
            assert len(await store.events(id)) == found.version
        await store.aclose()

    assert len(acknowledged) >= KILLS * ACKNOWLEDGED // 2
