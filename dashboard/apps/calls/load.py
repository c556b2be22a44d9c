"""The call tracking's schema and sample rows."""

from __future__ import annotations

from dashboard.apps.loading import load_app

SAMPLES = ("accounts", "buyers", "agents", "campaigns", "calls", "latest", "auctions", "bids", "alerts")


async def load(dsn: str) -> bool:
    """Create the schema ``calls`` and fill it with sample rows that end now; False when it was there already."""
    return await load_app(dsn, "calls", SAMPLES)
