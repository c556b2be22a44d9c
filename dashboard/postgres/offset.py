"""Where a reader stands: a snapshot, and whose.

Sequence numbers are not commit order, so a position in the log is not a number but a snapshot: the set of
transactions that were visible. What is new since then is exactly what was not visible then and is now; nothing
twice, nothing lost, however transactions overlap.

A hot standby reports an empty list of open transactions. There the offset is (xmin, xmin, none) and the reader
drops by sequence number what it has seen (`LogReader`).
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from dashboard.errors import MessageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which server in which part, which timeline, which start and which log an offset belongs to."""

    system_identifier: str
    timeline: int
    started: str
    standby: bool
    incarnation: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """A snapshot of one server, as in ``pg_snapshot``.

    Parameters
    ----------
    xmin, xmax
        All transactions below `xmin` had ended; none from `xmax` on was visible.
    xip
        Transactions between the two that were still open.
    identity
        The server and log it was taken from; offsets of different identities cannot be compared.
    """

    xmin: int
    xmax: int
    xip: tuple[int, ...]
    identity: Identity

    @property
    def text(self) -> str:
        """All of it as one line, to be kept; `Offset.read` makes it an offset again."""
        parts = (self.xmin, self.xmax, self.xip, *(getattr(self.identity, name) for name in Identity.__slots__))
        return orjson.dumps(parts).decode()

    @classmethod
    def read(cls, text: str) -> Offset:
        """An offset from its `text`.

        Raises
        ------
        MessageError
            It is none.
        """
        try:
            xmin, xmax, xip, *identity = orjson.loads(text)
            named = dict(zip(Identity.__slots__, identity, strict=True))
            return cls(xmin=int(xmin), xmax=int(xmax), xip=tuple(map(int, xip)), identity=Identity(**named))
        except (ValueError, TypeError) as error:
            raise MessageError(f"{text[:50]!r} is no place in the log.", "Give the text of an offset.") from error

    def __str__(self) -> str:
        return f"{self.xmin}:{self.xmax}:{','.join(map(str, self.xip))}"
