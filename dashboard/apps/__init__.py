"""The dashboards: one folder each, found by their name, never importing each other."""

from __future__ import annotations

from dashboard.errors import SettingsError

from . import calls, crm, earnings, monitor, outreach, storefront
from .app import App

__all__ = ["App", "all", "find"]

_APPS = (earnings.APP, outreach.APP, calls.APP, storefront.APP, crm.APP, monitor.APP)


def all() -> tuple[App, ...]:  # noqa: A001 -- read as apps.all()
    """All apps, in the order in which they are offered."""
    return _APPS


def find(name: str) -> App:
    """The app of this name.

    Raises
    ------
    SettingsError
        There is none; the sentence lists those there are.
    """
    for app in _APPS:
        if app.name == name:
            return app
    known = ", ".join(app.name for app in _APPS)
    raise SettingsError(f"There is no app {name!r}.", f"Choose from: {known}.")
