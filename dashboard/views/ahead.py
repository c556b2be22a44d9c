"""What one reader sees before everybody does: views of a session's queries, while it has writes that are not settled.

Nearly always a session's view shows the strand that all others show, with the same bytes. While one of its queries is
ahead of the truth it shows a strand of its own, drawn and sent at once; in the very tick that contains the write it is
back at everybody's, whose picture is the same by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

from dashboard.live import SessionQuery

from .pulse import send
from .strand import Queries, Shape, strand
from .waiting import tell_waiting

if TYPE_CHECKING:
    from dashboard.live import Subscription

    from .channel import Binding

_shown: WeakKeyDictionary[Binding, _Shown] = WeakKeyDictionary()


def show(binding: Binding, queries: Queries, shape: Shape, priority: str) -> None:
    """Show these queries from now on, each as its session sees it."""
    if binding in _shown or any(isinstance(query, SessionQuery) for query in queries):
        _shown.setdefault(binding, _Shown(binding)).show(queries, shape, priority)
    else:
        binding.show(strand(queries, shape, priority))


class _Shown:
    """What a binding was asked to show, shown anew when its session gets ahead of the truth or back to it."""

    def __init__(self, binding: Binding) -> None:
        self._binding = ref(binding)
        self._asked: tuple[Queries, Shape, str] | None = None
        self._following: list[Subscription] = []
        self._pending: list[object] = []

    def show(self, queries: Queries, shape: Shape, priority: str) -> None:
        self._asked = queries, shape, priority
        for subscription in self._following:
            subscription.close()
        sessions = {query.session for query in queries if isinstance(query, SessionQuery)}
        self._following = [session.on_pending(self._again) for session in sessions]
        if (binding := self._binding()) is not None:
            for session in sessions:
                tell_waiting(binding.channel, session)
        self._again()

    def _again(self) -> None:
        binding = self._binding()
        if binding is None or self._asked is None or binding not in binding.view.bindings:
            for subscription in self._following:
                subscription.close()
            return
        queries, shape, priority = self._asked
        is_ahead = any(isinstance(query, SessionQuery) and query.is_ahead for query in queries)
        wanted = strand(queries, shape, "critical" if is_ahead else priority)
        pending: list[object] = [dict(query.pending) for query in queries if isinstance(query, SessionQuery)]
        known, self._pending = self._pending, pending
        if wanted is binding.strand and pending == known:
            return
        if wanted.followers and wanted.refresh():  # in its own time it would come later than this reader is back
            send([wanted])
        if wanted is not binding.strand:
            binding.show(wanted)
