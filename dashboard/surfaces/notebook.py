"""What a notebook shows of live objects that are no views: a query as its rows, a connection as its state.

They live nearer to the database than anything that draws, so they cannot draw themselves; here a notebook's shell is
told who does. The shell is told by name, so that nothing is loaded before somebody shows something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dashboard.live import Live, LiveQuery


def register(shell: Any) -> None:
    """Have an IPython shell show live objects."""
    formatter = shell.display_formatter.mimebundle_formatter
    for module, name in (("live.query", "LiveQuery"), ("live.session_query", "SessionQuery")):
        formatter.for_type_by_name(f"dashboard.{module}", name, show_query)
    formatter.for_type_by_name("dashboard.live.live", "Live", show_live)


def show_query(query: LiveQuery, include: Any = None, exclude: Any = None) -> Any:
    """A query's frame, plan and state, which follow the database."""
    from dashboard.views.glance import Glance  # nor does whoever shows a plot of their own have to wait for this

    return Glance(query)._repr_mimebundle_(include, exclude)


def show_live(live: Live, include: Any = None, exclude: Any = None) -> Any:
    """The state of the connection."""
    from dashboard.views.status import Status

    return Status(live, variant="full", title="Connection")._repr_mimebundle_(include, exclude)
