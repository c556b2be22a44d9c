"""`dashboard people …` on the command line; the work is in `people`."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import App, Parameter

from dashboard.surfaces.terminal import Dsn, say

people = App(name="people", help="Who may log in, and what each of them sees.", result_action="return_none")

Login = Annotated[str, Parameter(name="LOGIN", help="By which somebody logs in.")]
Role = Annotated[str | None, Parameter(help="Role of PostgreSQL as which they see rows, under its row security.")]
Setting = Annotated[
    list[str] | None, Parameter(name="--setting", negative=(), help="name=value, for policies: app.user_id=42.")
]
Page = Annotated[str, Parameter(help="Page for which role and settings hold; every page when none is named.")]


@people.command
def add(
    dsn: Dsn,
    login: Login,
    /,
    *,
    name: Annotated[str, Parameter(help="What others read.")] = "",
    role: Role = None,
    setting: Setting = None,
    page: Page = "",
    operator: Annotated[bool, Parameter(negative=(), help="Let them see the monitor.")] = False,
    password: Annotated[bool, Parameter(help="Ask for a password; without, a provider says who it is.")] = True,
) -> None:
    """Add somebody; the password is asked for, or read from what is piped in."""
    from dashboard.surfaces import people as work

    scope = work.scope_given(role, setting or ())
    chosen = work.ask_for_password() if password else None
    asyncio.run(work.add(dsn, login, name=name, password=chosen, page=page, scope=scope, is_operator=operator))
    missing = "" if scope or operator else ", and sees nothing yet: give them a --role"
    say(f"{login} may log in{missing}.")


@people.command
def change(
    dsn: Dsn,
    login: Login,
    /,
    *,
    role: Role = None,
    setting: Setting = None,
    page: Page = "",
    operator: Annotated[bool | None, Parameter(help="Let them see the monitor, or not.")] = None,
    password: Annotated[
        bool,
        Parameter(negative=(), help="Ask for a new password; it ends their logins, but no key."),
    ] = False,
) -> None:
    """Give somebody another scope or password; the pages they have open follow within seconds."""
    from dashboard.surfaces import people as work

    scope = work.scope_given(role, setting or ())
    chosen = work.ask_for_password() if password else None
    asyncio.run(work.change(dsn, login, password=chosen, page=page, scope=scope, is_operator=operator))
    say(f"{login} is changed.")


@people.command
def remove(dsn: Dsn, login: Login, /) -> None:
    """Take somebody out; the pages they have open end within seconds."""
    from dashboard.surfaces import people as work

    asyncio.run(work.remove(dsn, login))
    say(f"{login} is removed.")


@people.command
def key(
    dsn: Dsn,
    login: Login,
    /,
    *,
    revoke: Annotated[bool, Parameter(negative=(), help="Make all of their keys void instead.")] = False,
) -> None:
    """Print a new key with which a program calls /api in somebody's name; it cannot be shown again."""
    from dashboard.surfaces import people as work

    say(asyncio.run(work.revoke(dsn, login) if revoke else work.key(dsn, login)))


@people.command(name="list")
def list_(dsn: Dsn, /) -> None:
    """Say who there is, and what they see."""
    from dashboard.surfaces import people as work

    for line in asyncio.run(work.listed(dsn)) or ["There is nobody; `dashboard people add` adds somebody."]:
        say(line)
