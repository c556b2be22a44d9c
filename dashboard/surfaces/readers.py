"""Who may read figures: whoever holds the token; without one in the settings, whoever asks from this machine.

Where people log in, operators may instead of this machine: somebody else's proxy may stand on it.

A proxy on this machine makes every visitor look as if he were here. One that says for whom it asks is seen through; for
one that does not, the token has to be set, and then counts for all.
"""

from __future__ import annotations

import hmac
import ipaddress
from typing import TYPE_CHECKING

from tornado.web import RequestHandler

from dashboard.settings import settings

if TYPE_CHECKING:
    from tornado.httputil import HTTPServerRequest

    from dashboard.surfaces.logins import Logins
    from dashboard.surfaces.probe import Probe

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


class Answering(RequestHandler):
    """Answers with figures; it belongs to no page and no session."""

    is_guarded = is_operator = False

    def initialize(self, probe: Probe, logins: Logins | None = None) -> None:
        """Take the probe; Tornado calls this for every request."""
        self.probe, self.logins = probe, logins

    async def prepare(self) -> None:
        """Find out who asks."""
        if self.logins is not None:
            sign_in = await self.logins.of(self)
            self.is_guarded, self.is_operator = True, sign_in is not None and sign_in.person.is_operator

    def refusal(self) -> int | None:
        """The status that refuses the details to this reader; None for one who may read them."""
        token = settings().metrics_token
        if token is not None and _holds(self.request, token.get_secret_value()):
            return None
        if self.is_guarded:
            return None if self.is_operator else 403
        if token is not None:
            return 401
        return None if asks_from_here(self.request) else 403

    def answer(self, text: str | bytes, kind: str) -> None:
        """Send the answer; it is never kept by anybody between."""
        self.set_header("Content-Type", kind)
        self.set_header("Cache-Control", "no-store")
        self.finish(text)

    async def head(self) -> None:
        """The same without a body, which Tornado leaves out by itself."""
        await self.get()

    async def get(self) -> None:
        """Answer; written by each."""
        raise NotImplementedError


def _holds(request: HTTPServerRequest, token: str) -> bool:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def asks_from_here(request: HTTPServerRequest) -> bool:
    """Whether a program on this machine asks, for itself, under this machine's own name."""
    if any(name in request.headers for name in FORWARDED):
        return False
    return is_here(request.remote_ip or "") and is_here(request.host_name.strip("[]"))


def is_here(address: str) -> bool:
    """Whether an address, or a name, is reached from this machine alone."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
