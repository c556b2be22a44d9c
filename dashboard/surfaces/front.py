"""The first page at `/`: the dashboards there are for whoever asks, or the only one at once.

Panel's own index asks other hosts for fonts, and knows no titles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from panel.viewable import Viewable
from tornado.web import authenticated

from dashboard.postgres.people import Person
from dashboard.postgres.scope import Scope
from dashboard.surfaces.logins import sign_in_of
from dashboard.surfaces.plain import head

if TYPE_CHECKING:
    from dashboard.live import Live


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a site; `content` builds it for a session, or is a file of Panel's kind.

    The tables of `api` in the database of `live` can be read and written at ``/api`` by whoever may see the page, as
    they see it.
    """

    slug: str
    title: str
    summary: str
    content: Callable[[], Viewable] | Path
    is_for_operators: bool = False
    api: tuple[str, ...] = ()
    live: Live | None = None

    def scope_of(self, person: Person) -> Scope | None:
        """In whose eyes somebody sees it, operators with the server's own; None: there is nothing on it for them."""
        if self.is_for_operators:
            return Scope() if person.is_operator else None
        return person.scope_on(self.slug)


class FrontPage(AuthRequestHandler):
    """Answers `/`."""

    def initialize(self, pages: Sequence[Page], prefix: str = "") -> None:
        """Take the pages; Tornado calls this for every request."""
        self._pages = pages
        self._prefix = prefix

    @authenticated
    def get(self) -> None:
        """List the pages."""
        sign_in = sign_in_of(self.request)
        pages = self._pages
        if sign_in is not None:
            pages = [page for page in pages if page.scope_of(sign_in.person) is not None]
        if len(pages) == 1:
            self.redirect(f"{self._prefix}/{pages[0].slug}")
            return
        person = None if sign_in is None else sign_in.person
        self.render(
            str(Path(__file__).with_name("front.html")), pages=pages, prefix=self._prefix, person=person, head=head()
        )
