"""Every setting, its default and its environment variable: the field's name in capitals after `JOBSTATUS_`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Json, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from jobstatus.errors import ConfigurationError
from jobstatus.life import Retention
from jobstatus.quota import Policy

Profile = Literal["documented", "deployed"]
EngineName = Literal["compiled", "stock"]
Hold = Annotated[float, Field(ge=0, lt=8)]
"""Some clients give a read up after ten seconds."""
Days = Annotated[float, Field(gt=0, le=36500)]
DaysByName = Json[dict[str, Days]]
Limited = Literal["native", "ehealth", "ehealth-composition", "traffic-ops", "ims"]
"""The contracts in which some credential is asked for."""
LIMITS: dict[Limited, str] = {"native": "60000/60"}
"""What is limited unless it is set otherwise: clients of the other contracts take a 429 for the end."""


def _limit(text: str) -> str:
    Policy.read("", text)
    return text


Limits = Json[dict[Limited, Annotated[str, AfterValidator(_limit)]]]


class Settings(BaseSettings):
    """What a server is told at its start."""

    model_config = SettingsConfigDict(env_prefix="JOBSTATUS_", frozen=True)

    store: str = Field(
        "sqlite:///jobstatus.db",
        description="The URL of the store: `sqlite:///FILE`, `postgresql://…`, `redis://…`, `memory://`.",
    )
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
    retry_after_seconds: int = Field(
        30, ge=1, le=3600, description="The most seconds after which a client is told to ask again (`Retry-After`)."
    )
    wait_seconds: int = Field(
        60, ge=0, le=600, description="The most seconds for which a poll with `Prefer: wait` is held; 0 holds none."
    )
    wait_most: int = Field(
        20_000,
        ge=0,
        description="Polls and streams that a process holds at the most; one more is answered at once, or 503.",
    )
    hold_ehealth: Hold = Field(0, description="Seconds for which an eHealth poll is held that does not ask for it.")
    hold_ehealth_composition: Hold = Field(0, description="The same for eHealth composition polls.")
    hold_traffic_ops: Hold = Field(0, description="The same for Traffic Ops polls.")
    hold_ims: Hold = Field(0, description="The same for IMS polls.")
    heartbeat_seconds: float = Field(
        15, gt=0, le=300, description="Seconds between two signs of life in a stream of events."
    )
    store_seconds: float = Field(
        5, gt=0, le=60, description="Seconds after which a store that has not answered counts as unavailable."
    )
    store_queue: int = Field(
        1000,
        ge=1,
        description="Calls to the store that are under way or wait at the most; one more is answered 503 at once.",
    )
    retention_days: Days = Field(7, description="Days for which a job that has ended can be read.")
    retention_days_by_type: DaysByName = Field(
        {}, validate_default=False, description="The same for the jobs of some types: a JSON object of days by type."
    )
    retention_days_by_tenant: DaysByName = Field(
        {},
        validate_default=False,
        description="The same by tenant, for jobs whose types have nothing of their own.",
    )
    tombstone_days: Days = Field(90, description="Days for which it is then known to have been there.")
    sweep_seconds: float = Field(
        5, gt=0, le=3600, description="Seconds between two looks for lost and expired jobs, and at how long jobs take."
    )
    max_body_bytes: int = Field(1_048_576, ge=1024, description="The longest request body taken, in bytes.")
    credential_seconds: float = Field(
        5,
        ge=0,
        le=300,
        description="Seconds for which a credential that was looked up counts; a revocation takes effect within them.",
    )
    limit_polls: Limits = Field(
        LIMITS,
        validate_default=False,
        description="How often each credential may poll: a JSON object of requests/seconds by contract.",
    )
    limit_calls: Limits = Field(
        LIMITS, validate_default=False, description="The same for all else that a credential is asked for."
    )
    docs_credentials: Path | None = Field(
        None,
        description="A JSON file of credentials, by contract and security scheme, that the pages at `/docs` fill in, "
        "and so give to whoever opens them: for demonstrations alone.",
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

    @classmethod
    def read(cls) -> Settings:
        """Read the environment.

        Raises:
            ConfigurationError: some settings are wrong; told are their names and what is wrong, never their values.
        """
        try:
            return cls()
        except ValidationError as error:
            wrong = (_told(e["loc"], e["msg"]) for e in error.errors(include_input=False))
            raise ConfigurationError("; ".join(wrong)) from None

    @property
    def retention(self) -> Retention:
        """Tell how long records and tombstones are kept."""
        return Retention(
            records=timedelta(days=self.retention_days),
            types=_spans(self.retention_days_by_type),
            tenants=_spans(self.retention_days_by_tenant),
            tombstones=timedelta(days=self.tombstone_days),
        )

    def holds(self, contracts: Iterable[str]) -> Mapping[str, float]:
        """Tell for how many seconds polls of each contract are held that do not ask for it."""
        return {name: getattr(self, f"hold_{name.replace('-', '_')}", 0.0) for name in contracts}

    @property
    def limits(self) -> Mapping[tuple[str, bool], Policy]:
        """Tell what is limited, by contract, and whether it is for polls."""
        given = {True: ("polls", self.limit_polls), False: ("calls", self.limit_calls)}
        read = {
            (contract, poll): Policy.read(name, text)
            for poll, (name, texts) in given.items()
            for contract, text in {**LIMITS, **texts}.items()
        }
        return {place: policy for place, policy in read.items() if policy is not None}

    def profile(self, contract: str) -> Profile:
        """Tell the profile of a contract; one that has no profiles of its own is as documented."""
        profile: Profile = getattr(self, f"profile_{contract.replace('-', '_')}", "documented")
        return profile


def _told(place: tuple[int | str, ...], wrong: str) -> str:
    """Name the variable, and what in it is meant where it holds several."""
    name, *inner = place
    return ": ".join([f"JOBSTATUS_{str(name).upper()}", *map(str, inner), wrong])


def _spans(days: Mapping[str, float]) -> Mapping[str, timedelta]:
    return {name: timedelta(days=span) for name, span in days.items()}
