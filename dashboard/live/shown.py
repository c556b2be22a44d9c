"""The one arrow that points away from the database: a query that is asked to show itself finds who draws by name.

Nothing that draws is loaded before somebody wants to see something, and nothing here knows what that is.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


class Shown:
    """What is shown of an object where others are drawn: in a notebook's cell, in Panel's layouts."""

    _drawn_by = ""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return drawn(self._drawn_by)(self)._repr_mimebundle_(include, exclude)

    def __panel__(self) -> Any:
        return drawn(self._drawn_by)(self).__panel__()


def drawn(name: str) -> Any:
    """What draws, by its module's name among the views and its own."""
    module, _, what = name.partition(".")
    return getattr(import_module(f"dashboard.views.{module}"), what)


def is_reference(parameter: Any) -> bool:
    """Whether something stands for a value that may change, as widgets do."""
    param = sys.modules.get("param")
    kinds = () if param is None else (param.Parameter, param.Parameterized, param.rx)
    return isinstance(parameter, kinds) or hasattr(parameter, "_dinfo")
