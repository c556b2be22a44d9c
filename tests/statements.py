"""Parameters of the apps' statements."""

from __future__ import annotations

import re


def nothing_selected(sql: str, given: int) -> tuple[None, ...]:
    """Return NULL for each parameter after the first `given` ones: where the reader has selected nothing."""
    most = max((int(number) for number in re.findall(r"\$(\d+)", sql)), default=0)
    return (None,) * (most - given)
