"""What has just been said, as toasts (``toast.js``).

A notice is about something (`Messages`' key): a newer word about the same thing takes the place of the older one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import param

from .feed import Feed

if TYPE_CHECKING:
    from .messages import Messages


class Notices(Feed):
    """Messages as toasts; formatted as in a `Feed`.

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
