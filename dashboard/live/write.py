"""A write, from the moment somebody made it to its end, which PostgreSQL decides.

    waiting → sent → committed          PostgreSQL has it
                   → refused            it does not want it, and says why
            → kept → sent → …           the database is away: on disk, sent again when it is back

What can be done about a refused write stands in `choices`, and the write itself does it: `retry`, `resolve` (a
conflict), `discard`; to edit it, take its `commands` and write anew.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from dashboard.errors import Closed, Conflict, DashboardError, NotAWrite, NotNow, QueueFull, WriteRefused
from dashboard.live.command import Command
from dashboard.live.effect import Effect

if TYPE_CHECKING:
    from collections.abc import Generator

    from dashboard.postgres.scope import Scope

State = Literal["waiting", "sent", "kept", "committed", "refused", "discarded"]
Choice = Literal["retry", "edit", "mine", "theirs", "merge", "discard"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """PostgreSQL has it.

    Parameters
    ----------
    key
        The write's own.
    xid
        Its transaction; None where that was not asked.
    count
        How many rows were written; None where only its key was found, which says that it went through before.
    rows
        As they are stored, defaults and triggers included, by column; of each command that returns rows.
    theirs
        Columns that were left as somebody else had set them, with that value.
    inverse
        What takes it back; empty where that is not known.
    """

    key: UUID
    xid: int | None = None
    count: int | None = None
    rows: tuple[dict[str, Any], ...] = ()
    theirs: Mapping[str, Any] = field(default_factory=dict)
    inverse: tuple[Command, ...] = ()

    @property
    def row(self) -> dict[str, Any] | None:
        """The one row that was written, None if there is not exactly one."""
        return self.rows[0] if len(self.rows) == 1 else None


class Write:
    """One write: await it for its `Receipt`.

    Parameters
    ----------
    commands
        Done in one transaction, all or none.
    author
        The session that made it; empty for none.
    progress
        Called with how many commands of how many are done.
    """

    def __init__(
        self,
        commands: Sequence[Command],
        *,
        scope: Scope | None = None,
        author: str = "",
        key: UUID | None = None,
        progress: Progress | None = None,
        at: float | None = None,
    ) -> None:
        self.key = key or new_key()
        self.at = time.time() if at is None else at
        self.commands = tuple(commands)
        self.scope = scope
        self.author = author
        self.progress = progress
        self.was_sent = False
        self.is_keyed = False  # its key is noted in the database
        self.is_found = False  # a snapshot had that key
        self.is_undo = False
        self.state: State = "waiting"
        self.xid: int | None = None
        self.server: tuple[str, int] | None = None  # where that means something
        self.receipt: Receipt | None = None
        self.error: DashboardError | None = None
        self.effects: tuple[Effect, ...] = tuple(effect for command in commands for effect in command.effects)
        self.changed: Callable[[Write], None] = lambda _write: None
        self.again: Callable[[Sequence[Command]], Write] | None = None
        self.forget: Callable[[Write], None] = lambda _write: None
        self._done: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._done.add_done_callback(lambda done: done.cancelled() or done.exception())

    @property
    def is_open(self) -> bool:
        """Whether PostgreSQL has not decided yet."""
        return self.state in ("waiting", "sent", "kept")

    @property
    def text(self) -> str:
        """What it does, for a message or the log."""
        return "; ".join(command.text for command in self.commands[:3])

    @property
    def is_sought(self) -> bool:
        """Whether each tick has to look whether it has gone through: it was sent, and nobody knows yet."""
        return self.is_open and self.was_sent and self.is_keyed

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What can be done about it now."""
        if self.state != "refused":
            return ()
        if isinstance(self.error, Conflict):
            return ("mine", "theirs", "merge", "discard") if self.error.row is not None else ("discard",)
        if isinstance(self.error, NotAWrite):
            return ("edit", "discard")
        again = isinstance(self.error, QueueFull) or getattr(self.error, "reason", "") in ("late", "deadlock", "other")
        return (
            ("retry", "edit", "discard") if again or not isinstance(self.error, WriteRefused) else ("edit", "discard")
        )

    def __await__(self) -> Generator[Any, None, Receipt]:
        return asyncio.shield(self._done).__await__()

    def began(self, xid: int) -> None:
        """Its transaction is known; nobody can see yet what it wrote."""
        self.was_sent = True
        if not self.is_found:  # an earlier attempt has gone through; this one will come to nothing
            self.xid = xid
        self.changed(self)

    def found(self, xid: int) -> None:
        """A snapshot has its key, noted by this transaction."""
        self.xid, self.is_found = xid, True

    def becomes(self, state: State) -> None:
        """It has come to another state that is not its end."""
        self.state = state
        self.changed(self)

    def commit(self, receipt: Receipt, effects: tuple[Effect, ...] | None = None) -> None:
        """PostgreSQL has it."""
        self.receipt, self.state = receipt, "committed"
        self.effects = self.effects if effects is None else effects
        self.changed(self)
        if not self._done.done():
            self._done.set_result(receipt)

    def refuse(self, error: DashboardError) -> None:
        """It will not be done."""
        self.error, self.state = error, "refused"
        self.changed(self)
        if not self._done.done():
            self._done.set_exception(error)

    def retry(self) -> Write:
        """Make the same write once more."""
        return self._anew(self.commands)

    def resolve(self, how: Choice | Mapping[str, Choice]) -> Write | None:
        """End a conflict: ``mine``, ``theirs``, ``merge``, or by column ``mine`` or ``theirs``.

        Returns the write that does it; None where theirs stay, and nothing is to be written.
        """
        assert isinstance(self.error, Conflict), "there is no conflict to resolve"
        disputed = self.error.theirs
        if how == "theirs" or self.error.row is None:
            self.discard()
            return None
        if isinstance(how, str):
            mine = set(disputed) if how == "mine" else set()
        else:
            mine = {name for name, choice in how.items() if choice == "mine"}
        left = set(disputed) - mine
        row = self.error.row
        commands = [_resolved(command, left, row) for command in self.commands]
        commands = [command for command in commands if command.values or command.op != "update"]
        if not commands:
            self.discard()
            return None
        return self._anew(commands)

    def discard(self) -> None:
        """Let it be; one that waits on disk is taken back.

        Raises
        ------
        NotNow
            It is on its way.
        """
        if self.state == "sent":
            raise NotNow("This write is on its way to the database.", "Take it back when it has arrived.")
        self.forget(self)
        self.state = "discarded"
        self.changed(self)
        if not self._done.done():
            self._done.set_exception(Closed("This write was discarded."))

    def _anew(self, commands: Sequence[Command]) -> Write:
        assert self.again is not None
        again = self.again(commands)
        self.forget(self)
        self.state = "discarded"
        self.changed(self)
        return again

    def __repr__(self) -> str:
        return f"<Write {self.key} {self.state}: {self.text}>"


def _resolved(command: Command, left: set[str], row: Mapping[str, Any]) -> Command:
    """The command without the columns `left`, as if the person had seen the row as it is now."""
    if command.seen is None:
        return command
    values = {name: value for name, value in command.values.items() if name not in left}
    seen = {name: row[name] for name in command.seen if name in row and name not in left}
    effect, *others = command.effects
    return replace(command, values=values, seen=seen, effects=(replace(effect, values=values), *others))


def new_key() -> UUID:
    """A key for a write: it begins with the time (UUID version 7), so that keys enter an index at its end."""
    moment = (time.time_ns() // 1_000_000) & ((1 << 48) - 1)
    chance = int.from_bytes(os.urandom(10))
    return UUID(int=moment << 80 | 0x7 << 76 | (chance >> 68) << 64 | 0b10 << 62 | chance & ((1 << 62) - 1))
