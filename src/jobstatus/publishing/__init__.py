"""The contracts in a registry of APIs: planned first, written only if nothing that is published would be changed.

RegistryError
├── KeyRefused           the key is not valid, or not enough
├── NothingThere         there is no such owner, API or version
├── DocumentRefused      the Registry does not take the document, or does not publish it
└── RegistryUnavailable  there was no answer, or one that may be another later
PublishedVersion         a published version stands against it (a `Conflict`)
"""

from __future__ import annotations

from .acting import carry_out
from .plan import Plan, Step, Visibility, planned
from .refusals import (
    DocumentRefused,
    KeyRefused,
    NothingThere,
    PublishedVersion,
    RegistryError,
    RegistryUnavailable,
)
from .registry import Registry

__all__ = [
    "DocumentRefused",
    "KeyRefused",
    "NothingThere",
    "Plan",
    "PublishedVersion",
    "Registry",
    "RegistryError",
    "RegistryUnavailable",
    "Step",
    "Visibility",
    "carry_out",
    "planned",
]
