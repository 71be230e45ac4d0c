"""One module per contract: small functions from a job to that contract's answer."""

from __future__ import annotations

from collections.abc import Mapping

from jobstatus.answer import Contract

from . import ehealth, ehealth_composition, identity, ims, native, traffic_ops

CONTRACTS: Mapping[str, Contract] = {
    "native": native,
    "ehealth": ehealth,
    "ehealth-composition": ehealth_composition,
    "traffic-ops": traffic_ops,
    "ims": ims,
    "identity": identity,
}
"""The module that answers for each contract of the spec."""
