"""What becomes of a write, told to the person who made it, with all that can be done about it.

    write = table.update(17, {"stage": "customer"}, seen={"stage": "lead"})
    follow(binding, session, write, title="Contact", edit=reopen)

A write that went through is a short toast, with Undo where its inverse is known; one that is kept says that it will be
sent; one of many rows shows how far it is. What PostgreSQL refuses stays on the page until the person has chosen one of
`Write.choices`, also when the page was away meanwhile or is loaded again, so that nothing that was typed is lost; a
conflict opens a dialog with what they saw, what is there now and what they wrote, column by column.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from dashboard.errors import Conflict, DashboardError

from . import codec
from .entering import label
from .own import is_own, note_own
from .toast import toast, untoast

if TYPE_CHECKING:
    from dashboard.live import Live
    from dashboard.live.query import Subscription
    from dashboard.live.session import Session
    from dashboard.live.write import Write

    from .channel import Binding, Channel

LATER = 0.4
"""Seconds that a write of many rows may take before it says how far it is."""
PACE = 0.2
"""Seconds between two such words."""
SLOW = 2.0
"""Seconds without an answer after which that is said."""
KEPT = "Kept; will be sent when the database is back."
UNDONE = "taken back"
MOST_UNDONE = 10
"""Toasts with Undo that are heard, on one page."""
BUTTONS = {"retry": "Retry", "edit": "Edit", "mine": "Decide", "discard": "Discard"}

_numbers = itertools.count(1)
_watched: WeakSet[Channel] = WeakSet()
_told: WeakSet[Outcome] = WeakSet()
_open: WeakKeyDictionary[Session, dict[Any, tuple[Write, Manner]]] = WeakKeyDictionary()


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How an outcome is told.

    Parameters
    ----------
    title
        What the write was about: ``"Contact"``.
    of
        Which one: ``"Zoé Moreau"``; empty where it is about several.
    done
        What was done to it: ``"saved"``.
    edit
        Takes a refused write and opens what was typed again, in `Write.commands`; None: that is not offered.
    undo
        Whether it may be taken back.
    labels
        What columns are called.
    """

    title: str = "Change"
    of: str = ""
    done: str = "saved"
    edit: Callable[[Write], object] | None = None
    undo: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> str:
        """That it did not work, and of what."""
        if not self.of or self.of.startswith(self.title):
            return f"{self.of or self.title} was not {self.done}"
        return f"{self.title} was not {self.done}: {self.of}"


def follow(binding: Binding, session: Session, write: Write, **manner: Any) -> None:
    """Tell the reader of a binding what becomes of a write; keywords as in `Manner`."""
    Outcome(binding, session, write, Manner(**manner)).begin()


def resume(binding: Binding, session: Session, table: str | None, **manner: Any) -> None:
    """Follow what this reader's writes to a table (its quoted name; None: to any) came to while no page was there.

    Such are the writes of a page that was loaded again, and what an earlier process left on disk.
    """
    live: Live = session.live
    left = {write.key: (write, Manner(**manner)) for write in live.waiting_writes if write.author == session.name}
    for write, known in (left | dict(_open.get(session, {}))).values():
        is_meant = table is None or any(command.table == table for command in write.commands)
        if write.state in ("kept", "refused") and is_meant:
            Outcome(binding, session, write, replace(known, edit=manner.get("edit"))).begin()


def answered(binding: Binding, message: Mapping[str, Any]) -> bool:
    """Whether what a page says is the reader's choice in an outcome; if so, it has been heeded."""
    value = message.get("value")
    if message.get("event") not in ("toast", "outcome") or not isinstance(value, dict):
        return False
    outcome = binding.channel.outcomes.get(str(value.get("outcome")))
    if outcome is None:
        return False
    outcome.choose(str(value.get("choice")), value.get("columns"))
    return True


class Outcome:
    """One write and the page that waits for it."""

    def __init__(self, binding: Binding, session: Session, write: Write, manner: Manner) -> None:
        self.binding, self.session, self.write, self.manner = binding, session, write, manner
        self.name = f"o{next(_numbers)}"
        self._subscription: Subscription | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._was_kept = False
        self._is_shown = False  # something of it that stays
        self._began = self._said = time.monotonic()

    def begin(self) -> None:
        """Follow it; once on each page."""
        channel = self.binding.channel
        if any(known.write is self.write for known in channel.outcomes.values()):
            return
        if channel not in _watched:
            _watched.add(channel)
            outcomes = channel.outcomes
            channel.watch(lambda is_there: _again(outcomes) if is_there else None)
        channel.outcomes[self.name] = self
        _told.add(self)
        _open.setdefault(self.session, {})[self.write.key] = (self.write, self.manner)
        if len(self.write.commands) > 1 and self.write.progress is None:
            self.write.progress = self._count
        self._subscription = self.session.on_outcome(self._heard)
        self._timer = asyncio.get_running_loop().call_later(SLOW, self._late)
        self.tell()

    def tell(self) -> None:
        """Say how it stands."""
        match self.write.state:
            case "committed":
                self._went_through()
            case "refused":
                self._refused()
            case "kept":
                self._was_kept = True
                waiting = len(self.session.pending)
                text = KEPT if waiting < 2 else f"{waiting:,} changes are kept; they will be sent when it is back."
                toast(self.binding, text, title="The database is away", key="kept")

    def choose(self, choice: str, columns: object = None) -> None:
        """The reader has decided."""
        try:
            self._do(choice, columns)
        except DashboardError as error:
            toast(self.binding, str(error), title=self.manner.failed, tone="bad")

    def _do(self, choice: str, columns: object) -> None:
        if choice == "undo" and self.write.state == "committed":
            self._end()
            self._next(self.session.undo(self.write), replace(self.manner, done=UNDONE, edit=None, undo=False))
        elif self.write.state != "refused":
            self._end()  # seen to on another page
        elif choice == "later":
            self._offer()
        elif choice == "decide" and isinstance(self.write.error, Conflict):
            self._ask(self.write.error)
        elif choice == "resolve" and isinstance(columns, dict) and isinstance(self.write.error, Conflict):
            self._end_everywhere()
            self._next(self._resolved(self.write.error, columns))
        elif choice in self.write.choices:
            self._end_everywhere()
            if choice == "retry":
                self._next(self.write.retry())
                return
            if choice == "edit" and self.manner.edit is not None:
                self.manner.edit(self.write)
            self.write.discard()

    def _resolved(self, error: Conflict, columns: Mapping[str, object]) -> Write | None:
        """The write that does what was decided by column; what was not decided stays as it is there."""
        mine = [name for name in error.theirs if columns.get(name) == "mine"]
        if not mine and any(command.op != "update" for command in self.write.commands):
            return self.write.resolve("theirs")
        return self.write.resolve({name: "mine" if name in mine else "theirs" for name in error.theirs})

    def _next(self, write: Write | None, manner: Manner | None = None) -> None:
        if write is not None:
            Outcome(self.binding, self.session, write, manner or self.manner).begin()

    def _heard(self, write: Write) -> None:
        if write is self.write:
            self.tell()

    def _end_everywhere(self) -> None:
        """The reader has decided, which holds for all their pages."""
        for outcome in [one for one in _told if one.write is self.write]:
            outcome._end()

    def _end(self) -> None:
        """Nothing is left to be told."""
        _told.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        self.binding.channel.outcomes.pop(self.name, None)
        if self._is_shown:
            self._is_shown = False
            gone = {"gone": True}
            self.binding.channel.tell(
                {"toasts": [gone | {"key": self.name}], "dialogs": [gone | {"outcome": self.name}]}
            )
        _open.get(self.session, {}).pop(self.write.key, None)
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None

    def _went_through(self) -> None:
        self._end()
        note_own(self.session, self.write)
        self._answered()
        receipt = self.write.receipt
        can_undo = self.manner.undo and not self.write.is_undo and receipt is not None and bool(receipt.inverse)
        if can_undo:
            outcomes = self.binding.channel.outcomes
            outcomes[self.name] = self
            done = [name for name, known in outcomes.items() if known.write.state == "committed"]
            for name in done[:-MOST_UNDONE]:
                del outcomes[name]
        theirs = ", ".join(map(self._label, receipt.theirs)) if receipt is not None else ""
        text = f"{theirs} stayed as somebody else had set it." if theirs else self.manner.of
        actions = [("Undo", self._value("undo"))] if can_undo else []
        said = f"{self.manner.title} {self.manner.done}"
        toast(self.binding, text, title=said, tone="ok", actions=actions, key=f"done {self.name}", lasts=8)

    def _late(self) -> None:
        """Nobody has answered for a while: what was sent off from a form is nowhere else on the page."""
        if self.write.state in ("waiting", "sent") and self.write.progress is None:
            self._was_kept = True
            waiting = len(self.session.pending)
            text = "It is tried until it works." if waiting < 2 else f"{waiting:,} changes wait for it."
            toast(self.binding, text, title="The database has not answered yet", key="kept")

    def _answered(self) -> None:
        if self._was_kept and not self.session.pending:
            untoast(self.binding, "kept")

    def _refused(self) -> None:
        self._answered()
        error = self.write.error
        if isinstance(error, Conflict) and error.row is not None:
            if all(error.theirs[name] == value for name, value in error.mine.items()) and error.mine:
                self.choose("resolve", dict.fromkeys(error.theirs, "theirs"))  # they have written the same
            elif not self.write.is_undo and is_own(self.session, self.write, error):
                self.choose("resolve", dict.fromkeys(error.theirs, "mine"))  # nobody else was there
            else:
                self._ask(error)
        else:
            self._offer()

    def _offer(self) -> None:
        """The toast that stays."""
        self._is_shown = True
        error, choices = self.write.error, self.write.choices
        offered = [choice for choice in choices if choice in BUTTONS and (choice != "edit" or self.manner.edit)]
        values = {choice: self._value("decide" if choice == "mine" else choice) for choice in offered}
        toast(
            self.binding,
            " ".join(filter(None, (self._worded(str(error)), self._typed()))),
            title=self.manner.failed,
            tone="bad",
            actions=[(BUTTONS[choice], values[choice]) for choice in offered],
            key=self.name,
            lasts=0,
        )

    def _typed(self) -> str:
        """What the person wrote, where nothing else on the page has it any more: of a refusal, what it is about."""
        typed = {name: value for command in self.write.commands[:1] for name, value in command.values.items()}
        if not isinstance(self.write.error, Conflict):
            blamed = getattr(self.write.error, "columns", ()) or self.manner.labels
            made = {name for name, value in typed.items() if isinstance(value, dt.datetime)} - {*self.manner.labels}
            typed = {name: value for name, value in typed.items() if name in blamed and name not in made}
        if not typed or len(self.write.commands) > 1:
            return ""
        return "Yours: " + ", ".join(f"{self._label(name)} {_shown(value)}" for name, value in typed.items()) + "."

    def _ask(self, error: Conflict) -> None:
        """The dialog on a conflict."""
        self._is_shown = True
        untoast(self.binding, self.name)
        columns = [
            {
                "name": name, "label": self._label(name), "kind": _kind(theirs),
                **{who: codec.brief(side[name]) for who, side in
                   (("seen", error.seen), ("theirs", error.theirs), ("mine", error.mine)) if name in side},
            }
            for name, theirs in error.theirs.items()
        ]  # fmt: skip
        what, is_undo = self.manner.of or self.manner.title, self.write.is_undo or self.manner.done == UNDONE
        title = f"Undo for {what}: somebody has changed it since" if is_undo else f"{what}: somebody else was quicker"
        asked = {
            "outcome": self.name, "title": title, "text": self._worded(error.message), "columns": columns,
            "isUndo": is_undo,
        }  # fmt: skip
        channel = self.binding.channel
        channel.tell({"dialogs": [{**asked, "view": self.binding.name, "token": channel.token}]})

    def _worded(self, sentence: str) -> str:
        """A sentence with columns called as the reader knows them."""
        commands = self.write.commands[:1]
        names = {name for command in commands for name in (*command.values, *(command.seen or ()))}
        names |= {*getattr(self.write.error, "columns", ()), *getattr(self.write.error, "theirs", ())}
        for name in sorted(names, key=len, reverse=True):
            if self._label(name).lower() != name:
                sentence = re.sub(rf"\b{re.escape(name)}\b", f"“{self._label(name)}”", sentence)
        return sentence

    def _count(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._began < LATER or now - self._said < PACE or not self.write.is_open:
            return
        self._said, self._is_shown = now, True
        text = f"{done:,} of {total:,}"
        toast(self.binding, text, title=self.manner.title, key=self.name, lasts=0, progress=(done, total))

    def _value(self, choice: str) -> dict[str, str]:
        return {"outcome": self.name, "choice": choice}

    def _label(self, name: str) -> str:
        return self.manner.labels.get(name) or label(re.sub(r"_(id|at)$", "", name))


def _again(outcomes: Mapping[str, Outcome]) -> None:
    """The page is back: it may not have heard what it was told."""
    for outcome in list(outcomes.values()):
        if outcome.write.state in ("refused", "kept"):
            outcome.tell()


def _shown(value: object) -> str:
    return "(empty)" if value is None else f"“{codec.brief(value)}”" if isinstance(value, str) else str(value)


def _kind(value: object) -> str:
    """How the browser writes it."""
    kinds = ((bool, "boolean"), ((int, float, Decimal), "number"), (dt.datetime, "time"))
    return next((kind for known, kind in kinds if isinstance(value, known)), "text")
