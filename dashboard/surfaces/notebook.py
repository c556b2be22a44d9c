"""A notebook as a page: what its cells show, one below the other, where it makes no page of its own.

Panel lays a notebook out in a template that its reader can rearrange, which takes a server and asks another host for
its letters.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import panel as pn

if TYPE_CHECKING:
    from bokeh.document import Document


def lay_out(handler: Any) -> None:
    """Have a notebook's cells laid out plainly; any other page is as it was."""
    if hasattr(handler, "_render_template"):
        handler._render_template = _stack


def _stack(document: Document, path: str) -> None:
    shown = [part for cell in pn.state._cell_outputs.values() for part in cell if part is not None]
    if shown:
        pn.Column(*shown, sizing_mode="stretch_width", margin=(12, 20)).servable(title=Path(path).stem)
