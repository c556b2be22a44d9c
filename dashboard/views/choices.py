"""Which values there are now of what a reader can select, where they are rows of the database.

It draws nothing: it tells the page, which says so when what is selected is none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from .strand import Picture, Queries, Shape
from .view import View

if TYPE_CHECKING:
    from dashboard.live import LiveQuery


@dataclass(frozen=True)
class ChoicesShape(Shape):
    """A picture of choices: `values` by the name of their field."""

    names: tuple[str, ...]

    @override
    def draw(self, queries: Queries) -> Picture:
        return {"values": dict(zip(self.names, map(_values, queries), strict=True))}


class Choices(View):
    """The values of a selection's fields, each by the first column of its query."""

    kind: ClassVar[str] = "choices"
    is_content: ClassVar[bool] = False

    def __init__(self, fields: Mapping[str, LiveQuery], **params: Any) -> None:
        super().__init__(**{"priority": "low", **params})
        self.fields = dict(fields)

    @override
    def queries(self) -> Queries:
        return tuple(self.fields.values())

    @override
    def shape(self, binding: object) -> ChoicesShape:
        return ChoicesShape(tuple(self.fields))


def _values(query: LiveQuery) -> list[str]:
    rows = query.state.rows
    return [str(rows[key][0]) for key in query.state.keys if rows[key][0] is not None]
