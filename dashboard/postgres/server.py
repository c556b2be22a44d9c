"""The embedded server: a PostgreSQL of one's own, without installing one.

It belongs to a folder. Processes that use the same folder share one server: the first starts it, the others
join, and the last one that leaves stops it; a killed process counts as gone (`owners`). Promises:

1. A second start on the same folder joins at once, and gets the same DSN.
2. A process that was killed leaves nothing behind that a later start and stop does not clean up.
3. No folder but its own changes: no permissions, no users, no global state.
4. The address stays the same between runs, unless another program has taken its port meanwhile.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import secrets
import shutil
import socket
import tempfile
import threading
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from dashboard.errors import ServerError
from dashboard.postgres.account import Account
from dashboard.postgres.owners import Owner, Owners
from dashboard.postgres.programs import Programs
from dashboard.settings import settings

DATABASE = "dashboard"
USER = "postgres"
START_TIMEOUT = 120  # seconds; recovery after a crash can take a while
PORTS = range(15_000, 30_000)  # below the ports that systems give to outgoing connections
TEMPORARY = "dashboard-temporary-"


class Server:
    """An embedded PostgreSQL server in a folder.

    Parameters
    ----------
    folder
        Where it keeps its files; None: `server` in the data folder of the settings.
    temporary
        Use a new folder, and delete it at the end.
    durable
        Whether commits survive a crash of the machine. Tests do without and are faster.
    programs
        Folder of PostgreSQL programs; None: the first found.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        temporary: bool = False,
        durable: bool = True,
        programs: Path | None = None,
    ) -> None:
        if temporary and folder is not None:
            raise ServerError("A temporary server chooses its folder itself.", "Leave the folder out.")
        self._account = Account.for_server()
        found = Programs.at(Path(programs)) if programs else Programs.find()
        self._programs = found.reachable_by(self._account)
        self._temporary = temporary
        self._durable = durable
        self._folder = None if temporary else (folder or settings().data_folder / "server").absolute()
        self._mark = secrets.token_hex(4)
        self._mutex = threading.Lock()
        self._started = False

    @property
    def folder(self) -> Path:
        """Where the server keeps its files."""
        if self._folder is None:
            raise ServerError("A temporary server has no folder before its start.", "Call start() first.")
        return self._folder

    @property
    def bin(self) -> Path:
        """The folder of the server's programs: psql, pg_dump and pgbench where their source ships them."""
        return self._programs.bin

    @property
    def version(self) -> str:
        """The server's version, for example '18.6'."""
        return self._programs.version

    @property
    def dsn(self) -> str:
        """The address of the server's database; it holds the password."""
        password = (self.folder / "password").read_text(encoding="ascii").strip()
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        return int((self.folder / "port").read_text(encoding="ascii"))

    @property
    def is_running(self) -> bool:
        """Whether the server's process is there."""
        return self._folder is not None and self._postmaster() is not None

    @property
    def sockets(self) -> Path:
        """The folder of the server's Unix socket; its path stays below the 107 bytes the system allows."""
        mark = hashlib.sha256(os.fsencode(self._files)).hexdigest()[:12]
        return Path(tempfile.gettempdir() if len(tempfile.gettempdir()) < 60 else "/tmp") / f"dashboard-{mark}"

    def start(self) -> None:
        """Start the server, or join it where it runs.

        Raises
        ------
        ServerError
            When it cannot be initialised or started.
        """
        with self._mutex:
            if self._started:
                return
            try:
                self._make_folder()
                owners = Owners(self.folder)
                with owners.locked():
                    if self._postmaster() is None:
                        self._initialise()
                        self._launch()
                    owners.add(Owner.here(self._mark))
            except OSError as error:
                raise ServerError(
                    f"The embedded server cannot use its folder {self._folder}: {error}.",
                    "Choose another one with DASHBOARD_DATA_FOLDER.",
                ) from error
            self._started = True
            atexit.register(self.stop)

    def stop(self) -> None:
        """Leave the server; the last one to leave stops it."""
        with self._mutex:
            if not self._started:
                return
            self._started = False
            atexit.unregister(self.stop)
            with suppress(FileNotFoundError):  # somebody deleted the folder
                owners = Owners(self.folder)
                with owners.locked():
                    if owners.remove(Owner.here(self._mark)):
                        self._halt()
            if self._temporary:
                shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def _files(self) -> Path:
        return self.folder / "postgres"

    def _make_folder(self) -> None:
        if self._folder is None:
            sweep()
            self._folder = Path(tempfile.mkdtemp(prefix=TEMPORARY))
            self._folder.chmod(0o711 if self._account.switch else 0o700)
        self._folder.mkdir(mode=0o711 if self._account.switch else 0o700, parents=True, exist_ok=True)
        if not self._account.can_enter(self._folder):
            raise ServerError(
                f"PostgreSQL's account '{self._account.name}' cannot reach the folder {self._folder}.",
                "Choose a folder that other accounts can enter, with DASHBOARD_DATA_FOLDER; "
                "as root, PostgreSQL runs under that account.",
            )

    def _initialise(self) -> None:
        """Make the cluster, once; under another name first, so that a kill leaves no half of one."""
        if (self._files / "PG_VERSION").exists():
            made_by = (self._files / "PG_VERSION").read_text(encoding="ascii").strip()
            if made_by != str(self._programs.major):
                raise ServerError(
                    f"The folder {self.folder} was made by PostgreSQL {made_by}, "
                    f"and the programs in {self.bin} are PostgreSQL {self._programs.major}.",
                    f"Set DASHBOARD_PG_BIN to the programs of PostgreSQL {made_by}, "
                    "or choose another folder with DASHBOARD_DATA_FOLDER.",
                )
            return
        fresh = self.folder / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._account.own(fresh)
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(18) + "\n", encoding="ascii")
        self._account.own(password)
        self._run(
            "initdb",
            f"--pgdata={fresh}",
            f"--username={USER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8" if os.uname().sysname == "Linux" else "--locale=C",
            *([] if self._durable else ["--no-sync"]),
        )
        self._run(
            "postgres", "--single", "-D", fresh, "-F", "postgres", stdin=f"CREATE DATABASE {DATABASE}\n"
        )
        fresh.rename(self._files)

    def _launch(self) -> None:
        """Configure and start the server; another program may take the port in between, so try again."""
        self._make_sockets()
        log = self._files / "server.log"
        for attempt in range(3):
            self._configure(keep_port=attempt == 0)
            log.unlink(missing_ok=True)
            try:
                self._run(
                    "pg_ctl", "start", "-D", self._files, "-l", log, "-w", "-t", str(START_TIMEOUT), "-s"
                )
            except ServerError as error:
                said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
                if "could not bind" in said and attempt < 2:
                    continue
                reason = _reason(said)
                raise ServerError(
                    f"The embedded server in {self.folder} does not start{f': {reason}' if reason else ''}.",
                    f"Its log is {log}; `dashboard demo --temp` starts one in a new folder.",
                ) from error
            return

    def _configure(self, *, keep_port: bool) -> None:
        port = self.folder / "port"
        kept = int(port.read_text(encoding="ascii")) if keep_port and port.exists() else None
        chosen = kept if kept is not None and _is_free(kept) else _free_port()
        port.write_text(f"{chosen}\n", encoding="ascii")
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        text = files("dashboard.postgres").joinpath("postgresql.conf").read_text(encoding="utf-8")
        (self._files / "postgresql.conf").write_text(
            text.format(
                port=chosen,
                sockets=self.sockets,
                shared_buffers=min(max(memory // 16, 64), 1024),
                cache=max(memory // 4, 256),
                durable="on" if self._durable else "off",
            ),
            encoding="utf-8",
        )

    def _make_sockets(self) -> None:
        folder = self.sockets
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            self._account.own(folder)
        if folder.is_symlink() or folder.stat().st_uid != self._account.uid:
            raise ServerError(f"The folder {folder} belongs to somebody else.", "Delete it.")

    def _halt(self) -> None:
        if self._postmaster() is not None:
            self._run("pg_ctl", "stop", "-D", self._files, "-m", "fast", "-w", "-t", str(START_TIMEOUT), "-s")
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _postmaster(self) -> int | None:
        """The server's pid; None when its pid file is left over, even if another program has that pid now."""
        try:
            pid = int((self._files / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
            os.kill(pid, 0)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return None
        except PermissionError:
            return None if self._account.switch else pid
        proc = Path(f"/proc/{pid}/cwd")
        if not Path("/proc/self/cwd").exists() or proc.resolve() == self._files.resolve():
            return pid
        (self._files / "postmaster.pid").unlink(missing_ok=True)  # PostgreSQL would refuse to start on it
        return None

    def _run(self, program: str, *arguments: str | Path, stdin: str | None = None) -> None:
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            command = [str(self.bin / program), *arguments]
            code = self._account.run(command, stdin=stdin, output=output, timeout=START_TIMEOUT + 30)
            if code != 0:
                output.seek(0)
                raise ServerError(f"{program} failed: {_reason(output.read()) or f'exit code {code}'}.")


def sweep() -> None:
    """Stop and delete temporary servers whose processes were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*"):
        with suppress(OSError, ServerError):
            owners = Owners(folder)
            if not (folder / "owners.json").exists() or folder.stat().st_uid != os.geteuid():
                continue
            with owners.locked():
                if not owners.alive():
                    Server(folder)._halt()
                    shutil.rmtree(folder, ignore_errors=True)


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
    """The first line of a program's output that tells what went wrong."""
    for line in said.splitlines():
        for mark in ("FATAL:", "PANIC:", "ERROR:", "error:"):
            if mark in line:
                return line.partition(mark)[2].strip().rstrip(".")
    return ""
