"""An address that is none of the pages': said in one sentence, with the way to those there are."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from tornado.web import RequestHandler

from dashboard.surfaces.plain import head

LONGEST = 100


class UnknownPage(RequestHandler):
    """Answers what nothing else does."""

    def prepare(self) -> None:
        """Say so, whatever the method."""
        path = self.request.path
        self.set_status(404)
        front = str(Path(__file__).with_name("unknown.html"))
        self.finish(
            self.render_string(
                front, name=unquote(path[1:])[:LONGEST], home="../" * (path.count("/") - 1) or "./", head=head()
            )
        )
