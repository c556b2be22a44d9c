"""Views that Panel draws: one wake per session, without data, everything under one hold.

The wake says only "look again": what is drawn is the query's frame at the moment of drawing, so wakes never queue.
It is scheduled from the event loop's own context, never from the one of the session that happened to come first: a
task made there would carry that session's document into all others.

A `draw` that raises is its own view's trouble: the card shows one sentence, the log has the traceback, the views beside
it go on, and the next frame that can be drawn takes the sentence's place.
"""

from __future__ import annotations

import asyncio
import contextvars
import html
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

import panel as pn
from bokeh.document import Document
from panel.pane.placeholder import Placeholder
from typing_extensions import override

from dashboard.live import LiveQuery

from .pulse import DEADLINES
from .strand import Picture, Queries, Shape, in_own_hands

if TYPE_CHECKING:
    from bokeh.model import Model
    from pyviz_comms import Comm

    from .view import View


log = logging.getLogger(__name__)
SENTENCE = {"color": "var(--d-bad)", "font": "12px/1.5 var(--d-font)", "overflow-wrap": "anywhere"}


@dataclass(frozen=True)
class Blank(Shape):
    """Nothing to draw in the browser but the card and its state."""

    @override
    def draw(self, queries: Queries) -> Picture:
        return {}


class Pane(Placeholder):
    """What a view's `draw` returned last."""

    def __init__(self, view: View, **params: Any) -> None:
        self._view = view
        self._followed: dict[str, list[Any]] = {}
        self._wakes: dict[str, Wake] = {}
        view.panes.add(self)
        self._said = ""
        self._has_moved = False
        super().__init__(sizing_mode="stretch_width", **params)  # type: ignore[no-untyped-call]  # Panel has no types

    def _get_model(
        self, doc: Document, root: Model | None = None, parent: Model | None = None, comm: Comm | None = None
    ) -> Model:
        self.look()
        try:
            model = super()._get_model(doc, root, parent, comm)
        except Exception as broken:  # what `draw` returned cannot be shown
            self._say(broken)
            model = super()._get_model(doc, root, parent, comm)
        self._has_moved = False
        wake = Wake.of(doc)
        self._wakes[(root or model).ref["id"]] = wake
        self._follow((root or model).ref["id"])
        if doc.session_context is not None:
            # What is drawn while the page is on its way to the browser reaches neither the page nor its changes.
            pn.state.onload(partial(_again, wake, self.look))
        return model

    def _follow(self, ref: str) -> None:
        wake, deadline = self._wakes[ref], DEADLINES[self._view.urgency()]
        followed = in_own_hands(self._view.queries())
        self._followed[ref] = [
            *(query.subscribe(lambda *_: wake.ask(self.look, deadline)) for query in followed),
            *(query for query in followed if isinstance(query, LiveQuery)),
        ]

    def _leave(self, ref: str) -> None:
        for followed in self._followed.pop(ref, []):
            followed.close()

    def show_again(self) -> None:
        """A notebook's page is there now: what was drawn while it was on its way has not reached it."""
        if self._has_moved:
            drawn, self.object = self.object, None
            self.object = drawn
            self._has_moved = False

    def turn(self) -> None:
        """Follow the query that the view shows now; it was another one."""
        for ref, wake in self._wakes.items():
            self._leave(ref)
            self._follow(ref)
            wake.ask(self.look, 0.0)

    def _cleanup(self, root: Model | None = None) -> None:
        if root is not None:
            self._leave(root.ref["id"])
            self._wakes.pop(root.ref["id"], None)
        super()._cleanup(root)

    def look(self) -> None:
        """Draw the frame as it is."""
        query = self._view.query
        if query is None or not query.is_ready:
            return
        self._has_moved = True
        try:
            self.object = self._view.draw(query.state.frame)
            self._said = ""
        except Exception as broken:
            self._say(broken)

    def _say(self, broken: Exception) -> None:
        """Show one sentence in the place of what could not be drawn, and log why: once for each reason."""
        sentence = f"{self._view.title or type(self._view).__name__} cannot be drawn: {type(broken).__name__}: {broken}"
        if sentence != self._said:
            log.error("%s", sentence, exc_info=broken)
        self._said = sentence
        for binding in self._view.bindings:
            if binding.channel.report is not None:
                binding.channel.report.problems[self._view] = sentence
        self.object = pn.pane.HTML(f'<span role="status">{html.escape(sentence)}</span>', styles=SENTENCE)


async def _again(wake: Wake, look: Callable[[], None]) -> None:
    wake.ask(look, 0.0)


class Wake:
    """The next redraw of one document."""

    _by_document: ClassVar[WeakKeyDictionary[Document, Wake]] = WeakKeyDictionary()

    def __init__(self, document: Document) -> None:
        self._document = document
        self._looks: dict[Callable[[], None], None] = {}
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def of(cls, document: Document) -> Wake:
        """The one of this document."""
        wake = cls._by_document.get(document)
        if wake is None:
            wake = cls._by_document[document] = cls(document)
        return wake

    def ask(self, look: Callable[[], None], deadline: float) -> None:
        """Have `look` called within the deadline."""
        self._looks[look] = None
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(deadline, self._ring, context=contextvars.Context())

    def now(self) -> None:
        """Redraw what was asked for at once."""
        if self._timer is not None:
            self._timer.cancel()
            self._ring()

    def _ring(self) -> None:
        self._timer = None
        if self._document.session_context is None:
            self._redraw()
        else:
            self._document.add_next_tick_callback(self._redraw)

    def _redraw(self) -> None:
        looks, self._looks = self._looks, {}
        with pn.io.hold(self._document):
            for look in looks:
                try:
                    look()
                except Exception:  # what it returned cannot be put on this page
                    log.exception("A view could not be redrawn")
