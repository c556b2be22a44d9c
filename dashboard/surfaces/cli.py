"""The command line: names, arguments and exit codes; each command's work is in a module beside this one.

What goes wrong by the user's or the database's doing ends in one sentence with its remedy on stderr and
exit code 2, never in a traceback. Modules are imported by the command that needs them, so that
`dashboard --help` is instant.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter
from cyclopts.validators import Number

from dashboard.errors import DashboardError
from dashboard.surfaces.alert_commands import app as alerts
from dashboard.surfaces.digest_commands import digest
from dashboard.surfaces.people_commands import people
from dashboard.surfaces.running import Stopped, run
from dashboard.surfaces.terminal import Dsn, Wrong, is_interactive, say
from dashboard.version import __version__

app = App(
    name="dashboard",
    help="A SELECT on PostgreSQL that stays true, and live dashboards on top of it.",
    version=__version__,
    version_flags=["--version"],
    help_format="plaintext",
    result_action="return_none",
    suppress_keyboard_interrupt=False,  # or nothing is said
)

Browser = Annotated[bool | None, Parameter(help="Open the page in a browser.")]
Port = Annotated[
    int | None, Parameter(help="Port to serve on; 0 takes any free one.", validator=Number(gte=0, lte=65535))
]
Address = Annotated[str | None, Parameter(help="Address to serve on; 0.0.0.0 is every interface.")]
Rate = Annotated[float, Parameter(help="Changes a second, on average.", validator=Number(gt=0, lte=10_000))]
CALM = 0.3  # the pace of the sample rows on a busy day, so that charts show no step where the simulation begins
Open = Annotated[bool, Parameter(name="--open", negative=(), help="Let everybody see everything, without logging in.")]
Dev = Annotated[bool, Parameter(name="--dev", negative=(), help="Add a page for trying out changes and trouble.")]


@app.command
def demo(
    *names: Annotated[str, Parameter(name="APP", help="Dashboards to show; all when none is named.")],
    port: Port = None,
    address: Address = None,
    rate: Rate = CALM,
    temp: Annotated[bool, Parameter(negative=(), help="Use a new database and delete it at the end.")] = False,
    browser: Browser = None,
    dev: Dev = False,
) -> None:
    """Start a PostgreSQL of its own with sample rows and live changes, and serve dashboards on it."""
    from dashboard.surfaces import pages
    from dashboard.surfaces.demo import demo as work

    opens = is_interactive() if browser is None else browser
    run(work(pages.chosen(names), address=address, port=port, rate=rate, temp=temp, browser=opens, is_dev=dev))


@app.command
def serve(
    dsn: Dsn,
    /,
    *names: Annotated[str, Parameter(name="APP|FILE.py", help="Dashboards, or files of your own.")],
    port: Port = None,
    address: Address = None,
    browser: Browser = False,
    is_open: Open = False,
    dev: Dev = False,
    api: Annotated[
        list[str] | None, Parameter(negative=(), help="Table that programs may call at /api, as they see your file.")
    ] = None,
    rules: Annotated[
        Path | None, Parameter(name="--alerts", negative=(), help="File of rules, watched from the start.")
    ] = None,
) -> None:
    """Serve dashboards, or your own file, on your database, for the people who may log in."""
    from dashboard.surfaces.serving import serve as work

    opened = api or ()
    run(
        work(
            dsn, names, address=address, port=port, browser=bool(browser), is_open=is_open, is_dev=dev, api=opened,
            rules=rules,
        )
    )  # fmt: skip


@app.command
def watch(
    dsn: Dsn,
    table: str,
    /,
    *tables: str,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"], negative=(), help="Install capture unasked.")] = False,
    port: Port = None,
    address: Address = None,
    browser: Browser = False,
    is_open: Open = False,
) -> None:
    """Show a live dashboard of any table, at once."""
    from dashboard.surfaces.watch import watch as work

    work(dsn, (table, *tables), yes=yes, address=address, port=port, browser=bool(browser), is_open=is_open)


@app.command
def install(dsn: Dsn, table: str, /, *tables: str) -> None:
    """Capture the changes of tables, so that queries on them stay true."""
    from dashboard.surfaces import capturing

    names = asyncio.run(capturing.install(dsn, (table, *tables)))
    say(f"Changes are captured on {', '.join(names)}; `dashboard uninstall` removes that again.")


@app.command
def uninstall(dsn: Dsn, /, *tables: str) -> None:
    """Remove capture from tables; from all of them, and without a trace, when none is named."""
    from dashboard.surfaces import capturing

    asyncio.run(capturing.uninstall(dsn, tables))
    say(f"Capture is removed from {', '.join(tables) if tables else 'the database'}.")


app.command(alerts)


@app.command
def explain(
    dsn: Dsn,
    sql: Annotated[str, Parameter(name="SELECT")],
    /,
    *values: Annotated[str, Parameter(name="VALUE", help="Values of $1 and so on.", allow_leading_hyphen=True)],
) -> None:
    """Say how a SELECT is kept true, and why that way."""
    from dashboard.surfaces.explain import explain as work

    async def tell() -> None:
        async for line in work(dsn, sql, values):
            say(line)

    run(tell(), is_endless=False)


@app.command
def doctor(dsn: Dsn, /) -> None:
    """Say what is installed, who follows, how far behind, what is wrong and how to mend it.

    Ends with exit code 1 where something is WRONG.
    """
    from dashboard.settings import settings
    from dashboard.surfaces.doctor import examine, findings

    found = list(findings(asyncio.run(examine(dsn)), settings()))
    for finding in found:
        say(str(finding))
    if any(finding.weight == "bad" for finding in found):
        raise Wrong


@app.command
def simulate(name: Annotated[str, Parameter(name="APP")], dsn: Dsn | None = None, /, *, rate: Rate = CALM) -> None:
    """Write changes like the real ones into a database that has the app's tables."""
    from dashboard import apps
    from dashboard.surfaces.simulating import simulate as work

    run(work(dsn, [apps.find(name)], rate=rate))


app.command(people)
app.command(digest)


@app.command
def report(
    name: Annotated[str, Parameter(name="APP|FILE")],
    dsn: Dsn | None = None,
    /,
    *,
    out: Annotated[Path, Parameter(help="Where to write it: a name that ends in .html, .pdf, .png or .txt.")],
    login: Annotated[str | None, Parameter(name="--as", help="Whose eyes: a login of `dashboard people`.")] = None,
    since: Annotated[str | None, Parameter(help="From when on: 24h, 7d, 2026-11-01.")] = None,
    zone: Annotated[str | None, Parameter(help="Whose days: Europe/Berlin. By default, the database's.")] = None,
) -> None:
    """Write the page of an app, a file or a notebook, at one snapshot, as one file that opens anywhere.

    Ends with exit code 1 where a part of it could not be shown.
    """
    from dashboard.surfaces.report import report as work

    failures: list[str] = []

    async def tell() -> None:
        failures.extend((await work(name, dsn, out, login=login, since=since, zone=zone)).failures)

    run(tell(), is_endless=False)
    for failure in failures:
        print(f"dashboard: {failure}", file=sys.stderr)  # noqa: T201
    if failures:
        raise Wrong


@app.command
def settings() -> None:
    """List every setting, its environment variable, its value and its meaning."""
    from dashboard.surfaces.listing import lines

    for line in lines():
        say(line)


def main(arguments: list[str] | None = None) -> None:
    """Run a command line and leave the process with its exit code."""
    sys.exit(code_of(sys.argv[1:] if arguments is None else arguments))


def code_of(arguments: list[str]) -> int:
    """Run a command line; return its exit code.

    0, or 2 after the sentence that says what was wrong; 1 where `doctor` finds it, or where not all could be done; as
    shells have it, 130 and 143 where a signal came first.
    """
    try:
        app(arguments, exit_on_error=False, print_error=False)
    except Wrong:
        return 1
    except DashboardError as error:
        return _fail(str(error))
    except CycloptsError as error:
        return _fail(f"{' '.join(str(error).split())} Try `dashboard --help`.")
    except BaseExceptionGroup as group:
        known, unknown = group.split(DashboardError)
        if unknown is not None or known is None:
            raise
        return _fail(str(_first(known)))
    except Stopped as error:
        return _stopped(error.number)
    except KeyboardInterrupt:
        return _stopped(signal.SIGINT)
    except BrokenPipeError:  # `dashboard settings | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to complain on exit
        return 0
    return 0


def _first(group: BaseExceptionGroup[DashboardError]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _stopped(number: signal.Signals) -> int:
    print("dashboard: Stopped before it was done.", file=sys.stderr)  # noqa: T201
    return 128 + number


def _fail(sentence: str) -> int:
    print(f"dashboard: {sentence}", file=sys.stderr)  # noqa: T201
    return 2
