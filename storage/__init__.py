"""Back ends, chosen by the scheme of a URL."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.metadata import entry_points

from jobstatus.errors import ConfigurationError

from .base import CredentialStore, JobQuery, JobStore, Kept, Limits, Store, Term

__all__ = [
    "CredentialStore",
    "JobQuery",
    "JobStore",
    "Kept",
    "Limits",
    "Store",
    "Term",
    "open_store",
    "opened",
    "schemes",
]

Opener = Callable[[str, Limits], Awaitable[Store]]
"""Opens the store that a URL names, which is to keep within limits."""
GROUP = "jobstatus.storage"


def _built_in(module: str, opener: str, extra: str | None = None) -> Opener:
    """Import a back end only once it is wanted: its driver may not be there, and takes its time."""

    async def open(url: str, limits: Limits) -> Store:
        try:
            found = import_module(f"jobstatus.storage.{module}")
        except ModuleNotFoundError as error:
            if extra is None or (error.name or "").startswith("jobstatus"):
                raise
            raise ConfigurationError(f"the driver is not there: pip install 'jobstatus[{extra}]'") from error
        opened: Store = await getattr(found, opener)(url, limits)
        return opened

    return open


_BUILT_IN: dict[str, Opener] = {
    "memory": _built_in("memory", "open_memory"),
    "sqlite": _built_in("sqlite", "open_sqlite"),
    "postgresql": _built_in("postgresql", "open_postgresql", "postgresql"),
    **{
        scheme: _built_in("redis", "open_redis", "redis")
        for scheme in ("redis", "rediss", "redis+cluster", "rediss+cluster")
    },
}


def schemes() -> dict[str, Opener]:
    """Give every known scheme with its opener, those of installed packages included.

    Raises:
        ConfigurationError: a package registers a scheme that is taken.
    """
    known = dict(_BUILT_IN)
    for entry in entry_points(group=GROUP):
        if entry.name in known:
            raise ConfigurationError(f"the storage scheme {entry.name} is registered twice")
        known[entry.name] = entry.load()
    return known


async def open_store(url: str, limits: Limits | None = None) -> Store:
    """Open the store that *url* names, its schema brought up to date.

    Raises:
        ConfigurationError: the scheme is unknown, or the URL is not one that its back end understands.
        StoreUnavailable: the store cannot be reached.
    """
    scheme, separator, _ = url.partition(":")
    known = schemes()
    if not separator or scheme not in known:
        raise ConfigurationError(f"unknown storage scheme {scheme!r}; known are {', '.join(sorted(known))}")
    return await known[scheme](url, limits or Limits())


@asynccontextmanager
async def opened(url: str, limits: Limits | None = None) -> AsyncGenerator[Store]:
    """Open a store as `open_store` does, and close it again."""
    store = await open_store(url, limits)
    try:
        yield store
    finally:
        await store.aclose()
