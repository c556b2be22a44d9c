"""Pages that cannot be made, or not for this reader: who looks gets one sentence, the log the traceback.

Panel shows a function's traceback, with the server's paths, to whoever opens the page, and nothing at all where a file
raises. Here both end in the same sentence: a :class:`~dashboard.errors.DashboardError` is written for readers and is
shown, of any other error only its kind and the line of the user's file. What the file had made before it raised stays.

Where people log in, a session's document is admitted first: its viewer is the sign-in that asked for it, and nothing of
the page's own code runs for somebody for whom the page is not.
"""

from __future__ import annotations

import html
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from bokeh.application.handlers.handler import Handler
from panel.io.handlers import FunctionHandler, PanelCodeRunner
from panel.io.state import set_curdoc, state

from dashboard.errors import DashboardError, NotForYou, SettingsError
from dashboard.surfaces.logins import sign_in_of
from dashboard.surfaces.notebook import lay_out
from dashboard.views.viewer import admit, is_guarded, viewer_of

if TYPE_CHECKING:
    from bokeh.application.application import Application
    from bokeh.document import Document

    from dashboard.surfaces.front import Page

log = logging.getLogger(__name__)
SENTENCE = {
    "font": "14px/1.5 system-ui, sans-serif", "margin": "24px", "padding": "10px 14px", "border-radius": "8px",
    "background": "#fdecec", "color": "#8f1d1d", "overflow-wrap": "anywhere",
}  # fmt: skip
_WITHOUT_AWAIT = "A page's code runs without await: write live = dashboard.connect(), and query.wait()."


class PageRunner(PanelCodeRunner):
    """Runs a page's file, and keeps what it raised: Bokeh's keeps its text."""

    raised: BaseException | None = None

    def run(self, module: ModuleType, post_check: Callable[[], None] | None = None) -> None:
        """Run it; a folder, path and arguments that it changes are put back."""
        assert self._code is not None
        folder, path, arguments = os.getcwd(), list(sys.path), list(sys.argv)
        sys.path.insert(0, os.path.dirname(self._path))
        sys.argv = [os.path.basename(self._path)]
        self.raised = None
        try:
            _require_admission(state.curdoc)
            exec(self._code, module.__dict__)  # noqa: S102  # the page's own file is what is served
            if post_check is not None:
                post_check()
        except (Exception, SystemExit) as error:
            self.raised = error
        finally:
            os.chdir(folder)
            sys.path[:], sys.argv = path, arguments
            self.ran = True


class Remainder(Handler):
    """What follows a page's file: the sentence, if the file raised."""

    def __init__(self, name: str, runner: PageRunner) -> None:
        super().__init__()
        self._name, self._runner = name, runner

    def modify_document(self, doc: Document) -> None:
        """Say that the file raised, below what it had made."""
        error, self._runner.raised = self._runner.raised, None
        if error is not None:
            _say(doc, self._name, error)


class Admission(Handler):
    """What precedes a page where people log in: whoever asked for it becomes its viewer, if it is for them."""

    def __init__(self, page: Page, pages: Sequence[Page]) -> None:
        super().__init__()
        self._page, self._pages = page, pages

    def modify_document(self, doc: Document) -> None:
        """Admit the document for the sign-in that its request came from; else nobody looks, and asking is refused."""
        context: Any = doc.session_context
        sign_in = None if context is None else sign_in_of(context.request)
        scope = None if sign_in is None else self._page.scope_of(sign_in.person)
        if sign_in is not None and scope is not None:
            admit(doc, sign_in.viewer(scope, self._pages))


def _require_admission(doc: Document | None) -> None:
    """Raise where people log in and nobody was admitted.

    Raises
    ------
    NotForYou
        So that nothing of the page's own code runs.
    """
    if is_guarded() and viewer_of(doc) is None:
        raise NotForYou("There is nothing on it for you.", "Ask whoever looks after people here.")


def guard(application: Application, page: Page, guarded: Sequence[Page] = ()) -> None:
    """Have an application of Panel's end in a sentence rather than in a traceback or in nothing.

    `guarded` are the pages of a site where people log in.
    """
    handler: Any = application.handlers[0]
    name = page.content.name if isinstance(page.content, Path) else page.title
    if isinstance(handler, FunctionHandler):
        handler._func = _caught(handler._func, name)
    else:
        lay_out(handler)
        handler._runner = PageRunner(handler._runner.source, handler._runner.path, [])
        application.add(Remainder(name, handler._runner))
    if guarded:
        application._handlers.insert(0, Admission(page, guarded))


def check(path: Path) -> None:
    """Refuse a Python file that cannot be read as one.

    Raises
    ------
    SettingsError
        It has a syntax error, or is no text.
    """
    if path.suffix != ".py":
        return
    try:
        compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        remedy = _WITHOUT_AWAIT if _awaits(str(error.msg)) else "Mend the file."
        raise SettingsError(f"{path.name}, line {error.lineno}: {error.msg}.", remedy) from error
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path.name} cannot be read: {error}.", "Name a Python file, or one of the apps."
        ) from error


def unreadable(name: str, error: RuntimeError) -> SettingsError:
    """What is said of a notebook whose code cannot be read, by Panel's error."""
    told = str(error).strip().splitlines()[-1].rstrip(".")
    if _awaits(told):
        return SettingsError(f"{name} awaits at the top of a cell, which only a notebook's kernel can.", _WITHOUT_AWAIT)
    return SettingsError(f"{name} cannot be read: {told}.", "Mend the notebook.")


def _awaits(told: str) -> bool:
    return "'await' outside function" in told or "outside async function" in told


def sentence_of(error: BaseException, name: str) -> str:
    """What a reader is told of an error that a page raised."""
    if isinstance(error, DashboardError):
        return f"This page cannot be shown: {error}"
    lines = [f"line {frame.lineno}" for frame in traceback.extract_tb(error.__traceback__) if _is(frame.filename, name)]
    where = f" in {lines[-1]} of {name}" if lines else ""
    return f"This page cannot be shown: {type(error).__name__}{where}. The server's log says more."


def _is(filename: str, name: str) -> bool:
    return Path(filename).name == name


def _caught(build: Callable[[Document], None], name: str) -> Callable[[Document], None]:
    def caught(doc: Document) -> None:
        try:
            _require_admission(doc)
            build(doc)
        except Exception as error:
            _say(doc, name, error)

    return caught


def _say(doc: Document, name: str, error: BaseException) -> None:
    import panel as pn

    if isinstance(error, NotForYou):
        log.info("The page %s is not shown: %s", name, error)
    else:
        log.error("The page %s cannot be shown", name, exc_info=error)
    text = html.escape(sentence_of(error, name))
    shown = pn.pane.HTML(f'<p role="alert">{text}</p>', styles=SENTENCE, sizing_mode="stretch_width")
    with set_curdoc(doc):
        shown.server_doc(doc)
