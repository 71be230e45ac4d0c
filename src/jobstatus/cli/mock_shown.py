"""What `jobstatus mock` shows: where each contract answers for each job, and how it is asked."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import output

if TYPE_CHECKING:
    from jobstatus.scenarios import Scenario

Headers = Mapping[str, Mapping[str, str]]
"""What to send in each contract."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contract answers for a job, and the headers to ask with."""

    scenario: str
    id: str
    contract: str
    href: str
    headers: Mapping[str, str]


def places(scenario: Scenario, job: Any, headers: Headers) -> list[Place]:
    """Give where a job is answered for, in each of these contracts that has it."""
    there = {link["contract"]: link["href"] for link in job["links"]}
    return [Place(scenario.name, job["id"], name, there[name], sent) for name, sent in headers.items() if name in there]


def show(url: str, shown: Sequence[Place], native: Mapping[str, str]) -> None:
    """Show where to poll, and how: in each contract for the first job, and in the *native* one for another job."""
    rows = output.table("scenario", "contract", "poll")
    for place in shown:
        rows.add_row(output.text(place.scenario), output.text(place.contract), output.text(url + place.href))
    output.console().print(rows)
    for place in shown[: len({place.contract for place in shown})]:  # the first job's
        print(f"\n# {place.contract}\n{_curl(url + place.href, place.headers)}")
    body = json.dumps({"type": shown[0].scenario})
    made = _curl(f"{url}/jobs", {**native, "Content-Type": "application/json"}, "-d", body)
    print(f"\n# one more job\n{made}\n\njobstatus mocks on {url} (Ctrl-C to stop)", flush=True)


def _curl(url: str, headers: Mapping[str, str], *rest: str) -> str:
    sent = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    return shlex.join(["curl", "-i", *sent, *rest, url])
