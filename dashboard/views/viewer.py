"""Who looks at a page: the person who logged in, and the scope in which PostgreSQL answers them there.

The web server admits a session's document before the page is built; from then on everything that happens for this page
(its building, its callbacks, what its channel says) has that viewer, and a query that names no scope is asked in
theirs. Where people log in, code that runs for no page has to name the scope itself: nothing falls back to the
server's own rights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import panel as pn

from dashboard.errors import NotForYou
from dashboard.postgres.scope import Scope, ask_for_scope

if TYPE_CHECKING:
    from bokeh.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks at a page.

    Parameters
    ----------
    login, name
        By which they log in, and what others read.
    key
        Names this login, of one browser.
    scope
        In which the page's queries are asked.
    is_operator
        Whether they may look at how the server does.
    pages
        Addresses of the pages that are for them, by name.
    """

    login: str
    name: str
    key: str
    scope: Scope
    is_operator: bool = False
    pages: Mapping[str, str] = field(default_factory=dict, compare=False)


_documents: WeakKeyDictionary[Document, Viewer] = WeakKeyDictionary()
_speaking: ContextVar[Viewer | None] = ContextVar("dashboard_viewer", default=None)
_guarded = 0


def viewer() -> Viewer | None:
    """Who looks at the page for which this code runs; None where nobody has to log in.

    Raises
    ------
    NotForYou
        People log in here, and this code runs for none of them.
    """
    if not _guarded:
        return None
    here = _speaking.get() or viewer_of(pn.state.curdoc)
    if here is None:
        raise NotForYou("It is not known who asks this query.", "Name the scope: scope=dashboard.Scope(role=…).")
    return here


def is_guarded() -> bool:
    """Whether people log in here."""
    return _guarded > 0


def viewer_of(document: Document | None) -> Viewer | None:
    """Who looks at the page of a document, as far as the server admitted somebody."""
    return None if document is None else _documents.get(document)


def admit(document: Document, viewer: Viewer) -> None:
    """Let a document be the page of this viewer."""
    _documents[document] = viewer


@contextmanager
def speaking(viewer: Viewer | None) -> Iterator[None]:
    """What happens in the block happens for this viewer."""
    token = _speaking.set(viewer)
    try:
        yield
    finally:
        _speaking.reset(token)


@contextmanager
def guarded() -> Iterator[None]:
    """For the length of the block people log in: queries without a scope are asked in their viewer's."""
    global _guarded
    _guarded += 1
    ask_for_scope(_scope_here)
    try:
        yield
    finally:
        _guarded -= 1
        if not _guarded:
            ask_for_scope(None)


def _scope_here() -> Scope | None:
    here = viewer()
    return None if here is None else here.scope
