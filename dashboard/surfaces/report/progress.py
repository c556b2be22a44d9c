"""How far a report is: a bar on the terminal's stderr, and nothing where that is no terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from tqdm import tqdm


class Progress:
    """The bar of one report; use it as a context."""

    def __init__(self, name: str) -> None:
        self._bar: Any = tqdm(
            desc=name, total=0, disable=None, leave=False, bar_format="{desc} |{bar}| {n_fmt}/{total_fmt} {postfix}"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def answered(self, count: int, of: int) -> None:
        """So many queries are answered, of as many as were asked so far."""
        self._bar.total = max(of, count)
        self._bar.n = count
        self.say("queries")

    def say(self, what: str) -> None:
        """Name what is done now."""
        self._bar.set_postfix_str(what)
