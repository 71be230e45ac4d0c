"""Every setting, its default and its environment variable: the field's name in capitals after `JOBSTATUS_`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from jobstatus.life import Retention

Profile = Literal["documented", "deployed"]
EngineName = Literal["compiled", "stock"]


class Settings(BaseSettings):
    """What a server is told at its start."""

    model_config = SettingsConfigDict(env_prefix="JOBSTATUS_", frozen=True)

    store: str = Field("sqlite:///jobstatus.db", description="The URL of the store: `sqlite:///FILE` or `memory://`.")
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=256, description="How many processes share the port.")
    engine: EngineName = Field(
        "compiled", description="What answers requests: operations compiled at the start, or Connexion's own stages."
    )
    profile_ehealth: Profile = Field("documented", description="The eHealth contract's profile.")
    profile_ehealth_composition: Profile = Field(
        "documented", description="The eHealth composition contract's profile."
    )
    profile_traffic_ops: Profile = Field("documented", description="The Traffic Ops contract's profile.")
    profile_ims: Profile = Field("documented", description="The IMS contract's profile.")
    retention_days: float = Field(7, gt=0, le=36500, description="Days for which a job that has ended can be read.")
    tombstone_days: float = Field(90, gt=0, le=36500, description="Days for which it is then known to have been there.")
    sweep_seconds: float = Field(5, gt=0, le=3600, description="Seconds between two looks for lost and expired jobs.")
    max_body_bytes: int = Field(1_048_576, ge=1024, description="The longest request body taken, in bytes.")
    credential_seconds: float = Field(
        5,
        ge=0,
        le=300,
        description="Seconds for which a credential that was looked up counts; a revocation takes effect within them.",
    )
    session_key: SecretStr | None = Field(
        None,
        description="Signs what is given out at a login: the pages' and Traffic Ops sessions, and identity tokens.",
    )
    secret_key: SecretStr | None = Field(
        None, description="Encrypts the secrets of access keys; several divided by commas, of which the first encrypts."
    )
    region: str = Field("eu-de", description="The region that the identity service's catalog names.")
    jwt_jwks_url: str | None = Field(None, description="Where an authorization server's keys are: its JWTs are taken.")
    jwt_algorithms: str = Field("RS256,PS256,ES256,EdDSA", description="The algorithms that a JWT may be signed by.")
    jwt_leeway_seconds: float = Field(30, ge=0, le=600, description="Seconds that the issuer's clock may be off.")
    introspection_url: str | None = Field(None, description="Where other bearer tokens are asked about (RFC 7662).")
    introspection_client_id: str = Field("", description="The client that asks.")
    introspection_client_secret: SecretStr = Field(SecretStr(""), description="That client's secret.")
    introspection_seconds: float = Field(30, ge=0, le=3600, description="Seconds for which such an answer counts.")
    token_issuer: str | None = Field(None, description="The `iss` that an outside token must have.")
    token_audience: str | None = Field(None, description="The `aud` that an outside token must have.")
    token_tenant_claim: str = Field("tenant", description="The claim of an outside token that names the tenant.")
    token_roles_claim: str = Field("roles", description="The claim of an outside token that lists roles.")
    token_operators: bool = Field(False, description="Whether an outside token may name the tenant `*`.")
    keystone_url: str | None = Field(None, description="An identity service whose tokens IMS takes too.")
    keystone_roles: str = Field("", description="The roles of which such a token needs one; empty takes any.")
    keystone_seconds: float = Field(30, ge=0, le=3600, description="Seconds for which such an answer counts.")
    record: Path | None = Field(
        None, description="A file to note each exchange in, with what of it the spec does not have; for tests."
    )

    @property
    def retention(self) -> Retention:
        """Tell how long records and tombstones are kept."""
        return Retention(records=timedelta(days=self.retention_days), tombstones=timedelta(days=self.tombstone_days))

    def profile(self, contract: str) -> Profile:
        """Tell the profile of a contract; one that has no profiles of its own is as documented."""
        profile: Profile = getattr(self, f"profile_{contract.replace('-', '_')}", "documented")
        return profile
