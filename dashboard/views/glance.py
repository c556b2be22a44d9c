"""A query, or a connection, as it is shown when nothing was said about how: in a notebook, at the end of a cell.

Below the rows stands what a reader of a live query wants to know of it: by which plan it is kept true, and why. In a
report nothing is kept true, and only the rows are left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn
from typing_extensions import override

from .report import report_of
from .status import Status
from .strand import Picture, Queries, Shape
from .table import Table
from .view import View

if TYPE_CHECKING:
    from dashboard.live import Live

    from .channel import Binding


@dataclass(frozen=True)
class GlanceShape(Shape):
    """A glance's picture: the query's `plan` and its `reason`, unless it is one of a report."""

    is_frozen: bool = False

    @override
    def draw(self, queries: Queries) -> Picture:
        plan = None if self.is_frozen else queries[0].plan
        return {"plan": "" if plan is None else plan.kind, "reason": "" if plan is None else plan.reason}


class Glance(View):
    """A query's rows, its plan and its state."""

    kind: ClassVar[str] = "glance"
    is_content: ClassVar[bool] = False

    def __init__(self, query: Any, **params: Any) -> None:
        super().__init__(query, **params)
        (shown,) = self.queries()
        self._table = Table(query, title=self.title, page_size=10, search=False)
        self._status = Status(shown.live)

    @override
    def shape(self, binding: Binding) -> GlanceShape:
        return GlanceShape(is_frozen=binding.channel.report is not None)

    @override
    def children(self) -> list[Any]:
        is_frozen = report_of(pn.state.curdoc) is not None
        return [one.__panel__() for one in ([self._table] if is_frozen else [self._table, self._status])]


class Connection(Status):
    """The state of a connection, with since when, how far behind, and why."""

    def __init__(self, live: Live, **params: Any) -> None:
        super().__init__(live, **{"variant": "full", "title": "Connection", **params})
