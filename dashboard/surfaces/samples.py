"""The demo's people: the n-th of them is the n-th member of each app, so that any two see different rows everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.apps import App
from dashboard.postgres.connection import fetch
from dashboard.postgres.people import Person
from dashboard.postgres.scope import Scope
from dashboard.surfaces.connecting import connected
from dashboard.surfaces.directory import Samples

MANY = 3


async def samples(dsn: str, apps: Sequence[App]) -> Samples:
    """The people whom one may be in a demo of these apps; the first also looks after the server."""
    owned = [app for app in apps if app.members]
    if not owned:
        return Samples([Person(login="operator", name="Operator", is_operator=True)], [[app.title for app in apps]])
    async with connected(dsn, "demo") as connection:
        members = [
            await fetch(connection, f"SELECT id, handle, name FROM {app.members} ORDER BY id LIMIT {MANY}")
            for app in owned
        ]
    people, notes = [], []
    for place in range(min(map(len, members), default=0)):
        seats = [(app, rows[place]) for app, rows in zip(owned, members, strict=True)]
        others = [app.title for app in apps if app.is_for_operators] if place == 0 else []
        people.append(_person(seats, is_operator=place == 0))
        notes.append([*(f"{app.title}: {row['name']}" for app, row in seats), *others])
    return Samples(people, notes)


def _person(seats: Sequence[tuple[App, Any]], *, is_operator: bool) -> Person:
    scopes = {app.name: Scope(role=app.role, settings={"app.user_id": str(row["id"])}) for app, row in seats}
    first = seats[0][1]
    return Person(login=first["handle"], name=first["name"], scopes=scopes, is_operator=is_operator)
