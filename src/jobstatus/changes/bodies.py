"""Bodies: the media types that they come in, and the body of a request."""

from __future__ import annotations

from collections.abc import Mapping

from jobstatus.changes.change import Rating, Side
from jobstatus.changes.pair import PROSE, Pair, Rule
from jobstatus.changes.schemas import schema
from jobstatus.changes.source import same


def body(pair: Pair, key: str) -> None:
    """Compare the bodies that two operations take."""
    here, (old, new) = pair.at(" body", Side.REQUEST), pair.pick(key)
    if new is None:
        here.tell("body-removed", Rating.MAJOR, "no body is taken any more")
    elif old is not None:
        pair.step(" body", old, new, BODY, Side.REQUEST)
    elif pair.run.new.resolve(new).get("required"):
        here.tell("body-added", Rating.MAJOR, "a body must be sent now")
    else:
        here.tell("body-added", Rating.MINOR, "a body may be sent now")


def content(pair: Pair, key: str) -> None:
    """Compare what a body may come in."""
    old, new = pair.mappings(key)
    for name in dict.fromkeys((*old, *new)):
        here = pair.at(f" {name}")
        if name not in new:
            here.tell(f"{pair.side}-media-type-removed", Rating.MAJOR, f"the media type {name} is gone")
        elif name in old:
            pair.step(f" {name}", old[name], new[name], MEDIA_TYPE)
        else:
            here.tell(f"{pair.side}-media-type-added", Rating.MINOR, f"the media type {name} is new")


def form(pair: Pair, key: str) -> None:
    """Compare the content of a parameter or header, which has it in the place of a schema, or has none."""
    if (key in pair.old) is (key in pair.new):
        content(pair, key)
    else:
        pair.tell(
            f"{pair.side}-form-changed",
            Rating.MAJOR,
            f"its values are {'' if key in pair.new else 'no longer '}documents",
        )


def _required(pair: Pair, key: str) -> None:
    old, new = pair.pick(key, False)
    if not same(old, new):
        rating = Rating.MINOR if new is False else Rating.MAJOR
        pair.tell("body-required", rating, f"it {'may be left out' if new is False else 'must be sent'} now")


MEDIA_TYPE: Mapping[str, Rule] = {**PROSE, "schema": schema}
BODY: Mapping[str, Rule] = {**PROSE, "content": content, "required": _required}
