"""What each fleet pays in requests for knowing sooner, as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import pyplot

from benchmarks.plot import EDGE, INK, PLAIN, QUIET, STYLE, card
from benchmarks.polling.kinds import IMAGES
from benchmarks.polling.labels import name
from benchmarks.polling.tables import share

FILE = Path(__file__).parents[2] / "docs" / "polling.svg"
KIND = IMAGES.name
"""The kind of jobs that is drawn: long enough to be polled, short enough to be waited for."""
COLOURS = {
    "interval": "#59636e",
    "backoff": "#9a6700",
    "obedient": "#0969da",
    "waiting": "#1a7f37",
    "streaming": "#8250df",
    "client": PLAIN,
}
GROUPS = {
    "interval": "a fixed interval",
    "backoff": "ever later",
    "obedient": "as Retry-After says",
    "waiting": "Prefer: wait",
    "streaming": "a stream",
    "client": "as clients have it",
}


def draw(kept: Mapping[str, Any], file: Path = FILE) -> None:
    """Draw what was kept of a simulation."""
    matplotlib.use("svg")
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(9, 6), dpi=72)  # as SVG counts, so that texts are measured as drawn
        card(figure)
        _words(figure, kept)
        _scales(axes)
        name(axes, dict(_point(axes, row) for row in kept["fleets"] if row["kind"] == KIND and row["delay"]))
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


def _point(axes: Any, row: Mapping[str, Any]) -> tuple[str, tuple[float, float]]:
    """Draw one fleet, hollow where it misses ends; give its name and its place."""
    at, colour = (row["requests"]["mean"], row["delay"]["median"]), COLOURS[row["group"]]
    missed = share(row)
    axes.plot(*at, "o", markersize=7, color=colour, markerfacecolor="white" if missed else colour)
    return f"{row['fleet']} (misses {missed})" if missed else row["fleet"], at


def _scales(axes: Any) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(1, 3000)
    axes.set_ylim(0.015, 60)
    axes.set_xlabel("requests for each job", color=QUIET, fontsize=9)
    axes.set_ylabel("seconds after its end, median", color=QUIET, fontsize=9)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.tick_params(which="both", colors=QUIET, labelsize=8, length=0)
    axes.grid(color=EDGE, linewidth=0.6)
    axes.patch.set_visible(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    handles = [
        pyplot.Line2D([], [], marker="o", linestyle="", markersize=7, color=COLOURS[group], label=label)
        for group, label in GROUPS.items()
    ]
    axes.legend(handles=handles, frameon=False, fontsize=8, labelcolor=INK, loc="lower right")


def _words(figure: Any, kept: Mapping[str, Any]) -> None:
    """Say above what is shown, and below how it came about."""
    kind = next(kind for kind in kept["kinds"] if kind["name"] == KIND)
    told = f"{kept['jobs']:,} jobs, {kind['told']}, in simulated time · Retry-After at most {kept['most']} s"
    figure.subplots_adjust(left=0.09, right=0.97, top=0.88, bottom=0.14)
    figure.text(
        0.03, 0.93, "What it costs to know of a job's end, and how late one knows", fontsize=12, fontweight="bold"
    )
    figure.text(0.03, 0.03, told, fontsize=8, color=QUIET)
