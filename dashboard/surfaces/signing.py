"""The key that signs sessions, sign-ins and cookies: of the settings, else one that is kept for the next start."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from dashboard.errors import SettingsError
from dashboard.settings import Settings

SHORTEST_SECRET = 32
"""Characters of a key that signs sessions, logins and cookies."""


def sign_sessions(chosen: Settings) -> str:
    """Turn signing on for this process and those it starts; return the key.

    Raises
    ------
    SettingsError
        The key is short enough to be guessed.
    """
    secret = chosen.secret.get_secret_value() if chosen.secret else os.environ.get("BOKEH_SECRET_KEY")
    secret = secret or _kept_secret(chosen.data_folder / "secret")
    if len(secret) < SHORTEST_SECRET:
        raise SettingsError(
            f"The key that signs sessions could be guessed: it has fewer than {SHORTEST_SECRET} characters.",
            "Set DASHBOARD_SECRET to more of them, drawn at random, or leave it out.",
        )
    os.environ["BOKEH_SECRET_KEY"] = secret
    os.environ["BOKEH_SIGN_SESSIONS"] = "yes"
    return secret


def _kept_secret(file: Path) -> str:
    """Return the key of earlier runs, so that an open page survives a restart; a new one where none can be kept."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
        with suppress(FileExistsError), open(file, "x", encoding="ascii", opener=_for_us_only) as fresh:
            fresh.write(secrets.token_urlsafe(32))
        if kept := file.read_text(encoding="ascii").strip():
            return kept
    return secrets.token_urlsafe(32)


def _for_us_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
