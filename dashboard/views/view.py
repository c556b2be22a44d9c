"""What all views have in common, and how to write one.

Two kinds of view end in the same card with the same states (loading, ready, error):

* A view that Panel draws: give a `draw` that turns the query's frame into any Panel object. Its session is woken,
  without data, once per deadline for all its views, and redraws under one hold::

      class Histogram(dashboard.View):
          def draw(self, frame):
              return pn.pane.Bokeh(histogram(frame["age"]))

      Histogram(live.query("SELECT age FROM people"), title="Ages").servable()

* A view that the browser draws: a :class:`~dashboard.views.strand.Shape` that turns queries into a picture, and the
  drawing code of its `kind`. It is encoded once for all sessions; the package's own views are of this kind.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakSet

import param
from panel.viewable import Viewer

from dashboard.errors import ViewError

from . import cell
from .ahead import show
from .outcome import answered
from .pulse import PRIORITIES, Priority
from .selection import Chosen, now
from .strand import Queries, Shape

if TYPE_CHECKING:
    import pandas as pd
    from panel.viewable import Viewable

    from dashboard.live import LiveQuery

    from .channel import Binding
    from .pane import Pane


class View(Viewer):
    """A query on a page.

    Parameters
    ----------
    query
        The query to show; or what a page's selection makes of it (`dashboard.views.Selection.query`).
    title
        Heading of the card; empty for none.
    priority
        How soon a change has to be seen; by default, as the query says.
    """

    title = param.String(default="", doc="Heading of the card; shown as text.")
    priority: Any = param.Selector(default=None, objects=[None, *PRIORITIES], doc="How soon a change has to be seen.")
    caption = param.String(default="", doc="A few words at the right of the heading; shown as text.")
    span = param.Integer(
        default=None, bounds=(1, 12), allow_None=True, doc="Columns of twelve that it takes in a Page."
    )

    kind: ClassVar[str] = "pane"
    default_span: ClassVar[int] = 12
    #: Whether it shows rows, which a reader may want to stand still, rather than how the page itself does.
    is_content: ClassVar[bool] = True

    def __init__(self, query: LiveQuery | Chosen | None = None, **params: Any) -> None:
        super().__init__(**params)  # type: ignore[no-untyped-call]  # Panel has no types
        self.bindings: WeakSet[Binding] = WeakSet()
        self.panes: WeakSet[Pane] = WeakSet()
        self._chosen = query if isinstance(query, Chosen) else None
        self._query = query
        self._heed(query)
        if self._chosen is not None:
            self.title = self._chosen.title or self.title
        self._callbacks: dict[str, list[Callable[[Any], object]]] = {}

    @property
    def query(self) -> LiveQuery | None:
        """The query it shows; of several that the page's selection may ask for, the one of now."""
        query: LiveQuery | None = now(self._query)
        return query

    def draw(self, frame: pd.DataFrame) -> object:
        """A Panel object for this frame; written by views that Panel draws."""
        raise NotImplementedError

    def queries(self) -> Queries:
        """The queries it shows."""
        query = self.query
        if query is None:
            raise ViewError(f"{type(self).__name__} has no query.", "Give it one: live.query('SELECT …').")
        return (query,)

    def shape(self, binding: Binding) -> Shape:
        """How the queries become a picture, with this reader's choices."""
        from .pane import Blank

        return Blank()

    def options(self) -> dict[str, Any]:
        """What the browser needs to know once."""
        return {"title": self.title, "caption": self.caption, "key": self.key() if self.is_content else ""}

    def children(self) -> list[Any]:
        """Panel objects shown inside the card."""
        if type(self).draw is View.draw:
            return []
        from .pane import Pane

        return [Pane(self)]

    def bind(self, binding: Binding) -> None:
        """The view stands on a page now."""
        show(binding, self.queries(), self.shape(binding), self.urgency())

    def _heed(self, *queries: object) -> None:
        """Follow the page's selection where it has a say in these queries."""
        for query in queries:
            if isinstance(query, Chosen):
                query.watch(self._choose)

    def _choose(self) -> None:
        """Show what the page's selection asks for now; a view that stands on no page does so when it is back."""
        if self._chosen is not None:
            self.title = self._chosen.title or self.title
        for binding in list(self.bindings):
            self.bind(binding)
        for pane in list(self.panes):
            pane.turn()

    def key(self) -> str:
        """A name that a browser can remember it by: the same whenever its page is built, whatever is selected."""
        title = "" if self._chosen is not None and self._chosen.title else self.title
        asked = "" if self.query is None else self.query.sql
        named = "\0".join((title, asked)).encode(errors="replace")
        return f"{self.kind}-{zlib.crc32(named):08x}"

    def urgency(self) -> Priority:
        """Its own priority, or its query's."""
        own: Priority | None = self.priority
        return own or (self.query.priority if self.query is not None else "medium")

    def receive(self, binding: Binding, message: Any) -> None:
        """The reader did something: `{"event": name, …}`."""
        if isinstance(message, dict) and isinstance(message.get("event"), str) and not answered(binding, message):
            self.emit(message["event"], message.get("value"))

    def on(self, event: str, callback: Callable[[Any], object]) -> None:
        """Call `callback(value)` when the reader does `event` (each view says which there are)."""
        self._callbacks.setdefault(event, []).append(callback)

    def emit(self, event: str, value: Any) -> None:
        """Tell the callbacks of an event."""
        for callback in self._callbacks.get(event, []):
            callback(value)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """What a notebook shows of it at the end of a cell."""
        is_shown = cell.prepare()
        still = {"text/plain": cell.text(f"{type(self).__name__} {self.title}", self.query, is_shown=is_shown)}
        if not is_shown:
            return still
        bundle, about = super()._repr_mimebundle_(include, exclude)  # type: ignore[no-untyped-call]  # Panel's
        return bundle | still, about

    def __panel__(self) -> Viewable:
        from .element import Element

        return Element(
            self, kind=self.kind, options=self.options(), objects=self.children(), sizing_mode="stretch_width", margin=6
        )
