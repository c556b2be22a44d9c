"""A page as its server sees it: Bokeh's session and the channel's WebSocket, opened as a browser opens them.

A hundred Chromiums would measure themselves; a hundred of these leave the machine to the server.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

#: What a browser says when it has drawn the page; Panel batches nothing before.
READY = json.dumps(
    {
        "events": [
            {
                "kind": "MessageSent",
                "msg_type": "bokeh_event",
                "msg_data": {"type": "event", "name": "document_ready", "values": {"type": "map", "entries": []}},
            }
        ]
    }
)


@dataclass
class Opened:
    """One page open in a client.

    Parameters
    ----------
    bokeh
        The session's own socket.
    channel
        The views' socket; None on a page without a view of ours.
    views
        How many views it asked for.
    """

    bokeh: WebSocketClientConnection
    channel: WebSocketClientConnection | None
    views: int

    def close(self) -> None:
        """Leave the page."""
        for socket in (self.bokeh, self.channel):
            if socket is not None:
                socket.close()


async def opened(site: str, page: str = "", arguments: str = "") -> Opened:
    """Open a page: its session, its document and, where it has one, its channel with all its views.

    Parameters
    ----------
    site
        Its address, with a slash at the end.
    page, arguments
        Path of the page below it, and what stands behind it in the address.
    """
    html = (await AsyncHTTPClient().fetch(f"{site}{page}{arguments}")).body.decode()
    token = re.search(r'"token":\s*"([^"]+)"', html)
    assert token is not None
    sockets = site.replace("http", "ws", 1)
    request = HTTPRequest(
        f"{sockets}{page}/ws" if page else f"{sockets}ws", headers={"Sec-WebSocket-Protocol": f"bokeh, {token[1]}"}
    )
    bokeh = await websocket_connect(request, subprotocols=["bokeh", token[1]], max_message_size=2**26)
    while '"ACK"' not in str(await bokeh.read_message()):
        pass
    for part in ('{"msgid":"1","msgtype":"PULL-DOC-REQ"}', "{}", "{}"):
        await bokeh.write_message(part)
    document = ""
    while '"roots"' not in document:
        said = await bokeh.read_message()
        assert said is not None
        document = said if isinstance(said, str) else said.decode()
    for part in ('{"msgid":"2","msgtype":"PATCH-DOC"}', "{}", READY):
        await bokeh.write_message(part)
    places = re.findall(r'\["name","(v\d+)"\],\["token","([^"]+)"\],\["path","([^"]+)"\]', document)
    if not places:
        return Opened(bokeh, None, 0)
    channel = await websocket_connect(f"{sockets}{places[0][2].removeprefix('./')}", max_message_size=2**26)
    hello = {"hello": places[0][1], "hidden": False, "want": {name: None for name, _, _ in places}}
    await channel.write_message(json.dumps(hello))
    return Opened(bokeh, channel, len(places))
