"""Who speaks where nobody has to log in: a browser, known by a secret that it keeps.

What a guest has said is theirs to change as long as the browser has the cookie: nobody else knows it, and what others
see, and PostgreSQL keeps as the author, is a hash of it. A browser without one takes the secret that its first page was
made with. Where there are no cookies (a notebook's cell), a guest is one page.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import panel as pn

if TYPE_CHECKING:
    from bokeh.document import Document

COOKIE = "dashboard-guest"
_SECRET = re.compile(r"[A-Za-z0-9_-]{32,64}")


@dataclass(frozen=True, slots=True)
class Guest:
    """One browser of somebody who need not log in."""

    secret: str

    @property
    def author(self) -> str:
        """What stands for them; the secret cannot be found from it."""
        return f"(guest) {hashlib.sha256(self.secret.encode()).hexdigest()[:32]}"


_guests: WeakKeyDictionary[Document, Guest] = WeakKeyDictionary()


def guest() -> Guest:
    """The guest whose page is being made: the browser's own, or a new one for all that this page says."""
    document = pn.state.curdoc
    if document is None:
        return _new()
    if document not in _guests:
        told = (pn.state.cookies or {}).get(COOKIE, "") if document.session_context is not None else ""
        _guests[document] = Guest(told) if _SECRET.fullmatch(told) else _new()
    return _guests[document]


def _new() -> Guest:
    return Guest(secrets.token_urlsafe(32))
