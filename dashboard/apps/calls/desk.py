"""What an account does on its page: bids for a buyer, and acknowledges alerts.

Both show at once, and end as the database decides: a bid may be too low by then, or too late.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dashboard.errors import DashboardError, NotNow
from dashboard.views.acts import Act, Asked, Entry
from dashboard.views.outcome import follow
from dashboard.views.toast import toast

if TYPE_CHECKING:
    from dashboard.live import LiveQuery
    from dashboard.live.session import Session
    from dashboard.live.write import Write
    from dashboard.views import Feed

CENT = Decimal("0.01")


class Desk:
    """What is done on one account's page.

    Parameters
    ----------
    buyers
        Ids and names of those for whom one can bid.
    """

    def __init__(self, session: Session, account: int, buyers: LiveQuery) -> None:
        self._session = session
        self._account = account
        self._buyers = buyers
        self._tasks: set[asyncio.Task[None]] = set()

    def bids(self) -> list[Act]:
        """To place a bid, or to raise the one there is."""
        asked = (
            Entry("buyer", "For", start="leader", options="buyers"),
            Entry("amount", "Amount", start="next", unit="€", least=CENT),
        )
        return [Act("Bid", self._bid, entries=asked, done="placed", undo=False)]

    async def _bid(self, asked: Asked) -> Write:
        (row,), buyer = asked.rows, asked.values["buyer"]
        amount = round(asked.values["amount"], 2).quantize(CENT)
        await self._buyers.ready()
        number = next((number for number, name in self._buyers.state.rows.values() if name == buyer), None)
        if number is None:
            raise NotNow(f"{buyer} does not bid any more.", "Choose another.")
        bids, auctions = await self._session.table("calls.bids"), await self._session.table("calls.auctions")
        bid = bids.inserting(
            {"account_id": self._account, "auction_id": row["id"], "buyer_id": number, "amount": amount},
            expected={"buyer": buyer, "lead": row["lead"]},
        )
        leads = {"best_bid": amount, "buyer_id": number, "leader": buyer, "bids": row["bids"] + 1}
        return self._session.submit(
            [bid.also(auctions.changed(row["id"], {**leads, "history": [*row["history"], amount]}))]
        )

    def acknowledge(self, feed: Feed, keys: Any) -> None:
        """Alerts were seen: nobody else has to look at them."""
        task = asyncio.get_running_loop().create_task(self._acknowledged(feed, keys))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _acknowledged(self, feed: Feed, keys: Any) -> None:
        known = {} if feed.query is None else {str(key): row for key, row in feed.query.state.rows.items()}
        seen = [known[key] for key in keys if key in known] if isinstance(keys, list) else []
        waiting = [(number, raised) for number, _, _, raised, is_seen in seen if not is_seen]
        if not waiting:
            return
        try:
            alerts = await self._session.table("calls.alerts")
        except DashboardError as error:
            for binding in list(feed.bindings):
                toast(binding, str(error), title="Alerts were not acknowledged", tone="bad")
            return
        now = dt.datetime.now(dt.UTC)
        write = self._session.submit(
            [
                alerts.updating(
                    number, {"acknowledged_at": max(now, raised)}, seen={"acknowledged_at": None}, policy="theirs"
                )
                for number, raised in waiting
            ]
        )
        title = "Alert" if len(waiting) == 1 else f"{len(waiting)} alerts"
        for binding in list(feed.bindings):
            follow(binding, self._session, write, title=title, done="acknowledged")
