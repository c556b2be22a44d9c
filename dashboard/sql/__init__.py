"""Everything that runs inside PostgreSQL, as named ``.sql`` files beside this module.

SQL stands in files of its own so that it can be read, linted and run by hand; Python names a file and passes
parameters. A statement of one line or two that nobody would look for may stand beside its call; one of three is here.

Statements are not built out of pieces, with three exceptions: what writes to, reads or pages a table of the user's
own (`live.dml`, `live.select`, `live.mutation`, `views.paging`: names quoted, values passed), what goes around a query
of the user's own (`live.plans`, `live.changes`), and names that stand in our own code (an app's table, our columns).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def load(name: str) -> str:
    """Text of ``<name>.sql``."""
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
