"""Whom the sample rows and the simulators invent: common names of 14 countries.

Numbers come from ranges kept free for films and books, addresses end in domains kept free for examples:
nobody is ever called or written to.
"""

from __future__ import annotations

import csv
import random
import unicodedata
from dataclasses import dataclass
from functools import cache

from dashboard.sample import folder

# Number ranges set aside for films and books, so that nobody is ever called.
PHONES = {
    "DE": "+49 30 23125 {:03d}",
    "GB": "+44 7700 900{:03d}",
    "US": "+1 202-555-0{:03d}",
    "FR": "+33 1 99 00 1{:03d}",
}
_UNFOLDED = str.maketrans({"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ß": "ss"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who does not exist."""

    name: str
    email: str
    phone: str | None
    country: str


@cache
def names() -> dict[str, tuple[list[str], list[str]]]:
    """Given and family names by country."""
    with (folder() / "names.csv").open(encoding="utf-8", newline="") as file:
        return {row["country"]: (row["given"].split(), row["family"].split()) for row in csv.DictReader(file)}


def invent(chance: random.Random, country: str) -> Person:
    """Make up a person with a name of `country`, one of `names()`."""
    given, family = (chance.choice(choices) for choices in names()[country])
    folded = unicodedata.normalize("NFKD", f"{given}.{family}".translate(_UNFOLDED)).lower()
    local = "".join(c for c in folded if c.isascii() and (c.isalnum() or c == "."))
    number = chance.choice(("", "", str(chance.randrange(2, 99))))
    return Person(
        name=f"{given} {family}",
        email=f"{local}{number}@example.{chance.choice(('org', 'com', 'net'))}",
        phone=PHONES[country].format(chance.randrange(100, 200)) if country in PHONES else None,
        country=country,
    )
