"""The web server: Tornado with Bokeh's and Panel's routes, the views' channel beside them, and safe settings.

Panel's defaults are made for a notebook's owner. Here sessions are signed (else whoever knows a session's id
reads its page), tokens live as long as a page may stay open (else a page older than five minutes cannot
reconnect), a session outlives a short cut, and every answer carries the headers of `security`. With an `Access`
people log in, and every route that shows anything asks it first.
"""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.errors import SettingsError
from dashboard.settings import Settings, settings
from dashboard.surfaces.security import SecureAnswers, SecureAnswersOverTLS
from dashboard.surfaces.signing import sign_sessions

if TYPE_CHECKING:
    from bokeh.server.server import Server as WebServer

    from dashboard.surfaces.front import Page
    from dashboard.surfaces.login import Access
    from dashboard.surfaces.probe import Probe
    from dashboard.surfaces.rest import Rest

ANYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  # what users write for all interfaces
LARGEST_MESSAGE = 100 * 2**20
LARGEST_BODY = 8 * 2**20
"""Bytes of what anybody may send to any address before it is known who they are."""
DAY = 86_400.0


class Site:
    """Pages on one address; use it with `async with`, in the loop that is to serve them.

    Parameters
    ----------
    pages
        What to serve, each below its slug; `/` leads to them.
    address, port
        Where to listen; None: as the settings say. Port 0: any free one.
    access
        Who may log in; None: nobody has to, and whoever reaches the address sees what the pages show.
    """

    def __init__(
        self,
        pages: Sequence[Page],
        *,
        address: str | None = None,
        port: int | None = None,
        access: Access | None = None,
    ) -> None:
        chosen = settings()
        self._pages = pages
        self._access = access
        self._guard = ExitStack()
        self._address = chosen.address if address is None else address
        self._port = chosen.port if port is None else port
        self._server: WebServer | None = None
        self._probe: Probe | None = None
        self._rest: Rest | None = None

    @property
    def url(self) -> str:
        """The address to open in a browser."""
        host = "localhost" if self._address in ANYWHERE else self._address
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}/"

    @property
    def is_public(self) -> bool:
        """Whether other machines can reach it."""
        return self._address in ANYWHERE

    async def __aenter__(self) -> Site:
        self._port = free_port(self._address, self._port)
        secret = sign_sessions(settings())  # first of all: Bokeh reads it on import
        self._configure()
        self._server = server = self._listening(self._applications(), self._options(settings(), secret))

        from dashboard.surfaces.hosts import guard_routes
        from dashboard.views.viewer import guarded

        guard_routes(server._tornado, self._hosts(settings()), is_closed=self._access is not None)
        if self._access is not None:
            self._guard.enter_context(guarded())
            await self._access.logins.open(server._tornado, self._pages)
        server.start()
        return self

    def _configure(self) -> None:
        """Set what Panel takes from its own module."""
        from panel.config import config
        from panel.io.state import state

        from dashboard.views.page import SITE

        config.reconnect = True
        config.session_history = 0  # or Panel adds /rest, which tells of everybody's sessions
        config._oauth_expiry = settings().login_lifetime / DAY
        state.cache[SITE] = {page.title: page.slug for page in self._pages}

    def _applications(self) -> dict[str, Any]:
        """The pages as Bokeh's applications, each with who may see it and what is said when it fails."""
        from panel.io.application import build_applications

        from dashboard.surfaces.guarding import guard, unreadable

        applications: dict[str, Any] = {}
        for page in self._pages:
            content = _content(page)
            try:
                built = build_applications({page.slug: content}, title={page.slug: page.title})
            except RuntimeError as error:  # a notebook's code; a file's was looked at
                raise unreadable(Path(content).name, error) from error
            for application in built.values():
                guard(application, page, [] if self._access is None else self._pages)
            applications |= built
        return applications

    def _listening(self, applications: dict[str, Any], options: dict[str, Any]) -> WebServer:
        from panel.io.server import get_server

        try:
            with _signals_left_alone():
                return get_server(applications, start=False, **options)
        except OSError as error:
            raise _in_use(self._address, self._port) from error

    async def __aexit__(self, *exc: object) -> None:
        if self._server is not None:
            self._server.stop(wait=False)
            self._server.unlisten()
            self._server = None
            await asyncio.sleep(0)  # the connections are closed by a callback
        if self._access is not None:
            await self._access.logins.close()
        self._guard.close()
        if self._probe is not None:
            await self._probe.close()
        if self._rest is not None:
            await self._rest.close()

    def _routes(self) -> list[Any]:
        """Everything that is answered beside the pages."""
        from dashboard.surfaces.front import FrontPage
        from dashboard.surfaces.health import HealthAnswer
        from dashboard.surfaces.metrics import MetricsAnswer
        from dashboard.surfaces.probe import Probe
        from dashboard.surfaces.rest import Rest
        from dashboard.views.socket import ROUTES

        self._probe = Probe()
        logins = None if self._access is None else self._access.logins
        self._rest = Rest(self._pages, logins)
        return [
            ("/?", FrontPage, {"pages": self._pages}),
            ("/health", HealthAnswer, {"probe": self._probe, "logins": logins}),
            ("/metrics", MetricsAnswer, {"probe": self._probe, "logins": logins}),
            *self._rest.routes,
            *([] if self._access is None else self._access.pages),
            *ROUTES,
        ]

    def _options(self, chosen: Settings, secret: str) -> dict[str, Any]:
        """What Bokeh's server is told; seconds and milliseconds as it wants them."""
        from bokeh.server.auth_provider import NullAuth

        from dashboard.surfaces.logins import UNTOLD
        from dashboard.surfaces.unknown import UnknownPage

        return {
            "address": None if self._address in ANYWHERE else self._address,
            "port": self._port,
            "websocket_origin": self._origins(chosen),
            "extra_patterns": self._routes(),
            "default_handler_class": UnknownPage,
            "use_index": False,
            "redirect_root": False,
            "sign_sessions": True,
            "secret_key": secret.encode(),
            "auth_provider": self._access or NullAuth(),
            "exclude_cookies": list(UNTOLD),
            "use_xheaders": chosen.behind_proxy,
            "cookie_secret": secret,
            "session_token_expiration": int(chosen.session_lifetime),
            "unused_session_lifetime_milliseconds": int(chosen.unused_session_lifetime * 1000),
            "check_unused_sessions_milliseconds": 10_000,
            "keep_alive_milliseconds": 25_000,
            "websocket_max_message_size": LARGEST_MESSAGE,
            "http_server_kwargs": {"max_body_size": LARGEST_BODY},
            "transforms": [SecureAnswersOverTLS if chosen.secure_cookies else SecureAnswers],
        }

    def _hosts(self, chosen: Settings) -> set[str]:
        """Names under which it may be asked for; addresses may in any case."""
        return {*chosen.origins, *_own_names(), "localhost", self._address} - set(ANYWHERE)

    def _origins(self, chosen: Settings) -> list[str]:
        if chosen.origins:
            return list(chosen.origins)
        hosts = {self._address, "localhost", "127.0.0.1"} - set(ANYWHERE)
        if self._address in ANYWHERE:
            hosts |= _own_names()
        return sorted(f"{host}:{self._port}" for host in hosts)


def _own_names() -> set[str]:
    """Return this machine's name and addresses, as far as it knows them itself."""
    name = socket.gethostname()
    with suppress(OSError):
        return {name, socket.getfqdn(name), *(str(found[4][0]) for found in socket.getaddrinfo(name, None))}
    return {name}


@contextmanager
def _signals_left_alone() -> Iterator[None]:
    """Undo Panel's signal handlers, which stop the loop under those who have something to close."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, previous in kept.items():
            signal.signal(number, previous)


def _content(page: Page) -> Any:
    if not isinstance(page.content, Path):
        return page.content
    if not page.content.is_file():
        raise SettingsError(f"There is no file {page.content}.", "Name a Python file, or one of the apps.")
    from dashboard.surfaces.guarding import check

    check(page.content)
    return str(page.content)


def free_port(address: str | None, port: int | None) -> int:
    """Return the port if it can be had, any free one for 0; None takes the settings.

    Raises
    ------
    SettingsError
        It is in use, or cannot be had on this address or by this account.
    """
    address = settings().address if address is None else address
    port = settings().port if port is None else port
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            return int(probe.getsockname()[1])
        except PermissionError as error:
            raise SettingsError(
                f"Port {port} needs more rights than this account has.", "Choose one above 1023 with --port."
            ) from error
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise SettingsError(
                    f"The address {address!r} is not one of this machine.", "Choose another one with --address."
                ) from error
            raise _in_use(address, port) from error


def _in_use(address: str, port: int) -> SettingsError:
    return SettingsError(
        f"Port {port} of {address or 'this machine'} is in use.",
        "Choose another one with --port N, or end the program that has it.",
    )
