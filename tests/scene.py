"""A site with people on it for the attacks: Vera's rows hold `SECRET`, Eve has rows of her own, Olga is an operator."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import panel as pn
import pytest
from argon2 import PasswordHasher

import dashboard
from dashboard.postgres.scope import Scope
from dashboard.postgres.server import Server
from dashboard.surfaces import passwords, people
from dashboard.surfaces.access import access_by
from dashboard.surfaces.capturing import install
from dashboard.surfaces.directory import Table
from dashboard.surfaces.front import Page
from dashboard.surfaces.login import Access
from dashboard.surfaces.site import Site
from tests.conftest import in_database, psql
from tests.intruder import Intruder
from tests.waiting import eventually

SECRET, HERS = "the-note-of-vera", "the-note-of-eve"
ROLE = f"notes_{os.getpid()}"
PASSWORDS = {name: f"{name}, correct horse" for name in ("vera", "eve", "nina", "olga")}
FILE = """
import dashboard

live = dashboard.connect()
dashboard.Table(live.query("SELECT id, note FROM notes"), title="Own").servable()
"""
SCHEMA = f"""
CREATE ROLE {ROLE} NOLOGIN;
CREATE TABLE notes (id integer PRIMARY KEY, owner integer NOT NULL, kind text NOT NULL, note text NOT NULL,
                    amount integer NOT NULL, at timestamptz NOT NULL DEFAULT now());
INSERT INTO notes (id, owner, kind, note, amount)
VALUES (1, 1, '{SECRET}', '{SECRET}', 10), (2, 2, '{HERS}', '{HERS}', 20);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON notes TO {ROLE}
    USING (owner = NULLIF(current_setting('app.user_id', true), '')::integer);
GRANT SELECT, UPDATE ON notes TO {ROLE};
"""


class Drawn(dashboard.View):
    """Rows that Panel draws: they stand in Bokeh's document."""

    def draw(self, frame: Any) -> Any:
        return pn.pane.DataFrame(frame)


def every_view(live: Any) -> Any:
    """One view of each kind, all of rows that belong to somebody."""
    rows = "SELECT id, kind, note, amount, at FROM notes"
    page = dashboard.Page(
        dashboard.Tile(live.query("SELECT max(note) FROM notes")),
        dashboard.Chart(live.query("SELECT kind, amount FROM notes"), x="kind", y="amount", kind="bar"),
        dashboard.Table(live.query(rows)),
        dashboard.Feed(live.query("SELECT id, at, kind, note FROM notes")),
        dashboard.Progress(live.query("SELECT note, amount FROM notes"), value="amount", label="note"),
        dashboard.Lanes(live.query("SELECT id, kind, note FROM notes"), by="kind", format="{note}"),
        dashboard.Tabs({"Notes": lambda: [dashboard.Table(live.query(f"{rows} ORDER BY id"))]}),
        Drawn(live.query("SELECT note FROM notes")),
        live=live,
    )
    return page.__panel__()


@dataclass(kw_only=True)
class Scene:
    """A site with people on it, and the database behind it."""

    site: Site
    access: Access
    live: Any
    server: Server
    dsn: str
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def sql(self, statement: str) -> str:
        return psql(self.server, statement, self.dsn)

    async def enters(self, login: str, *, anew: bool = False) -> Intruder:
        """Somebody who has logged in."""
        person = Intruder(self.site.url)
        if anew or login not in self.known:
            assert (await person.log_in(login, PASSWORDS[login])).code == 303
            self.known[login] = dict(person.cookies)
        person.cookies = dict(self.known[login])
        return person

    async def page_of_vera(self, path: str = "views") -> tuple[str, list[dict[str, str]]]:
        """What Eve may have got hold of: the token of a page that Vera has open, and those of its views."""
        vera = await self.enters("vera")
        token = await vera.token(path)

        async def is_there() -> bool:  # what is to be stolen
            return SECRET in await vera.document(path, token)

        await eventually(is_there, timeout=30)
        return token, await vera.places(path, token)


@contextmanager
def cheap_hashes() -> Iterator[None]:
    """Let hashing cost next to nothing: what is attacked is not argon2."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "PasswordHasher", partial(PasswordHasher, time_cost=1, memory_cost=64, parallelism=1))
        yield


@asynccontextmanager
async def staged(server: Server, folder: Path) -> AsyncIterator[Scene]:
    """A guarded site of three pages: all kinds of views and /api, a file of one's own, and one for operators."""
    psql(server, "CREATE DATABASE attacked")
    dsn = in_database(server.dsn, "attacked")
    psql(server, SCHEMA, dsn)
    await install(dsn, ["notes"])
    for number, login in ((1, "vera"), (2, "eve"), (1, "nina")):
        seen = Scope(role=ROLE, settings={"app.user_id": str(number)})
        await people.add(dsn, login, name="", password=PASSWORDS[login], page="", scope=seen, is_operator=False)
    await people.add(dsn, "olga", name="", password=PASSWORDS["olga"], page="", scope=None, is_operator=True)
    own = folder / "own.py"
    own.write_text(FILE.replace("connect()", f"connect({dsn!r})"))
    async with dashboard.connect(dsn) as live:
        pages = [
            Page(
                slug="views", title="Views", summary="", content=lambda: every_view(live), api=("notes",), live=live
            ),
            Page(slug="own", title="Own", summary="", content=own),
            Page(
                slug="operators", title="Operators", summary="", is_for_operators=True,
                content=lambda: dashboard.Table(live.query("SELECT note FROM notes")).__panel__(),
            ),
        ]  # fmt: skip
        access = access_by(Table(dsn))
        async with Site(pages, port=0, access=access) as site:
            yield Scene(site=site, access=access, live=live, server=server, dsn=dsn)
    psql(server, "DROP DATABASE attacked WITH (FORCE)")
    psql(server, f"DROP ROLE {ROLE}")
