"""What a session wrote itself: met again in a conflict, it is nobody else's.

A picture is as old as its tick. Who writes once more before that has come compares with what they saw then, and would
be told that somebody else was quicker: themselves. Only what they saw before their own write excuses it: another's
value that happens to be the same is another's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from dashboard.errors import Conflict
    from dashboard.live.session import Session
    from dashboard.live.write import Write

MOST_OWN = 200
"""Values of a session that are remembered."""

_own: WeakKeyDictionary[Session, dict[tuple[object, ...], tuple[object, object]]] = WeakKeyDictionary()


def note_own(session: Session, write: Write) -> None:
    """What PostgreSQL has taken of this session is no other's when it is met again."""
    row = {} if write.receipt is None or write.receipt.row is None else write.receipt.row
    own = _own.setdefault(session, {})
    for name, place in _places(write).items():
        own.pop(place, None)
        if write.commands[0].seen is not None and name in write.commands[0].seen:
            own[place] = (write.commands[0].seen[name], row.get(name, write.commands[0].values[name]))
    for old in list(own)[:-MOST_OWN]:
        del own[old]


def is_own(session: Session, write: Write, error: Conflict) -> bool:
    """Whether what is there is what this session wrote itself, after it had seen what it compares with."""
    own, places = _own.get(session, {}), _places(write)
    return bool(error.mine) and all(
        name in places and name in error.seen and own.get(places[name]) == (error.seen[name], theirs)
        for name, theirs in error.theirs.items()
    )


def _places(write: Write) -> dict[str, tuple[object, ...]]:
    """Where in the database the one row of an update is, by column."""
    if len(write.commands) != 1 or write.commands[0].op != "update":
        return {}
    command = write.commands[0]
    return {name: (command.table, repr(sorted(command.key.items())), name) for name in command.values}
