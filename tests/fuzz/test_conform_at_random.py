"""`jobstatus conform` with requests made at random: on this server in every contract, and on servers that are wrong."""

from __future__ import annotations

import json

import pytest
from conforming import BUNDLES
from faulty import Fault
from held import BY_NAME, FEW, NONE, conform, listening
from seeded import RANDOM_FAULTS

from jobstatus.cli.exits import Exit
from jobstatus.contract.bundle import Bundle

every_bundle = pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)


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
