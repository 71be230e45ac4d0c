"""What is published, read back by SwaggerHub's own command line. Needs Node.js."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from clients import environments
from commands import run
from registry import KEY, OWNER, LocalRegistry, running_registry

from jobstatus.contract.bundle import Bundle, bundle, bundles
from jobstatus.contract.spec import Document

BUNDLES = list(bundles(Document.load()))
IMS = bundle(Document.load(), "ims")
every_bundle = pytest.mark.parametrize("cut", BUNDLES, ids=lambda cut: cut.name)


class SwaggerHubCli:
    """Runs `swaggerhub` against one Registry."""

    def __init__(self, program: Path, folder: Path, url: str) -> None:
        self._program = program
        own = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "CACHE", "DATA")}
        self._env = {**os.environ, **own, "SWAGGERHUB_URL": url, "SWAGGERHUB_API_KEY": KEY, "NO_PROXY": "127.0.0.1"}

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """Run a command to its end, and give what it printed."""
        done = subprocess.run(
            [str(self._program), *arguments], env=self._env, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr if code else done.stdout


@pytest.fixture(scope="module")
def program() -> Path:
    """Give the program."""
    return environments.node("swaggerhub") / "node_modules" / ".bin" / "swaggerhub"


@pytest.fixture
def registry() -> Iterator[LocalRegistry]:
    """Give a Registry that is empty."""
    with running_registry() as running:
        yield running


@pytest.fixture
def swaggerhub(program: Path, registry: LocalRegistry, tmp_path: Path) -> SwaggerHubCli:
    """Give the program for that Registry."""
    return SwaggerHubCli(program, tmp_path, registry.url)


@pytest.fixture(scope="module")
def reading(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwaggerHubCli]:
    """Give the program for a Registry in which everything is published."""
    with running_registry() as running:
        publish(running)
        yield SwaggerHubCli(program, tmp_path_factory.mktemp("swaggerhub"), running.url)


def publish(registry: LocalRegistry, *arguments: str) -> str:
    """Publish to a Registry."""
    own = {"SWAGGERHUB_API_KEY": KEY, "JOBSTATUS_SWAGGERHUB_URL": registry.url, "NO_PROXY": "127.0.0.1"}
    return run("spec", "publish", "--to", "swaggerhub", "--owner", OWNER, *arguments, code=0, **own).stdout


@every_bundle
def test_each_contract_is_read_back_as_it_was_published(reading: SwaggerHubCli, cut: Bundle) -> None:
    """By its version as YAML, and as the default one as JSON, in which it rounds long integers as JavaScript does."""
    api = f"{OWNER}/jobstatus-{cut.name}"

    assert yaml.safe_load(reading("api:get", f"{api}/{cut.version}")) == cut.document
    assert json.loads(reading("api:get", api, "--json"), parse_int=float) == json.loads(cut.json, parse_int=float)


def test_what_it_published_itself_is_left_alone(
    swaggerhub: SwaggerHubCli, registry: LocalRegistry, tmp_path: Path
) -> None:
    """Both do the same: after it has published a bundle there is nothing left to do."""
    api, file = f"{OWNER}/jobstatus-ims/{IMS.version}", tmp_path / "ims.yaml"
    file.write_bytes(IMS.yaml)
    swaggerhub("api:create", api, "-f", str(file), "--visibility=private", "--published=publish", "--setdefault")
    registry.calls.clear()
    (told,) = json.loads(publish(registry, "--contract", "ims", "--profile", "documented", "--json"))["apis"]

    assert told["unchanged"]
    assert not registry.writes


def test_it_cannot_overwrite_what_is_published(
    swaggerhub: SwaggerHubCli, registry: LocalRegistry, tmp_path: Path
) -> None:
    """It sees that the version is there and published."""
    publish(registry, "--contract", "ims")
    file = tmp_path / "ims.yaml"
    file.write_bytes(IMS.yaml)
    said = swaggerhub("api:update", f"{OWNER}/jobstatus-ims/{IMS.version}", "-f", str(file), code=2)

    assert "Cannot overwrite a published API version" in said
    assert registry.version("jobstatus-ims").content == IMS.yaml
