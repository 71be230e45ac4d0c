"""What was found by one check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check, what it expected and what it got."""

    check: str
    expected: str
    got: str
    """What was answered; of a check that failed also what is wrong with it; of one that was skipped what it needs."""
    verdict: Verdict
    part: str = "table"
    """Which part of the report it belongs to: `table` or `schemathesis`."""
    details: str = ""
    """The requests and answers at length, where there is more to tell than *got*."""

    def told(self, otherwise: Callable[[str], str]) -> Finding:
        """Give the same in other words."""
        return replace(self, got=otherwise(self.got), details=otherwise(self.details))

    @property
    def view(self) -> dict[str, Any]:
        """Give it for machines."""
        return asdict(self)


def counted(findings: Iterable[Finding]) -> Mapping[Verdict, int]:
    """Count the findings of each verdict."""
    verdicts = [finding.verdict for finding in findings]
    return {verdict: verdicts.count(verdict) for verdict in Verdict}
