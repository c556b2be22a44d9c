"""The embedded server: a PostgreSQL of one's own, without installing one.

It belongs to a folder. Processes that use the same folder share one server: the first starts it, the others
join, and the last one that leaves stops it. Promises:

1. A second start on the same folder joins at once, and gets the same DSN.
2. A process that was killed leaves nothing behind that a later start and stop does not clean up.
3. No folder but its own changes: no permissions, no users, no global state.
4. The address stays the same between runs, unless another program has taken its port meanwhile.
5. A server that was killed under those who use it comes up again when one of them asks for it, with every commit.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from dashboard.errors import ServerError
from dashboard.postgres.account import Account
from dashboard.postgres.cluster import Cluster
from dashboard.postgres.owners import Owner, Owners
from dashboard.postgres.programs import Programs
from dashboard.settings import settings

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

    Raises
    ------
    ServerError
        When there are no usable programs, or no account to run them under.
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
        self._folder = None if temporary else Path(folder or settings().data_folder / "server").absolute()
        self._mark = secrets.token_hex(4)
        self._mutex = threading.Lock()
        self._started = False

    @property
    def folder(self) -> Path:
        """Where the server keeps its files."""
        if self._folder is None:
            raise ServerError("A temporary server has no folder while it is not started.", "Start it first.")
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
        """The address of the server's database `dashboard`; it holds the password."""
        return self._cluster.dsn

    @property
    def sockets(self) -> Path:
        """The folder of the server's Unix socket."""
        return self._cluster.sockets

    @property
    def is_running(self) -> bool:
        """Whether the server's process is there, whoever started it."""
        try:
            return self._folder is not None and self._cluster.pid is not None
        except OSError:  # its folder is a file, or not ours to read
            return False

    def start(self) -> None:
        """Start the server, or join it where it runs; a second call does nothing.

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
                self._join()
            except OSError as error:
                raise ServerError(
                    f"The embedded server cannot use its folder {self._folder}: {error.strerror or error}.",
                    "Choose another one with DASHBOARD_DATA_FOLDER.",
                ) from error
            self._started = True
            atexit.register(self.stop)

    def revive(self) -> bool:
        """Start the server again where its process has died, killed for example; return whether it had.

        Raises
        ------
        ServerError
            When it does not come up; the server before may still be on its way out, so a later call can do it.
        """
        with self._mutex:
            if not self._started or self.is_running:
                return False
            with suppress(FileNotFoundError), Owners(self.folder).locked():  # nothing revives a deleted folder
                if self._cluster.pid is None:
                    self._cluster.launch()
                    return True
            return False

    def stop(self) -> None:
        """Leave the server; the last one to leave stops it. A second call does nothing."""
        with self._mutex:
            if not self._started:
                return
            self._started = False
            atexit.unregister(self.stop)
            with suppress(FileNotFoundError):  # somebody deleted the folder
                owners = Owners(self.folder)
                with owners.locked():
                    if owners.remove(Owner.here(self._mark)):
                        self._cluster.halt()
            if self._temporary:
                shutil.rmtree(self.folder, ignore_errors=True)
                self._folder = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def _cluster(self) -> Cluster:
        return Cluster(self.folder, self._programs, self._account, durable=self._durable)

    def _make_folder(self) -> None:
        mode = 0o711 if self._account.switch else 0o700  # another account has to pass through it
        if self._temporary:
            _sweep()
            self._folder = Path(tempfile.mkdtemp(prefix=TEMPORARY))
            self._folder.chmod(mode)
        self.folder.mkdir(mode=mode, parents=True, exist_ok=True)
        if not self._account.can_enter(self.folder):
            raise ServerError(
                f"The account '{self._account.name}' that runs PostgreSQL cannot reach {self.folder}.",
                "Choose a folder that other accounts can enter with DASHBOARD_DATA_FOLDER, "
                "or start dashboard as an ordinary user.",
            )

    def _join(self) -> None:
        owners = Owners(self.folder)
        with owners.locked():
            if self._cluster.pid is None:
                self._cluster.initialise()
                self._cluster.launch()
            owners.add(Owner.here(self._mark))

    def _abandon(self) -> None:
        """Stop the server and delete its folder if nobody who used it is alive."""
        owners = Owners(self.folder)
        with owners.locked():
            if not owners.alive():
                self._cluster.halt()
                shutil.rmtree(self.folder, ignore_errors=True)


def _sweep() -> None:
    """Remove temporary servers whose processes were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*"):
        with suppress(OSError, ServerError):
            if (folder / "owners.json").exists() and folder.stat().st_uid == os.geteuid():
                Server(folder)._abandon()
