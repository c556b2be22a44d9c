"""Tabs of which only the open one is there: what a closed one shows is neither drawn, nor sent, nor asked for.

A tab's views are made when it is first opened and kept when it is closed. Closed, they stand on no page, so nobody
follows them and their queries rest; opened again, they show what they knew and catch up in one step.
In a report, which has no server to ask later, the views of all tabs are there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn
import param
from typing_extensions import override

from . import address
from .group import Group
from .page import Content, content_object
from .pane import Wake
from .report import report_of
from .strand import Queries
from .view import View

if TYPE_CHECKING:
    from bokeh.document import Document

    from .channel import Binding

Build = Callable[[], Sequence[Content]]


class Tabs(View):
    """Groups of views, one of which is shown.

    Parameters
    ----------
    tabs
        What each tab shows, by its name: a function that returns contents as a Page takes them.
    active
        The tab that is open at first; what the address says goes before it, an unknown one is the first.
    place
        The parameter of the address that keeps the open tab; empty for none.
    aside
        Panel objects at the right of the tabs.

    Opening a tab emits the event ``"open"`` with its name.
    """

    active = param.String(default="", doc="Name of the open tab.")
    place = param.String(default="tab", doc="Parameter of the address that keeps the open tab.")

    kind: ClassVar[str] = "tabs"
    is_content: ClassVar[bool] = False

    def __init__(self, tabs: Mapping[str, Build], *, aside: Sequence[Any] = (), **params: Any) -> None:
        super().__init__(**params)
        self.tabs = dict(tabs)
        self.aside = list(aside)
        self._groups: dict[str, Group] = {}
        self._document: Document | None = None
        self._shown: Any = pn.Column(sizing_mode="stretch_width", margin=0)
        self._is_whole = report_of(pn.state.curdoc) is not None
        self._first = self.active if self.active in self.tabs else next(iter(self.tabs))
        self.active = self._asked()
        self._show()
        address.on_change(self._follow)

    @override
    def queries(self) -> Queries:
        return ()

    @override
    def bind(self, binding: Binding) -> None:
        """Show nothing: tabs have nothing to say themselves."""
        self._document = pn.state.curdoc

    @override
    def children(self) -> list[Any]:
        if self._is_whole:
            return [self._element(name) for name in self.tabs]
        return [self._shown, *(content_object(one) for one in self.aside)]

    @override
    def options(self) -> dict[str, Any]:
        return {
            **super().options(),
            "tabs": list(self.tabs),
            "active": self.active,
            "place": self.place,
            "first": self._first,
            "whole": self._is_whole,
        }

    @override
    def receive(self, binding: Binding, message: Any) -> None:
        super().receive(binding, message)
        if not isinstance(message, dict) or message.get("event") != "open":
            return
        name = message.get("value")
        if name in self.tabs and name != self.active:
            self._turn(name)
            if self.place and self._document is not None:
                Wake.of(self._document).ask(self._remember, 0)

    def _asked(self) -> str:
        asked = address.asked(self.place) if self.place else ""
        return next((name for name in self.tabs if name.casefold() == asked.casefold()), self._first)

    def _follow(self) -> None:
        """Somebody went back, or forth."""
        if self.place and self._asked() != self.active:
            self._turn(self._asked())

    def _turn(self, name: str) -> None:
        self.active = name
        if self._document is None:
            self._show()
        else:
            Wake.of(self._document).ask(self._show, 0)

    def _remember(self) -> None:
        address.remember(**{self.place: None if self.active == self._first else self.active})

    def _show(self) -> None:
        if not self._is_whole:
            self._shown[:] = [self._element(self.active)]

    def _element(self, name: str) -> Any:
        if name not in self._groups:
            self._groups[name] = Group(*self.tabs[name]())
        element = self._groups[name].__panel__()
        element.margin = 0
        return element
