"""Where a report goes: a file that is whole or absent. It is written beside its place and put there in one step."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

from dashboard.errors import SettingsError

Kind = Literal["html", "pdf", "png", "txt"]


def kind_of(path: Path) -> Kind:
    """What a report becomes, by its ending.

    Raises
    ------
    SettingsError
        It is none of those there are.
    """
    for kind in get_args(Kind):
        if path.suffix.lower() == f".{kind}":
            return kind  # type: ignore[no-any-return]  # one of them
    raise SettingsError(f"A report cannot be written as {path.name}.", "End its name in .html, .pdf, .png or .txt.")


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A file to write to, which takes the place of `path` when the block ends, and goes where it fails.

    Raises
    ------
    SettingsError
        Nothing can be written there.
    """
    beside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        beside.open("x").close()
    except OSError as error:
        raise _refused(path, error) from error
    try:
        yield beside
        beside.replace(path)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        beside.unlink(missing_ok=True)


def _refused(path: Path, error: OSError) -> SettingsError:
    reason = (error.strerror or str(error)).lower()
    return SettingsError(f"{path} cannot be written: {reason}.", "Name another place with --out.")
