"""Write the sample rows of the storefronts: invented customers of three shops that do not exist.

Times are whole seconds from Monday 00:00 of the week in which the rows are loaded. The files cover the five
weeks before that Monday and the week after it; the loader leaves out what would lie in the future. So the
demo always ends now, and its nights and weekends fall where nights and weekends are.

Run ``python data/storefront/generate.py`` to write the files again: same seed, same bytes.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from dashboard.apps.people import invent, names
from dashboard.apps.seasons import DAY, HOUR, WEEK, Season

SEED = 20263
CUSTOMERS, FAVOURITES, ORDERS, DOWNLOADS = 1_600, 12_000, 6_500, 7_000
FOLDER = Path(__file__).parent
SEASON = Season(
    hours=(30, 18, 11, 8, 7, 10, 18, 30, 42, 50, 56, 60, 66, 62, 58, 58, 62, 70, 80, 92, 100, 96, 76, 50),
    weekdays=(84, 80, 82, 86, 88, 96, 100),
    first=-5 * WEEK,
    last=WEEK,
    growth=2.5,
)

SHOPS = (  # handle, name, city, share of the customers
    ("kleine_presse", "Kleine Presse", "Leipzig", 52),
    ("fernweh", "Fernweh Maps", "Bergen", 30),
    ("blue_tape", "Blue Tape Audio", "Bristol", 18),
)
SERIES = (  # shop, category, price from, price to, megabytes (0: by post), what there is of it
    (1, "Print", 18, 60, 0, "Heron, Kestrel, Barn owl, Moth atlas, Night harbour, Tram 11, Elbe at dawn, Poppy field"),
    (1, "Typeface", 20, 90, 6, "Grotesk Nord, Lindenau Serif, Plakat Bold, Kontor Mono, Ährenfeld"),
    (1, "Card set", 6, 14, 0, "Winter birds, Herbs, Signal flags, Wild cats, Mushrooms, Moon phases"),
    (1, "Pattern", 8, 25, 40, "Terrazzo, Waves, Marble, Halftone, Linen, Woodcut, Riso grain"),
    (1, "Calendar", 14, 28, 0, "Lighthouses, Allotments, Constellations"),
    (2, "Map", 9, 30, 180, "Jotunheimen, Lofoten, Hardangervidda, Cairngorms, Vosges, Harz, Tatra, Dolomites, Picos"),
    (2, "Route", 3, 9, 2, "Seven lakes, Ridge by ridge, Old postal road, Four huts, Along the fjord, Two passes"),
    (2, "Gear", 12, 48, 0, "Map case, Compass, Enamel mug, Wool hat, Dry bag"),
    (3, "Samples", 15, 55, 900, "Rainy tape, Felt piano, Brushed drums, Tube choir, Kalimba, Modular dust, Room tones"),
    (3, "Presets", 9, 30, 12, "Slow pads, Glass bass, Worn keys, Granular birds"),
    (3, "Record", 19, 32, 0, "Harbour sessions, Snow days, Long exposure, B-sides"),
)
EDITIONS = ("", " II", ", large", ", signed")
Row = tuple[object, ...]


class Market:
    """Draws everything that happened, customer by customer."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 -- nothing to keep secret
        self.products: list[Row] = []
        self.customers: list[Row] = []
        self.favourites: dict[tuple[int, int], int] = {}
        self.orders: list[Row] = []
        self.items: list[Row] = []
        self.downloads: list[Row] = []
        self.wanted: dict[int, tuple[list[int], list[float]]] = {}  # products and how often, by shop

    def live(self) -> None:
        """Draw all of it."""
        self.add_products()
        self.add_customers()
        for at in SEASON.times(self.random, FAVOURITES):
            customer, shop = self.anybody(at)
            self.favourites.setdefault((customer, self.anything(shop)), at)
        for at in SEASON.times(self.random, ORDERS):
            self.order(at)
        for at in SEASON.times(self.random, DOWNLOADS):
            self.download(at)

    def add_products(self) -> None:
        """Add what is sold, some of it in several editions."""
        for shop, category, low, high, megabytes, titles in SERIES:
            for title in titles.split(", "):
                for edition in EDITIONS[: self.random.choice((1, 1, 2, 3, 4))]:
                    price = self.random.randrange(low * 2, high * 2) / 2 - 0.1
                    size = round(megabytes * 1e6 * self.random.lognormvariate(0, 0.6)) or None
                    product = len(self.products) + 1
                    self.products.append((product, shop, title + edition, category, f"{price:.2f}", size))
                    often = self.random.paretovariate(1.1)
                    known, weights = self.wanted.setdefault(shop, ([], []))
                    known.append(product)
                    weights.append(often)

    def add_customers(self) -> None:
        """Add customers, most of whom came before the sample begins."""
        old = sorted(SEASON.first - int(self.random.expovariate(1 / (160 * DAY))) for _ in range(CUSTOMERS * 3 // 4))
        for at in [*old, *SEASON.times(self.random, CUSTOMERS // 4)]:
            shop = self.random.choices(range(1, len(SHOPS) + 1), [share for *_, share in SHOPS])[0]
            person = invent(self.random, self.random.choice(list(names())))
            self.customers.append((len(self.customers) + 1, shop, person.name, person.email, person.country, at))

    def anybody(self, at: int) -> tuple[int, int]:
        """A customer who was there at `at`, and the shop; those who came lately come more often."""
        while True:
            customer = self.customers[int(len(self.customers) * self.random.random() ** 0.7)]
            if int(str(customer[5])) < at:
                return int(str(customer[0])), int(str(customer[1]))

    def anything(self, shop: int) -> int:
        """A product of the shop: few are wanted often, most hardly ever."""
        return self.random.choices(*self.wanted[shop])[0]

    def order(self, at: int) -> None:
        """An order, paid soon or never, on its way the next working days."""
        customer, shop = self.anybody(at)
        number = len(self.orders) + 1
        for product in sorted({self.anything(shop) for _ in range(self.random.choice((1, 1, 1, 2, 2, 3, 5)))}):
            self.items.append((number, product, self.random.choice((1, 1, 1, 1, 2, 3))))
        chance = self.random.random()
        if chance < 0.06:
            self.orders.append((number, customer, at, None, None, None, int(self.random.expovariate(1 / (9 * HOUR)))))
            return
        paid = int(self.random.lognormvariate(5, 1.5))
        if chance < 0.08:
            self.orders.append((number, customer, at, paid, None, None, paid + int(self.random.expovariate(1 / DAY))))
            return
        shipped = paid + int(self.random.lognormvariate(11.1, 0.5))
        delivered = shipped + int(self.random.lognormvariate(12.1, 0.4))
        self.orders.append((number, customer, at, paid, shipped, delivered, None))

    def download(self, at: int) -> None:
        """A file that is asked for; a few break off."""
        customer, shop = self.anybody(at)
        files = [(product, int(str(size))) for product, of, *_, size in self.products if of == shop and size]
        product, size = files[int(len(files) * self.random.random() ** 2)]
        took = 3 + int(size / self.random.lognormvariate(15, 0.9))
        share = 1 if self.random.random() > 0.04 else round(self.random.random(), 2)
        self.downloads.append((customer, product, at, took, share))


def write(folder: Path, name: str, header: str, rows: Iterable[Sequence[object]]) -> None:
    """Write one file."""
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(rows)


def main(folder: Path = FOLDER) -> None:
    """Write all files."""
    market = Market(SEED)
    market.live()
    write(folder, "shops", "id handle name city", ((n, *shop[:3]) for n, shop in enumerate(SHOPS, 1)))
    write(folder, "products", "id shop_id name category price bytes", market.products)
    write(folder, "customers", "id shop_id name email country at", market.customers)
    write(folder, "favourites", "customer_id product_id at", ((*who, at) for who, at in market.favourites.items()))
    write(folder, "orders", "id customer_id at paid_after shipped_after delivered_after cancelled_after", market.orders)
    write(folder, "order_items", "order_id product_id quantity", market.items)
    write(folder, "downloads", "customer_id product_id at took share", market.downloads)


if __name__ == "__main__":
    main()
