"""Write the sample rows of the CRM: invented people, who write to each other and call each other.

Times are whole seconds from Monday 00:00 of the week in which the rows are loaded. The files cover the five
weeks before that Monday and the week after it; the loader leaves out what would lie in the future. So the
demo always ends now, and its nights and weekends fall where nights and weekends are.

Run ``python data/crm/generate.py`` to write the files again: same seed, same bytes.
"""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dashboard.apps.crm.people import NOTES, SOURCES, URLS
from dashboard.apps.people import invent, names

SEED = 20261
HOUR, DAY, WEEK = 3_600, 86_400, 604_800
FIRST, LAST = -5 * WEEK, WEEK
CONTACTS = 2_700
DAILY_ACTIVITIES, DAILY_EMAILS = 300, 300  # of the whole team, on an average day
GROWTH = 2.5  # weeks in which the team grows to 2.7 times
FOLDER = Path(__file__).parent

# How busy an hour of the day and a day of the week are, at most 1. Between Osaka and Lisbon somebody is always up.
HOURS = (24, 20, 18, 20, 24, 30, 38, 50, 64, 80, 92, 88, 66, 72, 88, 86, 76, 66, 56, 50, 46, 40, 34, 28)
WEEKDAYS = (0.92, 1.0, 0.97, 0.94, 0.78, 0.34, 0.26)

MEMBERS = (  # handle, name, upline, share of the contacts, city, country, time zone, goals
    ("ana", "Ana Moreno", None, 27, "Madrid", "ES", "Europe/Madrid", 0.42, 60),
    ("jo", "Jo Tran", 1, 19, "Berlin", "DE", "Europe/Berlin", 0.40, 45),
    ("kwame", "Kwame Osei", 1, 12, "Accra", "GH", "Africa/Accra", 0.40, 30),
    ("ingrid", "Ingrid Halvorsen", 1, 10, "Bergen", "NO", "Europe/Oslo", 0.40, 25),
    ("ravi", "Ravi Menon", 2, 8, "Kochi", "IN", "Asia/Kolkata", 0.38, 20),
    ("claire", "Claire Dubois", 2, 7, "Lyon", "FR", "Europe/Paris", 0.40, 20),
    ("mateus", "Mateus Duarte", 3, 6, "Porto", "PT", "Europe/Lisbon", 0.36, 15),
    ("aiko", "Aiko Mori", 4, 5, "Osaka", "JP", "Asia/Tokyo", 0.40, 15),
    ("lena", "Lena Fuchs", 2, 4, "Graz", "AT", "Europe/Vienna", 0.40, 10),
    ("sam", "Sam Whitaker", 5, 2, "Leeds", "GB", "Europe/London", 0.40, 10),
)

TEMPLATES = (  # name, subject, how often it is sent, how often it is opened, how often who opened it replies
    ("welcome-1", "Welcome, part 1", 20, 0.58, 0.14),
    ("welcome-2", "Welcome, part 2", 16, 0.49, 0.07),
    ("welcome-3", "Welcome, part 3", 11, 0.41, 0.05),
    ("catalogue", "The autumn catalogue is here", 18, 0.37, 0.03),
    ("tasting", "You are invited: tasting evening", 12, 0.46, 0.22),
    ("follow-up", "Nice to have met you", 14, 0.55, 0.26),
    ("order", "Your order, and how to use it", 9, 0.63, 0.06),
    ("win-back", "We have missed you", 8, 0.19, 0.09),
)

ABROAD = tuple(names())
HOME = {"GH": "NG", "NO": "SE", "PT": "BR", "AT": "DE"}  # where the names of a member's country are kept

SCORES = {"lead": (1.3, 6.0), "prospect": (3, 5), "customer": (5, 3), "partner": (7, 2.5), "inactive": (1, 9)}
STAGES = (("lead", 38), ("prospect", 25), ("customer", 21), ("partner", 5), ("inactive", 11))
Row = tuple[object, ...]


def busy(at: float) -> float:
    """How busy the team is at `at`, from 0 to 1: the hour of the day, the day of the week, a growing team."""
    day, second = divmod(at, DAY)
    hour, within = divmod(second, HOUR)
    here, there = HOURS[int(hour)], HOURS[(int(hour) + 1) % 24]
    growth = math.exp((at - LAST) / (GROWTH * WEEK))
    return (here + (there - here) * within / HOUR) / max(HOURS) * WEEKDAYS[int(day) % 7] * growth


class Team:
    """Draws everything that happened, contact by contact."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 -- nothing to keep secret
        self.replies = random.Random(seed + 1)  # noqa: S311 -- likewise
        self.contacts: list[Row] = []
        self.activities: list[Row] = []
        self.emails: list[Row] = []
        self.clicks: list[Row] = []

    def choose(self, weighted: Sequence[tuple[str, int]]) -> str:
        """Draw one of the names, each as often as its weight says."""
        return self.random.choices([name for name, _ in weighted], [weight for _, weight in weighted])[0]

    def times(self, per_day: float) -> Iterator[int]:
        """Times over all weeks, `per_day` on an average day, thinned by how busy the team is."""
        grown = GROWTH / 6 * (1 - math.exp(-6 / GROWTH))  # on average over the six weeks
        top = per_day / (sum(HOURS) / 24 / max(HOURS)) / (sum(WEEKDAYS) / 7) / grown
        at = float(FIRST)
        while (at := at + self.random.expovariate(top / DAY)) < LAST:
            if self.random.random() < busy(at):
                yield int(at)

    def later(self, at: float, mean: float) -> int:
        """A time after `at`, about `mean` seconds, when somebody is at work."""
        at += self.random.expovariate(1 / mean)
        while self.random.random() > busy(at) * 2:
            at += HOUR * self.random.random()
        return int(at)

    def add_contacts(self) -> None:
        """Add everybody the team knows, and what followed on each who came lately."""
        old = int(CONTACTS * 0.72)
        when = sorted(int(FIRST - self.random.paretovariate(0.9) * 9 * DAY) for _ in range(old))
        fresh = sorted(self.times((CONTACTS - old) / 42))
        for at in [max(at, FIRST - 700 * DAY) for at in when] + fresh:
            member = self.random.choices(range(len(MEMBERS)), [m[3] for m in MEMBERS])[0]
            home = HOME.get(MEMBERS[member][5], MEMBERS[member][5])
            country = home if self.random.random() < 0.55 else self.random.choice(ABROAD)
            person = invent(self.random, country)
            stage = self.choose(STAGES) if at < FIRST else "lead"
            score = round(100 * self.random.betavariate(*SCORES[stage]))
            described = (person.name, person.email, person.phone, country, self.choose(SOURCES), stage, score)
            self.contacts.append((len(self.contacts) + 1, member + 1, *described, at))
            if at >= FIRST:
                self.follow(len(self.contacts), at)

    def follow(self, contact: int, at: int) -> None:
        """What follows on a new contact: a call, a meeting, a stage, or nothing at all."""
        for kind, chance, wait, stage in (
            ("call", 0.8, 14 * HOUR, "prospect"),
            ("meeting", 0.5, 4 * DAY, "customer"),
            ("meeting", 0.3, 9 * DAY, "partner"),
        ):
            if self.random.random() > chance:
                if self.random.random() < 0.2:
                    self.activities.append((contact, "stage", self.later(at, 6 * DAY), None, "inactive"))
                return
            at = self.later(at, wait)
            self.act(contact, kind, at)
            if self.random.random() < 0.62:
                self.activities.append((contact, "stage", at + self.random.randrange(30, 900), None, stage))

    def act(self, contact: int, kind: str, at: int) -> None:
        """Call, meet or write a note."""
        minutes = None
        if kind != "note":
            minutes = max(1, round(self.random.lognormvariate(*((1.5, 0.8) if kind == "call" else (3.5, 0.4)))))
        self.activities.append((contact, kind, at, minutes, self.random.choice(NOTES) if kind == "note" else None))

    def anybody(self, at: int, popular: list[float]) -> int:
        """A contact that was there at `at`: few are spoken to often, most hardly ever."""
        while True:
            contact = self.random.choices(range(len(self.contacts)), cum_weights=popular)[0]
            if int(str(self.contacts[contact][9])) < at:
                return contact + 1

    def live(self) -> None:
        """Draw all of it."""
        self.add_contacts()
        total, popular = 0.0, []
        for _ in self.contacts:
            total += self.random.paretovariate(1.2)
            popular.append(total)
        for at in self.times(DAILY_ACTIVITIES):
            kind = self.choose((("call", 60), ("meeting", 13), ("note", 27)))
            self.act(self.anybody(at, popular), kind, at)
        mails = sorted((at, self.anybody(at, popular)) for at in self.times(DAILY_EMAILS))
        for number, (at, contact) in enumerate(mails, start=1):
            self.mail(number, contact, at)

    def mail(self, number: int, contact: int, at: int) -> None:
        """Send an e-mail; it may bounce, be opened, be clicked, be replied to."""
        template = self.random.choices(range(len(TEMPLATES)), [t[2] for t in TEMPLATES])[0]
        delivered = None if self.random.random() < 0.026 else self.random.randrange(1, 40)
        opened = clicked = replied = None
        if delivered and self.random.random() < TEMPLATES[template][3]:
            opened = delivered + int(self.random.lognormvariate(8.6, 1.4))
            if self.random.random() < 0.24:
                clicked = opened + self.random.randrange(4, 240)
                self.clicks.append((number, clicked, self.random.choice(URLS)))
        if opened and self.replies.random() < TEMPLATES[template][4]:
            replied = opened + int(self.replies.lognormvariate(8.2, 1.5)) + 30
        self.emails.append((number, contact, template + 1, at, delivered, opened, replied))


def write(folder: Path, name: str, header: str, rows: Iterable[Sequence[object]]) -> None:
    """Write one file."""
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(rows)


def main(folder: Path = FOLDER) -> None:
    """Write all files."""
    team = Team(SEED)
    team.live()
    people = [(number, *row) for number, row in enumerate(MEMBERS, start=1)]
    write(folder, "members", "id handle name email upline", ((*p[:3], f"{p[1]}@example.org", p[3]) for p in people))
    profile = "member_id city country timezone open_goal activity_goal"
    write(folder, "member_profiles", profile, ((p[0], *p[5:]) for p in people))
    write(folder, "email_templates", "id name subject", ((n, *t[:2]) for n, t in enumerate(TEMPLATES, 1)))
    write(folder, "contacts", "id member_id name email phone country source stage score at", team.contacts)
    activities = sorted(team.activities, key=lambda row: (row[2], str(row)))
    write(folder, "member_activities", "contact_id kind at minutes detail", activities)
    write(folder, "sent_emails", "id contact_id template_id at delivered_after opened_after replied_after", team.emails)
    write(folder, "email_clicks", "email_id after url", team.clicks)


if __name__ == "__main__":
    main()
