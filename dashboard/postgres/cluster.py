"""The files and the process of one PostgreSQL cluster: made, started, stopped.

Who may do that and when is decided one floor up, in `server`, under its lock.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import socket
import sys
import tempfile
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from dashboard.errors import ServerError
from dashboard.postgres.account import Account
from dashboard.postgres.programs import Programs

DATABASE = "dashboard"
USER = "postgres"
TIMEOUT = 120  # seconds; recovery after a crash can take a while
PORTS = range(15_000, 30_000)  # below the ports that systems give to outgoing connections
SOCKET_PATH = 107 - len("/.s.PGSQL.65535")  # bytes that a socket's path may have


class Cluster:
    """A cluster in `folder`, run by the given programs under the given account.

    `folder` holds the password, the port and `postgres`, which is PostgreSQL's own.
    """

    def __init__(self, folder: Path, programs: Programs, account: Account, *, durable: bool) -> None:
        self._folder = folder
        self._files = folder / "postgres"
        self._programs = programs
        self._account = account
        self._durable = durable

    @property
    def log(self) -> Path:
        """What the server had to say since its last start."""
        return self._files / "server.log"

    @property
    def port(self) -> int | None:
        """The TCP port of the last start."""
        with suppress(FileNotFoundError, ValueError):
            return int((self._folder / "port").read_text(encoding="ascii"))
        return None

    @property
    def dsn(self) -> str:
        """The address of the cluster's database, with the password."""
        password = (self._folder / "password").read_text(encoding="ascii").strip()
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def sockets(self) -> Path:
        """The folder of the Unix socket, short however long the cluster's own path is."""
        mark = hashlib.sha256(os.fsencode(self._files)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"dashboard-{mark}"
        return folder if len(os.fsencode(folder)) < SOCKET_PATH else Path("/tmp") / folder.name  # noqa: S108

    @property
    def pid(self) -> int | None:
        """The server's process; None also where its pid belongs to another program by now."""
        pid = self._noted_pid()
        return pid if pid is not None and self._is_ours(pid) else None

    def initialise(self) -> None:
        """Make the cluster unless it is there.

        It is made under another name and then renamed, so that a kill leaves no half of one.

        Raises
        ------
        ServerError
            When there is one that another major version made, or `initdb` fails.
        """
        if (self._files / "PG_VERSION").exists():
            self._check_version()
            return
        fresh = self._folder / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._account.own(fresh)
        password = self._folder / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(18) + "\n", encoding="ascii")
        self._account.own(password)
        locale = "C.UTF-8" if sys.platform == "linux" else "C"
        arguments = [f"--username={USER}", f"--pwfile={password}", "--auth=scram-sha-256"]
        arguments += ["--encoding=UTF8", f"--locale={locale}", *([] if self._durable else ["--no-sync"])]
        self._run("initdb", f"--pgdata={fresh}", *arguments)
        single = ["--single", "-F", "-D", str(fresh), "postgres"]
        self._run("postgres", *single, stdin=f"CREATE DATABASE {DATABASE}\n")
        fresh.rename(self._files)

    def launch(self) -> None:
        """Configure and start the server.

        Raises
        ------
        ServerError
            When it does not come up; with the reason from its log.
        """
        self._make_sockets()
        if (noted := self._noted_pid()) is not None and not self._is_ours(noted):
            (self._files / "postmaster.pid").unlink()  # PostgreSQL would take that program for a server
        for last in (False, False, True):
            self._configure()
            self.log.unlink(missing_ok=True)
            try:
                self._control("start", "-l", str(self.log))
            except ServerError as error:
                said = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
                if "could not bind" in said and not last:
                    continue  # another program took the port since we looked
                reason = _reason(said) or error.message
                raise ServerError(
                    f"The embedded server in {self._folder} does not start: {reason.rstrip('.')}.",
                    f"Its log is {self.log}; another folder can be chosen with DASHBOARD_DATA_FOLDER.",
                ) from error
            return

    def halt(self) -> None:
        """Stop the server, if it runs, and take its socket away."""
        if self.pid is not None:
            self._control("stop", "-m", "fast")
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _noted_pid(self) -> int | None:
        """Read the pid that the server noted, if there is such a process."""
        try:
            pid = int((self._files / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
            os.kill(pid, 0)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return None
        except PermissionError:
            pass  # there is one, of another account
        return pid

    def _is_ours(self, pid: int) -> bool:
        """Whether the process works in the cluster's folder, as its server does."""
        try:
            return sys.platform != "linux" or Path(f"/proc/{pid}/cwd").readlink() == self._files.resolve()
        except OSError:  # gone, or another account's
            return False

    def _check_version(self) -> None:
        made_by = (self._files / "PG_VERSION").read_text(encoding="ascii").strip()
        if made_by != str(self._programs.major):
            raise ServerError(
                f"The data folder {self._folder} was made by PostgreSQL {made_by}, and the programs in "
                f"{self._programs.bin} are PostgreSQL {self._programs.major}.",
                f"Set DASHBOARD_PG_BIN to the programs of PostgreSQL {made_by}, "
                "or choose another folder with DASHBOARD_DATA_FOLDER.",
            )

    def _configure(self) -> None:
        port = self.port if self.port is not None and _is_free(self.port) else _free_port()
        (self._folder / "port").write_text(f"{port}\n", encoding="ascii")
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        text = files("dashboard.postgres").joinpath("postgresql.conf").read_text(encoding="utf-8")
        (self._files / "postgresql.conf").write_text(
            text.format(
                port=port,
                sockets=self.sockets,
                shared_buffers=min(max(memory // 16, 64), 1024),
                cache=max(memory // 4, 256),
                durable="on" if self._durable else "off",
            ),
            encoding="utf-8",
        )

    def _make_sockets(self) -> None:
        folder = self.sockets
        shutil.rmtree(folder, ignore_errors=True)  # a killed server leaves its socket locked
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            self._account.own(folder)
        if folder.is_symlink() or folder.stat().st_uid != self._account.uid:
            raise ServerError(f"The folder {folder} belongs to somebody else.", "Delete it, then start again.")

    def _control(self, action: str, *arguments: str) -> None:
        self._run("pg_ctl", action, "-D", str(self._files), "-w", "-t", str(TIMEOUT), "-s", *arguments)

    def _run(self, program: str, *arguments: str, stdin: str | None = None) -> None:
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            command = [str(self._programs.bin / program), *arguments]
            code = self._account.run(command, stdin=stdin, output=output, timeout=TIMEOUT + 30)
            if code != 0:
                output.seek(0)
                raise ServerError(f"{program} failed: {_reason(output.read()) or f'exit code {code}'}.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    for _ in range(200):
        port = secrets.choice(PORTS)
        if _is_free(port):
            return port
    raise ServerError("No free TCP port was found for the embedded server.", "Stop programs that listen.")


def _reason(said: str) -> str:
    """Find the first line of a program's output that tells what went wrong."""
    for line in said.splitlines():
        for mark in ("FATAL:", "PANIC:", "ERROR:", "error:"):
            if mark in line:
                return line.partition(mark)[2].strip().rstrip(".")
    return ""
