"""Several views under one heading, as a part of a page that can come and go: what a click on a row opens.

The heading may come from a query, so that it stays true as well; when its row is gone, the group says so instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import param
from typing_extensions import override

from .page import Content, content_object, content_span
from .strand import Picture, Queries, Shape
from .view import View

if TYPE_CHECKING:
    from dashboard.live import LiveQuery

    from .channel import Binding


@dataclass(frozen=True)
class GroupShape(Shape):
    """A group's picture: `title` and `note` of its first row, and whether it is there."""

    @override
    def draw(self, queries: Queries) -> Picture:
        query = queries[0]
        names = [column.name for column in query.columns]
        row = next((dict(zip(names, query.state.rows[key], strict=True)) for key in query.state.keys), None)
        if row is None:
            return {"there": False, "title": "", "note": ""}
        return {"there": True, "title": str(row.get("title") or ""), "note": str(row.get("note") or "")}


class Group(View):
    """Views on twelve columns of their own.

    Parameters
    ----------
    *contents
        Views and Panel objects, or pairs `(object, span)`, as in a Page.
    query
        Its first row's columns `title` and `note` head the group, in place of those given.

    Its button to close emits the event ``"close"``; there is one if somebody listens.
    """

    note = param.String(default="", doc="A sentence below the heading; shown as text.")
    missing = param.String(default="This is no longer there.", doc="Said when the query has no row.")

    kind: ClassVar[str] = "group"
    is_content: ClassVar[bool] = False

    def __init__(self, *contents: Content, query: LiveQuery | None = None, **params: Any) -> None:
        super().__init__(query, **params)
        self.contents = list(contents)

    @override
    def queries(self) -> Queries:
        return () if self.query is None else (self.query,)

    @override
    def shape(self, binding: Binding) -> GroupShape:
        return GroupShape()

    @override
    def bind(self, binding: Binding) -> None:
        """Show nothing of its own unless there is a query."""
        if self.query is not None:
            super().bind(binding)

    @override
    def children(self) -> list[Any]:
        return [content_object(content) for content in self.contents]

    @override
    def options(self) -> dict[str, Any]:
        return {
            **super().options(),
            "note": self.note,
            "missing": self.missing,
            "closes": bool(self._callbacks.get("close")),
            "spans": [content_span(content) for content in self.contents],
        }
