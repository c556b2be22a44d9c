"""The channel of one page: which views it shows, what it has got, and whether it can take more.

A page has one channel, and a channel one *carrier*: a WebSocket on a served page (:mod:`.socket`), the component's
own messages in a notebook or where no socket can be had (:mod:`.element`). The channel never queues: it remembers
the version of each strand that the page has, and a page that is hidden, cut off or slow to read is skipped until it
can take the newest. A page confirms every eighth message; `WINDOW` unconfirmed ones make it slow.

What a page may name are the views that were registered for its session under a random token; nothing else has a name.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from . import codec
from .pacing import Pacing, most_behind
from .pulse import send
from .traffic import TRAFFIC, Visit, now

if TYPE_CHECKING:
    from .outcome import Outcome
    from .report import Report
    from .strand import Strand
    from .view import View
    from .viewer import Viewer

#: Messages that may be on their way without the page having confirmed one.
WINDOW = 16
ALIVE = codec.dumps({"alive": True})
PACE = frozenset(("pace", "paused", "held", "replay"))


class Carrier(Protocol):
    """What takes bytes to a page."""

    def send(self, message: bytes) -> None:
        """Send; never waits."""

    def is_writable(self) -> bool:
        """Whether the last message has left this process."""

    def close(self) -> None:
        """The page's session has ended."""


class Binding:
    """One view on one page: the strand it shows there, and the reader's own choices (`choice`)."""

    def __init__(self, view: View, channel: Channel, name: str) -> None:
        self.view, self.channel, self.name = view, channel, name
        self.choice: dict[str, Any] = {}
        self.strand: Strand | None = None
        self.attends = False  # whether the reader wants its news also while the page is hidden

    def show(self, strand: Strand) -> None:
        """Show another strand from now on."""
        if strand is self.strand:
            return
        old, self.strand = self.strand, strand
        strand.hold()
        self.channel.rebind(self, old)

    def close(self) -> None:
        """The view has left the page."""
        self.channel.leave(self)


class Channel:
    """The channel of one page.

    Parameters
    ----------
    user
        Who is logged in.
    page
        Its address on the site; visits of a page without one are not counted.
    viewer
        The same as the web server admitted them: what happens on this channel happens for them.
    """

    _by_token: ClassVar[dict[str, Channel]] = {}
    report: Report | None = None  # the file that its page will be

    def __init__(self, user: str | None = None, page: str = "", viewer: Viewer | None = None) -> None:
        self.token = secrets.token_urlsafe(24)
        self.user = user
        self.viewer = viewer
        self.page = page
        self.visit: Visit | None = None
        self.bindings: dict[str, Binding] = {}
        self.carrier: Carrier | None = None
        self.is_hidden = False
        self.skipped = 0
        self._got: dict[str, int | None] = {}
        self._fresh_names: dict[str, str] = {}
        self._sent = self._confirmed = 0
        self._is_behind = False
        self._names = 0
        self.pacing = Pacing(partial(self.flush, {}), self.tell)
        self.outcomes: dict[str, Outcome] = {}
        self._watchers: list[Callable[[bool], None]] = []
        self._by_token[self.token] = self

    @classmethod
    def named(cls, token: str) -> Channel | None:
        """The channel of the page that holds this token."""
        return cls._by_token.get(token)

    @classmethod
    def count(cls) -> int:
        """Pages open in this process."""
        return len(cls._by_token)

    @classmethod
    def all(cls) -> list[Channel]:
        """Those of all pages open in this process."""
        return list(cls._by_token.values())

    @property
    def sent(self) -> int:
        """How many messages this carrier was given."""
        return self._sent

    @property
    def presence(self) -> Literal["seen", "hidden", "away"]:
        """Whether the page is seen, hidden (a tab behind another), or away (its connection is cut)."""
        if self.carrier is None:
            return "away"
        return "hidden" if self.is_hidden else "seen"

    def watch(self, callback: Callable[[bool], None]) -> None:
        """Call `callback` with whether somebody is there: now, and when the page comes, is cut off or ends."""
        self._watchers.append(callback)
        callback(self.carrier is not None)

    def bind(self, view: View) -> Binding:
        """Register a view; only registered views can be asked for."""
        self._names += 1
        binding = Binding(view, self, f"v{self._names}")
        self.bindings[binding.name] = binding
        view.bindings.add(binding)
        return binding

    def rebind(self, binding: Binding, old: Strand | None) -> None:
        """A view shows another strand than before."""
        if old is not None:
            self._drop(old)
        if binding.name in self._wanted():
            self._fresh_names[binding.name] = self._strand(binding).name
            self._got[self._strand(binding).name] = None
            self._follow()
            self.flush({})

    def leave(self, binding: Binding) -> None:
        """A view has left the page."""
        self.bindings.pop(binding.name, None)
        self._fresh_names.pop(binding.name, None)
        binding.view.bindings.discard(binding)
        strand, binding.strand = binding.strand, None
        if strand is not None:
            self._drop(strand)
        if not self.bindings:
            self.close()

    def connect(self, carrier: Carrier) -> None:
        """A carrier to the page is there; the page says next what it has and wants."""
        if self.carrier is not None and self.carrier is not carrier:
            self.carrier.close()
        self.carrier = carrier
        self._sent = self._confirmed = 0
        if self.visit is not None:
            self.visit.left = None
        elif self.page:
            self.visit = TRAFFIC.enter(self.page, self.user)
        self._tell_watchers()

    def disconnect(self, carrier: Carrier) -> None:
        """The carrier broke; the page may come back with another."""
        if self.carrier is carrier:
            self.carrier = None
            self._leave()
            self._got.clear()
            self._follow()
            self._tell_watchers()

    def close(self) -> None:
        """The page's session has ended."""
        self._leave()
        carrier, self.carrier = self.carrier, None
        self._tell_watchers()
        self.pacing.close()
        self._by_token.pop(self.token, None)
        self._got.clear()
        for binding in list(self.bindings.values()):
            if binding.strand is not None:
                binding.strand.unfollow(self)
                binding.strand.release()
                binding.strand = None
        self.bindings.clear()
        if carrier is not None:
            carrier.close()

    def _leave(self) -> None:
        if self.visit is not None and self.visit.left is None:
            self.visit.left = now()

    def _tell_watchers(self) -> None:
        for callback in self._watchers:
            callback(self.carrier is not None)

    def receive(self, message: dict[str, Any]) -> None:
        """What the page says: `want` views, `ack` messages, be `hidden`, `ping`, or a `message` to one `view`."""
        if "ping" in message:
            self._answer()
            return
        if "hidden" in message:
            self.is_hidden = bool(message["hidden"])
        self._want(message.get("want"))
        if isinstance(message.get("ack"), int):
            self._confirmed = max(self._confirmed, min(message["ack"], self._sent))
        if message.keys() & PACE:
            self._pace(message)
        binding = self.bindings.get(str(message.get("view", "")))
        if binding is not None:
            binding.view.receive(binding, message.get("message"))
        if message.keys() - {"ack", "view", "message"}:
            self._follow()
        if self._is_behind or message.keys() != {"ack"}:
            self.flush({})
        if "snapshots" in message:
            self.tell({"snapshots": dict(self._snapshots())})

    def _snapshots(self) -> Iterable[tuple[str, str | None]]:
        """At which snapshot each view that shows rows is true as the page has it; None: it waits for newer ones."""
        for name, binding in self.bindings.items():
            strand = binding.strand
            if strand is not None and strand.name in self._got and strand.snapshots:
                yield name, " and ".join(strand.snapshots) if self._got[strand.name] == strand.version else None

    def _answer(self) -> None:
        if self.carrier is not None:
            self.carrier.send(ALIVE)

    def flush(self, messages: dict[tuple[int, ...], bytes], moved: Sequence[Strand] = ()) -> None:
        """Send what the page lacks, if it can take it.

        Parameters
        ----------
        messages
            Shares equal messages between pages.
        moved
            The strands that have a new picture; without any, all that the page shows are looked at.
        """
        carrier = self.carrier
        if carrier is None or (self.is_hidden and not self._attended()):
            return
        if self._sent - self._confirmed >= WINDOW or not carrier.is_writable():
            self.skipped += 1
            TRAFFIC.skipped += 1
            self._is_behind = True
            return
        if self._is_behind or not moved:
            moved = [strand for strand in self._shown() if strand.name in self._got]
            self._is_behind = False
        if self.is_hidden:
            moved = [strand for strand in moved if strand in self._attended()]
        got, parts, told = self._got, [], []
        for strand in moved if self.pacing.is_plain else self._sifted(moved):
            news = strand.since(got[strand.name])
            if news:
                parts += news
                got[strand.name] = strand.version
                told.append(strand)
        if not parts and not self._fresh_names:
            return
        names, self._fresh_names = self._fresh_names, {}
        message = _message(parts, names, told, messages)
        carrier.send(message)
        self._sent += 1
        TRAFFIC.sent(message, len(told))

    def _sifted(self, moved: Sequence[Strand]) -> list[Strand]:
        """Those that the reader wants news of now."""
        content = self._content()
        fresh = set(self._fresh_names.values())
        free = [strand for strand in moved if strand not in content or strand.name in fresh]
        waiting = [strand for strand in moved if strand in content and strand.name not in fresh]
        lively = [strand for strand in waiting if not content[strand]]
        if lively and self.pacing.admits():
            return free + lively
        self._is_behind = self._is_behind or bool(waiting)
        self.pacing.say(most_behind(list(content), self._got), content)
        return free

    def _content(self) -> dict[Strand, bool]:
        """What can stand still, and whether it does of itself: strands that only such views show."""
        found: dict[Strand, bool] = {}
        for name, binding in self.bindings.items():
            if binding.strand is not None and binding.view.is_content:
                found[binding.strand] = found.get(binding.strand, True) and name in self.pacing.held
        return found

    def _pace(self, said: dict[str, Any]) -> None:
        was_past = self.pacing.past is not None
        if said.get("paused") is True and not self.pacing.is_paused:  # what stands still is one snapshot
            send([strand for strand in self._content() if strand.followers and strand.refresh()])
        self.pacing.choose(said)
        if self.pacing.past is not None and self.carrier is not None:
            strands = [strand for strand in self._content() if strand.name in self._got]
            self._got.update(dict.fromkeys((strand.name for strand in strands), None))
            self.carrier.send(_message([strand.past(self.pacing.past) for strand in strands], {}, [], {}))
            self._sent += 1
        elif was_past and self.pacing.is_paused:
            self.pacing.is_paused = False
            self.flush({})
            self.pacing.is_paused = True
        self._is_behind = True

    def tell(self, news: dict[str, Any]) -> None:
        """Say something to this page that is no picture of a view."""
        if self.carrier is not None:
            self.carrier.send(codec.dumps({"now": time.time() * 1000, "updates": [], **news}))
            self._sent += 1

    def _shown(self) -> Iterable[Strand]:
        return dict.fromkeys(binding.strand for binding in self.bindings.values() if binding.strand is not None)

    def _want(self, wanted: object) -> None:
        for name, known in wanted.items() if isinstance(wanted, dict) else ():
            binding = self.bindings.get(name)
            if binding is None or binding.strand is None:
                continue
            strand = binding.strand
            is_same = isinstance(known, dict) and known.get("strand") == strand.name
            version = known.get("version") if is_same else None
            self._got[strand.name] = version if isinstance(version, int) else None
            if not is_same:
                self._fresh_names[name] = strand.name

    def _wanted(self) -> set[str]:
        return {name for name, b in self.bindings.items() if b.strand is not None} if self.carrier else set()

    def _strand(self, binding: Binding) -> Strand:
        assert binding.strand is not None
        return binding.strand

    def _drop(self, strand: Strand) -> None:
        strand.release()
        if all(binding.strand is not strand for binding in self.bindings.values()):
            strand.unfollow(self)
            self._got.pop(strand.name, None)

    def _follow(self) -> None:
        watched = () if self.carrier is None else self._attended() if self.is_hidden else tuple(self._shown())
        for strand in self._shown():
            if strand in watched and strand.name in self._got:
                strand.follow(self)
            else:
                strand.unfollow(self)

    def _attended(self) -> tuple[Strand, ...]:
        """What goes on while the page is hidden."""
        return tuple(b.strand for b in self.bindings.values() if b.attends and b.strand is not None)


def _moment(strands: list[Strand]) -> float | None:
    """When the snapshot was taken that these strands are true at: all queries of a `Live` move together."""
    times = (codec.magnitude(query.at) for strand in strands for query in strand.queries)
    return max((time for time in times if time is not None), default=None)


def _message(
    parts: list[bytes], names: dict[str, str], told: list[Strand], messages: dict[tuple[int, ...], bytes]
) -> bytes:
    key = tuple(map(id, parts))
    known = messages.get(key) if not names else None
    if known is not None:
        return known
    head = codec.dumps({"at": _moment(told), "now": time.time() * 1000, **({"bind": names} if names else {})})
    message = head[:-1] + b',"updates":[' + b",".join(parts) + b"]}"
    if not names:
        messages[key] = message
    return message
