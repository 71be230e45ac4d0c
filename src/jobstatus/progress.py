"""What a command's output says of its progress: pure, whatever way the output was cut into chunks."""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterator

LONGEST_MESSAGE = 1000
TAIL_LINES = 20
LONGEST_TAIL = 2000
LONGEST_LINE = 65_536

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x07|\x1b\\|$)|[ -/]*[0-~])", re.DOTALL)
_PERCENT = re.compile(r"(?<![\w.,-])(\d{1,3}(?:[.,]\d+)?) ?%(?![\w%])")
_SHARE = re.compile(r"\bPROGRESS[ :=]+([01](?:\.\d+)?)(?!\w|[%/]|\.\d)")
_SEPARATOR = re.compile(r"([\r\n])")


def clean(text: str) -> str:
    """Take out terminal escapes and control characters, and the blanks at both ends."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in _ESCAPE.sub("", text))
    return text.strip()


def percentage(line: str) -> float | None:
    """Read the progress, 0 to 100, that a line tells: `42%`, `42.5 %` or `PROGRESS 0.42`."""
    return next((value for value in _candidates(line) if 0 <= value <= 100), None)


def _candidates(line: str) -> Iterator[float]:
    for match in _SHARE.finditer(line):
        yield round(100 * float(match[1]), 6)
    for match in _PERCENT.finditer(line):
        yield float(match[1].replace(",", "."))


class Output:
    """The output of a command as a terminal would show it: a carriage return lets the next text replace its row."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""
        self._row = ""
        self._rows: deque[str] = deque(maxlen=TAIL_LINES)
        self._progress: float | None = None

    def feed(self, chunk: bytes) -> None:
        """Take in what the command wrote next."""
        *parts, self._rest = _SEPARATOR.split(self._rest + self._decode(chunk))
        for text, separator in zip(parts[::2], parts[1::2], strict=True):
            self._close(text, separator)
        if len(self._rest) > LONGEST_LINE:
            self._close(self._rest, "\n")
            self._rest = ""

    @property
    def progress(self) -> float | None:
        """The latest progress told, 0 to 100, that of an unfinished line included."""
        told = percentage(clean(self._rest))
        return self._progress if told is None else told

    @property
    def message(self) -> str | None:
        """The last line that is not empty."""
        rows = self._shown()
        return rows[-1][:LONGEST_MESSAGE].strip() if rows else None

    @property
    def tail(self) -> str:
        """The end of the output: whole lines as far as they fit, the end of the last one where it does not."""
        rows = self._shown()
        while len(rows) > 1 and sum(map(len, rows)) + len(rows) - 1 > LONGEST_TAIL:
            del rows[0]
        return "\n".join(rows)[-LONGEST_TAIL:]

    def _close(self, text: str, separator: str) -> None:
        shown = clean(text[-LONGEST_LINE:])
        told = percentage(shown)
        self._progress = self._progress if told is None else told
        self._row = shown or self._row
        if separator == "\n" and self._row:
            self._rows.append(self._row)
            self._row = ""

    def _shown(self) -> list[str]:
        last = clean(self._rest) or self._row
        return [*self._rows, last][-TAIL_LINES:] if last else list(self._rows)
