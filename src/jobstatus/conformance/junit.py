"""The report for machines that gather test results, in the form of JUnit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from .finding import Finding, Verdict

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot have, section 2.2."""


def junit(name: str, findings: Iterable[Finding]) -> bytes:
    """Write findings about a server, one suite for each part of them, under that name."""
    root = Element("testsuites", {"name": _clean(name)})
    for part, found in groupby(findings, key=lambda finding: finding.part):
        _suite(root, part, list(found))
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _suite(root: Element, part: str, findings: list[Finding]) -> None:
    counts = {
        "tests": len(findings),
        "failures": sum(finding.verdict is Verdict.FAILED for finding in findings),
        "errors": 0,
        "skipped": sum(finding.verdict is Verdict.SKIPPED for finding in findings),
    }
    suite = SubElement(root, "testsuite", {"name": part, **{name: str(count) for name, count in counts.items()}})
    for finding in findings:
        _case(suite, finding)


def _case(suite: Element, finding: Finding) -> None:
    case = SubElement(suite, "testcase", {"classname": finding.part, "name": _clean(finding.check)})
    match finding.verdict:
        case Verdict.FAILED:
            failure = SubElement(case, "failure", {"message": _clean(finding.got), "type": "failed"})
            failure.text = _clean(f"must be: {finding.expected}\nis: {finding.got}\n\n{finding.details}".rstrip())
        case Verdict.SKIPPED:
            SubElement(case, "skipped", {"message": _clean(finding.got)})
        case Verdict.PASSED:
            return


def _clean(text: str) -> str:
    """Put a question mark in the place of what cannot stand in XML."""
    return _FORBIDDEN.sub("?", text)
