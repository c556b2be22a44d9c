"""The storefronts' schema and sample rows."""

from __future__ import annotations

from dashboard.apps.loading import load_app

SAMPLES = ("shops", "products", "customers", "favourites", "orders", "order_items", "downloads")


async def load(dsn: str) -> bool:
    """Create the schema ``storefront`` and fill it with rows that end now; False when it was there already."""
    return await load_app(dsn, "storefront", SAMPLES, ("storefront.orders", "shop_id"))
