"""What the README shows works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect

from tests.conftest import psql
from tests.serving import served

ROOT = Path(__file__).parents[2]
ORDERS = """
CREATE TABLE orders (id int PRIMARY KEY, at timestamptz DEFAULT now(), status text, total numeric);
INSERT INTO orders (id, status, total) VALUES (1, 'paid', 10), (2, 'new', 20.5), (3, 'paid', 1200);
"""


def shown(name: str) -> str:
    """Return the README's text of a file."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- file: {re.escape(name)} -->\n```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def orders(server, database: str) -> str:
    psql(server, ORDERS, database)
    subprocess.run([sys.executable, "-m", "dashboard", "install", database, "orders"], check=True, timeout=60, cwd=ROOT)
    return database


@pytest.mark.parametrize(
    ("name", "first", "inserted", "then"),
    [("page.py", "$1,210.00", 5, "$1,215.00"), ("largest.py", "1200", 5000, "5000")],
)
async def test_a_file_of_ones_own_follows_the_table(
    page: Tab, server, orders: str, tmp_path: Path, name: str, first: str, inserted: int, then: str
) -> None:
    file = tmp_path / name
    file.write_text(shown(name), encoding="utf-8")
    with served(orders, str(file)) as address:
        await page.goto(address)
        await expect(page.get_by_text(first).first).to_be_visible(timeout=20_000)
        psql(server, f"INSERT INTO orders (id, status, total) VALUES (4, 'paid', {inserted})", orders)
        await expect(page.get_by_text(then).first).to_be_visible(timeout=10_000)
        await page.goto("about:blank")


def test_the_script_prints_the_frame_and_then_what_changes(server, orders: str, tmp_path: Path) -> None:
    (tmp_path / "follow.py").write_text(shown("follow.py"), encoding="utf-8")
    command = [sys.executable, "-u", str(tmp_path / "follow.py"), orders]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith("sums · ")
            psql(server, "INSERT INTO orders (id, status) VALUES (9, 'sent')", orders)
            assert any("sent" in line for line in process.stdout)
        finally:
            process.terminate()


def test_the_script_writes_and_shows_it_first(server, orders: str, tmp_path: Path) -> None:
    (tmp_path / "write.py").write_text(shown("write.py"), encoding="utf-8")
    command = [sys.executable, str(tmp_path / "write.py"), orders]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    said = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=True).stdout
    assert said.count("sent") == 2
    assert psql(server, "SELECT status FROM orders WHERE id = 3", orders) == "paid\n"
