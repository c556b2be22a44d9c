"""Write the sample rows of the earnings marketplace: invented owners, assets, campaigns, and each use of an asset.

A line of ``uses.csv`` is one use, from its impression on: seconds from Monday 00:00 of the week in which the rows are
loaded, then the seconds to the click, to the conversion, its sale, and the seconds to the attribution, empty from where
the story ended. ``latest.csv`` counts from the moment of loading instead: the last hour is never empty.

Run ``python data/earnings/generate.py`` to write the files again: same seed, same bytes.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from dashboard.apps.earnings.catalogue import ADVERTISERS, ASSETS, PURPOSES
from dashboard.apps.seasons import DAY, HOUR, WEEK, Season

SEED = 20262
USES, LATEST, LICENCES = 32_000, 240, 400
FOLDER = Path(__file__).parent
# People click in the evening and at the weekend.
SEASON = Season(
    hours=(22, 14, 9, 7, 7, 10, 18, 30, 40, 44, 46, 50, 56, 54, 50, 50, 54, 62, 74, 88, 98, 94, 70, 40),
    weekdays=(0.82, 0.8, 0.84, 0.88, 0.94, 1.0, 0.98),
    first=-5 * WEEK,
    last=WEEK,
    growth=2.5,
)
OWNERS = (  # handle, name, share of the assets
    ("mira", "Mira Castellan", 9),
    ("tom", "Tom Okafor", 5),
    ("yuki", "Yuki Tanabe", 4),
    ("elin", "Elin Sørby", 3),
    ("paulo", "Paulo Nogueira", 2),
    ("ada", "Ada Brandt", 1),
)
Row = tuple[object, ...]


class Market:
    """Draws what is on the market and what was used of it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 -- nothing to keep secret
        self.assets: list[Row] = []
        self.campaigns: list[Row] = []
        self.weights: list[float] = []
        self.rates: list[float] = []  # clicks per impression, by campaign

    def open(self) -> None:
        """Give every owner assets, and most assets campaigns."""
        owners = [number for number, (*_, share) in enumerate(OWNERS, start=1) for _ in range(share)]
        self.random.shuffle(owners)
        for number, (owner, (name, category, records)) in enumerate(zip(owners, ASSETS, strict=True), start=1):
            status = self.random.choices(("active", "paused", "review", "draft", "retired"), (76, 8, 6, 6, 4))[0]
            at = int(SEASON.first - self.random.random() * 300 * DAY)
            self.assets.append((number, owner, name, category, records, status, at))
            if status in ("active", "paused", "retired"):
                self.advertise(number, at)

    def advertise(self, asset: int, since: int) -> None:
        """Let advertisers use an asset: one campaign is enough for most."""
        for _ in range(1 + int(self.random.paretovariate(1.6)) % 4):
            advertiser = self.random.choice(ADVERTISERS)
            status = self.random.choices(("running", "paused", "ended"), (80, 8, 12))[0]
            fee = round(0.06 + 0.5 * self.random.betavariate(1.6, 4), 2)
            share = round(0.04 + 0.16 * self.random.random(), 3)
            name = f"{advertiser}: {self.random.choice(PURPOSES)}"
            at = int(since + (SEASON.first - since) * self.random.random())
            self.campaigns.append((len(self.campaigns) + 1, asset, name, advertiser, status, fee, share, at))
            self.weights.append(self.random.paretovariate(0.9))
            self.rates.append(0.06 + 0.34 * self.random.betavariate(2, 5))

    def use(self, at: int, places: Sequence[int]) -> Row:
        """One impression in one of these campaigns, and what came of it."""
        (place,) = self.random.choices(places, [self.weights[place] for place in places])
        clicked = converted = sale = attributed = None
        if self.random.random() < self.rates[place]:
            clicked = self.random.randrange(1, 40)
            if self.random.random() < 0.24:
                converted = int(self.random.lognormvariate(4.6, 1.1))
                sale = round(self.random.lognormvariate(3.4, 0.7), 2)
                if self.random.random() < 0.9:
                    attributed = self.random.randrange(5, 400)
        return (place + 1, at, clicked, converted, sale, attributed)

    def running(self) -> list[int]:
        """Places of the campaigns that run, on an active asset."""
        active = {row[0] for row in self.assets if row[5] == "active"}
        return [place for place, row in enumerate(self.campaigns) if row[4] == "running" and row[1] in active]

    def license(self, at: int) -> Row:
        """Somebody licenses an asset as a whole."""
        active = [row[0] for row in self.assets if row[5] == "active"]
        return (self.random.choice(active), at, self.random.choice((12, 12, 18, 18, 24, 36, 60)))


def write(name: str, header: str, rows: Iterable[Sequence[object]]) -> None:
    """Write one file."""
    with (FOLDER / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(rows)


def main() -> None:
    """Write all files."""
    market = Market(SEED)
    market.open()
    everything, running = range(len(market.campaigns)), market.running()
    use = "campaign_id at clicked_after converted_after sale attributed_after"
    owners = ((n, *owner[:2], f"{owner[0]}@example.org") for n, owner in enumerate(OWNERS, start=1))
    write("owners", "id handle name email", owners)
    write("assets", "id owner_id name category records status at", market.assets)
    campaign = "id asset_id name advertiser status click_fee commission at"
    write("campaigns", campaign, market.campaigns)
    write("uses", use, [market.use(at, everything) for at in SEASON.times(market.random, USES)])
    latest = sorted(int(-1.2 * HOUR * market.random.random()) for _ in range(LATEST))
    write("latest", use, [market.use(at, running) for at in latest])
    write("licences", "asset_id at amount", [market.license(at) for at in SEASON.times(market.random, LICENCES)])


if __name__ == "__main__":
    main()
