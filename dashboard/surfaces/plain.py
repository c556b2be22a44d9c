"""Pages that are no dashboards, in the look of those that are: their style, and light or dark as was chosen there."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from dashboard.views.assets import theme

#: What the pages' own switch remembered; told before anything is painted.
SCHEME = (
    'document.documentElement.classList.toggle("dark", (localStorage.getItem("dashboard-theme") ?? '
    '(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark");'
)


@cache
def head() -> str:
    """What stands in their head: the variables of the look, their own rules, and the choice of light or dark."""
    own = files("dashboard.surfaces").joinpath("plain.css").read_text(encoding="utf-8")
    return f"<style>{theme()}{own}</style>\n<script>{SCHEME}</script>"
