"""The sample rows: where they are, and where they come from."""

from __future__ import annotations

import runpy
from pathlib import Path

from dashboard.sample import folder

FILES = (
    "members",
    "member_profiles",
    "email_templates",
    "contacts",
    "member_activities",
    "sent_emails",
    "email_clicks",
)


def test_the_rows_of_the_crm_are_what_their_generator_writes(tmp_path: Path) -> None:
    here = folder() / "crm"
    runpy.run_path(str(here / "generate.py"))["main"](tmp_path)
    for name in FILES:
        assert (tmp_path / f"{name}.csv").read_bytes() == (here / f"{name}.csv").read_bytes(), name


def test_the_rows_stay_small() -> None:
    assert sum(path.stat().st_size for path in (folder() / "crm").glob("*.csv")) < 700_000
