"""`dashboard settings`: every setting with its environment variable, its value and its meaning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr

from dashboard.settings import PREFIX, Settings, settings


def lines() -> Iterator[str]:
    """Yield the table of settings, two lines for each."""
    values = settings()
    for name, field in Settings.model_fields.items():
        value = getattr(values, name)
        default = field.get_default(call_default_factory=True, validated_data={})
        origin = "default" if value == default else f"default: {_shown(default)}"
        yield f"{PREFIX}{name.upper()} = {_shown(value)}  ({origin})"
        yield f"    {field.description}"


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "********"
    if value is None or value == ():
        return "(empty)"
    return str(value)
