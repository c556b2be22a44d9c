"""What an app is to the surfaces: a name, tables, rows to begin with, somebody who changes them, and a page.

The surfaces know apps by this description only. What is heavy (Panel, the page) is imported by the functions
when they are called, so that naming an app stays cheap.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboard.errors import SettingsError

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
        The tables whose changes it follows, as one writes them in SQL: capture is installed on these. An app
        without any fits every database.
    load
        Creates the schema and the sample rows in the database of a DSN; returns False, and touches nothing,
        when they are there already. None: it has no rows of its own.
    actor
        Makes the changes of `simulate`, by a seed. None: there is nothing to change.
    adds
        What the actor adds when it is told to: ``a contact``.
    page
        Builds the page for one session.
    api
        The tables whose rows programs may read and write at ``/api``, each as who they call for may; written as in
        `tables`.
    alerts
        Declares the rules by which people are told of something (`Live.alert`).
    role, members
        The role as which a member sees its rows, by the number in ``app.user_id``, and the table of members (id,
        handle, name). Without them nothing on it is anybody's own.
    is_for_operators
        Whether it tells how the server does, and so is for those who look after it.
    """

    name: str
    title: str
    summary: str
    page: Callable[[Live], Viewable]
    tables: tuple[str, ...] = ()
    load: Callable[[str], Awaitable[bool]] | None = None
    actor: Callable[[int], Actor] | None = None
    adds: str = ""
    api: tuple[str, ...] = ()
    alerts: Callable[[Live], None] | None = None
    role: str = ""
    members: str = ""
    is_for_operators: bool = False

    def simulate(self, dsn: str, *, rate: float = 2.0, seed: int = 0) -> Simulation:
        """Prepare changes like the real ones; `await simulation.run()` makes them.

        Raises
        ------
        SettingsError
            The rate is not one a simulation can keep, or there is nothing to simulate.
        """
        if self.actor is None:
            raise SettingsError(f"{self.title} has no rows that could change.", "Simulate one of the other apps.")
        return Simulation(dsn, self.actor(seed), rate=rate, seed=seed)
