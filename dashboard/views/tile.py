"""A number that stays true: its value, how it moved, and where it came from.

The number is formatted on the server, by Python's own format language, so that a report, a notebook and a page say the
same; the browser gets the text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import param
from typing_extensions import override

from dashboard.errors import ViewError

from . import codec
from .selection import now
from .strand import Picture, Queries, Shape
from .view import View

if TYPE_CHECKING:
    from dashboard.live import LiveQuery

    from .channel import Binding

#: Points of a sparkline.
SPARK = 60
Change = Literal["percent", "absolute", "points"]
#: From this share on a change is said as a multiple.
MULTIPLE = 10
TONES = ("ok", "warn", "bad", "plain")


@dataclass(frozen=True)
class TileShape(Shape):
    """A tile's picture: `value`, `change`, `tone`, `spark`."""

    column: str | None
    format: str
    unit: str
    comparison: str | None
    change: Change
    spark: str | None
    thresholds: tuple[tuple[float, str], ...]
    lower_is_better: bool
    with_comparison: bool
    with_spark: bool

    @override
    def draw(self, queries: Queries) -> Picture:
        main, rest = queries[0], list(queries[1:])
        value = first_value(main, self.column)
        compared = first_value(rest.pop(0), self.comparison) if self.with_comparison else None
        if not self.with_comparison and self.comparison is not None:
            compared = first_value(main, self.comparison)
        series = rest.pop(0) if self.with_spark else (main if self.spark is not None else None)
        return {
            "value": self._text(value),
            "unit": self.unit if value is not None else "",
            "tone": self._tone(value),
            "change": self._change(value, compared),
            "spark": [] if series is None else spark(series, self.spark),
        }

    @override
    def difference(self, old: Picture, new: Picture) -> Picture | None:
        return {name: value for name, value in new.items() if old[name] != value}

    def _text(self, value: object) -> str:
        return "–" if value is None else formatted(self.format, value)

    def _tone(self, value: object) -> str:
        number = codec.magnitude(value)
        reached = [tone for at, tone in self.thresholds if number is not None and number >= at]
        return reached[-1] if reached else "plain"

    def _change(self, value: object, compared: object) -> Picture | None:
        now, before = codec.magnitude(value), codec.magnitude(compared)
        if now is None or before is None:
            return None
        moved = now - before
        text = self._moved(abs(moved), before, value, compared)
        if text is None:
            return None
        way = "flat" if moved == 0 else ("up" if moved > 0 else "down")
        is_good = moved == 0 or (moved < 0) == self.lower_is_better
        return {"text": text, "way": way, "tone": "plain" if moved == 0 else ("ok" if is_good else "bad")}

    def _moved(self, moved: float, before: float, value: object, compared: object) -> str | None:
        if self.change == "percent":
            return _percent(moved / abs(before)) if before else None
        if self.change == "points":
            return f"{moved * 100:.1f} pt"
        is_exact = type(value) is type(compared) and isinstance(value, int | Decimal)
        return formatted(self.format, abs(value - compared) if is_exact else moved)  # type: ignore[operator]  # numbers both


def _percent(share: float) -> str:
    """A share in words: a multiple where percents would be a number nobody takes in."""
    return f"{share * 100:.1f}%" if share < MULTIPLE else f"{share:,.0f}×"


class Tile(View):
    """One number of a query's first row.

    Parameters
    ----------
    query
        Its first row holds the number; further columns may hold what it is compared with.
    format
        Python's format language, for example ``"${:,.2f}"`` or ``"{:.1%}"``.
    comparison
        A query whose first value, or a column of `query` which, the number is compared with.
    sparkline
        A query whose last column, or a column of `query` which, is drawn as a line, first row first.
    thresholds
        From which number on the value takes which tone: ``{80: "warn", 95: "bad"}``; tones are ok, warn, bad, plain.
    select
        Field of the page's selection and the value that a click on the tile selects: ``{"kind": "click"}``.
    """

    format = param.String(default="{:,}", doc="Python format of the number, e.g. '${:,.2f}'.")
    unit = param.String(default="", doc="Written small behind the number.")
    column = param.String(default=None, allow_None=True, doc="Column that holds the number; the first by default.")
    change: Any = param.Selector(
        default="percent", objects=["percent", "absolute", "points"], doc="How a change is said; points: of a share."
    )
    lower_is_better = param.Boolean(default=False, doc="Whether a fall is good news.")
    thresholds = param.Dict(default={}, doc="Tone of the value from a number on.")
    comparison = param.Parameter(default=None, doc="Query or column that the number is compared with.")
    sparkline = param.Parameter(default=None, doc="Query or column that is drawn as a line.")
    select = param.Dict(default={}, doc="Field of the page's selection, and what a click selects in it.")

    kind: ClassVar[str] = "tile"
    default_span: ClassVar[int] = 3

    def __init__(self, query: LiveQuery | None = None, **params: Any) -> None:
        super().__init__(query, **params)
        wrong = [tone for tone in self.thresholds.values() if tone not in TONES]
        if wrong:
            raise ViewError(f"A tile has no tone {wrong[0]!r}.", f"Tones are {', '.join(TONES)}.")
        _check_format(self.format)
        self._heed(self.comparison, self.sparkline)

    def queries(self) -> Queries:
        """The queries it shows."""
        others = (self.comparison, self.sparkline)
        return tuple(super().queries()) + tuple(now(query) for query in others if _is_query(query))

    def shape(self, binding: Binding) -> TileShape:
        """How its queries become a picture."""
        return TileShape(
            column=self.column,
            format=self.format,
            unit=self.unit,
            comparison=self.comparison if isinstance(self.comparison, str) else None,
            change=self.change,
            spark=self.sparkline if isinstance(self.sparkline, str) else None,
            thresholds=tuple(sorted((float(at), tone) for at, tone in self.thresholds.items())),
            lower_is_better=self.lower_is_better,
            with_comparison=_is_query(self.comparison),
            with_spark=_is_query(self.sparkline),
        )

    def options(self) -> dict[str, Any]:
        """What the browser needs to know once."""
        has_spark = self.sparkline is not None
        return {**super().options(), "spark": has_spark, "compared": self.comparison is not None, "select": self.select}


def first_value(query: LiveQuery, column: str | None) -> object:
    """A value of a query's first row, None without rows."""
    state = query.state
    place = _place(query, column, 0)
    return next((state.rows[key][place] for key in state.keys), None)


def spark(query: LiveQuery, column: str | None) -> list[float | None]:
    """The last points of a column."""
    state = query.state
    place = _place(query, column, -1)
    return [codec.magnitude(state.rows[key][place]) for key in list(state.keys)[-SPARK:]]


def formatted(format: str, value: object) -> str:
    """A value in Python's format language; what the format does not fit is shown as it is."""
    if isinstance(value, dt.timedelta):
        value = value.total_seconds()
    try:
        return format.format(value)
    except (ValueError, TypeError):
        if isinstance(value, int | float | Decimal):
            return format.format(float(value))
        return str(value)


def _place(query: LiveQuery, column: str | None, default: int) -> int:
    if column is None:
        return default
    names: Sequence[str] = [c.name for c in query.columns]
    if column not in names:
        raise KeyError(column)
    return names.index(column)


def _is_query(thing: object) -> bool:
    return thing is not None and not isinstance(thing, str)


def _check_format(format: str) -> None:
    for sample in (1, 1.5):
        try:
            format.format(sample)
        except ValueError:
            continue
        except (KeyError, IndexError, AttributeError) as error:
            raise ViewError(f"The format {format!r} cannot be used.", "Write one field, like '{:,.2f}'.") from error
        return
    raise ViewError(f"The format {format!r} fits no number.", "Write one field, like '{:,.2f}'.")
