"""A login at the identity service, by a client that was generated from that contract."""

from __future__ import annotations

from typing import Any

from contract_client import Client
from contract_client.api.identity import create_identity_token, show_identity_version
from contract_client.models import IdentityRequest, IdentityTokenShown
from talk import CREDENTIALS, PROJECT, URL, Told, broken, talk

client = Client(URL, raise_on_unexpected_status=True)


def request(password: str) -> IdentityRequest:
    """Ask for a token for the project."""
    user = {"name": CREDENTIALS["user"], "password": password, "domain": {"name": "Default"}}
    scope = {"project": {"id": PROJECT}}
    identity = {"methods": ["password"], "password": {"user": user}}
    return IdentityRequest.from_dict({"auth": {"identity": identity, "scope": scope}})


def poll(password: str) -> Told:
    """Log in; the word is whether a token came."""
    answer = create_identity_token.sync_detailed(client=client, body=request(password))
    shown = isinstance(answer.parsed, IdentityTokenShown) and "X-Subject-Token" in answer.headers
    return answer, "token" if shown else None


def version() -> dict[str, Any]:
    """Look at the version first, as clients do."""
    answer = show_identity_version.sync_detailed(client=client)
    return {"status": int(answer.status_code), "broken": broken(answer)}


if __name__ == "__main__":
    talk(poll, version=version)
