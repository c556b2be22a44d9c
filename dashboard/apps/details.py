"""A table, and below it everything about the row that was clicked; the address keeps which, so that a link opens it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import panel as pn

from dashboard.views.address import asked, number_asked, on_change, remember
from dashboard.views.pane import Wake

from .frame import place

if TYPE_CHECKING:
    from dashboard.views import Here, View

NO_ROW = 0  # identities count from 1
Told = Callable[[object], object]


class Details:
    """The table and the row of it that is open.

    Parameters
    ----------
    name
        What the address and those who are here call such a row: ``campaign``.
    table
        Makes the table, given what a click on a row calls.
    build
        Makes the details of the row with this number, given what closes them.
    here
        Who is here is told which row one looks at.
    """

    def __init__(
        self, name: str, table: Callable[[Told], View], build: Callable[[int, Told], View], here: Here
    ) -> None:
        self._name = name
        self._build = build
        self._here = here
        self._opened = self._asked()
        self._document = pn.state.curdoc
        self._table: Any = table(self._open).__panel__()
        self.column = place(self._table)
        self._show()
        on_change(self._follow)

    def _follow(self) -> None:
        """Somebody went back, or forth."""
        if self._asked() != self._opened:
            self._turn(self._asked())

    def _asked(self) -> int | None:
        """What the address says; of what is no number there is no row, and the details say so."""
        return number_asked(self._name) or (NO_ROW if asked(self._name) else None)

    def _open(self, key: object) -> None:
        self._turn(int(key) if isinstance(key, str) and key.isdecimal() else None)

    def _close(self, _: object) -> None:
        self._turn(None)

    def _turn(self, number: int | None) -> None:
        """Show another row; the click came by the channel, the page is changed in its own time."""
        self._opened = number
        if self._document is not None:
            Wake.of(self._document).ask(self._show, 0)

    def _show(self) -> None:
        self._table.options = {**self._table.options, "chosen": None if self._opened is None else str(self._opened)}
        details = [] if self._opened is None else [self._build(self._opened, self._close)]
        self.column[:] = [self._table, *details]
        if self._opened != self._asked():
            remember(**{self._name: self._opened})
        self._here.look_at(None if self._opened is None else f"{self._name} {self._opened}")
