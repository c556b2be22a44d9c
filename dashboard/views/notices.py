"""What has just been said, at the edge of the page for a few seconds: the browser's half is ``notices.js``.

A notice is about something (`Messages`' key), so a newer word about the same thing takes the place of the older one. It
stays while it is pointed at or focused, can be put away, and is read aloud without taking the focus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import param

from .feed import Feed

if TYPE_CHECKING:
    from .messages import Messages


class Notices(Feed):
    """Messages as notices at the edge of the page; formatted as in a `Feed`.

    Parameters
    ----------
    query
        What was said.
    lasts
        Seconds that a notice is shown.
    """

    lasts = param.Number(default=8.0, bounds=(1, 120), doc="Seconds that a notice is shown.")

    kind: ClassVar[str] = "notices"
    is_content: ClassVar[bool] = False

    def __init__(self, query: Messages, **params: Any) -> None:
        super().__init__(query.query, **{"priority": "high", "limit": 4, **params})

    def options(self) -> dict[str, Any]:
        """What the browser needs to know once."""
        return {**super().options(), "lasts": self.lasts}
