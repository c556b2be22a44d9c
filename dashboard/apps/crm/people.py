"""What the members of the CRM hear from their contacts, and how they met them."""

from __future__ import annotations

SOURCES = (("referral", 34), ("event", 21), ("website", 17), ("instagram", 14), ("whatsapp", 9), ("other", 5))
NOTES = (
    "asked for samples",
    "call back next week",
    "prefers WhatsApp",
    "interested in a starter kit",
    "brings two friends",
    "travels until Friday",
    "wants to see the price list",
    "happy with the last order",
    "not now, maybe in spring",
    "birthday on the 12th",
    "speaks for her whole choir",
    "price is the question",
)
URLS = ("/catalogue", "/starter-kit", "/events/tasting", "/account/orders", "/stories")
