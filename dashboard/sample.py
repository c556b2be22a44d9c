"""Where the sample rows of the dashboards are.

They lie in ``data/`` beside the package in a checkout, and inside the package once it is installed.
"""

from __future__ import annotations

from pathlib import Path

from dashboard.errors import DashboardError


def folder() -> Path:
    """Folder of the sample rows, one folder in it for each app.

    Raises
    ------
    DashboardError
        The package was installed without them.
    """
    here = Path(__file__).parent
    for place in (here / "_data", here.parent / "data"):
        if (place / "README.md").is_file():
            return place
    raise DashboardError("The sample rows are missing from the installed package.", "Install it again.")
