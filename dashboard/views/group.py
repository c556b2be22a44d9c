"""Several views under one heading, as a part of a page that can come and go: what a click on a row opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import param
from typing_extensions import override

from .page import Content, content_object, content_span
from .strand import Queries
from .view import View

if TYPE_CHECKING:
    from .channel import Binding


class Group(View):
    """Views on twelve columns of their own.

    Parameters
    ----------
    *contents
        Views and Panel objects, or pairs `(object, span)`, as in a Page.

    Its button to close emits the event ``"close"``; there is one if somebody listens.
    """

    note = param.String(default="", doc="A sentence below the heading; shown as text.")

    kind: ClassVar[str] = "group"

    def __init__(self, *contents: Content, **params: Any) -> None:
        super().__init__(**params)
        self.contents = list(contents)

    @override
    def queries(self) -> Queries:
        return ()

    @override
    def bind(self, binding: Binding) -> None:
        """Show nothing: a group has nothing to say itself."""

    @override
    def children(self) -> list[Any]:
        return [content_object(content) for content in self.contents]

    @override
    def options(self) -> dict[str, Any]:
        spans = [content_span(content) for content in self.contents]
        return {**super().options(), "note": self.note, "spans": spans, "closes": bool(self._callbacks.get("close"))}
