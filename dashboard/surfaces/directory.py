"""Where people come from: the table in the database, a function of one's own, or the demo's sample people.

A directory answers two questions: who is behind a login, and whether a password is theirs. The first is asked again
every few seconds for everybody who is logged in, so that who is taken out, or gets another scope, loses what they had.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from dashboard.errors import SettingsError
from dashboard.postgres import keys, people
from dashboard.postgres.asking import Asking
from dashboard.postgres.people import Person
from dashboard.surfaces.passwords import Passwords

PATIENCE = 5.0
"""Seconds that the database has to answer."""

Who = Callable[[str], Person | Awaitable[Person | None] | None]


class Directory(Protocol):
    """Who there is."""

    async def find(self, logins: Sequence[str]) -> dict[str, Person]:
        """The people behind these logins; who is unknown is left out."""

    async def check(self, login: str, password: str) -> bool:
        """Whether somebody's password is this one."""

    async def whose(self, key_hash: str) -> str | None:
        """The login of whoever holds the key of this hash."""

    async def end(self, key: str, seconds: float) -> None:
        """Remember that a login was ended."""

    async def ended(self, keys: Sequence[str]) -> set[str]:
        """Those of these logins that were ended."""

    async def close(self) -> None:
        """Let go of the database."""


class Table:
    """The people kept in the database that is shown."""

    def __init__(self, dsn: str) -> None:
        self._asking = Asking(dsn, "dashboard: people", patience=PATIENCE)
        self._passwords = Passwords()

    async def find(self, logins: Sequence[str]) -> dict[str, Person]:
        """The people behind these logins; who is unknown is left out."""
        known = await self._asking.ask(lambda connection: people.found(connection, logins))
        return {person.login: person for person in known}

    async def is_empty(self) -> bool:
        """Whether there is nobody with a password."""
        everybody = await self._asking.ask(people.found)
        return not any(person.has_password for person in everybody)

    async def check(self, login: str, password: str) -> bool:
        """Whether somebody's password is this one; it takes as long for somebody who does not exist."""
        kept = await self._asking.ask(lambda connection: people.hash_of(connection, login))
        if not await self._passwords.fits(kept, password):
            return False
        assert kept is not None
        if self._passwords.is_outdated(kept):
            better = await self._passwords.hash(password)
            await self._asking.ask(lambda connection: people.rehash(connection, login, kept, better))
        return True

    async def whose(self, key_hash: str) -> str | None:
        """The login of whoever holds the key of this hash."""
        return await self._asking.ask(lambda connection: keys.login_of(connection, key_hash))

    async def end(self, key: str, seconds: float) -> None:
        """Remember that a login was ended."""
        await self._asking.ask(lambda connection: people.end(connection, key, seconds))

    async def ended(self, keys: Sequence[str]) -> set[str]:
        """Those of these logins that were ended."""
        return await self._asking.ask(lambda connection: people.ended(connection, keys))

    async def close(self) -> None:
        """Let go of the database."""
        await self._asking.close()


class Function(Table):
    """A directory of people whom a function of one's own knows; passwords, if they are used, stand in the database."""

    def __init__(self, dsn: str, who: Who) -> None:
        super().__init__(dsn)
        self._who = who

    async def find(self, logins: Sequence[str]) -> dict[str, Person]:
        """The people behind these logins; who is unknown is left out."""
        found: dict[str, Person] = {}
        for login in logins:
            answer = self._who(login)
            person = await answer if inspect.isawaitable(answer) else answer
            if person is not None and person.login == login:
                found[login] = person
        return found


@dataclass(frozen=True, slots=True)
class Samples:
    """People whom everybody may be, without a password: those of the demo."""

    people: Sequence[Person]
    notes: Sequence[Sequence[str]] = ()
    """What each of them sees, line by line."""

    async def find(self, logins: Sequence[str]) -> dict[str, Person]:
        """The people behind these logins."""
        return {person.login: person for person in self.people if person.login in logins}

    async def check(self, login: str, password: str) -> bool:
        """Everybody may be anybody."""
        return any(person.login == login for person in self.people)

    async def whose(self, key_hash: str) -> str | None:
        """The demo knows no keys."""
        return None

    async def end(self, key: str, seconds: float) -> None:
        """The demo forgets with its process."""

    async def ended(self, keys: Sequence[str]) -> set[str]:
        """The demo forgets with its process."""
        return set()

    async def close(self) -> None:
        """Nothing is open."""


def function_named(name: str) -> Who:
    """The function that ``module:function`` names.

    Raises
    ------
    SettingsError
        There is none.
    """
    module, _, attribute = name.partition(":")
    try:
        found: Who = getattr(importlib.import_module(module), attribute)
        if not callable(found):
            raise TypeError(f"{attribute} is no function")
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise SettingsError(
            f"DASHBOARD_PEOPLE names no function: {name}.",
            "Write it as module:function, in a module that can be found.",
        ) from error
    return found
