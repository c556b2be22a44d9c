"""What a reader has selected on a page: a category somewhere, how far back to look. All of it stands in the address.

A click on a category (a chart's legend, a bar, a tag) writes into the address, and so do the chips and the choice of
time in the page's toolbar, a link, and the browser's way back: there is one way for all of them. A view of a
:class:`Chosen` query is then shown another query, which its neighbours may share.

    chosen = Selection(Field("kind", label="Kind", values=KINDS), spans=SPANS)
    Chart(chosen.query(lambda: live.query(SQL, chosen.span.step, chosen["kind"])), x="at", y="n", select="kind")
    Page(…, selection=chosen)

What the address asks for and the page does not have is ignored, and the page says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import address
from .span import Span, custom

if TYPE_CHECKING:
    from dashboard.live import LiveQuery

PLACE = "span"
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Field:
    """Something that can be selected.

    Parameters
    ----------
    name
        What the address calls it.
    label
        What the page calls it.
    values
        What it may be; None: anything.
    """

    name: str
    label: str
    values: Sequence[str] | None = None


class Selection:
    """What one reader has selected on one page.

    Parameters
    ----------
    *fields
        What can be selected.
    spans
        How far back one may look; without any, the page offers none.
    first
        The span at first; the first of them by default.
    """

    def __init__(self, *fields: Field, spans: Sequence[Span] = (), first: str = "") -> None:
        self.fields = {field.name: field for field in fields}
        self.spans = tuple(spans)
        self._first = next((span for span in spans if span.slug == first), spans[0] if spans else None)
        self._chosen: list[Chosen] = []
        self._values: dict[str, str] = {}
        self._span: Span | None = None
        self._read()
        address.on_change(self._turn)

    def __getitem__(self, name: str) -> str | None:
        """The value selected of a field; None: all."""
        return self._values.get(self.fields[name].name)

    @property
    def span(self) -> Span:
        """How far back to look."""
        assert self._span is not None, "this selection has no spans"
        return self._span

    def query(self, ask: Callable[[], LiveQuery], title: Callable[[], str] | None = None) -> Any:
        """A query for a view that is asked anew when the reader selects something else; `title` names it then."""
        chosen = Chosen(ask, title)
        self._chosen.append(chosen)
        return chosen

    def options(self) -> dict[str, Any]:
        """What the page needs to know to draw it."""
        return {
            "spans": [[span.slug, span.label] for span in self.spans],
            "span": self._first.slug if self._first else "",
            "fields": [[f.name, f.label, None if f.values is None else list(f.values)] for f in self.fields.values()],
        }

    def _turn(self) -> None:
        before = (self._values, self._span)
        self._read()
        if (self._values, self._span) != before:
            for chosen in self._chosen:
                chosen.look()

    def _read(self) -> None:
        self._values = {}
        for field in self.fields.values():
            value = address.asked(field.name)[:LONGEST]
            if value and (field.values is None or value in field.values):
                self._values[field.name] = value
        if self._first is not None:
            wanted = address.asked(PLACE)
            self._span = next((span for span in self.spans if span.slug == wanted), custom(wanted) or self._first)


class Chosen:
    """The query that a selection asks for at present."""

    def __init__(self, ask: Callable[[], LiveQuery], title: Callable[[], str] | None) -> None:
        self._ask, self._title = ask, title
        self._callbacks: list[Callable[[], object]] = []
        self.query = ask()

    @property
    def title(self) -> str | None:
        """What heads it now."""
        return None if self._title is None else self._title()

    def watch(self, callback: Callable[[], object]) -> None:
        """Call `callback` when it is another one."""
        self._callbacks.append(callback)

    def look(self) -> None:
        """Ask again."""
        self.query = self._ask()
        for callback in self._callbacks:
            callback()
