"""The pages where one logs in and out.

Both ask nothing of another host, run one script of a few lines, and forbid every other. A form that was not sent from
this site is refused, and so is whoever guesses too often.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bokeh.server.auth_provider import AuthProvider
from bokeh.server.util import check_allowlist
from tornado.web import HTTPError, RequestHandler

from dashboard.errors import DashboardError
from dashboard.surfaces.directory import Samples
from dashboard.surfaces.passwords import Throttle
from dashboard.surfaces.plain import head

if TYPE_CHECKING:
    from dashboard.surfaces.logins import Logins

LOGIN, LOGOUT = "/login", "/logout"
_PATH = re.compile(r"/(?!/)[!-\[\]-~]*")  # neither another host's, nor with what browsers read as that or leave out
TRIES = {"both": 5, "login": 20, "address": 50}
"""Failures in five minutes of one login from one address, of a login from anywhere, and from an address."""


class Form(RequestHandler):
    """What the two pages have in common."""

    def initialize(self, logins: Logins, throttle: Throttle) -> None:
        """Take what is shared; Tornado calls this for every request."""
        self.logins, self.throttle = logins, throttle

    def prepare(self) -> None:
        """Refuse a form that another site had sent."""
        origin = self.request.headers.get("Origin")
        if self.request.method == "POST" and origin is not None:
            server: Any = self.application  # a BokehTornado
            if not check_allowlist(urlsplit(origin).netloc.lower(), list(server.websocket_origins)):
                raise HTTPError(403, "a form from another site")

    def check_xsrf_cookie(self) -> None:
        """Where a form comes from says more than a cookie."""

    def show(self, template: str, **values: Any) -> None:
        """Write a page that runs no script but its own."""
        nonce = secrets.token_urlsafe(16)
        self.set_header("Cache-Control", "no-store")
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'",
        )
        self.finish(self.render_string(str(Path(__file__).with_name(template)), head=head("login", nonce), **values))


def after(asked: RequestHandler) -> str:
    """Where one wanted to go before one had to log in: a path of this site."""
    wanted = asked.get_argument("next", "/", strip=False)
    return wanted if _PATH.fullmatch(wanted) and urlsplit(wanted).path not in (LOGIN, LOGOUT) else "/"


class LoginPage(Form):
    """Answers `/login` where passwords are known, or nobody needs one."""

    def get(self) -> None:
        """Ask who it is."""
        self._ask()

    async def post(self) -> None:
        """Log in, or say that it did not work: never which of the two was wrong."""
        login, password = self.get_body_argument("login", ""), self.get_body_argument("password", "", strip=False)
        address = self.request.remote_ip or ""
        names = [
            (f"both {login[:200]} {address}", TRIES["both"]),
            (f"login {login[:200]}", TRIES["login"]),
            (f"address {address}", TRIES["address"]),
        ]
        if wait := self.throttle.wait(names):
            self.set_status(429)
            self.set_header("Retry-After", str(int(wait) + 1))
            self._ask(f"Too many attempts. Try again in {int(wait // 60) + 1} min.", login)
            return
        self.throttle.fail(names)
        try:
            fits = await self.logins.directory.check(login, password)
            person = (await self.logins.directory.find([login])).get(login) if fits else None
        except DashboardError:
            self.set_status(503)
            self._ask("The database that knows the people does not answer. Try again in a moment.", login)
            return
        if person is None:
            self.set_status(403)
            self._ask("There is nobody with this login and password.", login)
            return
        self.throttle.forgive(names)
        await self.logins.end(self)  # whom this browser was logged in as until now
        self.logins.begin(self, person)
        self.redirect(after(self), status=303)

    def _ask(self, problem: str = "", login: str = "") -> None:
        known = self.logins.directory
        samples = known if isinstance(known, Samples) else None
        self.show("login.html", problem=problem, login=login, after=after(self), samples=samples)


class LogoutPage(Form):
    """Answers `/logout`."""

    async def get(self) -> None:
        """Ask whether one wants to: a link alone logs nobody out."""
        sign_in = await self.logins.of(self)
        self.show("logout.html", person=None if sign_in is None else sign_in.person)

    async def post(self) -> None:
        """Log out."""
        await self.logins.end(self)
        self.redirect(LOGIN, status=303)


class Access(AuthProvider):
    """What Bokeh and Panel ask who a request comes from.

    Parameters
    ----------
    page
        What answers `/login`: our own, or one of Panel's for an identity provider.

    Attributes
    ----------
    pages
        Routes of the pages where one logs in and out.
    """

    def __init__(self, logins: Logins, page: type[RequestHandler] = LoginPage) -> None:
        shared = {"logins": logins, "throttle": Throttle()}
        self.logins = logins
        self.pages = [(LOGIN, page, shared if issubclass(page, Form) else {}), (LOGOUT, LogoutPage, shared)]
        super().__init__()

    @property
    def endpoints(self) -> list[Any]:
        """None: the site puts `pages` among its own routes."""
        return []

    @property
    def get_user(self) -> None:
        """Asked in vain: see `get_user_async`."""
        return

    @property
    def get_user_async(self) -> Any:
        """What tells who a request comes from."""
        return self.logins.user_of

    @property
    def login_url(self) -> str:
        """Where one logs in."""
        return LOGIN

    @property
    def get_login_url(self) -> None:
        """None: `login_url` is the same for everybody."""
        return

    @property
    def login_handler(self) -> None:
        """Among the pages."""
        return

    @property
    def logout_url(self) -> str:
        """Where one logs out."""
        return LOGOUT

    @property
    def logout_handler(self) -> None:
        """Among the pages."""
        return
