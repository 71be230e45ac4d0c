"""A server, the workers that work for it, and who may ask it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from clients.record import Record
from commands import CommandLine, until
from house import SECRET_KEY, TENANT
from serving import PATIENCE, Server, serving
from typer.testing import CliRunner

from jobstatus.cli import app

WORKER = Path(__file__).with_name("worker.py")
FIRST = "packing 42%"
"""What a worker says first, if not told otherwise."""
LAST = "done"

in_one_profile = pytest.mark.parametrize("either", ["documented"], indirect=True)
"""Marks a test that would see the same in the other profile."""

End: TypeAlias = int | dict[str, Any]
"""How a worker ends: by an exit code, or by a last report of its own."""


class Workshop(CommandLine):
    """A server that notes each exchange; whose jobs real workers do, by its command line."""

    def __init__(self, server: Server, folder: Path, profile: str) -> None:
        super().__init__(server, server.token())
        self.env["JOBSTATUS_SECRET_KEY"] = SECRET_KEY
        self.url = server.url
        self.profile = profile
        self.record = Record(folder / "record.jsonl")
        self._folder = folder
        self._http = httpx.Client(
            base_url=server.url, headers={"Authorization": f"Bearer {self.env['JOBSTATUS_TOKEN']}"}, trust_env=False
        )

    def close(self) -> None:
        """Leave the server."""
        self._http.close()

    def credential(self, name: str, *options: str, password: str = "") -> dict[str, Any]:
        """Make a credential: by the command, but in this process, for that needs no server and is faster."""
        words = ["credentials", "add", name, "--tenant", TENANT, "--json", *options]
        done = CliRunner().invoke(app, words, input=password, env=self.env, catch_exceptions=False)
        made: dict[str, Any] = json.loads(done.stdout)
        return made

    def create(self, type: str) -> Any:
        """Make a job that waits for its worker."""
        return self._call("POST", "/jobs", json={"type": type}).json()

    def report(self, id: str, **said: Any) -> None:
        """Say how a job goes, in the place of a worker."""
        self._call("PATCH", f"/jobs/{id}", json=said)

    def waiting(self, type: str) -> Any:
        """Give the newest job of a type that waits for its worker."""
        return self._call("GET", "/jobs", params={"type": type, "status": "pending"}).json()["jobs"][0]

    def delete(self, id: str) -> None:
        """Delete a job, which is then ended, if it was not."""
        if self._call("GET", f"/jobs/{id}").json()["ended_at"] is None:
            self._call("PATCH", f"/jobs/{id}", json={"status": "failed"})
        self._call("DELETE", f"/jobs/{id}")

    def expired(self, type: str) -> Any:
        """Give a job that was there and that the server has forgotten by now."""
        job = self.create(type)
        self._call("PATCH", f"/jobs/{job['id']}", json={"status": "succeeded"})
        until(lambda: self._http.get(f"/jobs/{job['id']}").status_code == 410)
        return job

    def until_running(self, id: str) -> None:
        """Wait until a worker has begun."""
        until(lambda: bool(self._call("GET", f"/jobs/{id}").json()["status"] == "running"))

    @contextmanager
    def working(self, id: str, end: End, *, first: str = FIRST, last: str = LAST) -> Iterator[Callable[[], int]]:
        """Run a worker on a job that waits; what is given lets it come to its end, and tells its exit code."""
        go = self._folder / f"{id}.go"
        command = (sys.executable, str(WORKER), str(go), first, last, json.dumps(end))
        with self.started("run", "--job", id, "--", *command) as process:

            def finish() -> int:
                go.touch()
                process.communicate(timeout=PATIENCE)
                return process.returncode

            yield finish

    def worked(self, job: Any, end: End) -> Any:
        """Have a worker do a job that waits."""
        with self.working(job["id"], end) as finish:
            finish()
        return job

    def _call(self, method: str, path: str, **content: Any) -> httpx.Response:
        return self._http.request(method, path, **content).raise_for_status()


@contextmanager
def open_workshop(folder: Path, profile: str, **settings: str) -> Iterator[Workshop]:
    """Run a server, with all contracts in one profile, for as long as it is needed."""
    profiles = {f"profile_{contract}": profile for contract in ("ehealth", "ims", "traffic_ops")}
    record = str(folder / "record.jsonl")
    with serving(folder, secret_key=SECRET_KEY, record=record, **profiles, **settings) as server:
        workshop = Workshop(server, folder, profile)
        try:
            yield workshop
        finally:
            workshop.close()
