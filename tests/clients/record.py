"""What a server noted of its exchanges, and how much of that its spec has."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

COLUMNS = ("times", "method", "status", "operation", "such as")


class Record:
    """The file that a server notes its exchanges in."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._begins = 0

    def begin(self) -> None:
        """Leave out what was noted so far."""
        self._begins = len(self._lines())

    def check(self, *operations: str) -> None:
        """Show it, and see that it has these operations, and nothing that the spec has not."""
        print(f"\n{self}")
        exchanges = self._exchanges()

        assert exchanges, "nothing was noted"
        assert [f"{_kind(exchange)}: {what}" for exchange in exchanges for what in exchange["undocumented"]] == []
        assert set(operations) <= {exchange["operation"] for exchange in exchanges}

    def __str__(self) -> str:
        """Draw a table: exchanges that are alike are one row, with the path of the first."""
        exchanges = self._exchanges()
        counts = Counter(_kind(exchange) for exchange in exchanges)
        paths = {_kind(exchange): exchange["path"] for exchange in reversed(exchanges)}
        rows = [COLUMNS, *((str(count), *kind, paths[kind]) for kind, count in counts.items())]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)

    def _exchanges(self) -> list[dict[str, Any]]:
        """Read it, but for the looks at the start page by which a test sees that the server answers."""
        exchanges = [json.loads(line) for line in self._lines()[self._begins :]]
        return [exchange for exchange in exchanges if exchange["path"] != "/"]

    def _lines(self) -> list[str]:
        return self._file.read_text(encoding="utf-8").splitlines()


def _kind(exchange: dict[str, Any]) -> tuple[str, str, str]:
    return exchange["method"], str(exchange["status"]), exchange["operation"] or "-"
