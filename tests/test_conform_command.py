"""`jobstatus conform` as its users run it, on servers that listen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from commands import run
from faulty import Fault, both, silent
from held import BY_NAME, FEW, NONE, conform, listening
from seeded import FAULTS, RANDOM_FAULTS

from jobstatus.cli.exits import Exit
from jobstatus.conformance.original import ADDED


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
        said = json.loads(await conform(replace(target, credentials={}), *NONE, "--write", "--json"))

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
