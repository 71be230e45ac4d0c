"""How each contract is asked for a job, and which word it answers with."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

STATES = ("pending", "running", "succeeded", "failed", "unknown")


@dataclass(frozen=True)
class Contract:
    """One contract: its headers, with shell variables in them, where its word stands, and which it is when."""

    name: str
    headers: tuple[str, ...]
    word_at: tuple[str, ...]
    expected: Mapping[str, str]


def _contract(name: str, headers: tuple[str, ...], word_at: str, *words: str) -> Contract:
    return Contract(name, headers, tuple(word_at.split(".")), dict(zip(STATES, words, strict=True)))


CONTRACTS = (
    _contract(
        "native",
        ("Authorization: Bearer $NATIVE",),
        "status",
        *("pending", "running", "succeeded", "failed", "404"),
    ),
    _contract(
        "ehealth",
        ("Authorization: Bearer $EHEALTH",),
        "data.status",
        *("pending", "pending", "processed", "failed", "404"),
    ),
    _contract(
        "ehealth-composition",
        ("Authorization: Bearer $COMPOSITION", "api-key: $API_KEY"),
        "data.status",
        *("PENDING", "PENDING", "DONE", "FAILED", "404"),
    ),
    _contract(
        "traffic-ops",
        ("Cookie: mojolicious=$TRAFFIC_OPS",),
        "response.status",
        *("PENDING", "PENDING", "SUCCEEDED", "FAILED", "404"),
    ),
    _contract(
        "ims",
        ("X-Auth-Token: $IMS",),
        "status",
        *("INIT", "RUNNING", "SUCCESS", "FAIL", "400"),
    ),
)
NAMES = {
    "native": "NATIVE",
    "ehealth": "EHEALTH",
    "ehealth-composition": "COMPOSITION",
    "traffic-ops": "TRAFFIC_OPS",
    "ims": "IMS",
}
_BY_NAME = {contract.name: contract for contract in CONTRACTS}


@dataclass(frozen=True)
class Poll:
    """One question."""

    contract: str
    href: str

    @property
    def curl(self) -> str:
        """The command that asks it."""
        headers = " ".join(f'-H "{header}"' for header in _BY_NAME[self.contract].headers)
        return f'curl -si "$BASE{self.href}" {headers}'


@dataclass(frozen=True)
class Answer:
    """What came back."""

    contract: str
    status_line: str
    text: str

    @property
    def body(self) -> dict[str, Any] | None:
        """The body, if it is a JSON object."""
        try:
            body = json.loads(self.text)
        except ValueError:
            return None
        return body if isinstance(body, dict) else None

    @property
    def word(self) -> str:
        """The contract's word for the job's state; the HTTP status where it has none."""
        found: Any = self.body
        for key in _BY_NAME[self.contract].word_at:
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, str) else self.status_line.split()[1]


def ask(poll: Poll, env: Mapping[str, str]) -> Answer:
    """Ask with curl, exactly as it is shown; without it where there is none."""
    if shutil.which("curl") is None:
        return _ask_without_curl(poll, env)
    done = subprocess.run(["sh", "-c", poll.curl], env=env, capture_output=True, text=True, check=True)  # noqa: S603, S607
    head, _, body = done.stdout.partition("\n\n")
    return Answer(poll.contract, head.splitlines()[0], body)


def log_in(url: str, token: str) -> str:
    """Log in to Traffic Ops with a token; give the session's cookie."""
    answer = httpx.post(f"{url}/api/4.0/user/login/token", json={"t": token}, trust_env=False)
    return answer.raise_for_status().cookies["mojolicious"]


def links_of(job: Mapping[str, Any]) -> dict[str, str]:
    """Take from a job's native answer where each contract answers for it."""
    return {link["contract"]: link["href"] for link in job["links"]}


def unknown_links(id: str, tenant: str) -> dict[str, str]:
    """Make up where each contract would answer for a job that is not there."""
    return {
        "native": f"/jobs/{id}",
        "ehealth": f"/api/jobs/{id}",
        "ehealth-composition": f"/api/patients/composition/job/{id}",
        "traffic-ops": "/api/4.0/async_status/999999999",
        "ims": f"/v1/{tenant}/jobs/{id.replace('-', '')}",
    }


def _ask_without_curl(poll: Poll, env: Mapping[str, str]) -> Answer:
    headers = {}
    for header in _BY_NAME[poll.contract].headers:
        name, _, value = header.partition(": ")
        prefix, _, variable = value.rpartition("$")
        headers[name] = prefix + env[variable]
    response = httpx.get(env["BASE"] + poll.href, headers=headers, trust_env=False)
    return Answer(poll.contract, f"HTTP/1.1 {response.status_code} {response.reason_phrase}", response.text)
