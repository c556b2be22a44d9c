"""Who calls: by a key, by the cookie of a sign-in, or from this machine where nobody has to log in.

A browser sends its cookies along whoever made it call. So what writes by a cookie has to bring the XSRF token as well,
which only pages of this site can read, and a call that another site's page made is refused however it comes. Answers
carry no permission for other sites to read them.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from bokeh.server.util import check_allowlist
from tornado.web import HTTPError, RequestHandler

from dashboard.postgres import keys
from dashboard.surfaces.logins import FRESH
from dashboard.surfaces.passwords import REMEMBERED, Throttle
from dashboard.surfaces.readers import asks_from_here
from dashboard.surfaces.rest.problem import RequestRefused

if TYPE_CHECKING:
    from dashboard.postgres.people import Person
    from dashboard.surfaces.logins import Logins

READING = ("GET", "HEAD", "OPTIONS")
GUESSES = 50
"""Keys that an address may get wrong in five minutes."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and by what; nobody in particular (None) from this machine where nobody has to log in."""

    person: Person | None
    by: Literal["key", "cookie", "machine"]


class Callers:
    """Finds out who calls one site.

    Parameters
    ----------
    logins
        Who is logged in; None: nobody has to.
    rate
        Calls a second that each may make, after a burst of twice as many.
    """

    def __init__(self, logins: Logins | None, rate: float) -> None:
        self._logins = logins
        self._rate = Rate(rate)
        self._throttle = Throttle()
        self._known: OrderedDict[str, tuple[float, Person]] = OrderedDict()

    async def of(self, call: RequestHandler) -> Caller:
        """Who makes a call.

        Raises
        ------
        RequestRefused
            Nobody who may, or too often.
        """
        _check_site(call)
        caller = await self._caller(call)
        name = caller.person.login if caller.person is not None else ""
        if wait := self._rate.wait(name):
            raise _too_often(wait)
        return caller

    async def _caller(self, call: RequestHandler) -> Caller:
        kind, _, key = call.request.headers.get("Authorization", "").partition(" ")
        if self._logins is None:
            if not asks_from_here(call.request):
                raise RequestRefused(403, "Only programs on this machine may call. Add people to let others in.")
            return Caller(None, "machine")
        if kind:
            if kind.lower() != "bearer":
                raise _unknown()
            return Caller(await self._holder(call, key.strip()), "key")
        sign_in = await self._logins.of(call)
        if sign_in is None:
            raise _unknown()
        _check_token(call)
        return Caller(sign_in.person, "cookie")

    async def _holder(self, call: RequestHandler, key: str) -> Person:
        """Whose key it is; who has called with it before is not held up by others' guesses."""
        assert self._logins is not None
        hashed = keys.hash_of(key)
        seen, person = self._known.get(hashed, (0.0, None))
        if person is not None and time.monotonic() - seen <= FRESH:
            return person
        tries = [(f"address {call.request.remote_ip}", GUESSES)]
        if person is None and (wait := self._throttle.wait(tries)):
            raise _too_often(wait)
        self._throttle.fail(tries)  # before it is known how it ends: many at once count, too
        directory = self._logins.directory
        login = await directory.whose(hashed)
        person = None if login is None else (await directory.find([login])).get(login)
        if person is None:
            self._known.pop(hashed, None)
            raise _unknown()
        self._throttle.forgive(tries)
        self._known[hashed] = time.monotonic(), person
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return person


class Rate:
    """Lets each caller do so much in a second, and twice that at once.

    Parameters
    ----------
    rate
        Calls a second.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, name: str) -> float:
        """Count a call; the seconds to wait if it is one too many, else 0."""
        now, most = time.monotonic(), max(1.0, 2 * self._rate)
        left, at = self._left.pop(name, (most, now))
        left = min(most, left + (now - at) * self._rate)
        self._left[name] = (left - 1 if left >= 1 else left), now
        while len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        return 0.0 if left >= 1 else (1 - left) / self._rate


def _check_site(call: RequestHandler) -> None:
    """Refuse what a page of another site had its reader's browser send."""
    origin = call.request.headers.get("Origin")
    server: Any = call.application  # a BokehTornado
    is_ours = origin is None or check_allowlist(urlsplit(origin).netloc.lower(), list(server.websocket_origins))
    if not is_ours or call.request.headers.get("Sec-Fetch-Site", "none") == "cross-site":
        raise RequestRefused(
            403, "Pages of other sites may not call. Call from a page of this site, or from a program."
        )


def _check_token(call: RequestHandler) -> None:
    """What writes by a cookie brings the XSRF token; what reads is given one."""
    if call.request.method in READING:
        _ = call.xsrf_token  # asking for it sets the cookie
        return
    try:
        call.check_xsrf_cookie()
    except HTTPError as error:
        remedy = "Send the cookie _xsrf, which a GET brings, also as X-XSRFToken; or call with a key."
        is_there = "X-Xsrftoken" in call.request.headers
        told = "The XSRF token is not that of the cookie." if is_there else "The XSRF token is missing."
        raise RequestRefused(403, f"{told} {remedy}") from error


def _unknown() -> RequestRefused:
    told = "It is not known who calls. Send a key of `dashboard people key` as Authorization: Bearer."
    return RequestRefused(401, told, WWW_Authenticate="Bearer")


def _too_often(wait: float) -> RequestRefused:
    seconds = str(int(wait) + 1)
    return RequestRefused(429, f"These are too many calls. Go on in {seconds} s.", Retry_After=seconds)
