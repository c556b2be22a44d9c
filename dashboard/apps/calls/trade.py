"""What leads are worth, who buys them, and what can be wrong: for the sample rows and the simulator alike."""

from __future__ import annotations

import random

BUYERS = (
    "Alder Energy",
    "Brightside Homes",
    "Castle & Co",
    "Delphi Insurance",
    "Evergreen Heating",
    "Foxglove Interiors",
    "Granite Legal",
    "Halcyon Moves",
    "Ironbridge Roofing",
    "Juniper Dental",
    "Kestrel Cover",
    "Larkspur Living",
)
ALERTS = (  # severity, message, how often
    ("warning", "{campaign}: one call in five is missed", 30),
    ("warning", "{campaign}: callers wait for more than 30 s", 24),
    ("info", "{campaign}: the day's budget is spent", 18),
    ("info", "{campaign}: twice the usual calls this hour", 16),
    ("warning", "{campaign}: no bid above the floor in ten auctions", 9),
    ("critical", "{campaign}: the tracking number does not answer", 3),
)


def bid_amounts(chance: random.Random, floor: float) -> list[float]:
    """What is bid for one lead, each more than the one before; nothing for every twelfth."""
    if chance.random() < 0.08:
        return []
    amounts = [next_bid(chance, floor, None)]
    while chance.random() < 0.74 and len(amounts) < 12:
        amounts.append(next_bid(chance, floor, amounts[-1]))
    return amounts


def next_bid(chance: random.Random, floor: float, best: float | None) -> float:
    """A bid that beats the best one: small steps mostly, a bold one now and then."""
    if best is None:
        return round(floor * (1 + chance.random() * 0.2), 1)
    return round(best + max(0.5, best * chance.choice((0.03, 0.05, 0.05, 0.08, 0.2))), 1)


def outcome(chance: random.Random) -> tuple[int, str]:
    """When the buyer pays, in seconds after the sale, and whether that works."""
    return int(chance.lognormvariate(8.2, 1.1)), "failed" if chance.random() < 0.03 else "paid"
