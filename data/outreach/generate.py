"""Write the sample rows of outreach: invented users, their campaigns, whom they invited, and what was written.

Times are seconds from Monday 00:00 of the week in which the rows are loaded, and after the invitation.

Run ``python data/outreach/generate.py`` to write the files again: same seed, same bytes.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from dashboard.apps.outreach.phrases import COMPANIES, FIRST, REPLIES, ROLES, SECOND, SOURCES
from dashboard.apps.people import invent, names
from dashboard.apps.seasons import DAY, HOUR, WEEK, Season

SEED = 20263
INVITATIONS = 5_600
FOLDER = Path(__file__).parent
# People answer at work: in the morning, and again after lunch.
SEASON = Season(
    hours=(6, 4, 3, 3, 5, 9, 22, 48, 80, 98, 94, 82, 60, 66, 86, 84, 72, 56, 38, 30, 26, 20, 14, 9),
    weekdays=(0.96, 1.0, 0.98, 0.9, 0.7, 0.18, 0.14),
    first=-5 * WEEK,
    last=WEEK,
    growth=2.5,
)
USERS = (
    ("nora", "Nora Feldt"),
    ("ben", "Ben Adeyemi"),
    ("sofia", "Sofia Marques"),
    ("kai", "Kai Nyström"),
    ("lea", "Lea Roche"),
)
CAMPAIGNS = (  # user, name, audience, status, share of the invitations, share that accepts, weeks it has run
    (1, "Heads of sales, DACH", "Heads of sales in Germany, Austria, Switzerland", "active", 22, 0.46, 5),
    (1, "Founders in climate tech", "Founders of companies with 5 to 50 people", "active", 15, 0.39, 4),
    (1, "Trade fair, hall 4", "Visitors of the stand", "completed", 12, 0.62, 5),
    (1, "Data leaders, Nordics", "Heads of data and analytics", "paused", 9, 0.34, 3),
    (1, "Product people, second degree", "Product managers known to colleagues", "active", 7, 0.51, 2),
    (1, "Spring webinar", "Guests of the webinar", "draft", 0, 0.4, 0),
    (2, "Recruiters, Benelux", "In-house recruiters", "active", 10, 0.44, 5),
    (2, "Alumni, class of 2015", "Fellow students", "completed", 6, 0.71, 5),
    (2, "HR software buyers", "HR and procurement", "paused", 6, 0.28, 4),
    (3, "Galleries and museums", "Curators and directors", "active", 7, 0.5, 5),
    (3, "Print shops", "Owners", "active", 4, 0.36, 3),
    (4, "Fleet managers", "Fleets above 40 vehicles", "active", 6, 0.33, 5),
    (4, "Charging infrastructure", "City planners", "draft", 0, 0.4, 0),
    (5, "Podcast guests", "Authors and researchers", "active", 5, 0.55, 5),
)
NOTES = (
    "Hello, we met at the fair and I would like to stay in touch.",
    "Hello, I follow your work and would be glad to connect.",
    "Hello, a colleague of yours suggested that we talk.",
)
Row = tuple[object, ...]


class Outreach:
    """Draws whom was invited when, and what came of it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 -- nothing to keep secret
        self.connections: list[Row] = []
        self.messages: list[Row] = []
        self.invited = [0] * len(CAMPAIGNS)

    def invite(self, at: int) -> None:
        """One invitation, in a campaign that runs at this time."""
        running = [n for n, c in enumerate(CAMPAIGNS) if at >= SEASON.last - (c[6] + 1) * WEEK and c[4]]
        running = [n for n in running if CAMPAIGNS[n][3] == "active" or at < -self.random.random() * WEEK]
        if not running:
            return
        (place,) = self.random.choices(running, [CAMPAIGNS[n][4] for n in running])
        person = invent(self.random, self.random.choice(list(names())))
        headline = f"{self.random.choice(ROLES)} at {self.random.choice(COMPANIES)}"
        accepted = declined = withdrawn = None
        luck, share = self.random.random(), CAMPAIGNS[place][5]
        if luck < share:
            accepted = self.wait(at, 26 * HOUR)
        elif luck < share + 0.07:
            declined = self.wait(at, 40 * HOUR)
        elif luck < share + 0.2:
            withdrawn = 14 * DAY + self.random.randrange(DAY)
        number = len(self.connections) + 1
        self.connections.append(
            (number, place + 1, person.name, headline, person.country, at, accepted, declined, withdrawn)
        )
        self.invited[place] += 1
        if accepted is not None:
            self.write(number, at, accepted)

    def write(self, connection: int, at: int, after: int) -> None:
        """What is written to somebody who accepted, and back."""
        if self.random.random() > 0.86:
            return
        after += self.random.randrange(60, 7_200)
        self.messages.append((connection, "sent", after, self.random.choice(FIRST)))
        for text in (None, self.random.choice(SECOND)):
            if text is not None:
                after += 3 * DAY
                self.messages.append((connection, "sent", after, text))
            if self.random.random() < (0.4 if text is None else 0.24):
                self.messages.append(
                    (connection, "received", after + self.wait(at + after, 9 * HOUR), self.random.choice(REPLIES))
                )
                return
            if self.random.random() < 0.5:
                return

    def wait(self, at: int, mean: float) -> int:
        """Seconds until somebody answers, during working hours."""
        return SEASON.later(self.random, at, mean) - at

    def imports(self) -> list[Row]:
        """Where the people came from: every campaign was filled by a few imports; three are under way."""
        rows: list[Row] = []
        for place, campaign in enumerate(CAMPAIGNS):
            for number in range(1 + campaign[4] // 8 if campaign[4] else 0):
                at = int(
                    SEASON.last
                    - (campaign[6] + 1) * WEEK
                    + number * 6 * DAY
                    + 9 * HOUR
                    + self.random.randrange(DAY // 3)
                )
                total = int(self.random.lognormvariate(5, 0.5))
                rows.append((place + 1, self.random.choice(SOURCES), total, total, at))
        rows.sort(key=lambda row: int(str(row[4])))
        return [
            *rows,
            (6, "webinar.csv", 240, 96, None),
            (1, "saved-search", 480, 402, None),
            (7, "alumni.csv", 130, 31, None),
        ]


def write(name: str, header: str, rows: Iterable[Sequence[object]]) -> None:
    """Write one file."""
    with (FOLDER / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(rows)


def main() -> None:
    """Write all files."""
    outreach = Outreach(SEED)
    for at in SEASON.times(outreach.random, INVITATIONS):
        outreach.invite(at)
    campaigns = []
    for number, (user, name, audience, status, _, _, weeks) in enumerate(CAMPAIGNS, start=1):
        people = outreach.invited[number - 1] + (0 if status == "completed" else outreach.random.randrange(90, 400))
        at = SEASON.last - (weeks + 1) * WEEK - outreach.random.randrange(2 * DAY)
        limit = outreach.random.choice((15, 20, 25, 30, 40))
        campaigns.append((number, user, name, audience, outreach.random.choice(NOTES), status, limit, people, int(at)))
    write("users", "id handle name email", ((n, *u, f"{u[0]}@example.org") for n, u in enumerate(USERS, start=1)))
    write("campaigns", "id user_id name audience note status daily_limit people at", campaigns)
    connection = "id campaign_id name headline country at accepted_after declined_after withdrawn_after"
    write("connections", connection, outreach.connections)
    write("messages", "connection_id direction after body", outreach.messages)
    write("imports", "campaign_id source total done at", outreach.imports())


if __name__ == "__main__":
    main()
