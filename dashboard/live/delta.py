"""What one tick changed in one query's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from dashboard.live.frame import Key, to_frame, to_index
from dashboard.postgres.offset import Offset
from dashboard.postgres.reading import Column, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """The difference between two versions of a live query.

    Parameters
    ----------
    columns
        Of `rows`.
    keys, rows
        Rows that are new or have new values, parallel.
    removed_keys
        Rows that are gone.
    replaced
        The whole answer is in `rows`; forget what was there before (first answer, other columns).
    offset
        The snapshot at which the new version is true.
    at
        When that snapshot was taken, by the server's clock.
    """

    columns: Sequence[Column]
    keys: tuple[Key, ...]
    rows: tuple[Row, ...]
    removed_keys: tuple[Key, ...]
    replaced: bool
    offset: Offset
    at: datetime

    @property
    def upserted(self) -> pd.DataFrame:
        """New and changed rows, typed as in `LiveFrame`."""
        return to_frame(self.columns, self.keys, self.rows)

    @property
    def removed(self) -> pd.Index:
        """Identities of the rows that are gone."""
        return to_index(self.removed_keys)
