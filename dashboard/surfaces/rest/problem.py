"""What goes wrong, as problem details (RFC 9457): one sentence with its remedy, never SQL and never a traceback."""

from __future__ import annotations

from http import HTTPStatus

from pydantic import BaseModel, Field
from tornado.web import HTTPError

from dashboard.errors import (
    Closed,
    Conflict,
    ConnectError,
    ConnectionLost,
    NotNow,
    PrivilegeError,
    QueryError,
    RelationNotFound,
    WriteRefused,
)

AWAY = "The database does not answer at the moment. Try again in a few seconds."
UNFORESEEN = "Something went wrong here. The server's log says what."
_REFUSED = {
    "taken": 409, "needed": 409, "overlap": 409, "forbidden": 403, "policy": 403, "late": 503, "deadlock": 503,
}  # fmt: skip
_TYPES = "Give a value of the column's type, which /api/openapi.json tells."
_NO_OPERATOR = ("42883", "42804", "42846", "42725")
_SAID = {
    400: "This cannot be read. See /api/openapi.json for what can be asked.",
    403: "This is not allowed.",
    404: "There is nothing here. GET /api lists the tables there are for you.",
    405: "This address does not take this method. The header Allow lists those that it takes.",
    503: AWAY,
}


class Problem(BaseModel):
    """The body of every answer that is no success."""

    type: str = "about:blank"
    title: str
    status: int = Field(ge=400, le=599)
    detail: str


class RequestRefused(HTTPError):
    """The request ends here, with a status, a sentence and headers."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(status)
        self.detail = detail
        self.told = {name.replace("_", "-"): value for name, value in headers.items()}


def problem_of(error: BaseException | None, *, reads: bool) -> Problem:
    """What is told of an error; `reads`: nothing was to be written."""
    status, detail = _told(error, reads=reads)
    return Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)


def _told(error: BaseException | None, *, reads: bool) -> tuple[int, str]:
    match error:
        case RequestRefused():
            return error.status_code, error.detail
        case HTTPError():
            return error.status_code, _SAID.get(error.status_code, f"{HTTPStatus(error.status_code).phrase}.")
        case ConnectError() | ConnectionLost() | NotNow() | Closed():
            return 503, AWAY
        case Conflict():
            return (404, f"{error.message}") if error.row is None else (412, f"{error.message} Read it again.")
        case RelationNotFound():
            return 404, _SAID[404]
        case PrivilegeError():
            return 403, "You may not read this. Ask for the right to, or leave it."
        case WriteRefused():
            return _REFUSED.get(error.reason, 422), str(error)
        case QueryError():
            return _of_query(error, reads=reads)
        case _:
            return 500, UNFORESEEN


def _of_query(error: QueryError, *, reads: bool) -> tuple[int, str]:
    code = error.sqlstate
    if code == "57014":
        return 503, "This takes too long. Ask for less, or for what an index helps with."
    if code is None or code.startswith("22"):
        return (400, f"A key or filter does not fit. {error} {_TYPES}") if reads else (422, str(error))
    if code in _NO_OPERATOR:
        return 400, "This column cannot be compared or ordered that way. Take another, or is.null."
    return 500, UNFORESEEN
