"""Who asks for something of a page, beside Bokeh's own routes: the server's login says so for these, too.

Under `panel serve` with a login of Panel's, its cookie names the user; where nobody has to log in, a page belongs to
whoever holds its token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
from panel.auth import BasicAuthProvider
from panel.config import config

if TYPE_CHECKING:
    from bokeh.document import Document
    from tornado.web import RequestHandler

    from .channel import Channel

GUEST = "guest"
"""Whom Panel calls everybody who need not log in."""


async def asker_of(handler: RequestHandler) -> str | None:
    """Who asks; where the server's own login knows nobody, the request is answered with 403."""
    server: Any = handler.application
    provider = getattr(server, "auth_provider", None)  # a BokehTornado's
    ask = getattr(provider, "get_user_async", None)
    if ask is not None and not isinstance(provider, BasicAuthProvider):
        asker: str | None = await ask(handler)
        if asker is None:
            handler.set_status(403)
            handler.finish("Log in first.")
        return asker
    cookie = handler.get_signed_cookie("user", max_age_days=config.oauth_expiry) if _has_secret(handler) else None
    return None if cookie is None else cookie.decode()


def panels_user(document: Document) -> str | None:
    """Who logged in with a login of Panel's; a cookie of another server on this machine is nobody's here."""
    has_login = getattr(document.session_context, "logout_url", None) is not None
    user: str | None = pn.state.user if has_login else None
    return user


def is_theirs(channel: Channel, asker: str | None) -> bool:
    """Whether a page was made for whoever asks."""
    return channel.user is None or channel.user == (asker or GUEST)


def _has_secret(handler: RequestHandler) -> bool:
    return bool(handler.application.settings.get("cookie_secret"))
