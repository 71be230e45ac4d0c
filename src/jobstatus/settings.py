"""Every setting, its default and its environment variable: the field's name in capitals after `JOBSTATUS_`."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from jobstatus.life import Retention

Profile = Literal["documented", "deployed"]


class Settings(BaseSettings):
    """What a server is told at its start."""

    model_config = SettingsConfigDict(env_prefix="JOBSTATUS_", frozen=True)

    store: str = Field("sqlite:///jobstatus.db", description="The URL of the store: `sqlite:///FILE` or `memory://`.")
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=256, description="How many processes share the port.")
    profile_ehealth: Profile = Field("documented", description="The eHealth contract's profile.")
    profile_traffic_ops: Profile = Field("documented", description="The Traffic Ops contract's profile.")
    profile_ims: Profile = Field("documented", description="The IMS contract's profile.")
    retention_days: float = Field(7, gt=0, le=36500, description="Days for which a job that has ended can be read.")
    tombstone_days: float = Field(90, gt=0, le=36500, description="Days for which it is then known to have been there.")
    sweep_seconds: float = Field(5, gt=0, le=3600, description="Seconds between two looks for lost and expired jobs.")
    max_body_bytes: int = Field(1_048_576, ge=1024, description="The longest request body taken, in bytes.")
    session_key: SecretStr | None = Field(
        None, description="Signs the pages' sessions; random at each start if unset. Workers must share one."
    )

    @property
    def retention(self) -> Retention:
        """Tell how long records and tombstones are kept."""
        return Retention(records=timedelta(days=self.retention_days), tombstones=timedelta(days=self.tombstone_days))

    def profile(self, contract: str) -> Profile:
        """Tell the profile of a contract; one that has no profiles of its own is as documented."""
        profile: Profile = getattr(self, f"profile_{contract.replace('-', '_')}", "documented")
        return profile
