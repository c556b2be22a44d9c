"""What happened, newest first.

A line is a template with the row's columns in it (`"**{who}** called **{whom}**"`: two stars make bold), one template
for each kind of line, or a function of the row (see :mod:`.wording`). Times are instants; the browser says "12 s" and
keeps saying it right.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import param
from typing_extensions import override

from . import codec
from .strand import Picture, Queries, Shape, keyed_difference
from .view import View
from .wording import Format, check, line

if TYPE_CHECKING:
    from .channel import Binding

#: Rows sent to a feed that may be paused.
REACH = 200


@dataclass(frozen=True)
class FeedShape(Shape):
    """A feed's picture: `rows` by key (`at`, `kind`, `line`, `seen`) in an `order`."""

    format: Format
    time: str | None
    category: str | None
    seen: str | None
    limit: int

    @override
    def draw(self, queries: Queries) -> Picture:
        query = queries[0]
        columns = {column.name: column.type for column in query.columns}
        time = self.time or next((n for n, t in columns.items() if codec.kind(t) in ("time", "clock", "date")), None)
        category = self.category or ("kind" if "kind" in columns else None)
        keys = list(itertools.islice(query.state.keys, self.limit))
        rows = {}
        for key in keys:
            row = dict(zip(columns, query.state.rows[key], strict=True))
            rows[codec.key_text(key)] = {
                "at": codec.magnitude(row[time]) if time else None,
                "kind": None if category is None or row[category] is None else str(row[category]),
                "line": line(self.format, row, category, (time, category, self.seen)),
                "seen": None if self.seen is None else bool(row[self.seen]),
            }
        return {"order": list(rows), "rows": rows}

    @override
    def difference(self, old: Picture, new: Picture) -> Picture | None:
        step = keyed_difference(old, new)
        if step is None or "order" not in step:
            return step
        fresh = list(itertools.takewhile(lambda key: key not in old["rows"], new["order"]))
        left = len(new["order"]) - len(fresh)
        if new["order"][len(fresh) :] != old["order"][:left]:
            return step
        del step["order"]
        return {**step, "front": fresh, "left": left}


class Feed(View):
    """The latest rows of a query as lines.

    Parameters
    ----------
    query
        Newest first; rows beyond `limit` are not shown.
    format
        A template with the columns in braces and `**bold**`, formatted as in Python (``{total:,.2f}``, ``{at:%H:%M}``)
        and written in the reader's way; a mapping from the value of `category` to templates (the
        key ``""`` for all others), whose order is that of the colours; or a function of the row (a mapping) that
        returns text or `(style, text)` pieces, style being ``""`` or ``"b"``. Without one, all text columns are shown.
    seen
        A column that is true (or not NULL) once somebody has seen the row. The heading then counts new rows, and its
        button emits the event ``"seen"`` with the keys of the rows shown; ``True`` instead of a column keeps what was
        seen in the browser.
    select
        Field of the page's selection: a click on a line's dot selects its category for the whole page.
    legend
        Whether the categories that `format` names stand above the lines, to be selected.
    pause
        Gives it a button to stand still and to go on. Of what comes meanwhile nothing is lost as long as no more rows
        than the query's LIMIT come between two messages; let the query return more rows than are shown.
    """

    format = param.Parameter(default=None, doc="Template, templates by category, or function of the row.")
    limit = param.Integer(default=10, bounds=(1, 500), doc="Lines shown.")
    pause = param.Boolean(default=False, doc="Whether the reader may make it stand still.")
    time = param.String(default=None, allow_None=True, doc="Column of the time; the first time column by default.")
    category = param.String(default=None, allow_None=True, doc="Column that colours the dot; `kind` if there is one.")
    tones = param.Dict(
        default={}, doc="Tone of the dot by category: ok, warn, bad or plain; others have a colour each."
    )
    seen = param.Parameter(default=None, doc="Column that says whether a row was seen, or True.")
    select = param.String(default="", doc="Field of the page's selection that a click on a category selects in.")
    legend = param.Boolean(default=False, doc="Whether the categories stand above the lines, to be selected.")

    kind: ClassVar[str] = "feed"
    default_span: ClassVar[int] = 4

    def __init__(self, query: Any = None, **params: Any) -> None:
        super().__init__(query, **params)
        for template in _templates(self.format):
            check(template)

    def shape(self, binding: Binding) -> FeedShape:
        """How its queries become a picture."""
        given = tuple(sorted(self.format.items())) if isinstance(self.format, Mapping) else self.format
        seen = self.seen if isinstance(self.seen, str) else None
        limit = max(self.limit, REACH) if self.pause else self.limit
        return FeedShape(format=given, time=self.time, category=self.category, seen=seen, limit=limit)

    def options(self) -> dict[str, Any]:
        """What the browser needs to know once."""
        where = "column" if isinstance(self.seen, str) else ("browser" if self.seen else None)
        category = self.category or "kind"
        kinds = [kind for kind in self.format if kind] if isinstance(self.format, Mapping) else []
        given = {"limit": self.limit, "seen": where, "category": category, "pause": self.pause, "tones": self.tones}
        return {**super().options(), **given, "kinds": kinds, "select": self.select, "legend": self.legend}


def _templates(format: object) -> list[str]:
    if isinstance(format, Mapping):
        return [str(template) for template in format.values()]
    return [format] if isinstance(format, str) else []
