"""The sample rows: where they are, and where they come from."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from dashboard.sample import folder

APPS = ("crm", "calls", "storefront")


@pytest.mark.parametrize("app", APPS)
def test_the_rows_are_what_their_generator_writes(app: str, tmp_path: Path) -> None:
    here = folder() / app
    runpy.run_path(str(here / "generate.py"))["main"](tmp_path)
    kept = {path.name: path.read_bytes() for path in here.glob("*.csv")}
    assert kept == {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")}


@pytest.mark.parametrize("app", APPS)
def test_the_rows_stay_small(app: str) -> None:
    assert sum(path.stat().st_size for path in (folder() / app).glob("*.csv")) < 1_200_000
