"""A page that is kept as a file: the third carrier of a page's channel, one block of JSON.

The page is built as for a session and asked, as a browser would ask, for all that its views show. Nobody scrolls, turns
pages or opens tabs on a server later, so a table gives all its rows (the first `rows` of them), and tabs are all open.
What needs a server (the tools in a page's header, its bell) is left out. Once every answer is in, the messages that a
socket would have carried are the block, and the browser's side reads them from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from . import element
from .channel import Channel
from .pane import Wake
from .strand import Strand
from .wording import spoken

if TYPE_CHECKING:
    from bokeh.document import Document

    from dashboard.live import Live

LATEST = 5
"""Lines of a feed that a summary has."""
_WAYS = {"up": "+", "down": "-"}
#: Seconds that a page has for what it does on its own, while all that it asked is answered.
PATIENCE = 5.0
_reports: WeakKeyDictionary[Document, Report] = WeakKeyDictionary()


class Report:
    """The channel's carrier to a page that will be a file.

    Parameters
    ----------
    document
        The page, before it is built.
    rows
        Rows of a table that are kept.

    Its `reader` is set by a page that chooses as whom one looks where nobody logs in: it asks what they are called.
    """

    def __init__(self, document: Document, *, rows: int) -> None:
        self.document = document
        self.rows = rows
        self.problems: dict[object, str] = {}
        self.reader: Callable[[], Awaitable[str]] | None = None
        self.channel = Channel()
        self.channel.report = self
        self._sent: list[bytes] = []
        self._others = asyncio.all_tasks()
        _reports[document] = self
        element.keep(document, self.channel)
        self.channel.connect(self)

    def send(self, message: bytes) -> None:
        """Keep a message for the page."""
        self._sent.append(message)

    def is_writable(self) -> bool:
        """It always is."""
        return True

    def close(self) -> None:
        """Nothing of its own is open."""

    async def settle(self, lives: Callable[[], Iterable[Live]]) -> None:
        """Wait until every view shows what there is to show; `lives` are those that the page asks."""
        before: object = None
        while before != (state := self._state(lives())):
            before = state
            self._ask()
            for live in lives():
                await live.caught_up()
            if tasks := asyncio.all_tasks() - self._others - {asyncio.current_task()}:  # what a page does on its own
                await asyncio.wait(tasks, timeout=PATIENCE)
            for strand in self._strands():
                strand.refresh()
            Wake.of(self.document).now()

    def messages(self) -> list[bytes]:
        """What the page is told: everything in one message, then at which snapshots it is true."""
        for strand in self._strands():
            strand.refresh()
        self._sent.clear()
        self._ask()
        return list(self._sent)

    def failures(self) -> list[str]:
        """What could not be shown, one sentence for each reason."""
        found, alike = dict(self.problems), dict[str, dict[object, str]]()
        for binding in self.channel.bindings.values():
            if binding.strand is not None and binding.strand.picture["state"] == "error":
                title = binding.view.title or type(binding.view).__name__
                found.pop(binding.view, None)
                alike.setdefault(binding.strand.picture["text"], {})[binding.view] = title
        together = [f"{_first_of([*titles.values()])}: {text}" for text, titles in alike.items()]
        return list(dict.fromkeys([*found.values(), *together]))

    def lines(self) -> list[str]:
        """What the page says in words: its tiles, and the latest of its feeds."""
        found: list[str] = []
        for binding in self.channel.bindings.values():
            body = None if binding.strand is None else binding.strand.picture.get("body")
            if body is not None and binding.view.kind == "tile":
                change = body["change"]
                moved = "" if change is None else f" ({_WAYS.get(change['way'], '')}{change['text']})"
                found.append(f"{binding.view.title}: {body['value']}{body['unit']}{moved}")
            elif body is not None and binding.view.kind == "feed":
                latest = (body["rows"][key]["line"] for key in body["order"][:LATEST])
                found += [binding.view.title, *(f"  {spoken(line)}" for line in latest)]
        return found

    def end(self) -> None:
        """The page is written: whatever it still does, nobody sees."""
        for task in asyncio.all_tasks() - self._others - {asyncio.current_task()}:
            task.cancel()
        self.channel.close()

    def _ask(self) -> None:
        want = dict.fromkeys(self.channel.bindings)
        self.channel.receive({"want": want, "ack": self.channel.sent, "snapshots": True})

    def _state(self, lives: Iterable[Live]) -> object:
        return sorted(self.channel.bindings), [len(live.answers) for live in lives]

    def _strands(self) -> Sequence[Strand]:
        return [binding.strand for binding in self.channel.bindings.values() if binding.strand is not None]


def _first_of(titles: Sequence[str]) -> str:
    return titles[0] if len(titles) == 1 else f"{titles[0]} and {len(titles) - 1} more"


def report_of(document: Document | None) -> Report | None:
    """The report that a page is built for; None for a page that is served."""
    return None if document is None else _reports.get(document)
