"""Refresh now: a button for those who want to be sure, at a rate that nobody can abuse.

A page is up to date without it. The button asks the database at once, also where changes are only polled for, and says
when all that was committed before the click is on the page. The limit is kept here and holds for the reader, in however
many tabs; the page only shows it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from weakref import WeakKeyDictionary

import param
from typing_extensions import override

from dashboard.errors import DashboardError

from .status import LinkState
from .strand import Picture, Queries, Shape, strand
from .view import View

if TYPE_CHECKING:
    from dashboard.live import Live

    from .channel import Binding

PATIENCE = 10.0  # seconds until a database that does not answer is said to be away


@dataclass(frozen=True)
class RefreshShape(Shape):
    """A refresh's picture: its `phase`, and the time (ms) from which on it may be asked again."""

    phase: Literal["rested", "busy", "done", "failed"] = "rested"
    until: float = 0.0
    problem: str = ""

    @override
    def draw(self, queries: Queries) -> Picture:
        return {"phase": self.phase, "until": self.until, "problem": self.problem}


class Refresh(View):
    """A button that brings the page up to date, at most once in `every` seconds for one reader."""

    every = param.Number(default=5.0, bounds=(0.5, 3600), doc="Seconds from one refresh to the next.")

    kind: ClassVar[str] = "refresh"
    is_content: ClassVar[bool] = False
    default_span: ClassVar[int] = 2
    _next: ClassVar[WeakKeyDictionary[Live, dict[str, float]]] = WeakKeyDictionary()

    def __init__(self, live: Live, **params: Any) -> None:
        super().__init__(**{"title": "Refresh", "priority": "low", **params})
        self.live = live
        self._tasks: set[asyncio.Task[None]] = set()

    @override
    def queries(self) -> Queries:
        return (LinkState(self.live),)  # type: ignore[return-value]  # of a query it has what a strand needs

    @override
    def shape(self, binding: Binding) -> RefreshShape:
        shape: RefreshShape = binding.choice.get("shape", RefreshShape())
        return shape

    @override
    def receive(self, binding: Binding, message: Any) -> None:
        super().receive(binding, message)
        if not isinstance(message, dict) or message.get("event") != "refresh":
            return
        allowed, now = self._next.setdefault(self.live, {}), time.time()
        reader = binding.channel.user or binding.channel.token
        if now < allowed.get(reader, 0.0):
            self._tell(binding, RefreshShape("rested", allowed[reader] * 1000))
            return
        for other in [name for name, when in allowed.items() if when < now]:
            del allowed[other]
        allowed[reader] = now + self.every
        task = asyncio.get_running_loop().create_task(self._refresh(binding, allowed[reader] * 1000))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _refresh(self, binding: Binding, until: float) -> None:
        self._tell(binding, RefreshShape("busy", until))
        try:
            await asyncio.wait_for(self.live.caught_up(), PATIENCE)
        except TimeoutError:
            problem = "The database does not answer; the page shows what it knew last."
            self._tell(binding, RefreshShape("failed", until, problem))
        except DashboardError as error:
            self._tell(binding, RefreshShape("failed", until, str(error)))
        else:
            self._tell(binding, RefreshShape("done", until))

    def _tell(self, binding: Binding, shape: RefreshShape) -> None:
        binding.choice["shape"] = shape
        if binding.strand is not None:  # the page may have gone meanwhile
            binding.show(strand(self.queries(), shape, self.urgency()))
