"""The polls that each peer answers in a second, as a picture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import pyplot
from matplotlib.patches import FancyBboxPatch

from benchmarks.peers import LABELS, OURS
from benchmarks.results import LATEST, PEERS

FILE = Path(__file__).parent.parent / "docs" / "polls-per-second.svg"
INK, QUIET, EDGE = "#1f2328", "#59636e", "#d1d9e0"
HIGHLIGHT, PLAIN = "#0969da", "#afb8c1"
STYLE = {
    "svg.hashsalt": "jobstatus",  # the same numbers make the same file
    "svg.fonttype": "path",  # looks the same wherever it is seen
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
}
INCHES_PER_BAR = 0.42
ROOM = 1.35
"""How much longer the axis is than the longest bar."""


def draw(numbers: Path, file: Path) -> None:
    """Draw what a run kept in *numbers*."""
    kept = json.loads(numbers.read_text(encoding="utf-8"))
    peers = sorted(filter(_drawn, kept["peers"]), key=_rate)
    matplotlib.use("svg")
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(8, 1.25 + INCHES_PER_BAR * len(peers)))
        card(figure)
        _bars(axes, peers)
        _words(figure, kept)
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


def _drawn(peer: Mapping[str, Any]) -> bool:
    return peer["name"] in LABELS and "polls_per_second" in peer


def card(figure: Any) -> None:
    """Lay everything on a white card, to be read on light and on dark pages."""
    figure.add_artist(
        FancyBboxPatch(
            (0.005, 0.01),
            0.99,
            0.98,
            boxstyle="round,pad=0,rounding_size=0.015",
            facecolor="white",
            edgecolor=EDGE,
            transform=figure.transFigure,
            zorder=-1,
        )
    )


def _bars(axes: Any, peers: Sequence[Mapping[str, Any]]) -> None:
    end = max(map(_rate, peers)) * ROOM
    colours = [HIGHLIGHT if peer["name"] == OURS else PLAIN for peer in peers]
    axes.barh([LABELS[peer["name"]] for peer in peers], [_rate(peer) for peer in peers], height=0.66, color=colours)
    axes.set_xlim(0, end)
    for place, peer in enumerate(peers):
        rate = _rate(peer)
        axes.annotate(f"{rate:,.0f}", (rate, place), (6, 0), textcoords="offset points", va="center")
        axes.text(end, place, _times(peer), ha="right", va="center")
        axes.get_yticklabels()[place].set_fontweight("bold" if peer["name"] == OURS else "normal")
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.patch.set_visible(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _rate(peer: Mapping[str, Any]) -> float:
    rate: float = peer["polls_per_second"]["median"]
    return rate


def _times(peer: Mapping[str, Any]) -> str:
    """Tell how many times as many polls ours answers."""
    if "jobstatus_against_it" not in peer:
        return ""
    ratio: float = peer["jobstatus_against_it"]["median"]
    return f"{ratio:.0f}x" if ratio >= 10 else f"{ratio:.1f}x" if ratio >= 2 else f"{ratio:.2f}x"


def _words(figure: Any, kept: Mapping[str, Any]) -> None:
    """Say above what is shown, and below what it was taken with."""
    height = figure.get_figheight()
    load, versions = kept["load"], kept["packages"]
    told = [
        f"{load['connections']} connections, one core, {load['jobs']} jobs in SQLite",
        f"Python {kept['python']}",
        *(f"{name} {versions[name]}" for name in ("fastapi", "connexion") if name in versions),
    ]
    figure.subplots_adjust(left=0.34, right=0.97, top=1 - 0.5 / height, bottom=0.45 / height)
    figure.text(0.03, 1 - 0.32 / height, "Polls answered in a second", fontsize=12, fontweight="bold")
    figure.text(0.97, 1 - 0.32 / height, "jobstatus against it", fontsize=8, color=QUIET, ha="right")
    figure.text(0.03, 0.2 / height, " · ".join(told), fontsize=8, color=QUIET)


if __name__ == "__main__":
    draw(LATEST.with_name(PEERS), FILE)
