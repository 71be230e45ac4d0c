"""One module per contract: small functions from a job to that contract's answer."""

from __future__ import annotations

from importlib import import_module

from jobstatus.answer import Contract


def contract(name: str) -> Contract:
    """Give the module that answers for the contract of that name in the spec."""
    module: Contract = import_module(f"{__name__}.{name.replace('-', '_')}")
    return module
