"""What goes to the pages of this process, and who opened them.

Numbers that grow, and a short memory of visits: nothing here is asked for while a page is brought up to date. A visit
begins when the page's channel is there, so that whoever only fetches the page's text is none.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, deque
from dataclasses import dataclass, field

KEPT = 200
"""Visits that are remembered; pages that are open are told in any case."""


@dataclass(slots=True, kw_only=True)
class Visit:
    """One page that was opened.

    Parameters
    ----------
    page
        Its address on the site.
    user
        Who is logged in; None where nobody has to.
    left
        When its channel was cut; None while it is there.
    """

    page: str
    user: str | None
    began: dt.datetime
    left: dt.datetime | None = None


@dataclass(slots=True)
class Traffic:
    """What this process has sent to all its pages.

    Attributes
    ----------
    messages, sent_bytes
        Sent through channels.
    flushed
        Pictures and steps of views in these messages.
    skipped
        How often a page could not take more, and was left to get the newest later.
    opened
        Visits by page.
    visits
        The latest, oldest first.
    """

    messages: int = 0
    sent_bytes: int = 0
    flushed: int = 0
    skipped: int = 0
    opened: Counter[str] = field(default_factory=Counter)
    visits: deque[Visit] = field(default_factory=lambda: deque(maxlen=KEPT))

    def sent(self, message: bytes, views: int) -> None:
        """Count a message with news of so many views."""
        self.messages += 1
        self.sent_bytes += len(message)
        self.flushed += views

    def enter(self, page: str, user: str | None) -> Visit:
        """Begin a visit."""
        visit = Visit(page=page, user=user, began=now())
        self.visits.append(visit)
        self.opened[page] += 1
        return visit


def now() -> dt.datetime:
    """The time at which a visit begins or ends."""
    return dt.datetime.now(dt.UTC)


TRAFFIC = Traffic()
"""Of this process."""
