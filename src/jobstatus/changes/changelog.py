"""What changed from version to version of a contract, as a page for those who use it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from jobstatus.changes.change import Change, Rating
from jobstatus.changes.documents import compare
from jobstatus.changes.published import Published

_SPECIAL = re.compile(r"([\\`*_<>\[\]])")
_HEADINGS = ("Breaking", "Added", "Changed")


def changelog(name: str, history: Sequence[Published]) -> str:
    """Write the page of what was published under a name, the lowest version first in *history*, last on the page."""
    lines = [f"# Changelog of {name}", "", "Written by `jobstatus spec release` from the documents beside it."]
    for old, new in reversed(list(pairwise(history))):
        lines += ["", _title(new), *_sections(compare(old.document, new.document, (str(old.path), str(new.path))))]
    if history:
        lines += ["", _title(history[0]), "", "The first version."]
    return "\n".join(lines) + "\n"


def _title(published: Published) -> str:
    return f"## [{published.version}]({published.path.name})"


def _sections(changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        yield from ("", "Nothing but the version.")
    for heading in _HEADINGS:
        told = [change for change in changes if _heading(change) == heading]
        if told:
            yield from ("", f"### {heading}", "")
            yield from (_item(change) for change in told)


def _heading(change: Change) -> str:
    if change.rating is Rating.MAJOR:
        return "Breaking"
    new = change.rating is Rating.MINOR and change.kind.endswith(("-added", "-widened"))
    return "Added" if new else "Changed"


def _item(change: Change) -> str:
    text = _SPECIAL.sub(r"\\\1", " ".join(change.text.split()))
    return f"- `{change.place}`: {text}" if change.place else f"- {text}"
