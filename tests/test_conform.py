"""Holding servers to contracts: this one passes, and one that is wrong does not."""

from __future__ import annotations

import httpx
import pytest
from conforming import BUNDLES, URL, conforming
from faulty import Fault, Faulty
from seeded import FAULTS

from jobstatus.conformance import Verdict, hold
from jobstatus.contract.bundle import Bundle

BY_NAME = {bundle.name: bundle for bundle in BUNDLES}
every_bundle = pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
every_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))


@every_bundle
async def test_this_server_keeps_every_row_of_every_contract(bundle: Bundle) -> None:
    """Also of those that are skipped where something is not given: here all is."""
    async with conforming(bundle) as (house, target):
        findings = await hold(target, house.client)

    wrong = [finding for finding in findings if finding.verdict is not Verdict.PASSED]
    assert not wrong, "\n".join(map(str, wrong))


@every_fault
async def test_a_server_that_is_wrong_in_one_thing_fails_that_check(fault: Fault) -> None:
    """Whatever else of its answers is as it should be."""
    async with conforming(BY_NAME[fault.bundle]) as (house, target):
        transport = httpx.ASGITransport(Faulty(house.app, fault, target))
        async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
            findings = await hold(target, client)

    failed = [finding.check for finding in findings if finding.verdict is Verdict.FAILED]
    assert any(check.startswith(fault.caught) for check in failed), failed
