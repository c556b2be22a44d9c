"""Where a view is the end of a notebook's cell: what has to be there before it can be seen, and what is said without.

Panel's own code has to be in the notebook's page once; it is brought along (no other host is asked) with the first view
that is shown, unless `panel.extension` was called already. Without a kernel that has comms (a terminal, a test) nothing
can follow: one sentence says so, above the rows as they are.
"""

from __future__ import annotations

import sys
from typing import Any

import panel as pn

from dashboard.live import LiveQuery

ROWS = 10
STILL = "A view moves in a notebook or on a served page; here stand its rows as they are now."


def kernel() -> Any:
    """The notebook's kernel that this runs in; None where there is none."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return getattr(shell, "kernel", None)


def prepare() -> bool:
    """Whether views can be shown here; brings along what that takes."""
    if kernel() is None:
        return False
    from comm import get_comm_manager  # which comes with every kernel, and with nothing else

    if not pn.extension._loaded:
        pn.extension(inline=True)
    get_comm_manager().register_target("dashboard", _said)
    return True


def _said(comm: Any, message: Any) -> None:
    """A page tells the kernel that one of its outputs has gone."""
    from .element import left  # which is loaded once there is something to show

    left(str(message["content"]["data"].get("bye")))


def text(heading: str, query: object, *, is_shown: bool) -> str:
    """What a view shows now, as plain text: of its rows, the first."""
    lines = [heading.rstrip(), "" if is_shown else STILL]
    if isinstance(query, LiveQuery):
        frame = query.state.frame
        more = f"… {len(frame):,} rows in all" if len(frame) > ROWS else ""
        lines += [str(query.error or ""), str(frame.head(ROWS)) if query.is_ready else "Not read yet.", more]
    return "\n".join(filter(None, lines))
