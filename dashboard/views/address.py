"""What the address of a page says, and writing into it: a link shows again what it was copied from.

The address has one owner, Panel's `Location`: the browser writes into its model (`address.js`), the server into
`pn.state.location`, and either sees what the other wrote.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qsl, urlencode
from weakref import WeakKeyDictionary

import panel as pn
from bokeh.document import Document

_known: WeakKeyDictionary[Document, set[str]] = WeakKeyDictionary()


def said() -> dict[str, str]:
    """All parameters of the address as it is now."""
    location = pn.state.location
    if location is not None and location.pathname:  # it is known, and may well say nothing any more
        return dict(parse_qsl(str(location.search).removeprefix("?"), keep_blank_values=True))
    given = pn.state.session_args or {}
    return {name: values[0].decode(errors="replace") for name, values in given.items() if values}


def asked(name: str) -> str:
    """What the address says, for example ``?span=24h``; empty when it says nothing."""
    if pn.state.curdoc is not None:
        _known.setdefault(pn.state.curdoc, set()).add(name)
    return said().get(name, "")


def number_asked(name: str) -> int | None:
    """The number that the address names; None when that is none."""
    text = asked(name)
    return int(text) if text.isdecimal() and len(text) < 10 else None


def known() -> list[str]:
    """Names of which this session's page has asked."""
    return sorted(_known.get(pn.state.curdoc, ())) if pn.state.curdoc is not None else []


def remember(**values: str | int | None) -> None:
    """Write into the address what a link has to say to show the same; None takes it out."""
    location = pn.state.location
    if location is None:
        return
    told = said() | {name: str(value) for name, value in values.items() if value is not None}
    kept = {name: value for name, value in told.items() if name not in values or values[name] is not None}
    location.search = f"?{urlencode(kept)}" if kept else ""


def on_change(callback: Callable[[], object]) -> None:
    """Call `callback` whenever the address says something else, for as long as the session lasts."""
    if pn.state.location is not None:
        pn.state.location.param.watch(partial(_call, callback), "search")


def _call(callback: Callable[[], object], event: object) -> None:
    callback()
