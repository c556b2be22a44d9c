"""Write the sample rows of the call tracking: invented people who call, agents who answer, buyers who bid.

Times are whole seconds from Monday 00:00 of the week in which the rows are loaded. The files cover the four
weeks before that Monday and the week after it; the loader leaves out what would lie in the future. So the
demo always ends now, and its nights and weekends fall where nights and weekends are. Only `latest` counts from the
moment of loading: the last quarter of an hour, so that somebody is on the telephone whatever the time of day.

Run ``python data/calls/generate.py`` to write the files again: same seed, same bytes.
"""

from __future__ import annotations

import csv
import itertools
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from dashboard.apps.calls.trade import ALERTS, BUYERS, bid_amounts, outcome
from dashboard.apps.people import Person, invent, names
from dashboard.apps.seasons import WEEK, Season

SEED = 20262
CALLS, CALLERS, ALERTED = 13_000, 3_000, 120
LATEST, QUARTER = 40, 900
FOLDER = Path(__file__).parent
SEASON = Season(
    hours=(9, 7, 6, 6, 8, 14, 26, 44, 68, 92, 100, 94, 74, 82, 96, 92, 84, 76, 62, 48, 36, 26, 18, 12),
    weekdays=(100, 96, 92, 90, 84, 46, 34),
    first=-4 * WEEK,
    last=WEEK,
    growth=2.5,
)

ACCOUNTS = (  # handle, name, share of the calls
    ("harbour", "Harbour Leads", 46),
    ("nordwind", "Nordwind Media", 30),
    ("tern", "Tern & Daughters", 16),
    ("lumen", "Lumen Calls", 8),
)
AGENTS = (  # of each account in turn
    "Maud Bennett, Emeka Obi, Lucía Vidal, Jonas Kern, Priya Iyer, Finlay Shaw, Greta Winkler, Caio Moura, "
    "Hazel Foster, Tuấn Phạm, Elsa Nyberg, Karim Fahmy, Zoé Mercier, Rhys Pryce",
    "Hannah Vogel, Björn Lund, Sofia Makris, Adrián Cano, Ngozi Eze, Kinga Mazur, Theo Doyle, Yui Hayashi",
    "Orla Fraser, Tunde Bello, Aoi Mori, Mateo Ferrer, Salma Zaki",
    "Camille Roux, Rohan Bose, Åsa Hedlund",
)
CAMPAIGNS = (  # account, name, channel, floor, how many calls it brings
    (1, "Home solar, spring", "search", 14, 30),
    (1, "Roof repair", "radio", 9, 17),
    (1, "Moving house", "search", 7, 24),
    (1, "Kitchen fitting", "social", 11, 12),
    (1, "Heat pumps", "search", 18, 11),
    (2, "Car insurance", "search", 12, 38),
    (2, "Legal advice", "television", 22, 12),
    (2, "Dental plans", "social", 8, 20),
    (3, "Boiler cover", "search", 10, 30),
    (3, "Garden rooms", "social", 16, 12),
    (4, "Hearing tests", "print", 13, 20),
    (4, "Driving lessons", "social", 5, 16),
)

Row = tuple[object, ...]


class Exchange:
    """Draws everything that happened, call by call."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 -- nothing to keep secret
        self.calls: list[Row] = []
        self.latest: list[Row] = []
        self.auctions: list[Row] = []
        self.bids: list[Row] = []
        self.alerts: list[Row] = []
        self.free: dict[int, int] = {}  # when an agent's call is over

    def callers(self) -> list[Person]:
        """People, some of whom call again and again."""
        return [invent(self.random, self.random.choice(list(names()))) for _ in range(CALLERS)]

    def live(self) -> None:
        """Draw all of it."""
        people = self.callers()
        popular = list(itertools.accumulate(self.random.paretovariate(1.4) for _ in people))
        agents = _numbered([group.split(", ") for group in AGENTS])
        weights = [share * ACCOUNTS[account - 1][2] for account, *_, share in CAMPAIGNS]
        times = list(SEASON.times(self.random, CALLS))
        latest = sorted(-self.random.randrange(1, QUARTER) for _ in range(LATEST))
        for number, at in enumerate([*times, *latest], start=1):
            if at == latest[0]:
                self.free.clear()
            campaign = self.random.choices(range(len(CAMPAIGNS)), weights)[0]
            (person,) = self.random.choices(people, cum_weights=popular)
            rows = self.calls if number <= len(times) else self.latest
            rows.append(self.call(number, campaign, person, at, agents[CAMPAIGNS[campaign][0] - 1]))
        for at in SEASON.times(self.random, ALERTED):
            account = self.random.choices(range(len(ACCOUNTS)), [share for *_, share in ACCOUNTS])[0]
            severity, message, _ = self.random.choices(ALERTS, [often for *_, often in ALERTS])[0]
            about = self.random.choice([name for owner, name, *_ in CAMPAIGNS if owner == account + 1])
            seen = int(self.random.lognormvariate(7.5, 1.2)) if self.random.random() < 0.93 else None
            self.alerts.append((account + 1, severity, message.format(campaign=about), at, seen))

    def call(self, number: int, campaign: int, person: Person, at: int, agents: Sequence[int]) -> Row:
        """One call: who is free answers, or nobody does."""
        idle = [agent for agent in agents if self.free.get(agent, at) <= at]
        is_answered = bool(idle) and self.random.random() < 0.91
        described = (person.name, person.phone, person.country, at)
        if not is_answered:
            return (number, campaign + 1, None, *described, None, self.random.randrange(12, 55))
        agent, waited = self.random.choice(idle), 2 + int(self.random.expovariate(1 / 7))
        ended = waited + max(8, int(self.random.lognormvariate(5.2, 0.85)))
        self.free[agent] = at + ended + 15
        if ended - waited > 45 and self.random.random() < 0.62:
            self.auction(number, CAMPAIGNS[campaign][3], ended)
        return (number, campaign + 1, agent, *described, waited, ended)

    def auction(self, call: int, floor: float, after: int) -> None:
        """A lead that buyers bid for."""
        seconds, number = self.random.randrange(30, 91), len(self.auctions) + 1
        amounts = bid_amounts(self.random, floor)
        moments = sorted(self.random.sample(range(1, seconds), len(amounts)))
        buyers = self.random.sample(range(1, len(BUYERS) + 1), 5)
        for amount, moment in zip(amounts, moments, strict=True):
            self.bids.append((number, self.random.choice(buyers), f"{amount:.2f}", moment))
        settled, status = outcome(self.random)
        self.auctions.append((number, call, after, seconds, settled, status))


def _numbered(groups: Sequence[Sequence[str]]) -> list[list[int]]:
    counted, numbers = 0, []
    for group in groups:
        numbers.append(list(range(counted + 1, counted + len(group) + 1)))
        counted += len(group)
    return numbers


def write(folder: Path, name: str, header: str, rows: Iterable[Sequence[object]]) -> None:
    """Write one file."""
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(rows)


def main(folder: Path = FOLDER) -> None:
    """Write all files."""
    exchange = Exchange(SEED)
    exchange.live()
    agents = [(number, who) for number, group in enumerate(AGENTS, start=1) for who in group.split(", ")]
    write(folder, "accounts", "id handle name", ((n, *a[:2]) for n, a in enumerate(ACCOUNTS, 1)))
    write(folder, "buyers", "id name", enumerate(BUYERS, 1))
    write(folder, "agents", "id account_id name", ((n, *a) for n, a in enumerate(agents, 1)))
    write(folder, "campaigns", "id account_id name channel floor", ((n, *c[:4]) for n, c in enumerate(CAMPAIGNS, 1)))
    described = "id campaign_id agent_id caller phone country at answered_after ended_after"
    write(folder, "calls", described, exchange.calls)
    write(folder, "latest", described, exchange.latest)
    write(folder, "auctions", "id call_id opened_after seconds settled_after status", exchange.auctions)
    write(folder, "bids", "auction_id buyer_id amount after", exchange.bids)
    write(folder, "alerts", "account_id severity message at acknowledged_after", exchange.alerts)


if __name__ == "__main__":
    main()
