"""The page on polling: its tables are written into it from what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.polling.tables import late, number, share

FILE = Path(__file__).parents[2] / "docs" / "polling.md"
END = "<!-- end -->"

Row = Mapping[str, Any]
Cell = Callable[[Row], str]


def write(kept: Mapping[str, Any], file: Path = FILE) -> None:
    """Put each table between the mark that has its name and the next mark of an end."""
    text = file.read_text(encoding="utf-8")
    for name, table in tables(kept).items():
        before, mark, rest = text.partition(f"<!-- {name} -->\n")
        text = f"{before}{mark}{table}{rest[rest.index(END) :]}"
    file.write_text(text, encoding="utf-8")


def tables(kept: Mapping[str, Any]) -> Mapping[str, str]:
    """Give each table of the page by its name."""
    fleets = kept["fleets"]
    missing = {row["fleet"] for row in fleets if row["never_seen"]}
    return {
        "requests": _table(kept, fleets, lambda row: number(row["requests"]["mean"])),
        "delay": _table(kept, fleets, _delay),
        "never": _table(kept, [row for row in fleets if row["fleet"] in missing], share),
        "load": _table(kept, fleets, lambda row: number(row["requests_per_second"])),
        "held": _table(kept, kept["held"], _pair),
        "bounds": _table(kept, kept["bounds"], _pair),
        "crowd": _crowd(kept["crowd"]),
    }


def _table(kept: Mapping[str, Any], rows: Sequence[Row], cell: Cell) -> str:
    """Lay out a row for each fleet and a column for each kind of jobs."""
    kinds = [kind["name"] for kind in kept["kinds"]]
    fleets: dict[str, dict[str, str]] = {}
    for row in rows:
        fleets.setdefault(row["fleet"], {})[row["kind"]] = cell(row)
    lines = [["", *kinds], ["---", *("--:" for _ in kinds)]]
    lines += [[fleet, *(cells[kind] for kind in kinds)] for fleet, cells in fleets.items()]
    return _laid_out(lines)


def _crowd(rows: Sequence[Row]) -> str:
    lines = [["", "requests for each job", "in the busiest second"], ["---", "--:", "--:"]]
    lines += [[row["fleet"], number(row["requests"]), f"{row['busiest_second']:,}"] for row in rows]
    return _laid_out(lines)


def _laid_out(lines: Sequence[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _delay(row: Row) -> str:
    return f"{late(row, 'median')} · {late(row, 'p95')}" if row["delay"] else "never"


def _pair(row: Row) -> str:
    """Write requests, lateness and what is missed."""
    told = [number(row["requests"]["mean"]), late(row, "median"), share(row)]
    return " · ".join(filter(None, told))
