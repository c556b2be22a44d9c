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


def head(rules: str = "plain", nonce: str = "") -> str:
    """What stands in their head: the variables of the look, their own rules, and the choice of light or dark.

    Parameters
    ----------
    rules
        Their style sheet.
    nonce
        By which a page that forbids all other styles and scripts knows these.
    """
    known = f' nonce="{nonce}"' if nonce else ""
    return f"<style{known}>{theme()}{_rules(rules)}</style>\n<script{known}>{SCHEME}</script>"


@cache
def _rules(name: str) -> str:
    return files("dashboard.surfaces").joinpath(f"{name}.css").read_text(encoding="utf-8")
