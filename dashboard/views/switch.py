"""A switch that is a row's value: it shows what the database says, and asks the database to say otherwise.

Of a session's query it shows at once what was asked for, and goes back if the write is refused; of any other, it shows
nothing that was only asked for. Either way it says why a write failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import param
from typing_extensions import override

from dashboard.errors import DashboardError

from .ahead import show
from .strand import Picture, Queries, Shape
from .tile import first_value
from .view import View

if TYPE_CHECKING:
    from dashboard.live import LiveQuery

    from .channel import Binding


@dataclass(frozen=True)
class SwitchShape(Shape):
    """A switch's picture: whether it is `on` (None: there is no row), and the `problem` of the last attempt."""

    column: str | None
    problem: str
    attempt: int

    @override
    def draw(self, queries: Queries) -> Picture:
        value = first_value(queries[0], self.column)
        return {"on": None if value is None else bool(value), "problem": self.problem, "attempt": self.attempt}


class Switch(View):
    """A boolean of a query's first row, with the means to turn it.

    Parameters
    ----------
    query
        Its first row holds the value.
    turn
        Called with the value the reader wants; writes it.
    column
        Column of the value; the first by default.
    """

    column = param.String(default=None, allow_None=True, doc="Column of the value; the first by default.")

    kind: ClassVar[str] = "switch"
    is_content: ClassVar[bool] = False
    default_span: ClassVar[int] = 3

    def __init__(self, query: LiveQuery, turn: Callable[[bool], Awaitable[object]], **params: Any) -> None:
        super().__init__(query, **params)
        self._turn = turn
        self._attempts = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @override
    def shape(self, binding: Binding) -> SwitchShape:
        return SwitchShape(self.column, str(binding.choice.get("problem", "")), self._attempts)

    @override
    def receive(self, binding: Binding, message: Any) -> None:
        super().receive(binding, message)
        if isinstance(message, dict) and message.get("event") == "turn" and not self._tasks:
            task = asyncio.get_running_loop().create_task(self._write(binding, message.get("value") is True))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _write(self, binding: Binding, wanted: bool) -> None:
        self._attempts += 1
        try:
            await self._turn(wanted)
            binding.choice["problem"] = ""
        except DashboardError as error:
            binding.choice["problem"] = str(error)
        show(binding, self.queries(), self.shape(binding), self.urgency())
