"""The web server is safe where Panel's defaults are not."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace

import panel as pn
import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httputil import HTTPHeaders
from tornado.websocket import WebSocketClientConnection, websocket_connect

from dashboard.errors import SettingsError
from dashboard.settings import settings
from dashboard.surfaces.front import Page
from dashboard.surfaces.security import SecureAnswers, SecureAnswersOverTLS
from dashboard.surfaces.site import Site
from tests.waiting import eventually


def page(slug: str, title: str = "Title") -> Page:
    return Page(slug=slug, title=title, summary="What <it> shows", content=lambda: pn.Column("hello"))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget what the site sets in the environment."""
    monkeypatch.setenv("BOKEH_SECRET_KEY", "")
    monkeypatch.setenv("BOKEH_SIGN_SESSIONS", "")
    yield
    settings.cache_clear()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """Yield a site of two pages."""
    async with Site([page("one"), page("two", "A & <b>B</b>")], port=0) as running:
        yield running


async def fetch(url: str) -> tuple[HTTPHeaders, str]:
    answer = await AsyncHTTPClient().fetch(HTTPRequest(url))
    return answer.headers, answer.body.decode()


async def open_socket(site: Site, token: str, slug: str = "one") -> WebSocketClientConnection:
    request = HTTPRequest(
        site.url.replace("http", "ws") + f"{slug}/ws",
        headers={"Origin": site.url.rstrip("/"), "Sec-WebSocket-Protocol": f"bokeh, {token}"},
    )
    return await websocket_connect(request, subprotocols=["bokeh", token])


async def close(client: WebSocketClientConnection) -> None:
    client.close()
    await eventually(lambda: client.protocol is None)


def forged(token: str) -> str:
    """Return a token for the same session that was made without the server's key."""
    payload = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    bare = {"session_id": payload["session_id"], "session_expiry": payload["session_expiry"]}
    return base64.urlsafe_b64encode(json.dumps(bare).encode()).decode().rstrip("=")


async def test_every_answer_carries_the_security_headers(site: Site) -> None:
    for path in ("", "one", "static/js/bokeh.min.js"):
        headers, _ = await fetch(site.url + path)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]


async def test_front_page_lists_the_pages_with_their_text_escaped(site: Site) -> None:
    _, text = await fetch(site.url)
    assert 'href="/one"' in text
    assert "A &amp; &lt;b&gt;B&lt;/b&gt;" in text
    assert "What &lt;it&gt; shows" in text


async def test_front_page_of_one_page_leads_to_it() -> None:
    async with Site([page("only")], port=0) as site:
        answer = await AsyncHTTPClient().fetch(site.url)
        assert answer.effective_url == site.url + "only"


async def test_token_without_the_servers_signature_is_refused(site: Site) -> None:
    _, text = await fetch(site.url + "one")
    token = re.findall(r'"token":"([^"]+)"', text)[0]
    honest = await open_socket(site, token)
    assert await honest.read_message() is not None
    await close(honest)
    liar = await open_socket(site, forged(token))
    assert await liar.read_message() is None
    await close(liar)


async def test_socket_of_another_origin_is_refused(site: Site) -> None:
    request = HTTPRequest(site.url.replace("http", "ws") + "one/ws", headers={"Origin": "http://elsewhere.test"})
    with pytest.raises(HTTPClientError, match="403"):
        await websocket_connect(request)


async def test_token_lives_as_long_as_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_SESSION_LIFETIME", "7200")
    settings.cache_clear()
    async with Site([page("one")], port=0) as site:
        _, text = await fetch(site.url + "one")
    token = re.findall(r'"token":"([^"]+)"', text)[0].split(".")[0]
    payload = json.loads(base64.urlsafe_b64decode(token + "=="))
    assert 7000 < payload["session_expiry"] - time.time() <= 7200


@pytest.mark.parametrize(("transform", "is_secure"), [(SecureAnswers, False), (SecureAnswersOverTLS, True)])
def test_cookies_get_the_flags_they_lack(transform: type[SecureAnswers], is_secure: bool) -> None:
    request = SimpleNamespace(protocol="http")
    _, headers, _ = transform(request).transform_first_chunk(200, HTTPHeaders(), b"", True)
    headers.add("Set-Cookie", "user=bob; Path=/")  # after its transforms, as Tornado does
    headers.add("Set-Cookie", "other=1; HttpOnly; SameSite=Strict")
    first, second = headers.get_list("Set-Cookie")
    assert "HttpOnly" in first
    assert "SameSite=Lax" in first
    assert ("Secure" in first) is is_secure
    assert second.count("HttpOnly") == 1
    assert "SameSite=Lax" not in second


async def test_port_in_use_is_told_with_the_remedy(site: Site) -> None:
    port = int(site.url.rstrip("/").rpartition(":")[2])
    with pytest.raises(SettingsError, match=rf"Port {port} of localhost is in use\. .*--port"):
        async with Site([page("one")], port=port):
            pass


async def test_address_of_another_machine_is_told_with_the_remedy() -> None:
    with pytest.raises(SettingsError, match="--address"):
        async with Site([page("one")], address="nowhere.invalid", port=0):
            pass
