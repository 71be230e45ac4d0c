"""Jobs of Traffic Ops, by a client that was generated from that contract."""

from __future__ import annotations

from typing import Any

from contract_client import Client
from contract_client.api.traffic_ops import create_traffic_ops_session_by_token, get_async_status, renew_certificates
from contract_client.models import (
    CreateTrafficOpsSessionByTokenVersion,
    GetAsyncStatusVersion,
    RenewCertificatesVersion,
    TrafficOpsAlerts,
    TrafficOpsTokenLogin,
)
from talk import CREDENTIALS, URL, Told, broken, talk

client: Any = Client(URL, raise_on_unexpected_status=True)
"""It wants a client with a token where only a session's cookie is needed, which httpx keeps by itself."""


def poll(id: str) -> Told:
    """Poll for one job."""
    answer = get_async_status.sync_detailed(GetAsyncStatusVersion("5.0"), id, client=client)
    told = answer.parsed
    return answer, None if told is None or isinstance(told, TrafficOpsAlerts) else str(told.response.status)


def login() -> dict[str, Any]:
    """Begin a session."""
    body = TrafficOpsTokenLogin(t=CREDENTIALS["token"])
    version = CreateTrafficOpsSessionByTokenVersion("5.0")
    answer = create_traffic_ops_session_by_token.sync_detailed(version, client=client, body=body)
    return {"status": int(answer.status_code), "broken": broken(answer)}


def begin() -> dict[str, Any]:
    """Have certificates renewed; give the job that does it."""
    answer = renew_certificates.sync_detailed(RenewCertificatesVersion("5.0"), client=client)
    return {"id": answer.headers["Location"].rpartition("/")[2], "broken": broken(answer)}


if __name__ == "__main__":
    talk(poll, login=login, begin=begin)
