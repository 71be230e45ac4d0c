"""What two stores keep under the same numbers, read side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass

from jobstatus.storage import JobStore, Kept

from .canon import canonical

PAGE = 500
"""Records that are read of each store at a time."""
LAST = 2**63 - 1
"""The greatest number there can be."""


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers above one and up to another, with all that each store keeps under them."""

    upto: int
    source: Mapping[int, Kept]
    target: Mapping[int, Kept]

    def differing(self) -> Sequence[int]:
        """Give the numbers under which the stores do not keep the same."""
        return [number for number in sorted({*self.source, *self.target}) if not self._same(number)]

    def _same(self, number: int) -> bool:
        """Compare what the verification will compare: for Python 1, 1.0 and True are equal."""
        if number not in self.source or number not in self.target:
            return False
        return canonical(self.source[number]) == canonical(self.target[number])


async def spans(source: JobStore, target: JobStore, page: int = PAGE) -> AsyncGenerator[Span]:
    """Read all that both keep. The next span is read while one works on that before it."""
    reading = asyncio.create_task(_read(source, target, 0, page))
    try:
        while (span := await reading).upto < LAST:
            reading = asyncio.create_task(_read(source, target, span.upto, page))
            yield span
        yield span
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _read(source: JobStore, target: JobStore, above: int, page: int) -> Span:
    """Read up to where both pages are complete: a page that is full may be followed by more."""
    pages = await asyncio.gather(source.scan(above, page), target.scan(above, page))
    upto = min(_end(kept, page) for kept in pages)
    here, there = ({each.record.number: each for each in kept if each.record.number <= upto} for kept in pages)
    return Span(upto, here, there)


def _end(kept: Sequence[Kept], page: int) -> int:
    return LAST if len(kept) < page else kept[-1].record.number
