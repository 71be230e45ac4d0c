"""How the work ended: what the server is told, and the exit code that follows."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from jobstatus.client.wire import JobError

CANCELLED = 130
"""The exit code where the job was cancelled: stopped on request, as by Ctrl-C."""
ABANDONED = 7
"""The exit code where the job was ended by others, or lost."""
NOT_EXECUTABLE = 126
NOT_FOUND = 127
SIGNALLED = 128
"""What is added to a signal's number."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a command; the status to report, or none where the job has ended already."""

    status: str | None
    code: int
    error: JobError | None = None
    note: str | None = None
    """What a person is to know that the exit code does not tell."""


def exited(code: int, tail: str) -> Ending:
    """Judge a command that ended by itself, by its exit code, or by the number of the signal, negated."""
    if code == 0:
        return Ending("succeeded", 0)
    if code < 0:
        return _failed(SIGNALLED - code, _name(-code), f"The command was ended by {_name(-code)}.", tail)
    return _failed(code, f"EXIT_{code}", f"The command ended with exit code {code}.", tail)


def interrupted(number: int, tail: str) -> Ending:
    """Judge a command that was stopped by a signal to its worker, whatever its own last word was."""
    return _failed(SIGNALLED + number, _name(number), f"The worker was stopped by {_name(number)}.", tail)


def unstartable(error: OSError) -> Ending:
    """Judge a command that could not be started, as a shell does."""
    code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
    reason = f"The command could not be started: {error.strerror or error}"
    ending = _failed(code, f"EXIT_{code}", reason, "")
    return Ending(ending.status, ending.code, ending.error, note=f"{error.filename}: {error.strerror}")


def obeyed(heard: str) -> Ending:
    """Judge a command that was stopped because of what was heard of its job."""
    if heard == "cancelling":
        return Ending("cancelled", CANCELLED, note="the job was cancelled")
    return overtaken(heard)


def overtaken(status: str) -> Ending:
    """Judge a command whose job has ended otherwise than by its worker's report."""
    if status == "cancelled":
        return Ending(None, CANCELLED, note="the job was cancelled")
    if status == "lost":
        return Ending(None, ABANDONED, note="the job was lost: the server heard nothing for longer than its lease")
    return Ending(None, ABANDONED, note=f"the job was ended by others: it is {status}")


def _failed(code: int, name: str, reason: str, tail: str) -> Ending:
    message = f"{reason}\n{tail}" if tail else reason
    return Ending("failed", code, {"kind": "system", "code": name, "message": message})


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"
