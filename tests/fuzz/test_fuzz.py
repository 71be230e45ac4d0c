"""The running server, held to the spec by Schemathesis: all checks, all phases, three kinds of callers.

Whoever may do everything asks the compiled engine in `test_conform_at_random.py`, contract by contract.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import httpx
import pytest
from house import EVERYTHING
from serving import Server, serving

from jobstatus.conformance.fuzzing import CONFIG, HOOKS
from jobstatus.contract.spec import PATH, Document
from jobstatus.ids import new_id

OPEN = [operation.id for operation in Document.load().operations.values() if operation.public]
STATES: dict[str, list[dict[str, object]]] = {
    "pending": [],
    "running": [{"status": "running", "progress": 42.5, "message": "packing"}],
    "cancelling": [{"status": "running"}, {"cancel": True}],
    "linked": [{"status": "succeeded", "result": {"links": [{"entity": "encounter", "href": "/e/1"}]}}],
    "paid": [{"status": "succeeded", "result": {"response_data": {"id": "a"}, "entities": {"image_id": "i"}}}],
    "failed": [{"status": "failed", "error": {"kind": "user", "message": "no", "http_status": 404}}],
    "cancelled": [{"cancel": True}],
    "deleted": [{"cancel": True}, {"delete": True}],
}


ENGINES = ("compiled", "stock")
CALLERS = ("everything", "nobody", "little")
RUNS = [pair for pair in product(ENGINES, CALLERS) if pair != ("compiled", "everything")]


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run one server for all callers, on either engine; it holds nobody back."""
    with serving(tmp_path_factory.mktemp("fuzz"), engine=request.param, wait_seconds="0") as server:
        yield server


def seed(server: Server, folder: Path) -> None:
    """Write a job in every state, and list how each contract spells them."""
    headers = {"Authorization": f"Bearer {server.token()}"}
    jobs = [lead(server.url, headers, steps) for steps in STATES.values()]
    spelt = {
        "ids": [job["id"] for job in jobs],
        "hex": [job["id"].replace("-", "") for job in jobs],
        "numbers": [str(job["number"]) for job in jobs],
    }
    for name, values in spelt.items():
        (folder / f"{name}.txt").write_text("".join(f"{json.dumps(value)}\n" for value in values))


def lead(url: str, headers: dict[str, str], steps: list[dict[str, object]]) -> dict[str, str]:
    """Create a job and lead it to a state."""
    made = httpx.post(f"{url}/jobs", json={"type": "t", "id": new_id()}, headers=headers)
    job: dict[str, str] = made.json()
    path = url + made.headers["Location"]
    for step in steps:
        if "cancel" in step:
            answer = httpx.post(f"{path}/cancel", headers=headers)
        elif "delete" in step:
            answer = httpx.delete(path, headers=headers)
        else:
            answer = httpx.patch(path, json=step, headers=headers)
        assert answer.is_success, answer.text
    return job


def credentials(server: Server, caller: str) -> str:
    """Say to Schemathesis how the caller's credentials are sent, if it has any."""
    if caller == "nobody":
        return ""
    permissions = EVERYTHING if caller == "everything" else frozenset({"other"})
    token = server.token(permissions=permissions)
    key = server.token(permissions=permissions, roles=("api-key",))
    schemes = Document.load().raw["components"]["securitySchemes"]
    session = log_in(server, token)
    own = {"ehealthApiKey": key, "trafficOpsSession": session, "imsToken": token, "ehealthCookie": token}
    lines = []
    for name, scheme in schemes.items():
        if scheme["type"] == "oauth2":
            lines.append(f'[auth.openapi.{name}]\nbearer = "{token}"')
        elif name in own:
            lines.append(f'[auth.openapi.{name}]\napi_key = "{own[name]}"')
    return "\n" + "\n".join(lines) + "\n"


def log_in(server: Server, token: str) -> str:
    """Give the cookie of a session of the token's holder."""
    answer = httpx.post(f"{server.url}/api/4.0/user/login/token", json={"t": token})
    return answer.cookies["mojolicious"]


@pytest.mark.parametrize(("server", "caller"), RUNS, indirect=["server"])
def test_the_server_keeps_the_contract(server: Server, caller: str, tmp_path: Path) -> None:
    """Whoever calls, valid and invalid requests alike are answered as the spec says."""
    seed(server, tmp_path)
    config = CONFIG.read_text()
    if caller != "everything":  # they are refused, whatever they send
        config = config.replace('expected-statuses = ["2xx", ', 'expected-statuses = ["2xx", "401", "403", ')
    extra = credentials(server, caller)
    (tmp_path / "schemathesis.toml").write_text(config.replace('hooks = "hooks"', f'hooks = "{HOOKS}"') + extra)
    schemathesis = Path(sys.executable).with_name("schemathesis")
    command: list[str | Path] = [
        schemathesis,
        "--config-file",
        tmp_path / "schemathesis.toml",
        "run",
        PATH,
        "--url",
        server.url,
    ]

    if caller != "everything":  # what is open to all is the same for all
        command += [part for id in OPEN for part in ("--exclude-operation-id", id)]
    run = subprocess.run([*command, "-n", "12"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    assert "Traceback" not in server.log
