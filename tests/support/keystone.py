"""A Keystone as a process of its own, on a free port, in a folder that holds all that it is."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from serving import free_port

SCRIPT = Path(__file__).parents[1] / "clients" / "keystone_server.py"
PATIENCE = 90.0
"""Seconds that it may take to set up and start, on a machine that is busy."""
REGION = "eu-de"
ADMIN = "admin"
"""The name of the first user, of its role, and of the project that it has this role in."""
PASSWORD = "of the admin, in tests alone"
DOMAIN = {"id": "default"}


class Keystone:
    """One Keystone, which can be ended and started again with what it knows; and its API, as the admin uses it."""

    user = ADMIN
    password = PASSWORD
    project = ADMIN
    region = REGION

    def __init__(self, python: Path, folder: Path) -> None:
        """Take the interpreter of an environment that has Keystone, and a folder for it alone."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/v3"
        self.project_id = ""
        self._admin = ""
        self._command = [str(python), "-I", str(SCRIPT), str(folder), str(port)]
        self._log = folder / "keystone.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, the first time with setting up, and wait until it answers."""
        environment = {**os.environ, **self._first()}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
        scope = {"project": {"name": self.project, "domain": DOMAIN}}
        self._admin, said = self._log_in(self.user, self.password, scope)
        self.project_id = said["project"]["id"]

    def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(PATIENCE)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Be down for a while."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def token(self, user: str = ADMIN, password: str = PASSWORD) -> str:
        """Get a token for the project."""
        return self._log_in(user, password, self._scope)[0]

    def admin_token(self, scope: Any) -> str:
        """Get a token of the admin's for something else: a domain, the system, or `unscoped`."""
        return self._log_in(self.user, self.password, scope)[0]

    def application_token(self, user: str, password: str, **terms: Any) -> str:
        """Get a token by an application credential that a user makes for it, on terms such as `access_rules`."""
        token, said = self._log_in(user, password, self._scope)
        wanted = {"application_credential": {"name": f"by {token[-20:]}", **terms}}
        made = self.call("POST", f"/users/{said['user']['id']}/application_credentials", wanted, token)
        shown = {name: made["application_credential"][name] for name in ("id", "secret")}
        return self._issue({"identity": {"methods": ["application_credential"], "application_credential": shown}})[0]

    def revoke(self, token: str) -> None:
        """Take a token back, as its bearer may."""
        self._ask("DELETE", "/auth/tokens", headers={"X-Auth-Token": token, "X-Subject-Token": token})

    def add_user(self, name: str, password: str, *roles: str) -> str:
        """Make a user who has roles in the project; one that does not exist is made as well. Give the user's id."""
        user = {"name": name, "password": password, "domain_id": DOMAIN["id"]}
        id: str = self.call("POST", "/users", {"user": user})["user"]["id"]
        for role in roles:
            self.call("PUT", f"/projects/{self.project_id}/users/{id}/roles/{self.role(role)}")
        return id

    def role(self, name: str) -> str:
        """Give the id of a role, which is made if there is none of that name."""
        found = self.call("GET", f"/roles?name={name}")["roles"]
        role = found[0] if found else self.call("POST", "/roles", {"role": {"name": name}})["role"]
        id: str = role["id"]
        return id

    def offer(self, type: str, url: str) -> None:
        """Put a service into the catalog, at a URL in the region."""
        service = self.call("POST", "/services", {"service": {"type": type, "name": type}})["service"]
        endpoint = {"service_id": service["id"], "interface": "public", "region_id": self.region, "url": url}
        self.call("POST", "/endpoints", {"endpoint": endpoint})

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> dict[str, Any]:
        """Call the API, as the admin if no token is given; *path* is what follows `/v3`."""
        answer = self._ask(method, path, json=body, headers={"X-Auth-Token": token or self._admin})
        result: dict[str, Any] = answer.json() if answer.content else {}
        return result

    @property
    def _scope(self) -> Any:
        return {"project": {"id": self.project_id}}

    def _log_in(self, user: str, password: str, scope: Any) -> tuple[str, dict[str, Any]]:
        shown = {"user": {"name": user, "password": password, "domain": DOMAIN}}
        return self._issue({"identity": {"methods": ["password"], "password": shown}, "scope": scope})

    def _issue(self, auth: Any) -> tuple[str, dict[str, Any]]:
        answer = self._ask("POST", "/auth/tokens", json={"auth": auth})
        return answer.headers["X-Subject-Token"], answer.json()["token"]

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        answer = httpx.request(method, self.url + path, timeout=PATIENCE, trust_env=False, **content)
        assert answer.is_success, answer.text
        return answer

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url, timeout=PATIENCE, trust_env=False).status_code == 200
        except httpx.TransportError:
            time.sleep(0.05)
            return False

    def _first(self) -> dict[str, str]:
        """Tell what is there from the start, by the variables that Keystone's own set-up reads."""
        names = {"USERNAME": self.user, "PROJECT_NAME": self.project, "ROLE_NAME": ADMIN, "REGION_ID": self.region}
        things = {**names, "PASSWORD": self.password, "PUBLIC_URL": self.url}
        return {f"OS_BOOTSTRAP_{name}": value for name, value in things.items()}


@contextmanager
def running_keystone(python: Path, folder: Path) -> Iterator[Keystone]:
    """Run a Keystone for as long as it is needed."""
    keystone = Keystone(python, folder)
    try:
        keystone.start()
        yield keystone
    finally:
        keystone.stop()
