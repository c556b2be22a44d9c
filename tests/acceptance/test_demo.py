"""`dashboard demo crm`: from nothing to a page, at once the second time, and cleanly stopped."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tornado.httpclient import AsyncHTTPClient

from dashboard.postgres.server import Server
from tests.conftest import psql
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]


class Demo:
    """A demo in another process."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dashboard", "demo", "crm", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"DASHBOARD_DATA_FOLDER": str(folder)},
        )
        self.said = ""

    def wait_for(self, pattern: str) -> str:
        """Read its output up to a line that matches; return the first group."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if found := re.search(pattern, line):
                return found[1]
        raise AssertionError(self.said + (self.process.stderr.read() if self.process.stderr else ""))

    def stop(self, number: signal.Signals) -> str:
        """Send a signal; return what it still had to say."""
        self.process.send_signal(number)
        said, complaints = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, complaints
        assert "Traceback" not in complaints
        return said


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a data folder that an unprivileged account can reach."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def demo(folder: Path) -> Iterator[Callable[..., Demo]]:
    """Yield a function that starts a demo."""
    demos: list[Demo] = []

    def start(*options: str) -> Demo:
        demos.append(Demo(folder, *options))
        return demos[-1]

    yield start
    for one in demos:
        one.process.kill()
        print(one.said, *one.process.communicate())  # shown where a test failed
    with Server(folder / "server"):  # stops a server that a failed test left
        pass


async def test_demo_serves_a_page_on_rows_that_change_outlives_its_killed_server_and_stops_cleanly(
    demo: Callable[..., Demo], folder: Path
) -> None:
    first = demo("--rate", "50")
    dsn = first.wait_for(r"(postgresql://\S+)")
    url = first.wait_for(r"at (http://localhost:\d+/)")
    answer = await AsyncHTTPClient().fetch(url)
    assert answer.effective_url == f"{url}login?next=%2F"
    assert "CRM: Ana Moreno" in answer.body.decode()
    server = Server(folder / "server")

    def written() -> int:
        with suppress(subprocess.CalledProcessError):  # the server is away
            return int(psql(server, "SELECT count(*) FROM crm.member_activities", dsn))
        return 0

    before = written()
    await eventually(lambda: written() > before)

    async def healthy() -> bool:
        return (await AsyncHTTPClient().fetch(f"{url}health", raise_error=False)).code == 200

    assert await healthy()
    noted = folder / "server" / "postgres" / "postmaster.pid"
    killed = int(noted.read_text().split()[0])
    os.kill(killed, signal.SIGKILL)
    await eventually(lambda: server.is_running and int(noted.read_text().split()[0]) != killed, timeout=60)
    await eventually(healthy, timeout=60)
    before = await eventually(written, timeout=60)
    await eventually(lambda: written() > before, timeout=60)
    assert "Stopped." in first.stop(signal.SIGINT)
    assert not server.is_running


def test_second_start_is_at_once_and_keeps_what_was_written(demo: Callable[..., Demo], folder: Path) -> None:
    first = demo()
    first.wait_for(r"at (http://\S+)")
    first.stop(signal.SIGTERM)
    began = time.monotonic()
    second = demo()
    second.wait_for(r"at (http://\S+)")
    assert time.monotonic() - began < 8
    assert "Loaded the sample rows" not in second.said
    second.stop(signal.SIGINT)
    assert not Server(folder / "server").is_running


def test_two_demos_share_one_server_and_the_last_one_stops_it(demo: Callable[..., Demo], folder: Path) -> None:
    first, second = demo(), demo()
    assert first.wait_for(r"(postgresql://\S+)") == second.wait_for(r"(postgresql://\S+)")
    first.wait_for(r"at (http://\S+)")
    second.wait_for(r"at (http://\S+)")
    first.stop(signal.SIGINT)
    assert Server(folder / "server").is_running
    second.stop(signal.SIGINT)
    assert not Server(folder / "server").is_running


def test_temporary_demo_leaves_nothing(demo: Callable[..., Demo], folder: Path) -> None:
    temporary = demo("--temp")
    dsn = temporary.wait_for(r"(postgresql://\S+)")
    temporary.wait_for(r"at (http://\S+)")
    temporary.stop(signal.SIGINT)
    assert not (folder / "server").exists()
    with Server(temporary=True, durable=False) as other:
        refused = subprocess.run([other.bin / "psql", dsn, "-c", "SELECT 1"], capture_output=True, check=False)
        assert refused.returncode != 0
