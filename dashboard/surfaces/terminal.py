"""What every command shares: how it speaks at the terminal, and how it is told the database."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

Dsn = Annotated[str, Parameter(help="The database: postgresql://user:password@host:5432/name.")]


class Wrong(Exception):
    """No error: the command has said what is wrong in the database, or could not be done; exit code 1."""


def say(sentence: str) -> None:
    """Tell the person at the terminal; at once, also where the output is a file."""
    print(sentence, flush=True)  # noqa: T201


def is_interactive() -> bool:
    """Whether a person sits at this terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()
