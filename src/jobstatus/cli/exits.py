"""The exit codes, all of them."""

from __future__ import annotations

from enum import IntEnum

from jobstatus.client import Denied, Missing, Refused, Stale, Unavailable
from jobstatus.errors import Conflict, JobstatusError, StoreUnavailable
from jobstatus.worker.ending import ABANDONED
from jobstatus.worker.ending import CANCELLED as WORK_CANCELLED


class Exit(IntEnum):
    """What a command's end means."""

    DONE = 0
    """It did what was asked; a job that was watched succeeded."""
    FAILED = 1
    """The job that was watched failed; the server that was held to a contract does not keep it."""
    USAGE = 2
    """The command line, a setting or a field is wrong; the server cannot listen where it was told to."""
    CANCELLED = 3
    """The job that was watched was cancelled."""
    MISSING = 4
    """There is no such job or credential, or no longer."""
    DENIED = 5
    """The credential is missing, not valid or not enough."""
    UNREACHABLE = 6
    """The server or the store cannot be reached."""
    REFUSED = ABANDONED
    """The job stands against it: its state, its id or its version; or the store that was to be moved to does."""
    DIFFERENT = 8
    """The stores do not keep the same; a document breaks the clients of another, or its version is too low for that."""
    TIMEOUT = 124
    """The time given with --timeout is over."""
    STOPPED = WORK_CANCELLED
    """Stopped by Ctrl-C; for `run`, the job was cancelled."""


_OF: tuple[tuple[type[JobstatusError], Exit], ...] = (
    (Missing, Exit.MISSING),
    (Denied, Exit.DENIED),
    (Stale, Exit.REFUSED),
    (Conflict, Exit.REFUSED),
    (Refused, Exit.USAGE),
    (Unavailable, Exit.UNREACHABLE),
    (StoreUnavailable, Exit.UNREACHABLE),
)


def of(error: JobstatusError) -> Exit:
    """Give the exit code of an error; the rest of them are errors of whoever typed the command."""
    return next((code for kind, code in _OF if isinstance(error, kind)), Exit.USAGE)


def of_job(status: str) -> Exit:
    """Give the exit code that tells how a job ended."""
    return {"succeeded": Exit.DONE, "cancelled": Exit.CANCELLED}.get(status, Exit.FAILED)
