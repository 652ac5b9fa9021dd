"""Every setting, with its default and its limit; each is read from the environment as RESKONTRO_<NAME>."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The configuration of one process. Command line options set the same values."""

    model_config = SettingsConfigDict(env_prefix="RESKONTRO_", extra="ignore")

    # Where the data is
    data: Path = Field(Path(".reskontro"), description="Folder of the embedded PostgreSQL; used when no database URL is set")
    database_url: str | None = Field(None, description="PostgreSQL 15 to 18 of a role that may set it up; DATABASE_URL is read too")
    serving_url: str | None = Field(None, description="URL of the serving role, when it is kept apart from the owner's")
    serving_role: str = Field("reskontro_serving", description="Name of the serving role")
    postgres_bin: Path | None = Field(None, description="Folder with the PostgreSQL programs, for the embedded database, backup, restore and psql")
    database_connections: int = Field(12, ge=2, le=200, description="Connections of one API process")

    # Content of files
    files_store: str | None = Field(
        None, pattern="^(file:///.+|s3://[^/]+.*)$", description="file:///folder or s3://bucket/prefix; without it files lie in the database"
    )
    files_endpoint: str | None = Field(None, description="URL of an S3-compatible service; default that of AWS")
    files_region: str | None = Field(None, description="Region of the bucket")
    files_access_key_id: str | None = Field(None, description="Access key; without one the usual AWS_ variables and roles count")
    files_secret_access_key: SecretStr | None = Field(None, description="Its secret")

    # HTTP
    host: str = Field("127.0.0.1", description="Address the API listens on")
    port: int = Field(8080, ge=0, le=65535, description="Port of the API; 0 takes a free one")
    public_url: str | None = Field(None, description="Address clients see, for links in answers; default the one listened on")
    body_bytes_max: int = Field(1 << 20, description="Largest body of an ordinary call")
    postings_bytes_max: int = Field(8 << 20, description="Largest set of auto postings")
    postings_max: int = Field(1_000, ge=1, description="Most auto postings in one call")
    batch_bytes_max: int = Field(32 << 20, description="Largest JSON batch")
    batch_items_max: int = Field(10_000, description="Most items in a JSON batch")
    stream_bytes_max: int = Field(1 << 30, description="Largest NDJSON batch")
    stream_items_max: int = Field(1_000_000, description="Most items in an NDJSON batch")
    streams_max: int = Field(8, ge=1, description="NDJSON batches coming in at a time, per process")
    body_idle_seconds: float = Field(30.0, gt=0, description="A body of which nothing comes for so long is given up")
    writes_per_client_max: int = Field(4, ge=1, description="Administrative and ledger writes of one client under way at a time, per process")
    files_bytes_max: int = Field(32 << 20, description="Largest body of an upload of files")
    files_max: int = Field(20, ge=1, description="Most files in one upload")
    item_bytes_max: int = Field(1 << 20, description="Largest item of a batch")
    rate_requests_per_second: int = Field(5_000, ge=1, description="Requests a second per client and process")
    rate_items_per_hour: int = Field(10_000_000, ge=1, description="Batch items an hour per client and process")
    token_requests_per_minute: int = Field(600, ge=1, description="Calls of /token a minute per client id and process")
    idempotency_wait_seconds: float = Field(5.0, description="How long a repeated call waits for the first one")
    retention_days: int = Field(400, ge=1, description="How long batches and idempotency keys are kept")
    stored_list_hours: float = Field(2.0, ge=1.0, description="How long a list can be paged through")
    list_records_max: int = Field(10_000, description="Most records of one stored list")
    page_records_max: int = Field(1_000, description="Most records on a page")

    # Access
    issuer: str = Field("reskontro", description="Issuer (iss) of the tokens made here")
    audience: str = Field("6f1c7a52-8d0e-4f6b-9a35-2f4a3d1f0c11", description="UUID of this API, the audience (aud) of its tokens")
    token_seconds: int = Field(3_600, ge=60, description="Life of a token")
    signing_key_days: int = Field(90, ge=1, description="A new signing key is made after so many days")
    external_issuer: str | None = Field(None, description="Accept tokens of this issuer instead of our own")
    external_jwks_url: str | None = Field(None, description="Where the external issuer publishes its keys")
    external_audience: str | None = Field(None, description="Audience the external issuer's tokens must name")
    external_scope_claim: str = Field("scope", description="Claim with the scopes")
    external_clients_claim: str = Field("client_nos", description="Claim with the client numbers")

    # Work
    workers: int = Field(1, ge=0, le=64, description="Worker processes started by serve")
    chunk_items: int = Field(2_000, ge=1, le=5_000, description="Items committed together")
    chunk_attempts_max: int = Field(10, ge=1, description="Attempts before a technical fault becomes an item's result")
    group_items_max: int = Field(500, ge=1, description="Single writes committed together")
    turn_seconds: float = Field(2.0, description="How long a worker stays with one client while others wait")

    # Rules
    legal_values: Path | None = Field(None, description="CSV file with legal rates and fees announced after this version")
    carry_values_forward: bool = Field(False, description="Use the last known legal rates and fees, with a warning, for days without one")

    # Observation
    log_level: str = Field("INFO", description="Least level that is logged")
    log_json: bool = Field(True, description="Logs as JSON lines; otherwise readable ones")

    def database(self) -> str | None:
        """The configured database URL, None for the embedded one."""
        return self.database_url or os.environ.get("DATABASE_URL") or None
