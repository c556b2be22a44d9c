"""Buttons that do something on the server, once for each click, and say in a toast what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import param
from typing_extensions import override

from dashboard.errors import DashboardError, NotNow

from .strand import Queries
from .toast import Tone, toast
from .view import View

if TYPE_CHECKING:
    from .channel import Binding

Act = Callable[[int], Awaitable[str]]
MOST_UNDER_WAY = 8


class Actions(View):
    """Buttons, and beside them a number if what they do can be done more than once.

    Parameters
    ----------
    actions
        What each button does, by its label: called with the number (1 where there is none), returns a sentence.
    most
        The largest number that may be chosen; 1: none is asked for.
    """

    most = param.Integer(default=1, bounds=(1, 100_000), doc="The largest number that may be chosen; 1: none.")

    kind: ClassVar[str] = "actions"
    is_content: ClassVar[bool] = False

    def __init__(self, actions: Mapping[str, Act], **params: Any) -> None:
        super().__init__(**params)
        self.actions = dict(actions)
        self._tasks: set[asyncio.Task[None]] = set()

    @override
    def queries(self) -> Queries:
        return ()

    @override
    def bind(self, binding: Binding) -> None:
        """Show nothing but the buttons."""

    @override
    def children(self) -> list[Any]:
        return []

    @override
    def options(self) -> dict[str, Any]:
        return {**super().options(), "actions": list(self.actions), "most": self.most}

    @override
    def receive(self, binding: Binding, message: Any) -> None:
        super().receive(binding, message)
        value = message.get("value") if isinstance(message, dict) and message.get("event") == "do" else None
        label, number = (value.get("action"), value.get("number")) if isinstance(value, dict) else (None, None)
        if not isinstance(label, str) or label not in self.actions or type(number) is not int:
            return
        task = asyncio.get_running_loop().create_task(self._do(binding, label, number))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, binding: Binding, label: str, number: int) -> None:
        tone: Tone = "ok"
        try:
            if not 1 <= number <= self.most:
                raise NotNow(f"{number:,} is not possible.", f"Choose a number from 1 to {self.most:,}.")
            if len(self._tasks) > MOST_UNDER_WAY:
                raise NotNow("Too much is under way.", "Wait for what was begun.")
            said = await self.actions[label](number)
        except DashboardError as error:
            said, tone = str(error), "bad"
        toast(binding, said, title=label, tone=tone, key=f"action {label}")
