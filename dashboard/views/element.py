"""One view on one page: the Panel component that all views are shown with.

It tells the browser which drawing code to use, the view's fixed options, and the name and token under which the page's
channel brings the view's data. The data never passes through Bokeh's document. Without a session (a notebook, a report)
the element is its own carrier and brings the picture along, so that a saved page shows what it showed.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import panel as pn
import param
from bokeh.document import Document
from panel.custom import JSComponent
from panel.viewable import Children
from pyviz_comms import Comm

from . import assets, socket
from .asker import panels_user
from .channel import Binding, Channel
from .viewer import viewer_of

if TYPE_CHECKING:
    from bokeh.model import Model

    from .view import View

SILENCE = 150.0
"""Seconds without a word after which a page without a socket has gone; a tab behind others speaks once a minute."""
LEFT = 600.0
"""Seconds after which an output that was closed is forgotten; a notebook that is opened again before goes on."""
#: Where a report's page finds the views' code, and its channel the messages, in place of an address.
CODE, BLOCK = "dashboard:views", "report"
_channels: WeakKeyDictionary[Document, Channel] = WeakKeyDictionary()
_outputs: WeakKeyDictionary[Channel, str] = WeakKeyDictionary()


class Element(JSComponent):
    """How a :class:`~dashboard.views.view.View` stands in a page."""

    kind = param.String(doc="Which drawing code to use in the browser.")
    options = param.Dict(default={}, doc="What the drawing code needs to know once.")
    place = param.Dict(default={}, doc="The view's name on its page, the page's token and the channel's address.")
    objects = Children(default=[], doc="Panel objects shown inside.")

    _esm = "export function render() {}"

    def __init__(self, view: View, **params: Any) -> None:
        self._view = view
        self._bindings: dict[str, Binding] = {}
        super().__init__(**params)  # type: ignore[no-untyped-call]  # Panel has no types

    def _get_model(
        self, doc: Document, root: Model | None = None, parent: Model | None = None, comm: Comm | None = None
    ) -> Model:
        channel = channel_of(doc)
        self._arriving = binding = channel.bind(self._view)
        self._view.bind(binding)
        model = super()._get_model(doc, root, parent, comm)
        ref = (root or model).ref["id"]
        self._leave(ref)
        if not _is_served(doc) and type(comm) in (type(None), Comm) and channel.report is None:
            channel.close()  # saved by Panel: what it shows is in it
        else:
            self._bindings[ref] = binding
            if not _is_served(doc):
                _outputs[channel] = ref
        return model

    def _get_properties(self, doc: Document | None) -> dict[str, Any]:
        properties = super()._get_properties(doc)
        assert doc is not None
        is_served = _is_served(doc) and socket.ensure_routes(doc)
        prefix = f"{pn.state.rel_path}/" if pn.state.rel_path else "./"
        url = f"{prefix}_dashboard/views-{assets.digest()}.js"
        properties |= (
            {"esm": url, "bundle": "url"} if is_served else {"esm": assets.bundle(), "bundle": assets.digest()}
        )
        binding = self._arriving
        place: dict[str, Any] = {"name": binding.name, "token": binding.channel.token}
        if binding.channel.report is not None:
            properties |= {"esm": CODE, "bundle": "url"}
            place = {"name": binding.name, "token": BLOCK, "path": None}
        elif is_served:
            place["path"] = prefix + socket.CHANNEL
        elif binding.strand is not None:
            binding.strand.refresh()
            place["picture"] = binding.strand.picture
        properties["data"].place = place
        return properties

    def _cleanup(self, root: Model | None = None) -> None:
        if root is not None:
            self._leave(root.ref["id"])
        super()._cleanup(root)

    def _handle_msg(self, data: Any) -> None:
        """The page's side of the channel, where there is no socket."""
        if not isinstance(data, dict):
            return
        channel = Channel.named(str(data.pop("token", "")))
        if channel is None or all(binding.channel is not channel for binding in self._bindings.values()):
            return
        if "hello" in data:
            channel.connect(Messages(self, channel))
            if channel in _outputs:
                for pane in self._view.panes:
                    pane.show_again()
        if isinstance(channel.carrier, Messages):
            channel.carrier.listen()
        if "bye" in data:
            left(channel.token)
        else:
            channel.receive(data)

    def _leave(self, ref: str) -> None:
        binding = self._bindings.pop(ref, None)
        if binding is not None:
            binding.close()


class Messages:
    """The component's own messages as a carrier."""

    def __init__(self, element: Element, channel: Channel) -> None:
        self._element, self._token, self._channel = element, channel.token, channel
        self._silence: asyncio.TimerHandle | None = None

    def listen(self) -> None:
        """The page has said something, and will again: one that falls silent has gone without a word."""
        if self._silence is not None:
            self._silence.cancel()
        self._silence = asyncio.get_running_loop().call_later(SILENCE, self._channel.disconnect, self)

    def send(self, message: bytes) -> None:
        """Send to all places where this element is shown; those it is not meant for let it pass."""
        self._element._send_msg({"token": self._token, "text": message.decode()})

    def is_writable(self) -> bool:
        """Bokeh and Jupyter do not say; the page's own confirmations hold it back."""
        return True

    def close(self) -> None:
        """Listen no more; nothing of its own is open."""
        if self._silence is not None:
            self._silence.cancel()


def keep(document: Document, channel: Channel) -> None:
    """Let a document without a session (a report's) have one channel for all its elements."""
    _channels[document] = channel


def channel_of(document: Document) -> Channel:
    """The page's channel; a document without a session (a notebook's) has one for each element."""
    channel = _channels.get(document)
    if channel is None and not _is_served(document):
        return Channel()
    if channel is None:
        context: Any = document.session_context
        address = context.server_context.application_context.url
        viewer = viewer_of(document)
        user = panels_user(document) if viewer is None else viewer.login
        channel = _channels[document] = Channel(user, address or "/", viewer)
        document.on_session_destroyed(partial(_end, channel))
    return channel


def _end(channel: Channel, context: object) -> None:
    channel.close()


def left(token: str) -> None:
    """A page shows this no more: nothing is asked for it, and if it does not come back all of it ends."""
    channel = Channel.named(token)
    if channel is not None and channel.carrier is not None:
        channel.disconnect(channel.carrier)
    if channel is not None and channel in _outputs:
        asyncio.get_running_loop().call_later(LEFT, _end_output, channel)


def _end_output(channel: Channel) -> None:
    """What Panel does once it is told that an output has gone; JupyterLab's extension for it does not tell."""
    if channel.carrier is None and channel in _outputs:
        pn.extension._process_comm_msg({"event_type": "delete", "id": _outputs.pop(channel)})


def _is_served(document: Document) -> bool:
    return bool(document.session_context and document.session_context.server_context)
