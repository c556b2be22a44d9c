"""A page, its rows, and all that draws them as one HTML file.

Whatever a page of Panel's would load from a server is in it: scripts as they are, style sheets in place of their
addresses, the views' own code and rows as JSON. Panel's definitions of components that the page has not, whose defaults
name folders of this machine, are left out. A rule for the browser (Content-Security-Policy) forbids every request all
the same, so that what a user's own page forgot cannot tell another host who reads the report.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from bokeh.embed.util import standalone_docs_json_and_render_items
from bokeh.models import ImportedStyleSheet, InlineStyleSheet
from panel.io.resources import Resources, bundle_resources
from tornado.template import Template

from dashboard.errors import SettingsError
from dashboard.views import assets
from dashboard.views.definitions import used
from dashboard.views.element import CODE

if TYPE_CHECKING:
    from bokeh.document import Document

PACKAGES = ("panel_material_ui", "panel")
SPEECHLESS = "It has no tile and no feed, which is what can be said in words; .html and .pdf show all of it."
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands above the page: whose it is, from when on, and at which snapshot it is true."""

    title: str
    who: str
    since: str
    zone: str
    snapshot: str
    at: dt.datetime

    @property
    def named(self) -> str:
        """The title, and in whose eyes it is, if in somebody's."""
        return f"{self.title}, as {self.who} sees it" if self.who else self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A page that has all it shows, the messages that bring it, and what could not be shown."""

    document: Document
    messages: list[bytes]
    head: Head
    failures: list[str]
    lines: list[str]

    def summary(self) -> str:
        """What it says, in words."""
        at = f"{self.head.at:%Y-%m-%d %H:%M:%S} UTC (snapshot {self.head.snapshot}, days of {self.head.zone})"
        said = [*self.lines, *self.failures] or [SPEECHLESS]
        return "\n".join([self.head.named, at, "", *said, ""])


def sheet(page: Sheet) -> str:
    """The file's text.

    Raises
    ------
    SettingsError
        A part of the page needs a script that is not on this machine.
    """
    _inline_sheets(page.document)
    scripts = _scripts(page.document)
    documents, items = standalone_docs_json_and_render_items(page.document, suppress_callback_warning=True)
    for document in documents.values():
        document["defs"] = used(document["defs"], document["roots"])
    template = Template(files(__package__).joinpath("page.html").read_text(encoding="utf-8"), whitespace="all")
    text: bytes = template.generate(
        head=page.head,
        scripts=scripts,
        theme=assets.theme(),
        roots=[str(place) for item in items for place in item.roots.to_json().values()],
        code=_json({"name": CODE, "text": assets.bundle()}),
        items=_json([item.to_json() for item in items]),
        documents=_json(documents),
        messages=_safe(b'{"messages":[' + b",".join(page.messages) + b"]}"),
    )
    return text.decode()


def _json(value: Any) -> str:
    return _safe(orjson.dumps(value, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS))


def _plain(value: Any) -> Any:
    return value.to_json() if hasattr(value, "to_json") else str(value)


def _safe(text: bytes) -> str:
    """JSON that can stand in a script: nothing in it ends the script, or begins a comment."""
    return text.decode().replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _scripts(document: Document) -> list[str]:
    bundle = bundle_resources(document.roots, Resources(mode="inline"))
    files = (str(getattr(file, "url", file)) for file in bundle.js_files)
    own = [*bundle.js_raw, *map(_local, files)]
    return [re.sub(r"</(?=script)", r"<\\/", script, flags=re.IGNORECASE) for script in own]


def _inline_sheets(document: Document) -> None:
    """Put style sheets in the place of their addresses; of one that is not here the page does without."""
    known: dict[str, InlineStyleSheet | None] = {}
    models: list[Any] = list(document.models)
    for model in models:
        given = getattr(model, "stylesheets", None)
        if not given or not any(isinstance(one, ImportedStyleSheet) for one in given):
            continue
        kept = (_inlined(one, known) if isinstance(one, ImportedStyleSheet) else one for one in given)
        model.stylesheets = [one for one in kept if one is not None]


def _inlined(imported: ImportedStyleSheet, known: dict[str, InlineStyleSheet | None]) -> InlineStyleSheet | None:
    url = str(imported.url)
    if url not in known:
        try:
            known[url] = InlineStyleSheet(css=_local(url))
        except SettingsError:
            log.warning("The style sheet %s is not on this machine: the report does without", url)
            known[url] = None
    return known[url]


@cache
def _local(url: str) -> str:
    """What an address of Panel's, or of an extension of it, stands for on this machine."""
    path = urlsplit(url).path
    for package in PACKAGES:
        for pattern in (rf"(?:^|/)extensions/{package}/(.+)$", rf"/{package}/(?:[^/]+/)?dist/(.+)$", r"/dist/(.+)$"):
            found = re.search(pattern, path)
            file = None if found is None else _dist(package) / found[1]
            if file is not None and file.is_file() and file.resolve().is_relative_to(_dist(package).resolve()):
                return file.read_text(encoding="utf-8")
    raise SettingsError(f"A part of this page is loaded from {url}.", "A report can hold only what is installed here.")


def _dist(package: str) -> Path:
    return Path(str(files(package))) / "dist"
