"""Who is logged in: the one place that every request, every WebSocket and every page of a site asks.

A person's login is the name they log in by; a sign-in (`SignIn`) is what one browser has of it: a signed cookie of ours
beside Panel's own (``user``, which makes ``pn.state.user`` right) with a random key, the person and their generation.
Panel's cookie alone proves nothing here, because Panel writes it into the token that each page carries. A sign-in is
void once it is ended, expired, or its person is gone or has another password; a person's scopes are looked up, never
written into a cookie.

Bokeh takes whoever holds a session's token or id for its owner. Here a session belongs to the sign-in that it was made
for, and is shown to no other: see `user_of`.
"""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import logging
import secrets
import time
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bokeh.server.tornado import BokehTornado
from bokeh.util.token import check_token_signature, get_session_id, get_token_payload
from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError, RequestHandler, decode_signed_value
from tornado.websocket import WebSocketHandler

from dashboard.errors import DashboardError
from dashboard.postgres.people import Person
from dashboard.postgres.scope import Scope
from dashboard.surfaces.directory import Directory
from dashboard.surfaces.plain import head
from dashboard.views.channel import Channel
from dashboard.views.socket import FORBIDDEN, ChannelSocket
from dashboard.views.viewer import Viewer, viewer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bokeh.server.session import ServerSession

    from dashboard.surfaces.front import Page

COOKIE = "dashboard_login"
UNTOLD = (COOKIE, "access_token", "refresh_token")
"""Cookies that are kept out of the token that a page carries."""
FRESH = 2.0
"""Seconds for which what is known of a sign-in, or of a key, is good."""
DAY = 86_400.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignIn:
    """One person in one browser, `until` a time in seconds since 1970."""

    key: str
    person: Person
    until: float

    def viewer(self, scope: Scope, pages: Sequence[Page] = ()) -> Viewer:
        """Who looks at a page in a scope by this sign-in, on a site of these pages."""
        who = self.person
        return Viewer(
            login=who.login, name=who.name, key=self.key, scope=scope, is_operator=who.is_operator,
            pages={page.title: page.slug for page in pages if page.scope_of(who) is not None},
        )  # fmt: skip


class Logins:
    """The sign-ins of one server process.

    Parameters
    ----------
    directory
        Who there is.
    lifetime
        Seconds after which one has to log in again.
    """

    def __init__(self, directory: Directory, lifetime: float) -> None:
        self.directory = directory
        self.lifetime = lifetime
        self._known: dict[str, tuple[float, SignIn]] = {}
        self._ended: dict[str, float] = {}
        self._away_until = 0.0  # so long the database is not asked who somebody is who was known before
        self._servers: list[BokehTornado] = []
        self._pages: dict[str, Page] = {}
        self._task: asyncio.Task[None] | None = None

    async def open(self, server: BokehTornado, pages: Sequence[Page]) -> None:
        """Begin to look after the logins of a server's pages."""
        self._pages |= {page.slug: page for page in pages}
        self._servers.append(server)
        self._task = asyncio.get_running_loop().create_task(self._keep_up(), context=contextvars.Context())

    async def close(self) -> None:
        """End it; the logins live on in their cookies."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.directory.close()

    def begin(self, handler: RequestHandler, person: Person) -> None:
        """Log somebody in with this answer."""
        days = self.lifetime / DAY
        until = str(int(time.time() + self.lifetime))
        value = "|".join((secrets.token_urlsafe(24), until, person.generation, person.login))
        handler.set_signed_cookie(COOKIE, value, expires_days=days, httponly=True)
        handler.set_signed_cookie("user", person.login, expires_days=days, httponly=True)
        handler.clear_cookie("is_guest")

    async def end(self, handler: RequestHandler) -> None:
        """Log whoever asks out, in every process, and close what this sign-in has open here."""
        sign_in = await self.of(handler)
        for name in (*UNTOLD, "user", "id_token", "oauth_expiry", "is_guest"):
            handler.clear_cookie(name)
        if sign_in is None:
            return
        self._ended[sign_in.key] = time.time() + self.lifetime
        self._known.pop(sign_in.key, None)
        self._close(lambda viewer: viewer.key == sign_in.key)
        try:
            await self.directory.end(sign_in.key, self.lifetime)
        except DashboardError as error:  # a database that takes no writes: other processes do not hear of it
            log.warning("That a login was ended is known to this process only: %s", error)

    async def user_of(self, handler: RequestHandler) -> str | None:
        """Who asks; None for nobody, and for whoever asks for a session of somebody else.

        Bokeh's and Panel's handlers ask this before anything else, and refuse whom we do not name.
        """
        sign_in = await self.of(handler)
        if sign_in is None:
            return None
        request: Any = handler.request
        request.dashboard_login = sign_in
        self._forget_sessions(handler)
        if not self._may_join(handler, sign_in):
            return None
        if not self._may_see(handler, sign_in):
            if isinstance(handler, WebSocketHandler):
                return None
            handler.set_status(403)
            page = str(Path(__file__).with_name("refused.html"))
            handler.finish(handler.render_string(page, name=sign_in.person.name, head=head()))
        return sign_in.person.login

    @staticmethod
    def _forget_sessions(handler: RequestHandler) -> None:
        """Let no request name a session: a page makes one, and Bokeh would show whoever names another's that."""
        handler.request.arguments.pop("bokeh-session-id", None)
        handler.request.arguments.pop("bokeh-token", None)
        handler.request.headers.pop("Bokeh-Session-Id", None)

    async def of(self, handler: RequestHandler) -> SignIn | None:
        """The sign-in that a request comes from."""
        cookie = handler.get_signed_cookie(COOKIE, max_age_days=self.lifetime / DAY)
        parts = [] if cookie is None else cookie.decode().split("|", 3)
        if len(parts) != 4:
            return None
        secret, until, generation, name = parts
        user = handler.get_signed_cookie("user", max_age_days=self.lifetime / DAY)
        if user is None or user.decode() != name or float(until) < time.time():
            return None
        sign_in = await self._look(hashlib.sha256(secret.encode()).hexdigest(), name, float(until))
        return sign_in if sign_in is not None and sign_in.person.generation == generation else None

    async def _look(self, key: str, name: str, until: float) -> SignIn | None:
        seen, sign_in = self._known.get(key, (0.0, None))
        if sign_in is not None and (time.monotonic() - seen <= FRESH or time.monotonic() < self._away_until):
            return sign_in
        try:
            person = None if await self._is_ended(key) else (await self.directory.find([name])).get(name)
        except DashboardError as error:
            if sign_in is None:
                raise HTTPError(503, str(error)) from error
            person = sign_in.person  # who was known stays known: without a database nobody sees anything new
            self._away_until = time.monotonic() + FRESH
        if person is None:
            return None
        sign_in = SignIn(key, person, until)
        self._known[key] = time.monotonic(), sign_in
        return sign_in

    async def _is_ended(self, key: str) -> bool:
        """Whether somebody logged out, here or in another process."""
        return key in self._ended or key in await self.directory.ended([key])

    def _may_join(self, handler: RequestHandler, sign_in: SignIn) -> bool:
        """Whether the session of the token that a WebSocket brings is this sign-in's, or still to be made."""
        offered = handler.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        context = getattr(handler, "application_context", None)
        if context is None or len(offered) != 2:
            return True
        try:
            name, user = self._told_by(offered[1].strip(), handler.application)
        except (ValueError, KeyError, RuntimeError, zlib.error):  # it is none
            return False
        if user != sign_in.person.login:
            return False
        session = context._sessions.get(name)
        if session is None:
            return name not in context._pending_sessions  # whose it will be is not known yet
        owner = viewer_of(session.document)
        return owner is not None and owner.login == sign_in.person.login and not session.expiration_requested

    def _told_by(self, token: str, server: Any) -> tuple[str, str]:
        """The session that a page's token is for, and the person; raises where it was not signed by this site."""
        if not check_token_signature(token, secret_key=server.secret_key, signed=server.sign_sessions):
            raise ValueError(token)
        cookie = get_token_payload(token).get("cookies", {}).get("user", "")
        user = decode_signed_value(server.settings["cookie_secret"], "user", cookie, self.lifetime / DAY)
        return str(get_session_id(token)), "" if user is None else user.decode()

    def _may_see(self, handler: RequestHandler, sign_in: SignIn) -> bool:
        """Whether there is something for somebody on the page that a request is about."""
        context = getattr(handler, "application_context", None)
        page = None if context is None else self._pages.get(str(context.url).strip("/"))
        return page is None or page.scope_of(sign_in.person) is not None

    async def _keep_up(self) -> None:
        """Look again who those who are logged in are, and close the pages of who is no more, or sees something else."""
        while True:
            await asyncio.sleep(FRESH)
            now = time.time()
            self._ended = {key: until for key, until in self._ended.items() if until > now}
            known = {key: sign_in for key, (_, sign_in) in self._known.items()}
            if not known:
                continue
            try:
                ended = await self.directory.ended(list(known))
                people = await self.directory.find(sorted({sign_in.person.login for sign_in in known.values()}))
            except DashboardError:
                continue
            except Exception:
                log.exception("It cannot be found out who people are")
                continue
            viewers = [viewer_of(session.document) for session in self._sessions()]
            open_ = {viewer.key for viewer in viewers if viewer is not None}
            for key, sign_in in known.items():
                is_over = key in ended or sign_in.until < now
                self._renew(sign_in, None if is_over else people.get(sign_in.person.login), is_open=key in open_)

    def _renew(self, sign_in: SignIn, person: Person | None, *, is_open: bool) -> None:
        """Go on with who somebody is now; whoever has no page open is looked up when they come back."""
        key, is_void = sign_in.key, person is None or person.generation != sign_in.person.generation
        if person is not None and not is_void and is_open:
            self._known[key] = time.monotonic(), replace(sign_in, person=person)
        else:
            self._known.pop(key, None)
        if is_void or person != sign_in.person:
            self._close(lambda viewer: viewer.key == key, is_void=is_void)

    def _sessions(self) -> list[ServerSession]:
        contexts = [context for server in self._servers for context in server._applications.values()]
        return [session for context in contexts for session in context.sessions]

    def _close(self, matches: Callable[[Viewer], bool], *, is_void: bool = True) -> None:
        """Close what viewers have open; unless their sign-in is void, pages come back as what they may see now."""
        for channel in Channel.all():
            if channel.viewer is not None and matches(channel.viewer):
                if is_void and isinstance(channel.carrier, ChannelSocket):
                    channel.carrier.close(FORBIDDEN, "logged out")
                channel.close()
        for session in self._sessions():
            viewer = viewer_of(session.document)
            if viewer is not None and matches(viewer):
                session.request_expiration()
        for connection in [each for server in self._servers for each in server._clients]:
            if connection.session.expiration_requested:
                connection._socket.close()


def sign_in_of(request: HTTPServerRequest | Any) -> SignIn | None:
    """The sign-in that a request was found to come from."""
    sign_in = getattr(request, "dashboard_login", None)
    return sign_in if isinstance(sign_in, SignIn) else None
