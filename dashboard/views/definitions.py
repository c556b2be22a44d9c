"""Of Bokeh's definitions of models, those that a document has a use for.

Bokeh puts every component that was ever imported into each document: 140 KB of them with Panel's widgets, folders of
this machine among their defaults. A figure needs none of them, a page few.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def used(definitions: Any, roots: Any) -> list[Any]:
    """Those that are named by what the document has, or by one of them."""
    waiting = {one["name"]: one for one in definitions}
    looked_at: list[Any] = [roots]
    while looked_at:
        named = {name for name in _words(looked_at.pop()) if name in waiting}
        looked_at += [waiting.pop(name) for name in named]
    return [one for one in definitions if one["name"] not in waiting]


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _words(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _words(part)
