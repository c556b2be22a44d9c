"""What is sold on the marketplace: data assets, who buys their use, and what for. All of it invented."""

from __future__ import annotations

#: Name of an asset, its category, its records.
ASSETS = (
    ("Grocery baskets, north", "retail", 184_000),
    ("Evening commuters", "mobility", 92_400),
    ("Home cooks, weekly", "food", 41_800),
    ("Trail runners", "sport", 27_300),
    ("First-time parents", "family", 63_900),
    ("Indie game players", "games", 118_000),
    ("City bike trips", "mobility", 205_500),
    ("Garden season", "home", 38_200),
    ("Podcast listeners", "media", 74_600),
    ("Weekend travellers", "travel", 56_100),
    ("Plant-based shoppers", "food", 33_700),
    ("Streaming choices", "media", 141_000),
    ("Small boat owners", "travel", 8_900),
    ("Marathon training logs", "sport", 19_400),
    ("Library loans", "media", 47_200),
    ("Repair cafés", "home", 6_300),
    ("Second-hand fashion", "retail", 88_700),
    ("School lunch menus", "family", 12_500),
    ("Board game evenings", "games", 15_800),
    ("Charging stations used", "mobility", 29_900),
    ("Coffee subscriptions", "food", 22_100),
    ("Night trains", "travel", 17_600),
    ("Solar roofs", "home", 11_200),
    ("Vinyl collectors", "media", 9_700),
)
ADVERTISERS = (
    "Alder & Finch", "Bluebell Foods", "Cargo Velo", "Dunes Travel", "Ember Home", "Fjord Outdoor", "Graphite Games",
    "Harbour Bank", "Juniper Press", "Kestrel Shoes", "Lumen Energy", "Marigold Kids",
)  # fmt: skip
PURPOSES = ("spring launch", "newsletter", "reach 25–40", "holiday offers", "loyalty", "app installs", "store visits")
