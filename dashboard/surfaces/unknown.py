"""An address that is none of the pages': said in one sentence, with the way to those there are."""

from __future__ import annotations

from pathlib import Path

from tornado.web import RequestHandler


class UnknownPage(RequestHandler):
    """Answers what no page does."""

    def get(self, name: str) -> None:
        """Say so."""
        self.set_status(404)
        self.render(str(Path(__file__).with_name("unknown.html")), name=name[:100])
