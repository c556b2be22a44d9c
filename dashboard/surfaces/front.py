"""The first page at `/`: the dashboards there are, or the only one at once.

Panel's own index asks other hosts for fonts, and knows no titles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from panel.viewable import Viewable
from tornado.web import RequestHandler


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a site; `content` builds it for a session, or is a file of Panel's kind."""

    slug: str
    title: str
    summary: str
    content: Callable[[], Viewable] | Path


class FrontPage(RequestHandler):
    """Answers `/`."""

    def initialize(self, pages: Sequence[Page], prefix: str = "") -> None:
        """Take the pages; Tornado calls this for every request."""
        self._pages = pages
        self._prefix = prefix

    def get(self) -> None:
        """List the pages."""
        if len(self._pages) == 1:
            self.redirect(f"{self._prefix}/{self._pages[0].slug}")
            return
        self.render(str(Path(__file__).with_name("front.html")), pages=self._pages, prefix=self._prefix)
