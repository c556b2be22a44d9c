"""The embedded server keeps its promises, to processes that are killed as well."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from dashboard.errors import ServerError
from dashboard.postgres.account import Account
from dashboard.postgres.programs import Programs
from dashboard.postgres.server import Server

OWNER = """
import sys
from pathlib import Path
from dashboard.postgres.server import Server
server = Server(Path(sys.argv[1]), durable=False)
server.start()
print(server.dsn, flush=True)
sys.stdin.read()
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server under another account")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a folder that an unprivileged account can reach, with a path longer than a socket's may be."""
    base = Path(tempfile.mkdtemp())
    base.chmod(0o711)
    long = base / ("a-long-name-" * 10)
    long.mkdir(mode=0o711)
    yield long / "server"
    shutil.rmtree(base)


@pytest.fixture
def owner(folder: Path) -> Iterator[Callable[[], tuple[subprocess.Popen[str], str]]]:
    """Yield a function that starts a process which owns the folder's server, and returns it with its DSN."""
    processes: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-c", OWNER, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        processes.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in processes:
        process.kill()
        process.communicate()
    with Server(folder, durable=False):
        pass


async def answers(dsn: str) -> bool:
    connection = await asyncpg.connect(dsn)
    try:
        return bool(await connection.fetchval("SELECT 1") == 1)
    finally:
        await connection.close()


async def test_server_answers_at_its_dsn_and_keeps_rows_and_address_between_runs(folder: Path) -> None:
    with Server(folder) as first:
        dsn = first.dsn
        connection = await asyncpg.connect(dsn)
        assert await connection.fetchval("SHOW server_encoding") == "UTF8"
        assert await connection.fetchval("SHOW wal_level") == "logical"
        assert await connection.fetchval("SHOW fsync") == "on"
        await connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        await connection.close()
    assert not first.is_running
    with Server(folder) as second:
        assert second.dsn == dsn
        connection = await asyncpg.connect(dsn)
        assert await connection.fetchval("SELECT n FROM kept") == 1
        await connection.close()


async def test_unix_socket_works_below_a_long_path(folder: Path) -> None:
    with Server(folder, durable=False) as server:
        password = (folder / "password").read_text().strip()
        port = server.dsn.rpartition(":")[2].partition("/")[0]
        connection = await asyncpg.connect(
            host=str(server.sockets), port=int(port), user="postgres", password=password, database="dashboard"
        )
        await connection.close()
    assert not server.sockets.exists()


def test_password_is_for_its_owner_only_and_needed(folder: Path) -> None:
    with Server(folder, durable=False) as server:
        assert (folder / "password").stat().st_mode & 0o777 == 0o600
        wrong = server.dsn.replace(":" + (folder / "password").read_text().strip(), ":wrong")
        refused = subprocess.run([server.bin / "psql", wrong, "-c", "SELECT 1"], capture_output=True, text=True)
        assert "password authentication failed" in refused.stderr


def test_second_process_joins_at_once_and_the_last_to_leave_stops_the_server(
    folder: Path, owner: Callable[[], tuple[subprocess.Popen[str], str]]
) -> None:
    first, dsn = owner()
    second, same = owner()
    assert same == dsn
    first.communicate()
    began = time.monotonic()
    with Server(folder, durable=False) as here:
        assert time.monotonic() - began < 1
        assert here.dsn == dsn
    assert here.is_running
    second.communicate()
    assert not here.is_running


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
async def test_killed_owner_does_not_keep_the_server_alive(
    folder: Path, owner: Callable[[], tuple[subprocess.Popen[str], str]], sent: signal.Signals
) -> None:
    process, dsn = owner()
    process.send_signal(sent)
    process.wait()
    server = Server(folder, durable=False)
    assert server.is_running  # nobody was left to stop it
    server.start()
    assert server.dsn == dsn
    assert await answers(dsn)
    server.stop()
    assert not server.is_running


async def test_server_that_was_killed_itself_starts_again(folder: Path) -> None:
    with Server(folder, durable=False) as server:
        pid = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    with Server(folder, durable=False) as server:
        pid = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        while server.is_running:
            time.sleep(0.01)  # noqa: ASYNC251  # nothing else runs here
        with Server(folder, durable=False) as again:
            assert await answers(again.dsn)


def test_pid_file_whose_pid_is_another_program_now_is_no_obstacle(folder: Path) -> None:
    with Server(folder, durable=False) as server:
        left = (folder / "postgres" / "postmaster.pid").read_text().split("\n")
    account = Account.for_server()
    user = account.uid if account.switch else None
    with subprocess.Popen(["sleep", "60"], user=user, cwd="/") as other:
        try:
            left[0] = str(other.pid)
            (folder / "postgres" / "postmaster.pid").write_text("\n".join(left))
            assert not server.is_running
            with Server(folder, durable=False) as again:
                assert again.is_running
        finally:
            other.kill()


async def test_taken_port_is_exchanged_for_a_free_one(folder: Path) -> None:
    with Server(folder, durable=False), Server(temporary=True, durable=False) as other:
        taken = other.dsn.rpartition(":")[2].partition("/")[0]
    (folder / "port").write_text(taken)
    with Server(temporary=True, durable=False) as other:
        (folder / "port").write_text(other.dsn.rpartition(":")[2].partition("/")[0])
        with Server(folder, durable=False) as server:
            assert server.dsn != other.dsn
            assert await answers(server.dsn)


def test_folder_of_another_major_version_is_refused_with_the_remedy(folder: Path) -> None:
    with Server(folder, durable=False):
        pass
    (folder / "postgres" / "PG_VERSION").write_text("13\n")
    with pytest.raises(ServerError, match=r"was made by PostgreSQL 13.*DASHBOARD_PG_BIN"):
        Server(folder, durable=False).start()
    (folder / "postgres" / "PG_VERSION").write_text(f"{Server(folder).version.partition('.')[0]}\n")


def test_folder_that_cannot_be_made_is_refused_with_the_remedy() -> None:
    with pytest.raises(ServerError, match=r"cannot use its folder.*DASHBOARD_DATA_FOLDER"):
        Server(Path("/dev/null/server")).start()


def test_folder_without_programs_is_refused_with_the_remedy() -> None:
    with pytest.raises(ServerError, match="no program postgres or initdb or pg_ctl in /etc"):
        Server(programs=Path("/etc"))


def test_temporary_server_leaves_nothing(server: Server) -> None:
    with Server(temporary=True, durable=False) as temporary:
        folder, sockets = temporary.folder, temporary.sockets
    assert not folder.exists()
    assert not sockets.exists()


def test_temporary_server_of_a_killed_process_is_removed_by_the_next() -> None:
    code = OWNER.replace("Path(sys.argv[1])", "temporary=True").replace("server.dsn", "server.folder")
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        process.kill()
    assert Server(folder).is_running
    with Server(temporary=True, durable=False):
        assert not folder.exists()


@needs_root
def test_root_runs_the_server_under_another_account_and_changes_no_other_folder(folder: Path) -> None:
    before = [(parent, parent.stat().st_mode, parent.stat().st_uid) for parent in folder.parents]
    accounts = Path("/etc/passwd").read_bytes()
    with Server(folder, durable=False) as server:
        pid = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        assert Path(f"/proc/{pid}").stat().st_uid == Account.for_server().uid != 0
        assert [(parent, parent.stat().st_mode, parent.stat().st_uid) for parent in folder.parents] == before
        assert Path("/etc/passwd").read_bytes() == accounts
        assert server.is_running


@needs_root
def test_folder_that_the_account_cannot_reach_is_refused_with_the_remedy(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(ServerError, match=r"cannot reach .*DASHBOARD_DATA_FOLDER"):
        Server(tmp_path / "server").start()
    assert tmp_path.stat().st_mode & 0o777 == 0o700


@needs_root
def test_programs_that_the_account_cannot_reach_are_copied_once(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    found = Programs.find()
    package = found.bin.parents[1]
    hidden = tmp_path / package.name / found.bin.parent.name
    shutil.copytree(found.bin.parent, hidden, symlinks=True)
    if (libraries := package.with_name(f"{package.name}.libs")).is_dir():
        shutil.copytree(libraries, tmp_path / libraries.name)
    with Server(temporary=True, durable=False, programs=hidden / "bin") as server:
        copy = server.bin
        assert tmp_path not in copy.parents
        assert Server(temporary=True, programs=hidden / "bin").bin == copy
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(copy.parents[2])
