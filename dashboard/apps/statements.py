"""The SQL of an app: one ``.sql`` file beside its code, cut at its ``-- name: …`` lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def script(package: str, name: str) -> str:
    """Text of the file `name`.sql in `package`."""
    return files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")


@cache
def statements(package: str, name: str) -> Mapping[str, str]:
    """Statements of the file `name`.sql in `package`, by the names that stand above them."""
    _, *parts = _NAME.split(script(package, name))
    return {key: text.strip().rstrip(";") for key, text in zip(parts[::2], parts[1::2], strict=True)}
