"""A pgbouncer in transaction mode before a database, as hosts of PostgreSQL put one there."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

_SETTINGS = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 2
logfile = {folder}/log
pidfile = {folder}/pid
{more}
"""


def program() -> str:
    """Return the path of pgbouncer; without one the test is skipped, but fails where CI is set."""
    found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        reason = "no pgbouncer in PATH; install Debian's package pgbouncer"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def pooler(dsn: str, more: str = "") -> Iterator[str]:
    """Run pgbouncer before the server of `dsn`; yield the address of the same database by way of it."""
    target = urlsplit(dsn)
    folder = Path(tempfile.mkdtemp(prefix="pooler-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        own = free.getsockname()[1]
    (folder / "users.txt").write_text(f'"{target.username}" "{target.password}"\n')
    settings = _SETTINGS.format(host="127.0.0.1", port=target.port, own=own, folder=folder, more=more)
    (folder / "settings.ini").write_text(settings)
    command = [program(), "-q", str(folder / "settings.ini")]
    if os.geteuid() == 0:  # it refuses to run as root
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "nobody")
        command = ["setpriv", "--reuid", "nobody", "--clear-groups", *command]
    process = subprocess.Popen(command)
    try:
        yield urlunsplit(target._replace(netloc=f"{target.username}:{target.password}@127.0.0.1:{own}"))
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
