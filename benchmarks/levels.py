"""How a store in use for a long time levels off, as a picture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import pyplot

from benchmarks.plot import EDGE, HIGHLIGHT, PLAIN, QUIET, STYLE, card

FOLDER = Path(__file__).parent.parent / "docs"
CALLED = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def draw(numbers: Path, folder: Path = FOLDER) -> Path:
    """Draw what a long run kept in *numbers*; give the file."""
    kept = json.loads(numbers.read_text(encoding="utf-8"))
    file = folder / f"retention-{kept['store']}.svg"
    matplotlib.use("svg")
    with pyplot.rc_context(STYLE):
        figure, (rows, sizes) = pyplot.subplots(1, 2, figsize=(8, 3))
        card(figure)
        _lines(rows, kept, "Rows", {"jobs": "jobs", "tombstones": "what is left of jobs"})
        _lines(sizes, kept, "Megabytes", {"disk": "on the disk", "memory": "in memory"})
        _words(figure, kept)
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)
    return file


def _lines(axes: Any, kept: Mapping[str, Any], title: str, shown: Mapping[str, str]) -> None:
    periods: Sequence[Mapping[str, Any]] = kept["periods"]
    numbers = [period["number"] for period in periods]
    for (name, label), colour in zip(shown.items(), (HIGHLIGHT, PLAIN), strict=True):
        axes.plot(numbers, [period[name] for period in periods], color=colour, linewidth=2, label=label)
    axes.set_ylim(bottom=0)
    axes.set_title(title, loc="left", fontsize=9, color=QUIET)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    axes.tick_params(colors=QUIET, labelsize=8, length=0)
    axes.grid(axis="y", color=EDGE, linewidth=0.6)
    axes.patch.set_visible(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _words(figure: Any, kept: Mapping[str, Any]) -> None:
    """Say above what is shown, and below how it came about."""
    told = (
        f"{kept['jobs_per_period']} jobs in each period · a job is kept for {kept['records_periods']} periods, "
        f"what is left of it for {kept['tombstone_periods']} more · Python {kept['python']}"
    )
    figure.subplots_adjust(left=0.08, right=0.97, top=0.78, bottom=0.2, wspace=0.22)
    figure.text(0.03, 0.9, f"Many periods of use, {CALLED[kept['store']]}", fontsize=12, fontweight="bold")
    figure.text(0.03, 0.05, told, fontsize=8, color=QUIET)
