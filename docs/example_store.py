"""A back end from outside: a store in memory, each write to which stands in a journal on the disk before it is made.

Installed with an entry point `journal` in the group `jobstatus.storage`, it opens `journal:///FILE`.

One process at a time has the journal. It is read at the start, and only ever grows. Its lines are pickles: let nobody
write to it whom you would not let run code.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pickle
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import partial
from io import BytesIO, FileIO
from pathlib import Path
from typing import Any, cast
from zlib import crc32

from jobstatus.errors import ConfigurationError, JobstatusError, StoreUnavailable
from jobstatus.storage import Limits, Store
from jobstatus.storage.memory import MemoryStore
from jobstatus.storage.turnstile import Turnstile

Call = tuple[str, tuple[Any, ...]]
"""A method's name, and what it is called with."""
WRITES = {"create", "replace", "bury", "expire", "forget", "restore"}
WRITES |= {"add_credential", "revoke_credential", "swap", "drop_notes"}


async def open_journal(url: str, limits: Limits) -> Store:
    """Open the store that *url* names, and make again all writes that its journal tells of."""
    scheme, _, path = url.partition(":///")
    if scheme != "journal" or not path:
        raise ConfigurationError("the store's URL names no file; write journal:///FILE")
    file, calls = await asyncio.to_thread(_open, Path(path))
    memory = MemoryStore()
    for name, arguments in calls:
        with suppress(JobstatusError):  # what was refused is refused again
            await getattr(memory, name)(*arguments)
    return cast(Store, JournalStore(memory, file, limits))  # it has all methods, though none of them is written out


class JournalStore:
    """Answers reads from memory; notes writes, then makes them. Made again in their order they lead to the same."""

    def __init__(self, memory: MemoryStore, file: FileIO, limits: Limits) -> None:
        self._memory = memory
        self._file = file
        self._turn = asyncio.Lock()
        self._turnstile = Turnstile(limits)

    def __getattr__(self, name: str) -> Any:
        if name not in WRITES:
            return getattr(self._memory, name)
        # The turnstile sees a write through to its end, even where its caller gives up.
        return lambda *arguments: self._turnstile.through(self._write(name, arguments))

    async def aclose(self) -> None:
        """Finish what is under way."""
        await self._memory.aclose()
        await self._turnstile.aclose()
        self._file.close()

    async def _write(self, name: str, arguments: tuple[Any, ...]) -> Any:
        async with self._turn:  # writes are made in the order in which they are noted
            await asyncio.to_thread(self._note, _line(b64encode(pickle.dumps((name, arguments)))))
            return await getattr(self._memory, name)(*arguments)

    def _note(self, line: bytes) -> None:
        """Append a line. After one that failed none is taken: only opening the journal again tells if it is there."""
        try:
            if self._file.write(line) < len(line):
                raise OSError("there is no room")
            os.fsync(self._file.fileno())
        except (OSError, ValueError) as error:
            self._file.close()
            raise StoreUnavailable(f"the journal cannot be written; open it again: {error}") from error


def _open(path: Path) -> tuple[FileIO, list[Call]]:
    """Open the journal for this process alone, see that a new one is there for good, and read it."""
    try:
        with ExitStack() as on_failure:
            file = on_failure.enter_context(FileIO(path, "a", opener=partial(os.open, mode=0o600)))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            folder = os.open(path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
            calls = list(_calls(path.read_bytes(), file))
            on_failure.pop_all()
    except OSError as error:
        raise StoreUnavailable(f"the journal cannot be opened: {error}") from error
    return file, calls


def _calls(noted: bytes, file: FileIO) -> Iterator[Call]:
    """Read all lines. A last one that is torn was never acknowledged, and is cut off."""
    lines = BytesIO(noted)
    for line in lines:
        if line == _line(line[9:-1]):
            yield pickle.loads(b64decode(line[9:]))  # noqa: S301  the file is trusted like the code, as said above
        elif lines.read(1):
            raise StoreUnavailable("the journal is damaged before its end")
        else:
            file.truncate(len(noted) - len(line))


def _line(call: bytes) -> bytes:
    return b"%08x %s\n" % (crc32(call), call)
