"""What a shop does for its customers: favourites, orders and downloads, one by one or several as one step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from dashboard.apps.statements import statements
from dashboard.views.acts import Act, Asked

if TYPE_CHECKING:
    from dashboard.live.command import Command
    from dashboard.live.session import Session
    from dashboard.live.table import Table
    from dashboard.live.write import Write

SQL = statements(__package__ or "dashboard.apps.storefront", "counter")
STEPS = {"paid": "placed", "shipped": "paid_at", "delivered": "shipped_at", "cancelled": "placed"}
"""An order's steps, and what each comes after."""


class Counter:
    """What is done on one shop's page, in its session."""

    def __init__(self, session: Session, shop: int) -> None:
        self._session = session
        self._shop = shop

    def orders(self) -> list[Act]:
        """What can be done with orders."""
        return [
            Act("Paid", self._step("paid"), when={"status": ("pending",)}, done="paid"),
            Act("Ship", self._step("shipped"), when={"status": ("paid",)}, done="shipped"),
            Act("Delivered", self._step("delivered"), when={"status": ("shipped",)}, done="delivered"),
            Act("Cancel", self._step("cancelled"), when={"status": ("pending", "paid")}, done="cancelled"),
        ]

    def downloads(self) -> list[Act]:
        """What can be done with downloads."""
        return [
            Act("Stop", self._stop, when={"status": ("queued", "running")}, done="stopped"),
            Act("Again", self._again, when={"status": ("failed",)}, done="queued again"),
        ]

    def shelf(self, customer: int) -> list[Act]:
        """What can be done with products for a customer."""
        return [
            Act(
                "Favourite", self._favour(customer), pressed="favourite", icon="♥",
                done="added to the favourites", undone="taken off the favourites",
            ),
            Act("Order", self._order(customer), done="ordered"),
            Act("Send file", self._send(customer), when={"is_file": (True,)}, done="on its way", undo=False),
        ]  # fmt: skip

    def _step(self, step: str) -> Callable[[Asked], Awaitable[Write]]:
        """Orders go on by a step that they have not made yet."""

        async def go_on(asked: Asked) -> Write:
            orders = await self._session.table("storefront.orders")
            return self._session.submit([_advanced(orders, row, step) for row in asked.rows])

        return go_on

    async def _stop(self, asked: Asked) -> Write:
        downloads = await self._session.table("storefront.downloads")
        now = dt.datetime.now(dt.UTC)
        return self._session.submit(
            [
                downloads.updating(
                    row["id"], {"status": "failed", "ended_at": max(now, row["asked"])}, seen={"ended_at": None}
                )
                for row in asked.rows
            ]
        )

    async def _again(self, asked: Asked) -> Write:
        downloads = await self._session.table("storefront.downloads")
        anew = {"status": "queued", "received": 0, "ended_at": None}
        return self._session.submit(
            [
                downloads.updating(row["id"], anew, seen={"status": row["status"]}, expected={"progress": 0.0})
                for row in asked.rows
            ]
        )

    def _favour(self, customer: int) -> Callable[[Asked], Awaitable[Write]]:
        async def turn(asked: Asked) -> Write:
            products = await self._session.table("storefront.products")
            favourites = await self._session.table("storefront.favourites")
            commands = []
            for row in asked.rows:
                if bool(row["favourite"]) == asked.on:
                    continue
                key = {"customer_id": customer, "product_id": row["id"]}
                shown = products.changed(row["id"], {"favourite": asked.on})
                new = {**key, "shop_id": self._shop}
                commands.append((favourites.inserting(new) if asked.on else favourites.deleting(key)).also(shown))
            return self._session.submit(commands)

        return turn

    def _order(self, customer: int) -> Callable[[Asked], Awaitable[Write]]:
        """One order for one each of the products."""

        async def place(asked: Asked) -> Write:
            orders = await self._session.table("storefront.orders")
            order = orders.inserting(
                {"shop_id": self._shop, "customer_id": customer, "items": len(asked.rows),
                 "total": sum(row["price"] for row in asked.rows)},
                expected={"status": "pending"},
            )  # fmt: skip
            command = await self._session.command(SQL["place"], customer, [row["id"] for row in asked.rows])
            return self._session.submit([command.also(*order.effects)])

        return place

    def _send(self, customer: int) -> Callable[[Asked], Awaitable[Write]]:
        async def send(asked: Asked) -> Write:
            downloads = await self._session.table("storefront.downloads")
            return self._session.submit([self._sent(downloads, customer, row) for row in asked.rows])

        return send

    def _sent(self, downloads: Table, customer: int, row: Mapping[str, Any]) -> Command:
        new = {"shop_id": self._shop, "customer_id": customer, "product_id": row["id"], "bytes": row["bytes"]}
        told = {"file": row["name"], "progress": 0.0, "megabytes": row["bytes"] / 1_000_000}
        return downloads.inserting(new, expected=told)


def _advanced(orders: Table, row: Mapping[str, Any], step: str) -> Command:
    """An order's next step: now, and not before the last one; what was cancelled meanwhile goes nowhere."""
    column = f"{step}_at"
    at = max(dt.datetime.now(dt.UTC), row[STEPS[step]])
    others = {"cancelled_at": None} if step != "cancelled" else {"shipped_at": None}
    return orders.updating(
        row["id"], {column: at}, seen={column: None}, guard=others, expected={"status": step, "since": at}
    )
