"""A PostgreSQL cluster of a test's own, to be crashed, replicated and promoted."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType


class Cluster:
    """A cluster in a folder of its own; use it with `with`.

    Parameters
    ----------
    programs
        Folder of PostgreSQL's programs.
    settings
        Lines of its configuration.
    of
        The cluster it is a hot standby of; None: a new one.
    """

    def __init__(self, programs: Path, *settings: str, of: Cluster | None = None) -> None:
        self.programs = programs
        self.settings = settings
        self.primary = of
        self.port = _free_port()
        self.dsn = f"postgresql://tester@127.0.0.1:{self.port}/postgres"
        self._folder = Path()

    def __enter__(self) -> Cluster:
        self._folder = Path(tempfile.mkdtemp(prefix="cluster-"))
        if os.geteuid() == 0:
            shutil.chown(self._folder, "nobody")
        files = str(self._folder / "files")
        if self.primary is None:
            self._run("initdb", "-D", files, "-U", "tester", "-A", "trust", "-N", "--no-locale", "-E", "UTF8")
        else:
            self._run("pg_basebackup", "-D", files, "-d", self.primary.dsn, "-R", "-c", "fast")
        lines = (f"port = {self.port}", f"unix_socket_directories = '{self._folder}'", "fsync = off", *self.settings)
        with (self._folder / "files" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\n".join(("", *lines, "")))
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._control("start", "-l", str(self._folder / "log"))

    def stop(self, mode: str) -> None:
        """Stop it: fast, or immediate as a crash does."""
        self._control("stop", "-m", mode)

    def promote(self) -> None:
        """Make a standby a primary."""
        self._control("promote")

    def _control(self, action: str, *arguments: str) -> None:
        self._run("pg_ctl", action, "-D", str(self._folder / "files"), "-w", "-s", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        subprocess.run(
            [self.programs / program, *arguments],
            check=True,
            timeout=120,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
