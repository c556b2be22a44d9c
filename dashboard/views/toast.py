"""A word to one reader, in the corner of their page for a few seconds: the browser's half is ``toast.js``.

It is for what has just happened to what the reader did (a write was refused), not for what they have to find later: a
page that is away never gets it. What it offers to do comes back to the view that said it, as the event ``"toast"``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .channel import Binding

Tone = Literal["plain", "ok", "warn", "bad"]


def toast(
    binding: Binding,
    text: str,
    *,
    title: str = "",
    tone: Tone = "plain",
    actions: Sequence[tuple[str, Any]] = (),
    key: str | None = None,
    lasts: float | None = None,
    progress: tuple[int, int] | None = None,
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
    progress
        How much of how much is done, as a bar.
    """
    binding.channel.tell(
        {
            "toasts": [
                {
                    "text": text, "title": title, "tone": tone, "key": key, "actions": [list(one) for one in actions],
                    "progress": progress, "lasts": None if lasts is None else lasts * 1000, "view": binding.name,
                    "token": binding.channel.token,
                }
            ]
        }
    )  # fmt: skip


def untoast(binding: Binding, key: str) -> None:
    """Take a toast away: what it was about is settled."""
    binding.channel.tell({"toasts": [{"key": key, "gone": True}]})
