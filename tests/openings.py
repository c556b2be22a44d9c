"""Ways to take a guard away, for one attack and as long as it lasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bokeh.util.token import get_token_payload
from tornado.web import RequestHandler

from tests.scene import Scene

#: Opens, and returns what closes again, if that is not the patch alone.
Opening = Callable[[Scene, pytest.MonkeyPatch], Callable[[], object] | None]


def patched(*patches: tuple[Any, str, Any]) -> Opening:
    """Take a guard away by putting something else into its place."""

    def opening(scene: Scene, patch: pytest.MonkeyPatch) -> None:
        for owner, name, instead in patches:
            patch.setattr(owner, name, instead)

    return opening


def by_sql(opens: str, closes: str) -> Opening:
    """Take a guard away in the database, and put it back at the end."""

    def opening(scene: Scene, patch: pytest.MonkeyPatch) -> Callable[[], object]:
        scene.sql(opens)
        return lambda: scene.sql(closes)

    return opening


def yes(*_: Any, **__: Any) -> bool:
    return True


def none(*_: Any, **__: Any) -> None:
    return None


async def nobody(*_: Any, **__: Any) -> None:
    return None


async def no(*_: Any, **__: Any) -> bool:
    return False


def unsigned(self: RequestHandler, name: str, *_: Any, **__: Any) -> bytes | None:
    """Look at no signature."""
    cookie = self.get_cookie(name)
    return None if cookie is None else cookie.encode()


def valid_for_ever(token: str) -> dict[str, Any]:
    """Look at no date."""
    return {**get_token_payload(token), "session_expiry": 2**40}
