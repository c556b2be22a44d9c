"""Whom the sample rows and the simulator invent: names of 14 countries, and what is said to them.

Numbers come from ranges kept free for films and books, addresses end in domains kept free for examples:
nobody is ever called or written to.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass

PEOPLE = {  # country: given names, family names
    "DE": (
        "Tobias Hannah Jonas Mia Felix Greta Lukas Frieda Moritz Änne",
        "Kern Vogel Schäfer Böhm Krüger Winkler Roth Seidel Jahn Weiß",
    ),
    "ES": (
        "Lucía Hugo Martina Pablo Carmen Iker Noa Álvaro Elena Nuria",
        "García Núñez Ortega Vidal Peña Castaño Ibáñez Soler Ramos Lorca",
    ),
    "GB": (
        "Oliver Amelia Harry Isla George Poppy Arthur Freya Callum Orla",
        "Bennett Clarke Walsh Hughes O'Neill Fraser Doyle Marsh Pryce Shaw",
    ),
    "US": (
        "Mason Ava Ethan Harper Logan Grace Caleb Nora Jayden Ruth",
        "Carter Brooks Hayes Coleman Reyes Jenkins Foster Bell Sanders Kim",
    ),
    "FR": (
        "Léa Louis Manon Jules Chloé Noé Zoé Théo Inès Rémi",
        "Laurent Girard Lefèvre Mercier Fournier Chevalier Roux Noël Perrin Bécaud",
    ),
    "IN": (
        "Priya Arjun Ananya Vikram Meera Rohan Kavya Aditya Nisha Dev",
        "Nair Sharma Iyer Patel Reddy Gupta Kulkarni Bose Pillai Chauhan",
    ),
    "NG": (
        "Chinedu Amara Tunde Ngozi Emeka Zainab Femi Adaeze Ifeanyi Bisi",
        "Okafor Adeyemi Balogun Eze Okonkwo Bello Nwosu Abiola Danjuma Obi",
    ),
    "BR": (
        "Rafael Beatriz Thiago Larissa Gustavo Camila João Mariana Caio Luíza",
        "Silva Souza Araújo Gonçalves Ribeiro Barbosa Teixeira Moura Farias Leão",
    ),
    "PL": (
        "Zofia Jakub Maja Szymon Hanna Wojciech Kinga Bartosz Łucja Paweł",
        "Nowak Wiśniewska Dąbrowski Zając Kaczmarek Król Wróbel Sikora Pająk Żak",
    ),
    "JP": (
        "Haruto Yui Sota Hina Ren Sakura Yuto Mei Kaito Rin",
        "Sato Suzuki Tanaka Watanabe Ito Nakamura Kobayashi Yoshida Kimura Hayashi",
    ),
    "VN": (
        "Minh Linh Tuấn Hương Dũng Mai Quân Thảo Long Ngọc",
        "Nguyễn Trần Lê Phạm Hoàng Võ Đặng Bùi Đỗ Dương",
    ),
    "SE": (
        "Elsa Nils Alva Oskar Maja Axel Linnéa Gustav Åsa Björn",
        "Andersson Lindqvist Berg Ström Åkesson Nyberg Hedlund Öberg Sjögren Lund",
    ),
    "GR": (
        "Eleni Nikos Maria Giorgos Sofia Dimitris Katerina Yannis Anna Petros",
        "Papadopoulos Vlachou Nikolaidis Georgiou Makris Economou Samaras Pappas Zervas Kostas",
    ),
    "EG": (
        "Youssef Salma Omar Nour Karim Farida Hassan Mariam Tarek Dina",
        "Hassan Mansour El-Sayed Farouk Naguib Khalil Shafik Zaki Fahmy Sabry",
    ),
}

# Number ranges set aside for films and books, so that nobody is ever called.
PHONES = {
    "DE": "+49 30 23125 {:03d}",
    "GB": "+44 7700 900{:03d}",
    "US": "+1 202-555-0{:03d}",
    "FR": "+33 1 99 00 1{:03d}",
}
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


_UNFOLDED = str.maketrans({"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ß": "ss"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who does not exist."""

    name: str
    email: str
    phone: str | None
    country: str


def invent(chance: random.Random, country: str) -> Person:
    """Make up a person with a name of `country`, one of `PEOPLE`."""
    given, family = (chance.choice(names.split()) for names in PEOPLE[country])
    folded = unicodedata.normalize("NFKD", f"{given}.{family}".translate(_UNFOLDED)).lower()
    local = "".join(c for c in folded if c.isascii() and (c.isalnum() or c == "."))
    number = chance.choice(("", "", str(chance.randrange(2, 99))))
    return Person(
        name=f"{given} {family}",
        email=f"{local}{number}@example.{chance.choice(('org', 'com', 'net'))}",
        phone=PHONES[country].format(chance.randrange(100, 200)) if country in PHONES else None,
        country=country,
    )
