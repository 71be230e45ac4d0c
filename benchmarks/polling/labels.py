"""Names beside the points of a picture, each where it covers no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from matplotlib.transforms import Bbox

from benchmarks.plot import QUIET

REACH = 5.0
"""Points around the middle of a dot that nothing may cover."""
STEP = 11.0
"""Points from one line of text to the next."""
FAR = 6
"""Up to how many lines away a name may stand."""


def name(axes: Any, points: Mapping[str, tuple[float, float]]) -> None:
    """Write each name beside its point; a line leads to it where it stands away from it. The scales are set before."""
    taken = [_around(axes, at) for at in points.values()]
    for told, at in points.items():
        text = axes.annotate(told, at, xytext=(0, 0), textcoords="offset points", fontsize=8, va="center")
        for offset in _offsets():
            text.xyann = offset
            text.set_ha("left" if offset[0] > 0 else "right")
            box = text.get_window_extent()
            if axes.bbox.containsx(box.x0) and axes.bbox.containsx(box.x1) and not box.count_overlaps(taken):
                break
        taken.append(box)
        if offset[1]:
            line = {"arrowstyle": "-", "color": QUIET, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 4}
            axes.annotate("", at, xytext=offset, textcoords="offset points", arrowprops=line)


def _offsets() -> Iterator[tuple[float, float]]:
    """Give places for a name, in points from its point, the nearest first."""
    for lines in range(FAR + 1):
        for height in (STEP * lines, -STEP * lines):
            yield 8.0 + lines * 2, height
            yield -8.0 - lines * 2, height


def _around(axes: Any, at: tuple[float, float]) -> Any:
    x, y = axes.transData.transform(at)
    return Bbox.from_extents(x - REACH, y - REACH, x + REACH, y + REACH)
