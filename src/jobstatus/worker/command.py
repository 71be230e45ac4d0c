"""A command in a process group of its own, both its outputs in one pipe."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Self

CHUNK = 65_536
LINGER = 1.0
"""Seconds for which the output stays open after the command, for whoever outlives it."""
LEFT_IN_PIPES = 4 * CHUNK
"""More than the command itself can have left unread at its end."""
GLANCE = 0.05


class Command:
    """A running command."""

    def __init__(self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, pipe: asyncio.ReadTransport):
        self._process = process
        self._reader = reader
        self._pipe = pipe
        self._left = LEFT_IN_PIPES
        self._over = asyncio.ensure_future(self._linger())

    @classmethod
    async def start(cls, argv: Sequence[str], env: Mapping[str, str]) -> Self:
        """Start *argv*. Raises `OSError` where that is not possible."""
        read_end, write_end = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *argv, stdout=write_end, stderr=write_end, env=env, start_new_session=True
            )
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        reader = asyncio.StreamReader()
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", buffering=0)
        )
        return cls(process, reader, pipe)

    async def read(self) -> bytes:
        """Give what was written next; nothing at the end, or where only others still hold the output open."""
        reading = asyncio.ensure_future(self._reader.read(CHUNK))
        try:
            await asyncio.wait({reading, self._over}, return_when=asyncio.FIRST_COMPLETED)
            if self._over.done():
                self._left -= CHUNK
            return reading.result() if reading.done() and self._left >= 0 else b""
        finally:
            reading.cancel()

    async def wait(self) -> int:
        """Wait for the end, and give the exit code, or the number of the signal that ended it, negated."""
        return await self._process.wait()

    async def gone(self) -> None:
        """Wait for the end of the whole group."""
        await self._process.wait()
        while self._send(0):  # noqa: ASYNC110  nothing tells when a process ends that is not one's own child
            await asyncio.sleep(GLANCE)

    def signal(self, number: int) -> None:
        """Signal the whole group."""
        self._send(number)

    def close(self) -> None:
        """Let go of the output, and of the command if it still runs."""
        if self._process.returncode is None:
            self._send(signal.SIGKILL)
        self._over.cancel()
        self._pipe.close()

    def _send(self, number: int) -> bool:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
            return True
        return False

    async def _linger(self) -> None:
        await self._process.wait()
        await asyncio.sleep(LINGER)
