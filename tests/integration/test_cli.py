"""The command line ends bad input with exit code 2 and one sentence that names the remedy."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from dashboard.postgres.server import Server
from dashboard.settings import Settings
from tests.conftest import in_database, psql

ROOT = Path(__file__).parents[2]
PAGE = """
import dashboard
import panel as pn

live = dashboard.connect()
pn.Column(dashboard.Tile(live.query("SELECT count(*) FROM orders"), title="Orders")).servable()
"""


def command(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dashboard", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
        env=os.environ | environment,
    )


def refusal(*arguments: str | Path, **environment: str) -> str:
    """Run a command that must be refused; return its sentence."""
    done = command(*arguments, **environment)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("dashboard: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """Yield a data folder that an unprivileged account can reach."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("dsn", "remedy"),
    [
        ("nonsense", r"postgresql://user:password@host"),
        ("postgresql://nobody@127.0.0.1:1/none", "server runs, host and port"),
        ("postgresql://nobody@host.invalid/none", "host"),
    ],
)
@pytest.mark.parametrize("words", [("install", "orders"), ("serve",), ("watch", "orders"), ("doctor",)])
def test_dsn_that_leads_nowhere_is_told_with_the_remedy(dsn: str, remedy: str, words: tuple[str, ...]) -> None:
    assert re.search(remedy, refusal(words[0], dsn, *words[1:]))


def test_wrong_password_is_told_and_not_printed(database: str) -> None:
    wrong = re.sub(r":[^:@]+@", ":secret-that-is-wrong@", database)
    sentence = refusal("install", wrong, "orders")
    assert "user and password" in sentence
    assert "secret-that-is-wrong" not in sentence


def test_missing_database_is_told(server: Server) -> None:
    assert "no such database" in refusal("install", in_database(server.dsn, "absent"), "orders")


@pytest.mark.parametrize("word", ["install", "watch", "uninstall"])
def test_missing_table_is_told_with_the_remedy(database: str, word: str) -> None:
    assert "There is no table absent" in refusal(word, database, "absent")
    if word == "watch":  # what programs may call is looked for as well, before anything is served
        assert "There is no table absent" in refusal("serve", database, __file__, "--api", "absent")
        assert "Leave out --open" in refusal("serve", database, __file__, "--open", "--dev")


def test_table_of_somebody_else_is_told(server: Server, database: str) -> None:
    psql(server, "DROP ROLE IF EXISTS visitor; CREATE ROLE visitor LOGIN PASSWORD 'v'")
    psql(server, "CREATE TABLE orders (id int PRIMARY KEY)", database)
    visitor = re.sub(r"//[^@]+@", "//visitor:v@", database)
    assert "owner" in refusal("install", visitor, "orders")


def test_install_and_uninstall_say_what_they_did(server: Server, database: str) -> None:
    psql(server, "CREATE TABLE orders (id int PRIMARY KEY)", database)
    done = command("install", database, "orders")
    assert done.returncode == 0
    assert "public.orders" in done.stdout
    assert psql(server, "SELECT count(*) > 0 FROM pg_trigger WHERE NOT tgisinternal", database) == "t\n"
    assert command("uninstall", database).returncode == 0
    assert psql(server, "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal", database) == "0\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fly",), "Unknown command"),
        (("install",), "requires an argument"),
        (("demo", "crm", "--port", "many"), "unable to convert"),
        (("demo", "crm", "--port", "70000"), "--port"),
        (("demo", "crm", "--rate", "-1", "--temp"), "rate"),
        (("demo", "crm", "--colour"), "--colour"),
        (("demo", "nonsuch"), "Choose from: .*crm"),
        (("simulate", "nonsuch"), "Choose from: .*crm"),
    ],
)
def test_argument_that_cannot_be_is_told(arguments: tuple[str, ...], said: str) -> None:
    assert re.search(said, refusal(*arguments))


def test_port_in_use_is_told_before_anything_starts(database: str, tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text(PAGE)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert "--port" in refusal("serve", database, tmp_path / "page.py", "--port", port)
        assert "--port" in refusal("demo", "crm", "--temp", "--port", port)


def test_a_page_with_a_syntax_error_is_told_at_the_start(database: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("import panel\ndef broken(:\n    pass\n")
    assert "own.py, line 2: invalid syntax" in refusal("serve", database, tmp_path / "own.py", "--port", "0")


def test_doctor_ends_with_1_where_something_is_wrong(server: Server, database: str) -> None:
    assert command("doctor", database).returncode == 1
    psql(server, "CREATE TABLE orders (id int PRIMARY KEY)", database)
    command("install", database, "orders")
    done = command("doctor", database)
    assert (done.returncode, "WRONG" in done.stdout) == (0, False), done


def test_address_of_another_machine_is_told(database: str) -> None:
    assert "'192.0.2.1' is not one of this machine" in refusal("watch", database, "t", "--address", "192.0.2.1")


def test_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (file := tmp_path / "file").touch()
    assert "DASHBOARD_DATA_FOLDER" in refusal("demo", "--port", "0", DASHBOARD_DATA_FOLDER=str(file))


def test_file_that_is_missing_is_told(database: str) -> None:
    assert "no file absent.py" in refusal("serve", database, "absent.py")


def test_database_without_an_apps_tables_is_told(database: str) -> None:
    assert "dashboard watch" in refusal("serve", database)
    assert "dashboard demo" in refusal("simulate", "crm", database)


def test_setting_that_cannot_be_used_is_told_by_its_name(database: str) -> None:
    assert "DASHBOARD_PORT" in refusal("settings", DASHBOARD_PORT="many")
    assert "origins" in refusal("settings", DASHBOARD_ORIGINS="[")
    assert "origins" in refusal("serve", "postgresql://localhost/nowhere", DASHBOARD_ORIGINS="dash.example.org")
    assert "os:sep" in refusal("serve", database, "monitor", DASHBOARD_PEOPLE="os:sep")
    assert "fewer than 32 characters" in refusal(
        "serve", database, "monitor", "--open", "--port", "0", DASHBOARD_SECRET="x"
    )


def test_settings_lists_every_setting_and_hides_the_secret() -> None:
    done = command("settings", DASHBOARD_SECRET="hush", DASHBOARD_TICK="0.05")
    assert done.returncode == 0
    for name in Settings.model_fields:
        assert f"DASHBOARD_{name.upper()} = " in done.stdout
    assert "hush" not in done.stdout
    assert "DASHBOARD_TICK = 0.05  (default: 0.03)" in done.stdout


def test_data_folder_of_another_version_is_told(data_folder: Path) -> None:
    with Server(data_folder / "server", durable=False):
        pass
    (data_folder / "server" / "postgres" / "PG_VERSION").write_text("13\n")
    assert "DASHBOARD_PG_BIN" in refusal("demo", "crm", DASHBOARD_DATA_FOLDER=str(data_folder))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_served_file_answers_and_a_signal_ends_it_cleanly(
    server: Server, database: str, tmp_path: Path, free_port: int, number: signal.Signals
) -> None:
    psql(server, "CREATE TABLE orders (id int PRIMARY KEY)", database)
    (tmp_path / "page.py").write_text(PAGE)
    serving = [sys.executable, "-m", "dashboard", "serve", database, tmp_path / "page.py", "--port", str(free_port)]
    with subprocess.Popen(serving, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert f"http://localhost:{free_port}/" in process.stdout.readline()
        with urlopen(f"http://127.0.0.1:{free_port}/") as answer:  # our own address
            assert answer.url.endswith("/page")
        process.send_signal(number)
        _, complaints = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "Traceback" not in complaints
