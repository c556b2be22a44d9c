"""Requests that no page makes, answered before they reach anybody.

A browser that is made to believe that another name is this machine (DNS rebinding) sends that name along: a site
answers only to names it knows, and to addresses, which cannot be made to mean something else. Where people log in, what
Bokeh and Panel leave open is closed: scripts that put a page into other sites' pages (``autoload.js``), their account
of an application (``metadata``), and Panel's import of any module that an address names (``/components``).
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterable
from fnmatch import fnmatch
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import Application, RequestHandler

PROBED = ("/health", "/metrics")
"""What machines ask for, under whatever name they know; each has a guard of its own."""


class Refusal(RequestHandler):
    """Says why there is no answer."""

    def initialize(self, status: int, text: str) -> None:
        """Take what to say; Tornado calls this for every request."""
        self._status, self._text = status, text

    async def prepare(self) -> None:
        """Refuse, whatever the method."""
        self.set_status(self._status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(self._text)


class Strange(Matcher):
    """Requests under a name that is not the site's."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = [name.lower() for name in names]

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Whether the name is a stranger's."""
        host = request.host_name.strip("[]").lower()
        if request.path in PROBED or _is_address(host) or any(fnmatch(host, name) for name in self._names):
            return None
        return {}


class Closed(Matcher):
    """What Bokeh and Panel leave open."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Whether it is that."""
        if request.path.endswith(("/autoload.js", "/metadata")):
            return {}
        _, root, *rest = request.path.split("/")
        return {} if root == "components" and (not rest or rest[0] not in sys.modules) else None


def guard_routes(server: Application, hosts: Iterable[str], *, is_closed: bool) -> None:
    """Put these refusals before a server's routes."""
    names = {host.rpartition(":")[0] or host for host in hosts}
    strange = "This server is not known under this name. List it in DASHBOARD_ORIGINS as host:port.\n"
    rules = [Rule(Strange(names), Refusal, {"status": 421, "text": strange})]
    if is_closed:
        rules.append(Rule(Closed(), Refusal, {"status": 404, "text": "There is nothing here.\n"}))
    server.default_router.rules[:0] = [server.default_router.process_rule(rule) for rule in rules]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
