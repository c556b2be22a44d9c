"""Who may see what is served: decided once, when a server starts.

Where an identity provider is set, where a function says who people are, or where the database keeps people who have a
password, one has to log in. Where none of this is, nobody could be told from anybody else: on this machine alone that
is allowed, because whoever uses it holds the database's address anyway, and is said; on any other address, and behind a
proxy that may be asked from anywhere, it is refused, unless the command says that everybody may see everything.
"""

from __future__ import annotations

from dashboard.errors import SettingsError
from dashboard.settings import settings
from dashboard.surfaces.directory import Directory, Function, Table, function_named
from dashboard.surfaces.login import Access
from dashboard.surfaces.logins import Logins
from dashboard.surfaces.provider import provider_page
from dashboard.surfaces.readers import is_here

NOBODY = "Nobody has to log in: whoever uses this machine sees all that the database's login may see."


async def access_to(dsn: str, address: str | None, *, is_open: bool) -> Access | None:
    """How people log in to what is served of a database; None: nobody has to.

    Raises
    ------
    SettingsError
        Other machines could see everything, and nobody said that they may; or a setting names nothing that there is.
    """
    if is_open:
        return None
    chosen = settings()
    directory: Table = Function(dsn, function_named(chosen.people)) if chosen.people else Table(dsn)
    if chosen.oauth_provider:
        return access_by(directory, is_by_provider=True)
    if chosen.people or not await directory.is_empty():
        return access_by(directory)
    await directory.close()
    address = chosen.address if address is None else address
    if chosen.behind_proxy or not is_here(address):
        whom = "the proxy" if chosen.behind_proxy else address or "this machine"
        raise SettingsError(
            f"Everybody who reaches {whom} would see all that the database's login may see: "
            "there is nobody who could log in.",
            "Add people with `dashboard people add DSN LOGIN --role ROLE`, or say --open.",
        )
    return None


def access_by(directory: Directory, *, is_by_provider: bool = False) -> Access:
    """How the people of a directory log in."""
    logins = Logins(directory, settings().login_lifetime)
    return Access(logins, provider_page(logins)) if is_by_provider else Access(logins)
