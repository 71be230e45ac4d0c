"""An answer with blanks: made and checked once, filled in for each request."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from secrets import token_hex

from jobstatus.contract.exchange import Exchange
from jobstatus.job import Job

Pair = tuple[bytes, bytes]

_TOKEN = token_hex(16)
_ID, _URL = f"id-{_TOKEN}", f"http://{_TOKEN}"
_BLANKS = {_ID.encode(): b"%(id)b", _URL.encode(): b"%(url)b"}
"""What stands for a request's id and URL while its answer is made, which nobody can guess; and what it becomes."""
OVERHEAD = 900
"""About how many bytes a template takes beside its texts, the record that it is kept with not counted."""
_PLAIN = re.compile(r"https?://[A-Za-z0-9._~:/%-]{1,2000}")
"""URLs that JSON writes as they are, and that every schema takes that takes URLs."""


@dataclass(slots=True)
class Rendered:
    """An answer as it goes out."""

    status: int
    headers: list[Pair]
    body: bytes


def disguised(exchange: Exchange) -> Exchange:
    """Give the request as one whose id and URL can be found again in its answer."""
    return exchange.disguised(_ID, _URL)


class Template:
    """What is left of a job's rendered answer when the request's id and URL are taken out of it."""

    __slots__ = (
        *("__weakref__", "_body", "_form", "_forms", "_headers", "_ids", "_length", "_spells_url", "_status"),
        *("facts", "job", "size"),
    )

    def __init__(self, rendered: Rendered, job: Job, facts: tuple[Hashable, ...] = ()) -> None:
        """Take the answer, and what it was made of."""
        self.job = job
        self.facts = facts
        self._status = rendered.status
        self._headers = rendered.headers
        self._body = bytes(memoryview(rendered.body))  # a copy: what orjson gives takes 8 kB, however short it is
        self._form = _form(rendered.body)
        blank = [
            (place, name, form)
            for place, (name, value) in enumerate(rendered.headers)
            if (form := _form(value)) is not None
        ]
        self._ids = [(place, name) for place, name, form in blank if form == _BLANKS[_ID.encode()]]
        self._forms = [each for each in blank if each[2] != _BLANKS[_ID.encode()]]
        names = [name for name, _ in rendered.headers]
        self._length = names.index(b"content-length") if self._form is not None else -1
        forms = [self._form or b"", *(form for _, _, form in self._forms)]
        self.size = OVERHEAD + len(rendered.body) + sum(map(len, forms))
        """About how many bytes of memory this takes."""
        self._spells_url = any(b"%(url)b" in form for form in forms)

    def fill(self, exchange: Exchange) -> Rendered | None:
        """Give the answer to a request; nothing where its URL is not plain enough to be put in as it is."""
        headers, id = self._headers.copy(), exchange.id.encode()
        for place, name in self._ids:
            headers[place] = (name, id)
        if exchange.cookies:
            headers.extend((b"set-cookie", cookie.encode("latin-1")) for cookie in exchange.cookies)
        if self._form is None and not self._forms:
            return Rendered(self._status, headers, self._body)
        values = {b"id": id}
        if self._spells_url:
            if not _PLAIN.fullmatch(exchange.url):
                return None
            values[b"url"] = exchange.url.encode()
        for place, name, form in self._forms:
            headers[place] = (name, form % values)
        if self._form is None:
            return Rendered(self._status, headers, self._body)
        body = self._form % values
        headers[self._length] = (b"content-length", b"%d" % len(body))
        return Rendered(self._status, headers, body)


def _form(text: bytes) -> bytes | None:
    """Put blanks in for the disguise; nothing where it is not in."""
    if _TOKEN.encode() not in text:
        return None
    form = text.replace(b"%", b"%%")
    for stand_in, blank in _BLANKS.items():
        form = form.replace(stand_in, blank)
    if _TOKEN.encode() in form:
        raise RuntimeError("an answer that lasts may hold a request's whole URL, but no part of it")
    return form
