"""The code that draws views in the browser, as one module.

Each file here is an ES module of its own (`tile.js`, `feed.js`, …) and imports only its neighbours; put one after the
other without their import lines they are one module, which needs no build step, no Node and no other host. It is served
once per page under its digest, or written into the page where there is no server (a notebook, a report).
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from importlib.resources import files

#: In the order of their imports.
MODULES = (
    "dom",
    "format",
    "wording",
    "address",
    "menu",
    "report",
    "channel",
    "gone",
    "guest",
    "toast",
    "dialog",
    "conflict",
    "picking",
    "card",
    "tile",
    "feed",
    "notices",
    "here",
    "cells",
    "roll",
    "choosing",
    "entry",
    "editor",
    "form",
    "saving",
    "editing",
    "wish",
    "acts",
    "whole",
    "paper",
    "table",
    "readout",
    "chart",
    "pane",
    "status",
    "progress",
    "switch",
    "refresh",
    "group",
    "glance",
    "lanes",
    "tabs",
    "bell",
    "comments",
    "actions",
    "banner",
    "updates",
    "selection",
    "snapshot",
    "page",
    "element",
)
SHEETS = ("theme", "views")


@cache
def bundle() -> str:
    """All modules and style sheets as one ES module that exports `render`."""
    sheets = [f"const {name}Css = {json.dumps(_read(f'{name}.css'))};" for name in SHEETS]
    return "\n".join([*sheets, *(_joined(_read(f"{name}.js")) for name in MODULES), "export default {render};"])


def theme() -> str:
    """The variables of the look, for pages that are no views."""
    return _read("theme.css")


@cache
def digest() -> str:
    """A name for this bundle."""
    return hashlib.sha256(bundle().encode()).hexdigest()[:16]


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _joined(module: str) -> str:
    without_imports = re.sub(r"^import .*?;$", "", module, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^export (?=function|const|class|async|let)", "", without_imports, flags=re.MULTILINE)
