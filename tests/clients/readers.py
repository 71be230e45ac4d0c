"""Clients that read a stream of events, each as it is published, and come back when they are cut off."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from clients.driver import Driver
from clients.relay import Own, relaying
from commands import until
from playwright.sync_api import Browser, Page
from serving import Server

PAGE = Path(__file__).with_name("stream.html")


class Reading(Protocol):
    """One stream that is read."""

    def sees(self, line: str) -> None:
        """Wait until a version has come, given as `JOB VERSION`."""

    def found(self) -> Any:
        """Wait for the end; give all that was `seen` (type, job, version), and how many streams were `begun`."""


class Reader(ABC):
    """A client that reads streams."""

    @abstractmethod
    def reading(self, server: Server, path: str, last: str = "", /) -> AbstractContextManager[Reading]:
        """Read a stream beside the block, until the server has no more, or until the job *last* has ended."""


class Script(Reader):
    """A client in a process of its own."""

    def __init__(self, interpreter: Path, home: Path, script: str, *way: str) -> None:
        self._driver = interpreter, script, home
        self._way = way

    def reading(self, server: Server, path: str, last: str = "", /) -> AbstractContextManager[Reading]:
        """Read it with a new process."""
        driver = Driver(*self._driver, TOKEN=server.token())
        return driver.started(*self._way, server.url + path, *filter(None, [last]))


class EventSource(Reader):
    """A browser, which cannot show a credential: a proxy does that, and has the page that reads."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    @contextmanager
    def reading(self, server: Server, path: str, last: str = "", /) -> Iterator[Reading]:
        """Read it in a new page."""
        with relaying(server) as relay:
            relay.own["/"] = lambda: Own(PAGE.read_bytes(), headers={"Content-Type": "text/html"})
            page = self._browser.new_page()
            page.goto(f"{relay.url}/?{path}" + (f"&{last}" if last else ""))
            yield _Opened(page)
            page.close()


class _Opened:
    def __init__(self, page: Page) -> None:
        self._page = page

    def sees(self, line: str) -> None:
        until(lambda: line in self._page.evaluate("lines"))

    def found(self) -> Any:
        until(lambda: bool(self._page.evaluate("over")))
        return self._page.evaluate("({seen, begun})")
