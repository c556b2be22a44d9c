"""All settings, read once from the environment.

Every setting is one field with its unit and meaning, its environment variable is its name in capitals behind
`DASHBOARD_`, and `dashboard settings` prints this table. They are read once, because half of a page on old
values and half on new ones is worse than a restart.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from dashboard.errors import SettingsError

PREFIX = "DASHBOARD_"


def _default_data_folder() -> Path:
    """The platform's folder for a user's data; for root one that an unprivileged server can reach."""
    if base := os.environ.get("XDG_DATA_HOME"):
        return Path(base) / "dashboard"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "dashboard"
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/dashboard")
    return Path.home() / ".local" / "share" / "dashboard"


class Settings(BaseSettings):
    """What can be set; a field's description is its documentation."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    dsn: str | None = Field(
        default=None, description="database to follow when none is named; empty: the embedded server"
    )
    data_folder: Path = Field(
        default_factory=_default_data_folder,
        description="folder of the embedded server, of the key that signs sessions, and of waiting writes",
    )
    pg_bin: Path | None = Field(
        default=None, description="folder of PostgreSQL programs for the embedded server; empty: the best one found"
    )

    address: str = Field(default="localhost", description="address the web server listens on")
    port: int = Field(default=5006, ge=0, le=65535, description="port the web server listens on; 0: any free one")
    origins: tuple[str, ...] = Field(
        default=(),
        description="hosts (host:port) that pages may be opened under, a JSON list; empty: the address",
    )
    secret: SecretStr | None = Field(
        default=None,
        description="key that signs sessions, the same for all processes; empty: one kept in the data folder",
    )
    secure_cookies: bool = Field(default=False, description="send cookies over https only (set it behind TLS)")
    session_lifetime: float = Field(
        default=172_800, gt=0, description="seconds after which an open page has to be loaded anew to reconnect"
    )
    login_lifetime: float = Field(default=604_800, gt=0, description="seconds after which one has to log in again")
    people: str | None = Field(
        default=None,
        description="function (module:function) that gives the dashboard.Person behind a login, or None; empty: the "
        "people of `dashboard people`",
    )
    oauth_provider: str | None = Field(
        default=None, description="identity provider of Panel's that people log in with; empty: passwords"
    )
    oauth_key: str | None = Field(default=None, description="what the identity provider calls this site (client id)")
    oauth_secret: SecretStr | None = Field(default=None, description="what the identity provider knows it by")
    oauth_redirect_uri: str | None = Field(
        default=None, description="address of /login as the identity provider knows it; empty: as the browser does"
    )
    oauth_extra: dict[str, str] = Field(
        default={}, description="what Panel's provider needs besides (oauth_extra_params), a JSON object"
    )
    behind_proxy: bool = Field(
        default=False, description="believe the headers of a proxy about address and scheme of who asks"
    )
    unused_session_lifetime: float = Field(
        default=120, gt=0, description="seconds a session without a browser is kept for its return"
    )

    api_rate: float = Field(
        default=100, gt=0, description="calls of /api a second that each caller may make, after twice as many at once"
    )

    metrics_token: SecretStr | None = Field(
        default=None,
        description="bearer token that opens /metrics and the details of /health; empty: readable from this machine "
        "only (set it behind a proxy on the same machine)",
    )

    connect_timeout: float = Field(default=10, gt=0, description="seconds to wait for a connection to the database")
    statement_timeout: float = Field(default=60, ge=0, description="seconds a SELECT may run; 0: without end")
    max_rows: int = Field(default=100_000, gt=0, description="rows kept of one live query; one with more is refused")
    write_timeout: float = Field(default=30, gt=0, description="seconds after which a write is broken off and refused")
    waiting_writes: int = Field(
        default=20_000, gt=0, description="writes kept on disk while the database is away; more are refused"
    )
    write_key_retention: float = Field(
        default=604_800, gt=0, description="seconds the keys of writes are kept, by which none is done twice"
    )
    lock_timeout: float = Field(
        default=5, ge=0, description="seconds to wait for a table's lock in install and uninstall"
    )
    heartbeat: float = Field(
        default=0.7,
        gt=0,
        description="seconds between two looks at an idle database: is it there, has its schema changed",
    )
    tick: float = Field(default=0.03, gt=0, le=10, description="seconds between two ticks while changes come in")
    poll_interval: float = Field(
        default=0.25,
        gt=0,
        description="seconds between two reads where the database cannot wake us (LISTEN impossible)",
    )
    clock_interval: float = Field(
        default=1,
        gt=0,
        description="seconds between two ticks of queries that depend on the clock, now() for example",
    )
    backoff_max: float = Field(default=30, gt=0, description="most seconds between two attempts to reconnect")
    offline_after: float = Field(
        default=60, gt=0, description="seconds of failed attempts after which a page says offline"
    )

    log_retention: float = Field(
        default=3600, gt=0, description="seconds of changes the log keeps, for followers that were away"
    )
    log_size: int = Field(default=1024, gt=0, description="megabytes of changes after which the log rotates earlier")

    alert_retention: float = Field(
        default=2_592_000, gt=0, description="seconds that notices are kept in the history of alerts"
    )

    report_rows: int = Field(default=10_000, gt=0, description="rows of one table in a report; of more it says so")
    chromium: Path | None = Field(
        default=None, description="Chromium that prints reports as PDF and PNG; empty: the one found"
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="least severe message written to stderr"
    )


@cache
def settings() -> Settings:
    """Return the settings of this process.

    Raises
    ------
    SettingsError
        When an environment variable has a value that cannot be used.
    """
    try:
        return Settings()
    except SourceError as error:
        raise SettingsError(
            f"An environment variable of dashboard cannot be read: {error}.",
            "Correct or unset it; `dashboard settings` lists all of them.",
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else PREFIX + "…"
        raise SettingsError(
            f"The environment variable {name} cannot be used: {first['msg']}.",
            "Correct or unset it; `dashboard settings` lists all of them.",
        ) from error
