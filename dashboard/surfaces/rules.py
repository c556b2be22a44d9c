"""A file of rules: read once, when a server starts, and by nobody's page.

What a rule judges must not depend on who looks, and it has to be watched before anybody does. So the file runs outside
of every page, where a query that names no scope is asked as the connection's own role.
"""

from __future__ import annotations

import runpy
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.errors import DashboardError, SettingsError
from dashboard.postgres import alerts
from dashboard.surfaces.guarding import check

if TYPE_CHECKING:
    from dashboard.live import Live


async def declare(file: Path, live: Live) -> None:
    """Watch the rules that a file declares on this database.

    Raises
    ------
    SettingsError
        There is no such file, it cannot be run, or it declares no rule.
    AlertError
        Alerts are not installed, or something cannot be a rule.
    """
    _require(file)
    if not await live.alerts.ask(alerts.is_installed):
        raise alerts.not_installed()
    known = set(live.alerts.rules)
    try:
        runpy.run_path(str(file))
    except DashboardError:
        raise
    except (Exception, SystemExit) as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
        where = f", line {lines[-1]}" if lines else ""
        raise SettingsError(f"{file.name}{where}: {type(error).__name__}: {error}.", "Mend the file.") from error
    if set(live.alerts.rules) == known:
        raise SettingsError(
            f"{file.name} declares no rule on this database.", "Call live.alert(…) with live = dashboard.connect()."
        )


def _require(file: Path) -> None:
    if not file.is_file():
        raise SettingsError(f"There is no file {file}.", "Name the Python file that declares the rules.")
    check(file)
