"""A page built as for a session that has no browser, and waited for until every view has its answer.

All that it asks is answered in one snapshot (:mod:`dashboard.live.frozen`). A file of the user's own asks by the same
`dashboard.connect()` as ever; for as long as a report is made that gives what stands still.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import panel as pn
from bokeh.document import Document
from panel.io.application import build_applications
from panel.io.browser import BrowserInfo
from panel.io.location import Location
from panel.io.state import set_curdoc

from dashboard import apps
from dashboard.errors import SettingsError
from dashboard.live import connect
from dashboard.live.frozen import Frozen
from dashboard.live.shared import made_by
from dashboard.postgres.connection import public_name
from dashboard.settings import settings
from dashboard.surfaces.guarding import PageRunner, check, sentence_of, unreadable
from dashboard.surfaces.notebook import lay_out
from dashboard.surfaces.pages import apps_in, page_named
from dashboard.views import address
from dashboard.views.report import Report
from dashboard.views.viewer import Viewer, admit, guarded, speaking
from dashboard.views.zone import is_zone

from .sheet import Head, Sheet
from .since import span_since
from .whom import seen_by

if TYPE_CHECKING:
    from dashboard.live.frozen import Moment
    from dashboard.surfaces.front import Page

    from .progress import Progress

UNNAMED = ("Bokeh Application", "Panel Application", "")
"""What a page is called that was not given a title."""
UNSEEN = ("Location", "BrowserInfo")
"""Models of Panel's that only a served page has a use for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """What was asked for; as in `dashboard.surfaces.report.report`."""

    name: str
    dsn: str
    login: str | None
    since: str | None
    zone: str | None
    is_embedded: bool


async def made(asked: ReportRequest, progress: Progress) -> Sheet:
    """Build the page and wait until all that it shows is there; raises as `report`."""
    if asked.zone is not None and not is_zone(asked.zone):
        raise SettingsError(f"There is no time zone {asked.zone!r}.", "Write it as Europe/Berlin.")
    frozen: list[Frozen] = []

    def make(dsn: str | Callable[[], str]) -> Frozen:
        frozen.append(Frozen(dsn, progress.answered))
        return frozen[-1]

    with made_by(make), _inlined(), ExitStack() as stack:
        live = connect(asked.dsn)
        try:
            page = await _page(asked, live)
            viewer = await seen_by(asked.dsn, page, asked.login, is_demo=asked.is_embedded)
            if viewer is not None:
                stack.enter_context(guarded())
                stack.enter_context(speaking(viewer))
            moment = await frozen[0].moment()
            report = _begun(asked, moment, viewer)
            try:
                _build(page, report)
                _check_since(asked, report)
                await report.settle(lambda: frozen)
                for one in frozen:
                    if one.broken is not None:
                        raise one.broken
                who = await _reader(report, viewer)
                return _sheet(asked, page, report, moment, who)
            finally:
                report.end()
        finally:
            for one in frozen:
                await one.close()


async def _page(asked: ReportRequest, live: Any) -> Page:
    page = page_named(asked.name, live)
    if isinstance(page.content, Path):
        check(page.content)
        return page
    app = apps.find(asked.name)
    if not app.tables:
        raise SettingsError(f"{app.title} shows what goes on at this moment.", "There is no report of that.")
    if app not in await apps_in(asked.dsn):
        raise SettingsError(
            f"{public_name(asked.dsn)} does not have the tables of {app.title}.",
            f"Name another one, or begin with `dashboard demo {app.name}`.",
        )
    return page


@contextmanager
def _inlined() -> Iterator[None]:
    """Have Panel put the code of components into the page, rather than where it is to be loaded from."""
    config: Any = pn.config
    before, config.inline = config.inline, True
    try:
        yield
    finally:
        config.inline = before


@contextmanager
def _visited(document: Any) -> Iterator[None]:
    """Let `.servable()` in a file find that its page is asked for: by a visitor without a server."""
    request = SimpleNamespace(arguments={}, cookies={}, headers={}, path="/report", uri="/report")
    visit = SimpleNamespace(id="report", server_context=None, request=request, token_payload={}, session=None)
    document._session_context = lambda: visit
    try:
        yield
    finally:
        document._session_context = None


def _begun(asked: ReportRequest, moment: Moment, viewer: Viewer | None) -> Report:
    """An empty page that knows who looks, from when on, and in whose days."""
    document = Document()
    if viewer is not None:
        admit(document, viewer)
    said = {} if asked.since is None else {"span": span_since(asked.since, moment.at)}
    search = "&".join(f"{name}={value}" for name, value in said.items())
    pn.state._locations[document] = Location(pathname="/report", search=f"?{search}" if search else "")
    pn.state._browsers[document] = BrowserInfo(timezone=asked.zone)
    return Report(document, rows=settings().report_rows)


def _build(page: Page, report: Report) -> None:
    """Have the page's own code build it.

    Raises
    ------
    SettingsError
        It raised something itself.
    """
    document = report.document
    if not isinstance(page.content, Path):
        with set_curdoc(document):
            content: Any = page.content()
            content.server_doc(document, title=page.title, location=False)
        return
    try:
        (application,) = build_applications({page.slug: str(page.content)}, title={page.slug: page.title}).values()
    except RuntimeError as error:  # a notebook's code; a file's was looked at
        raise unreadable(page.content.name, error) from error
    handler: Any = application.handlers[0]
    lay_out(handler)
    runner = handler._runner = PageRunner(handler._runner.source, handler._runner.path, [])
    with _visited(document):
        application.initialize_document(document)
    if runner.raised is not None:
        raise SettingsError(
            sentence_of(runner.raised, page.content.name).replace(" The server's log says more.", ""),
            "Mend the file.",
        ) from runner.raised
    if not document.roots:
        raise SettingsError(f"{page.content.name} shows nothing.", "End it in .servable(), as for `dashboard serve`.")


def _check_since(asked: ReportRequest, report: Report) -> None:
    if asked.since is None:
        return
    with set_curdoc(report.document):
        if "span" not in address.known():
            raise SettingsError("This page has no span of time that could be set.", "Leave out --since.")


async def _reader(report: Report, viewer: Viewer | None) -> str:
    """In whose eyes the page is: who was named, or where nobody logs in, whom it chose itself."""
    if viewer is not None:
        return viewer.name
    return "" if report.reader is None else await report.reader()


def _sheet(asked: ReportRequest, page: Page, report: Report, moment: Moment, who: str) -> Sheet:
    document = report.document
    for root in [root for root in document.roots if type(root).__name__ in UNSEEN]:
        document.remove_root(root)
    is_own = isinstance(page.content, Path) and document.title not in UNNAMED
    head = Head(
        title=document.title.partition(" · ")[0] if is_own else page.title,
        who=who,
        since=asked.since or "",
        zone=asked.zone or moment.zone,
        snapshot=moment.snapshot,
        at=moment.at,
    )
    return Sheet(
        document=document, messages=report.messages(), head=head, failures=report.failures(), lines=report.lines()
    )
