"""Reading two stores, each by itself, to see whether they keep the same."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from jobstatus.storage import Store

from .inventory import Inventory, take_inventory
from .progress import Stage, Tally, Tell, silent
from .span import PAGE


@dataclass(frozen=True, slots=True)
class Verification:
    """What each of two stores keeps."""

    source: Inventory
    target: Inventory

    @property
    def equal(self) -> bool:
        """Tell whether that is the same."""
        return self.source == self.target


async def verify(source: Store, target: Store, *, page: int = PAGE, tell: Tell = silent) -> Verification:
    """Count and sum up what both keep. A store that is written to meanwhile is not read as it was at any one moment."""
    tally = await Tally.over(source, Stage.VERIFYING, tell)
    here, there = await asyncio.gather(take_inventory(source, page, tally), take_inventory(target, page))
    tally.finish()
    return Verification(here, there)
