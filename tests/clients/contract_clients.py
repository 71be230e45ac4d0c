"""Clients that are generated from a contract's document, in two languages, and a proxy that holds both sides to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from clients import environments
from commands import until
from serving import PATIENCE, free_port

from jobstatus.contract.bundle import Bundle

SCRIPTS = Path(__file__).with_name("generated")
UNTYPED = "contract_client.client"
"""The generator's own module, the same for every document: its `__exit__` does not say what it takes."""
STRICT = ("--strict", "--noUncheckedIndexedAccess", "--module", "nodenext", "--target", "es2022", "--types", "node")


@dataclass(frozen=True)
class Language:
    """How a client is made and checked in one language, and the command that runs it."""

    command: tuple[str, ...]
    folder: Path

    @contextmanager
    def talking(self, url: str, credentials: Mapping[str, str], project: str) -> Iterator[Conversation]:
        """Run the client, which is told where to ask and by which credentials."""
        known = {"URL": url, "CREDENTIALS": json.dumps(credentials), "PROJECT": project}
        log = self.folder / "client.log"
        with (
            log.open("w") as told,
            subprocess.Popen(
                self.command,
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "NO_PROXY": "127.0.0.1", **known},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                text=True,
            ) as process,
        ):
            try:
                yield Conversation(process, log)
            finally:
                process.kill()


class Conversation:
    """What is asked of a client, line by line, and what it says it was told."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log

    def ask(self, what: str) -> Any:
        """Have it poll for a job, or do what it does beside that."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, self._log.read_text()
        return json.loads(line)


def in_python(bundle: Bundle, folder: Path) -> Language:
    """Generate a client for Python, and check the types of the script that uses it; the first trouble fails."""
    python = environments.interpreter("generated")
    tools = python.parent
    script = _laid_out(bundle, folder, ".py")
    env = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    document = str(folder / "contract.yaml")
    generate = ("generate", "--path", document, "--output-path", "contract_client", "--meta", "none")
    _run(folder, env, str(python), "-m", "openapi_python_client", *generate, "--fail-on-warning")
    settings = folder / "mypy.ini"
    settings.write_text(f"[mypy]\nstrict = True\nwarn_unused_ignores = False\n[mypy-{UNTYPED}]\nignore_errors = True\n")
    cache = str(tools.parent / "mypy-cache")
    _run(folder, env, str(python), "-m", "mypy", "--config-file", str(settings), "--cache-dir", cache, script)
    return Language((str(python), script), folder)


def in_typescript(bundle: Bundle, folder: Path) -> Language:
    """Generate types for TypeScript, and check and compile the script that uses them; the first trouble fails."""
    modules = environments.node("contracts") / "node_modules"
    script = _laid_out(bundle, folder, ".ts")
    (folder / "node_modules").symlink_to(modules)
    (folder / "package.json").write_text('{"type": "module"}')
    tools = modules / ".bin"
    _run(folder, dict(os.environ), str(tools / "openapi-typescript"), "contract.yaml", "--output", "contract.d.ts")
    _run(folder, dict(os.environ), str(tools / "tsc"), *STRICT, "--outDir", "js", script)
    return Language(("node", f"js/{Path(script).stem}.js"), folder)


def _laid_out(bundle: Bundle, folder: Path, ending: str) -> str:
    """Put the document and the scripts into a folder, and name the one for this contract."""
    folder.mkdir()
    (folder / "contract.yaml").write_bytes(bundle.yaml)
    script = f"{bundle.contract.replace('-', '_')}{ending}"
    for name in (script, f"talk{ending}"):
        shutil.copy(SCRIPTS / name, folder)
    return script


def _run(folder: Path, env: Mapping[str, str], *command: str) -> None:
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=4 * PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in (done.stdout + done.stderr).lower(), done.stdout + done.stderr


@contextmanager
def proxied(bundle: Bundle, url: str, folder: Path) -> Iterator[str]:
    """Run Prism before a server: what breaks the document, in a request or an answer, it tells in a header."""
    prism = environments.node("contracts") / "node_modules" / ".bin" / "prism"
    document, port = folder / "proxied.yaml", free_port()
    document.write_bytes(bundle.yaml)
    env = {**os.environ, "SCARF_ANALYTICS": "false", "NO_PROXY": "127.0.0.1"}
    command = [str(prism), "proxy", str(document), url, "--port", str(port), "--host", "127.0.0.1"]
    with (folder / "prism.log").open("w") as log, subprocess.Popen(command, env=env, stdout=log, stderr=log) as process:
        try:
            until(lambda: _listens(port) or process.poll() is not None)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _listens(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
    except httpx.HTTPError:
        return False
    return True
