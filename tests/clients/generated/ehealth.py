"""Jobs of eHealth, by a client that was generated from that contract."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from contract_client import AuthenticatedClient
from contract_client.api.e_health import get_ehealth_job, submit_encounter_package
from contract_client.models import EhealthError, EncounterPackage
from talk import CREDENTIALS, URL, Told, broken, talk

client = AuthenticatedClient(URL, CREDENTIALS["ehealthToken"], raise_on_unexpected_status=True)
PERIOD = {"start": "2031-03-04T05:06:07Z", "end": "2031-03-04T06:06:07Z"}
PACKAGE = {"visit": {"id": "90a9e15b-b71b-4caf-8f2e-ff247e8a5600", "period": PERIOD}, "signed_data": "ew0KfQ=="}


def poll(id: str) -> Told:
    """Poll for one job."""
    answer = get_ehealth_job.sync_detailed(id, client=client)
    told = answer.parsed
    return answer, None if told is None or isinstance(told, EhealthError) else str(told.data.status)


def begin() -> dict[str, Any]:
    """Submit a package; give the job that its processing is."""
    answer = submit_encounter_package.sync_detailed(
        UUID(int=7, version=4), client=client, body=EncounterPackage.from_dict(PACKAGE)
    )
    told = answer.parsed
    assert told is not None
    assert not isinstance(told, EhealthError), told
    return {"id": told.data.links[0].href.rpartition("/")[2], "broken": broken(answer)}


if __name__ == "__main__":
    talk(poll, begin=begin)
