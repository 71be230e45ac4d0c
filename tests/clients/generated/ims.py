"""Jobs of IMS, by a client that was generated from that contract."""

from __future__ import annotations

from contract_client import AuthenticatedClient
from contract_client.api.ims import show_ims_job
from contract_client.models import ImsError, ImsGatewayError
from talk import CREDENTIALS, PROJECT, URL, Told, talk

client = AuthenticatedClient(
    URL, CREDENTIALS["imsToken"], prefix="", auth_header_name="X-Auth-Token", raise_on_unexpected_status=True
)


def poll(id: str) -> Told:
    """Poll for one job."""
    answer = show_ims_job.sync_detailed(PROJECT, id, client=client)
    told = answer.parsed
    return answer, None if told is None or isinstance(told, ImsError | ImsGatewayError) else str(told.status)


if __name__ == "__main__":
    talk(poll)
