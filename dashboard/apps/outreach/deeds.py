"""What a user does on their page: campaigns begin, pause and end, and invitations are withdrawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from dashboard.views.acts import Act, Asked

if TYPE_CHECKING:
    from dashboard.live.session import Session
    from dashboard.live.write import Write


class Deeds:
    """What is done on one user's page, in their session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def campaigns(self) -> list[Act]:
        """What can be done with campaigns."""
        return [
            Act("Start", self._becoming("active"), when={"status": ("draft",)}, done="started"),
            Act("Pause", self._becoming("paused"), when={"status": ("active",)}, done="paused"),
            Act("Resume", self._becoming("active"), when={"status": ("paused",)}, done="active again"),
            Act("Finish", self._becoming("completed"), when={"status": ("active", "paused")}, done="finished"),
        ]

    def connections(self) -> list[Act]:
        """What can be done with those who were invited."""
        return [Act("Withdraw", self._withdraw, when={"state": ("pending",)}, done="withdrawn")]

    def _becoming(self, status: str) -> Callable[[Asked], Awaitable[Write]]:
        """Give campaigns another status, as long as they have the one that was seen."""

        async def change(asked: Asked) -> Write:
            campaigns = await self._session.table("outreach.campaigns")
            now = dt.datetime.now(dt.UTC)
            return self._session.submit(
                [
                    campaigns.updating(
                        row["id"], {"status": status}, seen={"status": row["status"]}, expected={"changed_at": now}
                    )
                    for row in asked.rows
                ]
            )

        return change

    async def _withdraw(self, asked: Asked) -> Write:
        """Take invitations back that nobody has answered yet."""
        connections = await self._session.table("outreach.connections")
        now = dt.datetime.now(dt.UTC)
        return self._session.submit(
            [
                connections.updating(
                    row["id"],
                    {"withdrawn_at": max(now, row["invited"])},
                    seen={"withdrawn_at": None},
                    guard={"accepted_at": None, "declined_at": None},
                    expected={"state": "withdrawn", "answered": now},
                )
                for row in asked.rows
            ]
        )
