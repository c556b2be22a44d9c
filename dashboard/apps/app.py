"""What an app is to the surfaces: a name, tables, rows to begin with, somebody who changes them, and a page.

The surfaces know apps by this description only. What is heavy (Panel, the page) is imported by the functions
when they are called, so that naming an app stays cheap.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .simulation import Actor, Simulation

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One dashboard.

    Parameters
    ----------
    name
        What commands and addresses call it.
    title, summary
        What a person reads, the second in a list of dashboards.
    tables
        The tables whose changes it follows, as one writes them in SQL: capture is installed on these.
    load
        Creates the schema and the sample rows in the database of a DSN; returns False, and touches nothing,
        when they are there already.
    actor
        Makes the changes of `simulate`, by a seed.
    page
        Builds the page for one session.
    """

    name: str
    title: str
    summary: str
    tables: tuple[str, ...]
    load: Callable[[str], Awaitable[bool]]
    actor: Callable[[int], Actor]
    page: Callable[[Live], Viewable]

    def simulate(self, dsn: str, *, rate: float = 2.0, seed: int = 0) -> Simulation:
        """Prepare changes like the real ones; `await simulation.run()` makes them.

        Raises
        ------
        SettingsError
            The rate is not one a simulation can keep.
        """
        return Simulation(dsn, self.actor(seed), rate=rate, seed=seed)
