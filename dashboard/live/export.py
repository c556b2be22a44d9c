"""An answer as a file, exact and at one snapshot, whose name stands in the file where the format has a place for it.

The file appears whole or not at all. `numeric` stays exact; NULL is empty in CSV. What neither Parquet nor Arrow has a
type for is text.
"""

from __future__ import annotations

import csv
import importlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from dashboard.errors import NotNow, SettingsError

if TYPE_CHECKING:
    from dashboard.live.query import LiveQuery


TEXT = ("text", "varchar", "bpchar", "name", "char", "citext")


def to_csv(query: LiveQuery, path: str | os.PathLike[str]) -> Path:
    """Write the rows as CSV, with a line of names."""

    def write(file: IO[bytes]) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        lines = csv.writer(text)
        lines.writerow(query.state.frame.columns)
        lines.writerows(query.state.rows[key] for key in query.state.keys)
        text.flush()
        text.detach()

    return _written(query, path, write)


def to_parquet(query: LiveQuery, path: str | os.PathLike[str]) -> Path:
    """Write the rows as Parquet."""
    parquet = _pyarrow("pyarrow.parquet")
    return _written(query, path, lambda file: parquet.write_table(_table(query), file))


def to_arrow(query: LiveQuery, path: str | os.PathLike[str]) -> Path:
    """Write the rows as an Arrow file (Feather, version 2)."""
    feather = _pyarrow("pyarrow.feather")
    return _written(query, path, lambda file: feather.write_feather(_table(query), file))


def _table(query: LiveQuery) -> Any:
    pa = _pyarrow("pyarrow")
    frame, state = query.state.frame, query.state
    arrays = []
    for place, column in enumerate(query.columns):
        values = [state.rows[key][place] for key in state.keys]
        if column.type == "numeric" and any(value is not None and not value.is_finite() for value in values):
            arrays.append(pa.array(frame.iloc[:, place], from_pandas=True))
        elif column.type == "numeric":
            arrays.append(pa.array(values))
        elif frame.dtypes.iloc[place].kind == "O" and column.type not in TEXT:
            arrays.append(pa.array([None if value is None else str(value) for value in values], pa.string()))
        else:
            arrays.append(pa.array(frame.iloc[:, place], from_pandas=True))
    about = {"dashboard.sql": query.sql, "dashboard.snapshot": str(query.offset), "dashboard.at": str(query.at)}
    names = [column.name for column in query.columns]
    return pa.Table.from_arrays(arrays, names=names).replace_schema_metadata(about)


def _written(query: LiveQuery, path: str | os.PathLike[str], write: Callable[[IO[bytes]], None]) -> Path:
    if not query.is_ready:
        raise NotNow("The query has no answer yet.", "Say `await query.ready()`, or `query.wait()`, first.")
    path = Path(path)
    beside = path.with_name(f".{path.name}.part")
    try:
        with beside.open("wb") as file:
            write(file)
        beside.replace(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}.", "Choose another path.") from error
    finally:
        beside.unlink(missing_ok=True)
    return path


def _pyarrow(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise SettingsError(
            "Parquet and Arrow files need pyarrow.", "Install it: pip install 'dashboard-live[parquet]'."
        ) from error
