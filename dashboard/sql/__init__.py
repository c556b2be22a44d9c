"""Everything that runs inside PostgreSQL, as named ``.sql`` files beside this module.

SQL stands in files of its own so that it can be read, linted and run by hand; Python names a file and passes
parameters, and never builds statements out of pieces.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def load(name: str) -> str:
    """Text of ``<name>.sql``."""
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
