"""A browser without a screen: cookies, pages, Bokeh's socket and the channel, so that an attack costs milliseconds."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

PATIENCE = 20.0


class Intruder:
    """Somebody who asks a site for something, with whatever they have got hold of.

    Parameters
    ----------
    url
        Of the site.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.cookies: dict[str, str] = {}
        self.origin = self.url

    @property
    def headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookies} if cookies else {}

    async def ask(
        self,
        path: str,
        *,
        form: dict[str, str] | None = None,
        body: bytes | None = None,
        method: str | None = None,
        **headers: str,
    ) -> HTTPResponse:
        """Ask for a path; cookies of the answer are kept. Redirects are not followed."""
        sent = urlencode(form).encode() if form is not None else body
        request = HTTPRequest(
            f"{self.url}/{path.lstrip('/')}",
            method=method or ("GET" if sent is None else "POST"),
            body=sent,
            headers=self.headers | {name.replace("_", "-"): value for name, value in headers.items()},
            follow_redirects=False,
            request_timeout=PATIENCE,
        )
        answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        for cookie in answer.headers.get_list("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
            if not self.cookies[name]:
                del self.cookies[name]
        return answer

    async def log_in(self, login: str, password: str) -> HTTPResponse:
        """Fill in the form."""
        return await self.ask("login", form={"login": login, "password": password}, Origin=self.origin)

    async def token(self, path: str, **headers: str) -> str:
        """The token that a page carries; empty if there is no page."""
        text = (await self.ask(path, **headers)).body.decode(errors="replace")
        return next(iter(re.findall(r'"token":"([^"]+)"', text)), "")

    async def document(self, path: str, token: str) -> str:
        """What Bokeh's socket tells of a session; empty if it is refused."""
        place = urlsplit(path).path.strip("/")
        socket = await self.connect(f"{place}/ws", protocols=["bokeh", token])
        if socket is None:
            return ""
        try:
            await _next(socket, "ACK")
            for part in ({"msgid": "1", "msgtype": "PULL-DOC-REQ"}, {}, {}):
                await socket.write_message(json.dumps(part))
            return await _next(socket, "PULL-DOC-REPLY")
        except (ConnectionError, TimeoutError):
            return ""
        finally:
            socket.close()

    async def places(self, path: str, token: str) -> list[dict[str, str]]:
        """The names and tokens under which the views of a page are brought up to date."""
        told = await self.document(path, token) if token else ""
        return list(_places(json.loads(told))) if told else []

    async def channel(self, token: str, views: list[str], enough: str = "") -> str:
        """What a channel tells until `enough` was said, or none of the views waits any more; empty if it is refused."""
        socket = await self.connect("_dashboard/channel")
        if socket is None:
            return ""
        heard, shown, states = "", set[str](), dict[str, str]()
        try:
            await socket.write_message(json.dumps({"hello": token, "want": dict.fromkeys(views)}))
            async with asyncio.timeout(PATIENCE):
                while not (enough and enough in heard):
                    message = await socket.read_message()
                    if message is None:
                        break
                    heard += str(message)
                    said = json.loads(message)
                    shown |= set(said.get("bind", {}).values())
                    for update in said.get("updates", []):
                        states[update["strand"]] = update.get("picture", {}).get("state", "ready")
                    if all(states.get(strand, "loading") != "loading" for strand in shown):
                        break
        except TimeoutError:
            pass
        finally:
            socket.close()
        return heard

    async def read(self, path: str, enough: str = "", **headers: str) -> str:
        """All that a page's views show first."""
        places = await self.places(path, await self.token(path, **headers))
        return await self.channel(places[0]["token"], [place["name"] for place in places], enough) if places else ""

    async def connect(self, path: str, protocols: list[str] | None = None) -> WebSocketClientConnection | None:
        request = HTTPRequest(
            f"{self.url.replace('http', 'ws')}/{path}", headers=self.headers | {"Origin": self.origin}
        )
        try:
            return await websocket_connect(request, subprotocols=protocols)
        except (HTTPClientError, ConnectionError):
            return None


async def _next(socket: WebSocketClientConnection, kind: str) -> str:
    """The content of Bokeh's next message of a kind: a header, metadata, content, and two for each buffer."""
    async with asyncio.timeout(PATIENCE):
        while True:
            header = json.loads(await _fragment(socket))
            _, content, *_ = [await _fragment(socket) for _ in range(2 + 2 * header.get("num_buffers", 0))]
            if header["msgtype"] == kind:
                return content


async def _fragment(socket: WebSocketClientConnection) -> str:
    message = await socket.read_message()
    if message is None:
        raise ConnectionError("it was closed")
    return message if isinstance(message, str) else message.decode(errors="replace")


def _places(node: Any) -> Iterator[dict[str, str]]:
    if isinstance(node, list):
        for each in node:
            yield from _places(each)
    elif isinstance(node, dict):
        if node.get("type") == "map":
            entries = dict(entry for entry in node.get("entries", ()) if isinstance(entry[0], str))
            if {"name", "token"} <= entries.keys():
                yield {"name": entries["name"], "token": entries["token"]}
        yield from (place for value in node.values() for place in _places(value))
