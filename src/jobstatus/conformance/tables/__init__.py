"""The decision table of each contract: what is asked, and what must be answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from . import composition, ehealth, identity, ims, native, traffic_ops

if TYPE_CHECKING:
    from jobstatus.conformance.row import Row
    from jobstatus.conformance.target import State, Target

    Table = Callable[[str, Mapping[State, str]], Iterator[Row]]

_TABLES: Mapping[str, Table] = {
    "native": native.rows,
    "ehealth": ehealth.rows,
    "ehealth-composition": composition.rows,
    "traffic-ops": traffic_ops.rows,
    "ims": ims.rows,
    "identity": identity.rows,
}


def table(target: Target) -> list[Row]:
    """Give the rows for a target; those about additions only where these are asked for."""
    rows = _TABLES[target.bundle.contract](target.bundle.profile, target.jobs)
    return [row for row in rows if not (target.original and row.added)]


def defaults(contract: str) -> Mapping[str, str]:
    """Give what stands in a contract's paths unless something else is given for it."""
    return {"version": "4.0"} if contract == "traffic-ops" else {}
