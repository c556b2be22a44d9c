"""The channel's carrier on a served page: one WebSocket beside Bokeh's, on the same Tornado server.

It takes the origins that Bokeh's own socket takes, and the login that opened the page: the page's token travels in the
first message (never in an address, which ends up in logs), and where people log in, who opens it has to be the one whom
the page was made for (:mod:`.asker`). `ROUTES` is what `panel serve --plugins dashboard.views.socket` adds; without it,
:func:`ensure_routes` adds the same routes to the server that is running when its first page opens.

A page may reach another process of `--num-procs` than the one that holds its session. That process answers `ELSEWHERE`
and the page tries again, or falls back to messages on Bokeh's own socket, which is in the right process by definition.
"""

from __future__ import annotations

import gc
import struct
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlparse
from weakref import WeakKeyDictionary, WeakSet

import orjson
from bokeh.server.tornado import BokehTornado
from bokeh.server.util import check_allowlist
from bokeh.settings import settings
from tornado.iostream import StreamBufferFullError, StreamClosedError
from tornado.process import task_id
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from . import assets, codec
from .asker import asker_of, is_theirs
from .channel import Channel
from .download import ROUTE as DOWNLOAD
from .download import DownloadRequest
from .viewer import speaking

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from bokeh.document import Document

CHANNEL = "_dashboard/channel"
#: Seconds between two pings, and until the browser has to answer one: who has vanished without a word is noticed.
PING = 20.0
FORBIDDEN, ELSEWHERE, UNREADABLE, LIMIT = 4403, 4404, 1009, 256 * 1024

#: Whether a server has the routes.
_known: WeakKeyDictionary[BokehTornado, bool] = WeakKeyDictionary()


class ChannelSocket(WebSocketHandler):
    """One page's socket; a :class:`~dashboard.views.channel.Carrier`."""

    connected: ClassVar[WeakSet[ChannelSocket]] = WeakSet()
    channel: Channel | None = None
    asker: str | None = None

    async def prepare(self) -> None:
        """Find out who asks; refuse whoever has to log in first."""
        self.asker = await asker_of(self)

    @property
    def ping_interval(self) -> float:
        """Seconds between two pings."""
        return PING

    @property
    def ping_timeout(self) -> float:
        """Seconds until a ping has to be answered."""
        return PING

    def check_origin(self, origin: str) -> bool:
        """The origins that Bokeh's socket takes."""
        server: Any = self.application  # a BokehTornado
        allowed = settings.allowed_ws_origin() or server.websocket_origins
        return bool(check_allowlist(urlparse(origin).netloc.lower(), list(allowed)))

    def on_message(self, message: str | bytes) -> None:
        """First the page's token, then what :meth:`Channel.receive` takes."""
        try:
            said: Any = codec.loads(message) if len(message) <= LIMIT else None
        except orjson.JSONDecodeError:
            said = None
        if not isinstance(said, dict):
            self.close(UNREADABLE, "not a message")  # the page comes back: it is still whose it was
        elif self.channel is None:
            self._greet(said)
        else:
            self._hear(self.channel, said)

    def on_close(self) -> None:
        """The page has gone, or will come back with another socket."""
        self.connected.discard(self)
        if self.channel is not None:
            self.channel.disconnect(self)

    def send(self, message: bytes) -> None:
        """Send; never waits. The frame goes to the stream itself: `write_message` makes a task for each page."""
        connection: Any = self.ws_connection
        if connection is None or connection.is_closing():
            return
        with suppress(StreamClosedError, StreamBufferFullError):  # the page has gone: `on_close` deals with it
            connection.stream.write(_framed(message))

    def is_writable(self) -> bool:
        """Whether the system's buffer has taken all that was sent."""
        connection: Any = self.ws_connection
        return connection is not None and connection.stream is not None and not connection.stream.writing()

    def open(self, *args: str, **kwargs: str) -> Awaitable[None] | None:
        """Small messages leave at once."""
        self.set_nodelay(True)
        return None

    def _greet(self, said: dict[str, Any]) -> None:
        channel = Channel.named(str(said.get("hello")))
        if channel is None:
            self.close(ELSEWHERE, "no such page in this process")
        elif not is_theirs(channel, self.asker):
            self.close(FORBIDDEN, "another login")
        else:
            self.channel = channel
            self.connected.add(self)
            channel.connect(self)
            self._hear(channel, said)

    @staticmethod
    def _hear(channel: Channel, said: dict[str, Any]) -> None:
        with speaking(channel.viewer):
            channel.receive(said)


class BundleRequest(RequestHandler):
    """The views' code in the browser, under a name that changes with it."""

    def get(self, digest: str) -> None:
        """The bundle, for ever."""
        if digest != assets.digest():
            self.send_error(404)
            return
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(assets.bundle())


ROUTES: list[tuple[str, type[RequestHandler], dict[str, Any]]] = [
    (f"/{CHANNEL}", ChannelSocket, {}),
    (f"/{DOWNLOAD}", DownloadRequest, {}),
    (r"/_dashboard/views-([0-9a-f]+)\.js", BundleRequest, {}),
]


def ensure_routes(document: Document) -> bool:
    """Whether the server of this document's session has the channel's routes, after adding them if need be.

    A server of several processes has to have them from its start: a page's requests reach all of them.
    """
    context = document.session_context
    home = getattr(getattr(context, "server_context", None), "application_context", None)
    if home is None:
        return False
    for server in _known:
        if _serves(server, home):
            return _known[server]
    for server in [found for found in gc.get_objects() if isinstance(found, BokehTornado) and _serves(found, home)]:
        _known[server] = _has_routes(server)
        if not _known[server] and task_id() is None:
            routes = [(server.prefix + pattern, handler, given) for pattern, handler, given in ROUTES]
            server.add_handlers(r".*", routes)
            _known[server] = True
        return _known[server]
    return False


def _has_routes(server: BokehTornado) -> bool:
    return any(rule.target is ChannelSocket for rule in server.wildcard_router.rules)


def _serves(server: BokehTornado, home: object) -> bool:
    return any(context is home for context in server._applications.values())


@lru_cache(maxsize=32)
def _framed(message: bytes) -> bytes:
    """A text frame of RFC 6455, unmasked and final; made once for all pages that are sent the same."""
    size = len(message)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + message
    header = struct.pack("!BBH", 0x81, 126, size) if size < 2**16 else struct.pack("!BBQ", 0x81, 127, size)
    return header + message
