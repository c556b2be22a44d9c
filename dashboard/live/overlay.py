"""What one session sees before everybody does: its own writes, on top of what is true.

A write belongs on top of an answer as long as the snapshot at which that answer is true does not contain the write's
transaction. That is decided answer by answer (one that is read aside lags behind the others) and by the xid, which is
known before COMMIT is sent: an answer shows a write either by itself or by the overlay, in every frame, never twice and
never not at all. Where a connection broke during COMMIT the xid says nothing about the outcome; then the tick looks the
write's key up in its own snapshot (`found`).

The picture beforehand is worked out in this process (`predict`), from typed writes and from plain statements that name
a whole key. The other way, to run the write in a transaction that is rolled back and to ask the queries in there, would
be exact for every plan, but it cannot show anything before the server answers: it waits for the same locks and the
same triggers as the write itself, runs them twice, takes values from sequences, and is not to be had while the database
is away. The write's own commit is a few milliseconds later, and its tick is PostgreSQL's own answer.

Answers stay shared: without open writes a session shows the very object that all others show.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dashboard.live.answer import Answer
from dashboard.live.before import Before
from dashboard.live.effect import Effect, merged
from dashboard.live.frame import LiveFrame
from dashboard.live.plans import Sums
from dashboard.live.predict import Prediction
from dashboard.live.write import Write
from dashboard.postgres.offset import Offset

LATE = 100
"""Decided writes that are remembered for answers that rest; what such an answer shows first may lack older ones."""

Moment = Callable[[Answer], Offset | None]


@dataclass(frozen=True, slots=True)
class _Known:
    """An answer with writes on top, from what it was worked out, and when."""

    seen: object
    moment: tuple[int, Offset | None]
    effects: Sequence[Effect]
    prediction: Prediction


class Overlay:
    """The writes of one session that not all of its answers contain yet.

    Parameters
    ----------
    moment
        Gives the snapshot at which an answer is true.
    answers
        Gives the session's answers.
    """

    def __init__(self, moment: Moment, answers: Callable[[], Iterable[Answer]]) -> None:
        self.writes: list[Write] = []
        self._moment = moment
        self._answers = answers
        self._version = 0
        self._known: dict[Answer, _Known] = {}
        self._open: dict[Offset | None, tuple[list[Effect], list[Effect]]] = {}  # at a snapshot, and by rows

    def __bool__(self) -> bool:
        return bool(self.writes)

    def add(self, write: Write) -> None:
        """Show a write from now on."""
        self.writes.append(write)
        self.moved()

    def drop(self, write: Write) -> None:
        """Show it no more: it was refused, or nobody wants it."""
        if write in self.writes:
            self.writes.remove(write)
            self.moved()

    def moved(self) -> None:
        """Something about a write has changed."""
        self._version += 1
        self._open.clear()

    def sought(self) -> list[Write]:
        """Those of which a tick has to find out whether they have gone through."""
        return [write for write in self.writes if write.is_sought]

    def settle(self) -> None:
        """Forget what every answer contains by itself; for one that rests, the last `LATE` are remembered."""
        self._open.clear()
        answers = list(self._answers())
        moments = [offset for answer in answers if (offset := self._at(answer)) is not None]
        left = [w for w in self.writes if w.is_open or (w.xid is not None and not _in_all(moments, w))]
        self.writes = [write for nth, write in enumerate(left, 1) if write.is_open or nth > len(left) - LATE]
        for gone in self._known.keys() - set(answers):
            del self._known[gone]

    def frame(self, answer: Answer) -> LiveFrame | None:
        """The answer with the writes on top; None where it is as it is for everybody."""
        if not self.writes:
            return None
        answers, offset = self._answers(), self._at(answer)
        # What the others know of a row counts as well, and they may come to this snapshot later than the answer. A tick
        # in which none of them changes leaves all as it was, but for counts that stand behind sums.
        seen: list[object] = [(one.state, one.state.version, self._at(one) == offset) for one in (answer, *answers)]
        if isinstance(answer.plan, Sums):
            seen.append(offset)
        known = self._known.get(answer)
        if known is None or (known.seen, known.moment) != (seen, (self._version, offset)):
            known = self._known[answer] = self._worked_out(answer, answers, seen, known)
        return known.prediction.frame

    def _worked_out(self, answer: Answer, answers: Iterable[Answer], seen: object, known: _Known | None) -> _Known:
        """The answer with all writes on top; from what is known of it where there are but more of them."""
        offset = self._at(answer)
        if offset not in self._open:
            open_ = [effect for write in self.writes if not contains(offset, write) for effect in write.effects]
            self._open[offset] = open_, merged(open_)
        effects, by_rows = self._open[offset]
        if known is not None and known.seen == seen and _begins(effects, known.effects):
            prediction = known.prediction
            prediction.add(effects[len(known.effects) :])
        else:
            prediction = Prediction(answer, Before(other for other in answers if self._at(other) == offset))
            prediction.add(by_rows)
        return _Known(seen, (self._version, offset), effects, prediction)

    def _at(self, answer: Answer) -> Offset | None:
        """The snapshot at which an answer is true; for one that is read at intervals, when it was read."""
        return answer.offset if answer.polled else self._moment(answer)


def _begins(effects: Sequence[Effect], known: Sequence[Effect]) -> bool:
    return len(known) <= len(effects) and all(map(operator.is_, known, effects))


def _in_all(moments: Iterable[Offset], write: Write) -> bool:
    return all(contains(offset, write) for offset in moments)


def contains(offset: Offset | None, write: Write) -> bool:
    """Whether a snapshot contains a write's transaction; an ended one of another server counts as contained."""
    if offset is None or write.xid is None or (write.is_sought and not write.is_found):
        return False
    if write.server is not None and write.server != (offset.identity.system_identifier, offset.identity.timeline):
        return not write.is_open
    return write.xid < offset.xmin or (write.xid < offset.xmax and write.xid not in offset.xip)
