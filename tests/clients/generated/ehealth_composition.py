"""Jobs of compositions, by a client that was generated from that contract."""

from __future__ import annotations

from uuid import UUID

from contract_client import AuthenticatedClient
from contract_client.api.e_health_compositions import get_composition_job
from contract_client.models import CompositionJob
from talk import CREDENTIALS, URL, Told, talk

client = AuthenticatedClient(
    URL, CREDENTIALS["ehealthToken"], headers={"api-key": CREDENTIALS["ehealthApiKey"]}, raise_on_unexpected_status=True
)


def poll(id: str) -> Told:
    """Poll for one job."""
    answer = get_composition_job.sync_detailed(UUID(id), client=client)
    return answer, str(answer.parsed.data.status) if isinstance(answer.parsed, CompositionJob) else None


if __name__ == "__main__":
    talk(poll)
