"""A word to one reader, in the corner of their page for a few seconds: the browser's half is ``toast.js``.

It is for what has just happened to what the reader did (a write was refused), not for what they have to find later: a
page that is away never gets it. What it offers to do comes back to the view that said it, as the event ``"toast"``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .channel import Binding

Tone = Literal["plain", "ok", "warn", "bad"]


def toast(
    binding: Binding,
    text: str,
    *,
    title: str = "",
    tone: Tone = "plain",
    actions: Sequence[tuple[str, str]] = (),
    key: str | None = None,
    lasts: float | None = None,
) -> None:
    """Show a toast on the page of a binding.

    Parameters
    ----------
    text, title
        Shown as text.
    actions
        What may be done, as pairs of a label and the value of the event ``"toast"`` that the view then gets.
    key
        Names what it is about: a newer one takes its place.
    lasts
        Seconds; 0 until it is put away, None a few.
    """
    binding.channel.tell(
        {
            "toasts": [
                {
                    "text": text, "title": title, "tone": tone, "key": key, "actions": [list(one) for one in actions],
                    "lasts": None if lasts is None else lasts * 1000, "view": binding.name,
                    "token": binding.channel.token,
                }
            ]
        }
    )  # fmt: skip
