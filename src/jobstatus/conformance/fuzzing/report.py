"""Reading what Schemathesis reports, as JUnit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from jobstatus.conformance.finding import Finding, Verdict

TROUBLES = ("failure", "error")
TROUBLE = re.compile(r"^- (.+(?:\n\n?    .+)*)", re.MULTILINE)
"""What is wrong with one answer: a name, then indented lines about it."""
SPACE = re.compile(r"\s+")
LONGEST = 300
"""Characters of one trouble that are told in a table; the report in JUnit has it all."""


def read(report: Path, part: str) -> Iterator[Finding]:
    """Give a finding for each operation that did well, and one for each trouble that others met."""
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314  our own child wrote it
        name, troubles = case.get("name", ""), [child for child in case if child.tag in TROUBLES]
        if not troubles:
            skipped = case.find("skipped") is not None
            yield _finding(name, "not asked" if skipped else "so it is", _verdict(skipped), part)
        for each in troubles:
            yield _finding(name, _short(each.text or each.get("message") or ""), Verdict.FAILED, part, each.text or "")


def _verdict(skipped: bool) -> Verdict:
    return Verdict.SKIPPED if skipped else Verdict.PASSED


def _finding(name: str, got: str, verdict: Verdict, part: str, details: str = "") -> Finding:
    return Finding(f"{name}: made at random", "as the contract says", got, verdict, part, details)


def _short(text: str) -> str:
    found = [SPACE.sub(" ", trouble) for trouble in TROUBLE.findall(text)] or [SPACE.sub(" ", text)]
    return "; ".join(trouble[:LONGEST] for trouble in found)
