"""What a reader has selected on a page: a category somewhere, how far back to look. All of it stands in the address.

A click on a category (a chart's legend, a bar, a tile, a tag) writes into the address, and so do the chips and the
choice of time in the page's toolbar, a link, and the browser's way back: there is one way for all of them. A view of a
:class:`Chosen` query is then shown another query, which its neighbours may share.

    chosen = Selection(Field("kind", label="Kind", values=KINDS), spans=SPANS)
    Chart(chosen.query(lambda: live.query(SQL, chosen.span.step, chosen["kind"])), x="at", y="n", select="kind")
    Page(…, selection=chosen)

What the address asks for and the page does not have is ignored, and the page says so. Where the values are rows of the
database, which come and go, it stays selected, shows what there is of it (nothing), and the page says that as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from . import address, zone
from .span import Span, custom

if TYPE_CHECKING:
    from dashboard.live import LiveQuery

    from .choices import Choices

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
        What it may be: a list, or a query whose first column names what there is now; None: anything.
    """

    name: str
    label: str
    values: Sequence[str] | LiveQuery | None = None

    @property
    def listed(self) -> Sequence[str] | None:
        """Its values, where they are known from the start."""
        return self.values if isinstance(self.values, list | tuple) else None

    @property
    def query(self) -> LiveQuery | None:
        """Its values, where the database knows them."""
        return None if self.values is None or isinstance(self.values, list | tuple) else self.values  # type: ignore[return-value]  # a query then


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
        self._chosen: WeakSet[Chosen] = WeakSet()
        self._values: dict[str, str] = {}
        self._span: Span | None = None
        self.zone: str | None = None  # whose days are counted
        self._read()
        address.on_change(self._turn)
        zone.on_change(self._turn)

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
        self._chosen.add(chosen)
        return chosen

    def options(self) -> dict[str, Any]:
        """What the page needs to know to draw it."""
        return {
            "spans": [[span.slug, span.label] for span in self.spans],
            "span": self._first.slug if self._first else "",
            "fields": [[f.name, f.label, None if f.listed is None else list(f.listed)] for f in self.fields.values()],
        }

    def choices(self) -> Choices | None:
        """Tells the page which values there are now; None where all are known from the start."""
        from .choices import Choices  # which is a view, and views know of selections

        asked = {field.name: field.query for field in self.fields.values() if field.query is not None}
        return Choices(asked) if asked else None

    def _turn(self) -> None:
        before = (self._values, self._span, self.zone)
        self._read()
        if (self._values, self._span, self.zone) != before:
            self._ask()

    def _ask(self) -> None:
        every = list(self._chosen)
        for chosen in every:
            chosen.forget()
        for chosen in every:  # a view that shows several of them finds all of them as they are now
            chosen.tell()

    def _read(self) -> None:
        self.zone = zone.reader()
        self._values = {}
        for field in self.fields.values():
            value = address.asked(field.name)[:LONGEST].replace("\0", "")  # which is no text to PostgreSQL
            if value and (field.listed is None or value in field.listed):
                self._values[field.name] = value
        if self._first is not None:
            wanted = address.asked(PLACE)
            self._span = next((span for span in self.spans if span.slug == wanted), custom(wanted) or self._first)


class Chosen:
    """The query that a selection asks for at present; asked when somebody shows it."""

    def __init__(self, ask: Callable[[], LiveQuery], title: Callable[[], str] | None) -> None:
        self._ask, self._title = ask, title
        self._callbacks: list[Callable[[], object]] = []
        self._query: LiveQuery | None = None

    @property
    def query(self) -> LiveQuery:
        """The query of now."""
        if self._query is None:
            self._query = self._ask()
        return self._query

    @property
    def title(self) -> str | None:
        """What heads it now."""
        return None if self._title is None else self._title()

    def watch(self, callback: Callable[[], object]) -> None:
        """Call `callback` when it is another one."""
        self._callbacks.append(callback)

    def forget(self) -> None:
        """Something else is selected."""
        self._query = None

    def tell(self) -> None:
        """Have those who show it show what is selected."""
        for callback in self._callbacks:
            callback()


def now(query: Any) -> Any:
    """A query, or the one that a selection asks for at present."""
    return query.query if isinstance(query, Chosen) else query
