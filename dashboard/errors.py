"""Every error this package raises, as one tree.

Each carries one sentence on what is wrong and one on what to do (`remedy`), and the facts behind them as
attributes. An error of the driver is translated at the border (`dashboard.postgres`) and raised `from` the
original. Four ends are told apart, because a caller does something else for each:

* you closed it: :class:`Closed`;
* it broke: :class:`ConnectionLost`;
* there is no more: the iterator ends, no error;
* not now: :class:`NotNow`, try again later.
"""

from __future__ import annotations


class DashboardError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    message
        What is wrong, as one sentence.
    remedy
        What to do about it, as one sentence; empty when the message says it already.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class SettingsError(DashboardError):
    """A setting, an argument or an environment variable has a value that cannot be used."""


class ServerError(DashboardError):
    """The embedded PostgreSQL server cannot be found, initialised or started."""


class ConnectError(DashboardError):
    """A database cannot be reached, or does not let us in."""


class LoginRefused(ConnectError):
    """The database does not let us in with this user and password."""


class ServerTooOld(ConnectError):
    """The server is older than PostgreSQL 14, which brought what the log reader stands on."""


class ConnectionLost(DashboardError):
    """A connection broke while it was in use; the work it carried has to be done again."""


class Closed(DashboardError):
    """You closed it: the object, or the `Live` it belongs to, does nothing any more."""


class NotNow(DashboardError):
    """It is not possible at this moment and may be in the next; nothing was changed."""


class CaptureError(DashboardError):
    """Change capture cannot be installed, removed or read."""


class RelationNotFound(DashboardError):
    """No such table; `relation` holds its name as it was written."""

    def __init__(self, message: str, remedy: str = "", *, relation: str) -> None:
        super().__init__(message, remedy)
        self.relation = relation


class QueryError(DashboardError):
    """PostgreSQL refuses a query; `sql` holds its text, `sqlstate` PostgreSQL's code (or None)."""

    def __init__(self, message: str, remedy: str = "", *, sql: str, sqlstate: str | None = None) -> None:
        super().__init__(message, remedy)
        self.sql = sql
        self.sqlstate = sqlstate


class NotASelect(QueryError):
    """The statement is not one SELECT (or WITH … SELECT, VALUES, TABLE)."""


class PrivilegeError(QueryError):
    """The role of the query's scope may not read what the query reads."""


class ViewError(DashboardError):
    """A view was given options that do not fit its query (an unknown column, a wrong format)."""


class AlertError(DashboardError):
    """A rule, a contact point or a preference cannot be used, or alerts cannot be kept here."""


class MessageError(DashboardError):
    """A message cannot be sent or heard: its topic, payload or audience is none."""


class NotForYou(DashboardError):
    """Whoever asks may not see it, or it is not known who asks."""


class NotAWrite(QueryError):
    """What was given to be written does not fit: it does not write, or names what is not there. Nothing was sent."""


class WriteRefused(QueryError):
    """PostgreSQL refuses a write; nothing of it was done.

    Attributes
    ----------
    reason
        Of which kind the refusal is, as in `dashboard.postgres.refusals`.
    columns
        The columns it is about, as far as they are known.
    constraint
        The constraint that it violates, None for another reason.
    """

    def __init__(
        self,
        message: str,
        remedy: str = "",
        *,
        sql: str,
        sqlstate: str | None = None,
        reason: str = "other",
        columns: tuple[str, ...] = (),
        constraint: str | None = None,
    ) -> None:
        super().__init__(message, remedy, sql=sql, sqlstate=sqlstate)
        self.reason = reason
        self.columns = columns
        self.constraint = constraint


class Conflict(DashboardError):
    """Somebody else changed what this write was to change; nothing of it was done.

    Attributes
    ----------
    mine, theirs, seen
        By column, for those on which both disagree: what was to be written, what is there now, what was there when
        the person looked.
    row
        The row as it is now; None when it is gone, or may not be seen.
    """

    def __init__(
        self,
        message: str,
        remedy: str = "",
        *,
        mine: dict[str, object],
        theirs: dict[str, object],
        seen: dict[str, object],
        row: dict[str, object] | None,
    ) -> None:
        super().__init__(message, remedy)
        self.mine, self.theirs, self.seen, self.row = mine, theirs, seen, row


class QueueFull(NotNow):
    """The database is away and as many writes wait for it as may; this one was not taken."""
