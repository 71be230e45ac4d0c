"""`jobstatus conform` as its users run it, on servers that listen."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import anyio
import httpx
import pytest
import uvicorn
from commands import run
from conforming import BUNDLES, conforming
from faulty import Fault, Faulty, both, silent
from seeded import FAULTS, RANDOM_FAULTS
from serving import free_port
from starlette.types import ASGIApp

from jobstatus.cli.exits import Exit
from jobstatus.conformance import Target
from jobstatus.conformance.original import ADDED
from jobstatus.contract.bundle import Bundle

BY_NAME = {bundle.name: bundle for bundle in BUNDLES}
FEW = ("--examples", "5")
NONE = ("--examples", "0")
every_bundle = pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)


@asynccontextmanager
async def listening(bundle: Bundle, fault: Fault | None = None) -> AsyncGenerator[Target]:
    """Run a server that listens, with a fault or none."""
    async with conforming(bundle) as (house, target):
        app = house.app if fault is None else Faulty(house.app, fault, target)
        port = free_port()
        async with _served(app, port):
            yield replace(target, url=f"http://127.0.0.1:{port}")


@asynccontextmanager
async def _served(app: ASGIApp, port: int) -> AsyncGenerator[None]:
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
    serving = asyncio.ensure_future(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn says it by this flag alone
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def conform(target: Target, *more: str, code: int = Exit.DONE) -> str:
    """Run the command with all that the target has, and give what it printed."""
    given = [
        *_options("credential", target.credentials),
        *_options("weak-credential", target.weak),
        *_options("job", target.jobs),
        *_options("path-parameter", target.parameters),
    ]
    what = ["--contract", target.bundle.contract, "--profile", target.bundle.profile]
    command = [sys.executable, "-m", "jobstatus", "conform", target.url, *what, *given, *more]
    done = await anyio.run_process(command, check=False, env=dict(os.environ))
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == code, said
    for secret in target.secrets:
        assert secret not in said
    return said


def _options(name: str, given: Mapping[Any, str]) -> list[str]:
    return [f"--{name}={key}={value}" for key, value in given.items()]


@every_bundle
async def test_this_server_passes_by_the_table_and_by_requests_made_at_random(bundle: Bundle) -> None:
    """All of its operations are called, and nothing is skipped."""
    async with listening(bundle) as target:
        said = json.loads(await conform(target, *FEW, "--write", "--json"))

    assert said["counts"] == {"passed": len(said["findings"]), "failed": 0, "skipped": 0}
    assert {finding["part"] for finding in said["findings"]} == {"table", "schemathesis"}


@pytest.mark.parametrize("fault", RANDOM_FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
async def test_what_no_row_asks_for_is_found_at_random(fault: Fault) -> None:
    """The table alone passes such a server."""
    async with listening(BY_NAME[fault.bundle], fault) as target:
        await conform(target, *NONE)
        said = json.loads(await conform(target, *FEW, "--json", code=Exit.FAILED))

    assert all(finding["verdict"] != "failed" for finding in said["findings"] if finding["part"] == "table")
    assert any(
        finding["check"].startswith(fault.caught) for finding in said["findings"] if finding["verdict"] == "failed"
    )


async def test_a_person_reads_a_table_and_a_machine_a_report_in_the_form_of_junit(tmp_path: Path) -> None:
    """Both tell each check, what must be and what is."""
    fault = next(fault for fault in FAULTS if fault.name == "errors are pages")
    async with listening(BY_NAME["ims"], fault) as target:
        said = await conform(target, *NONE, "--junit", str(tmp_path / "report.xml"), code=Exit.FAILED)
    (suite,) = ElementTree.parse(tmp_path / "report.xml").getroot()
    failed = [case.get("name") for case in suite if case.find("failure") is not None]

    assert "showImsJob: no credential" in said
    assert "media type text/html, must be application/json" in said
    assert "showImsJob: no credential" in failed
    assert suite.get("failures") == str(len(failed))
    assert suite.get("tests") == str(len(suite))


async def test_what_is_not_given_is_named_and_not_asked() -> None:
    """Without jobs and credentials there is still something to ask."""
    async with listening(BY_NAME["ims"]) as target:
        said = await conform(replace(target, credentials={}, weak={}, jobs={}, parameters={}), *NONE)

    for needed in ("--credential imsToken", "--job pending=ID", "--path-parameter project_id=VALUE"):
        assert f"needs {needed}" in " ".join(said.split())


async def test_nothing_is_changed_on_a_server_unless_that_is_allowed() -> None:
    """Not even by requests made at random."""
    async with listening(BY_NAME["native"]) as target, httpx.AsyncClient(base_url=target.url) as client:
        headers = {"Authorization": f"Bearer {target.credentials['jobToken']}"}
        before = (await client.get("/jobs", headers=headers)).json()
        said = await conform(target, *FEW)
        after = (await client.get("/jobs", headers=headers)).json()

    assert before == after
    assert "needs --write" in said


async def test_what_this_project_adds_need_not_be_there_in_the_original() -> None:
    """A server that knows no entity tags keeps it, but for an error that is not the contract's."""
    plain = Fault("plain", "ims", "", answered=both(*map(silent, ADDED)))
    async with listening(BY_NAME["ims"], plain) as target:
        await conform(target, *NONE, "--original")
        said = await conform(target, *NONE, code=Exit.FAILED)

    assert "header ETag is missing" in said


async def test_credentials_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """There nobody reads them who lists processes; a value alone is of the contract's first scheme."""
    async with listening(BY_NAME["native"]) as target:
        monkeypatch.setenv("JOBSTATUS_CONFORM_CREDENTIAL", target.credentials["jobToken"])
        said = json.loads(await conform(replace(target, credentials={}), *NONE, "--json"))

    skipped = [finding["check"] for finding in said["findings"] if finding["verdict"] == "skipped"]
    assert not [check for check in skipped if check.startswith(("getJob", "listJobs"))]


@pytest.mark.parametrize(
    ("arguments", "trouble", "code"),
    [
        (("http://127.0.0.1:9", "--contract", "ims"), "http://127.0.0.1:9: ", Exit.UNREACHABLE),
        (("ftp://jobs.example", "--contract", "ims"), "URL: must begin with http://", Exit.USAGE),
        (("http://a:b@jobs.example", "--contract", "ims"), "must name neither user nor password", Exit.USAGE),
        (("http://jobs.example", "--contract", "soap"), "there is no contract 'soap'", Exit.USAGE),
        (("http://jobs.example", "--contract", "ims", "--job", "lost=1"), "there is no state 'lost'", Exit.USAGE),
        (("http://jobs.example", "--contract", "ims", "--job", "lost"), "must be NAME=VALUE", Exit.USAGE),
        (("http://jobs.example", "--contract", "identity", "--credential", "x"), "takes none", Exit.USAGE),
        (("http://jobs.example", "--contract", "ims", "--credential", "s\u00fcss"), "must be printable", Exit.USAGE),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_line(arguments: tuple[str, ...], trouble: str, code: Exit) -> None:
    """And never the value of a credential."""
    said = run("conform", *arguments, code=code).stderr

    assert trouble in said
    assert "s\u00fcss" not in said
    assert said.count("\n") == 1


def test_every_fault_stands_in_the_documentation() -> None:
    """With the check that catches it."""
    page = (Path(__file__).parent.parent / "docs" / "conform.md").read_text(encoding="utf-8")

    for fault in (*FAULTS, *RANDOM_FAULTS):
        assert f"| {fault.name} | `{fault.bundle}` | {fault.caught} |" in page
