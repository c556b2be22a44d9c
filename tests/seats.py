"""One app's page in the seats of two of its members, on a site where they log in."""

from __future__ import annotations

import pytest

import dashboard
from dashboard import apps
from dashboard.apps import frame
from dashboard.postgres.server import Server
from dashboard.surfaces.access import access_by
from dashboard.surfaces.pages import page_of
from dashboard.surfaces.samples import samples
from dashboard.surfaces.site import Site
from tests.conftest import psql
from tests.intruder import Intruder
from tests.waiting import eventually

SECRET = "the-first-member's"


async def rows_stay_with_their_member(server: Server, dsn: str, name: str, sql: str) -> None:
    """Mark rows of the first member with `{secret}`: the second sees none of them, whatever the address says.

    Then the page believes its address, as it does where nobody logs in, and the second member sees them: so they were
    to be seen.
    """
    app = apps.find(name)
    psql(server, sql.replace("{secret}", SECRET.replace("'", "''")), dsn)
    async with dashboard.connect(dsn) as live:
        await live.install(*app.tables)
        access = access_by(await samples(dsn, [app]))
        async with Site([page_of(app, live)], port=0, access=access) as site:
            first, second = access.logins.directory.people[:2]  # type: ignore[attr-defined]  # they are samples
            one, other = Intruder(site.url), Intruder(site.url)
            await one.log_in(first.login, "")
            await other.log_in(second.login, "")
            assert SECRET in await one.read(name, SECRET)
            told = await other.read(f"{name}?member=1")
            assert '"ready"' in told
            assert SECRET not in told
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(frame, "viewer", lambda: None)
                patch.setattr(frame, "panels_user", lambda _: None)

                async def sees_them() -> bool:
                    return SECRET in await other.read(f"{name}?member=1", SECRET)

                await eventually(sees_them, timeout=30)
