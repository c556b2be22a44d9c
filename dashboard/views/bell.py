"""The bell of a page: what its reader was told of late, what is new of it, and how they want to be told.

It is a live query like any other, asked in the reader's scope: row-level security leaves what concerns them. What
arrives is said on every page that they have open, whichever process serves it. A page that its reader does not see is
brought up to date with this alone, and only where they asked to be notified by the browser.

A scope may be a whole team's. What somebody has seen, silenced or chosen is theirs alone: it is kept by the scope and,
in it, the setting ``app.person``, which is their login. What concerns nobody in particular is shown to operators.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import param
from typing_extensions import override

from dashboard.errors import AlertError, DashboardError, NotForYou
from dashboard.postgres.alerts import owner
from dashboard.postgres.scope import Scope, scope_here
from dashboard.sql import load

from . import codec
from .strand import Picture, Queries, Shape, keyed_difference, strand
from .toast import toast
from .view import View
from .viewer import Viewer, viewer

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live, LiveQuery

    from .channel import Binding

MOST = 50
"""Notices in a bell, the latest; as in ``sql/alerts_bell.sql``."""
SEEN = "SELECT max(at) AS at FROM dashboard_alerts.seen WHERE role = $1 AND settings = $2::text::jsonb"
SILENCES = """SELECT id, rule, until FROM dashboard_alerts.silence
WHERE (role = '' AND settings = '{}') OR (role = $1 AND settings = $2::text::jsonb) ORDER BY until DESC, id LIMIT 50"""
HOUR = dt.timedelta(hours=1)
AT_ONCE = 20
"""Writes of one bell that may be under way; what a page asks for beyond is left out."""


@dataclass(frozen=True)
class BellShape(Shape):
    """A bell's picture: `rows` by key in an `order`, until when `seen`, rules `silenced`, `places` of theirs."""

    places: bytes | None

    @override
    def draw(self, queries: Queries) -> Picture:
        *notices, seen, silences = queries
        found = [one for query in notices for one in _told(query)]
        found.sort(key=lambda one: one[1]["told_at"], reverse=True)
        rows = {key: _row(row) for key, row in found[:MOST]}
        at = next((row[0] for row in seen.state.rows.values()), None)
        silenced = [[rule, codec.cell(until)] for _, rule, until in silences.state.rows.values()]
        return {
            "rows": rows, "order": list(rows), "seen": codec.cell(at),
            "silenced": silenced, "places": None if self.places is None else codec.loads(self.places),
        }  # fmt: skip

    @override
    def difference(self, old: Picture, new: Picture) -> Picture | None:
        return keyed_difference(old, new)


def _told(query: LiveQuery) -> list[tuple[str, dict[str, Any]]]:
    names = [column.name for column in query.columns]
    state = query.state
    return [(codec.key_text(key), dict(zip(names, state.rows[key], strict=True))) for key in state.keys]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "at": codec.cell(row["told_at"]), "end": codec.cell(row["resolved_at"]), "event": row["is_event"],
        "rule": row["rule"], "title": row["title"], "lines": list(row["lines"]), "instances": row["instances"],
        "severity": row["severity"],
    }  # fmt: skip


class Bell(View):
    """Alerts that concern who looks; stands in a page's header (`Page(alerts=Bell(live))`).

    Parameters
    ----------
    live
        Where the alerts are.
    scope
        In whose eyes; by default of who is logged in, else (`Scope()`) of who looks after the database. What
        concerns nobody in particular is for operators besides, whatever their scope.
    """

    priority: Any = param.Selector(
        default="high", objects=["critical", "high", "medium", "low"], doc="How soon it rings."
    )

    kind: ClassVar[str] = "bell"
    is_content: ClassVar[bool] = False
    default_span: ClassVar[int] = 3

    def __init__(self, live: Live, *, scope: Scope | None = None, **params: Any) -> None:
        super().__init__(**params)
        self.live = live
        who, seen_as = _reader(), scope or scope_here() or Scope()
        own = {} if who is None else {"app.person": who.login}
        self.scope = Scope(role=seen_as.role, settings={**seen_as.settings, **own})
        whose = owner(self.scope)

        def asked(sql: str, *values: object) -> LiveQuery:
            return live.query(sql, *values, scope=self.scope, priority="high")

        notices = [asked(load("alerts_bell"), self.scope.role is not None)]
        if who is not None and who.is_operator and self.scope.role is not None:
            notices.append(live.query(load("alerts_bell"), False, scope=Scope(), priority="high"))
        self._asked = (*notices, asked(SEEN, *whose), asked(SILENCES, *whose))
        self._tasks: set[asyncio.Task[None]] = set()

    @override
    def queries(self) -> Queries:
        """Its notices, what was seen of them, and what is silenced."""
        return self._asked

    @override
    def shape(self, binding: Binding) -> BellShape:
        return BellShape(binding.choice.get("places"))

    @override
    def receive(self, binding: Binding, message: Any) -> None:
        """The reader has seen something, does not want to hear of a rule, or says how to be told."""
        super().receive(binding, message)
        if not isinstance(message, dict):
            return
        event, value = message.get("event"), message.get("value")
        if event == "attend":
            binding.attends = value is True
        elif isinstance(event, str) and event in self._deeds and len(self._tasks) < AT_ONCE:
            self._spawn(self._done(binding, self._deeds[event], value))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _done(self, binding: Binding, deed: Callable[..., Any], value: Any) -> None:
        try:
            await deed(self, binding, value)
        except DashboardError as error:
            toast(binding, str(error), title="This could not be kept", tone="bad", key="bell")
        except (ValueError, TypeError, LookupError, ArithmeticError, OSError):  # no page of ours says such things
            toast(binding, "It was not understood.", title="This could not be kept", tone="bad", key="bell")

    async def _see(self, binding: Binding, value: Any) -> None:
        at = dt.datetime.fromtimestamp(float(value) / 1000, dt.UTC) + dt.timedelta(milliseconds=1)
        await self.live.alerts.see(self.scope, at)

    async def _silence(self, binding: Binding, value: Any) -> None:
        await self.live.alerts.silence(self.scope, str(value), HOUR)

    async def _speak(self, binding: Binding, value: Any) -> None:
        await self.live.alerts.speak(self.scope, str(value))

    async def _prefer(self, binding: Binding, value: Any) -> None:
        begin, end = (dt.time.fromisoformat(value[name]) if value[name] else None for name in ("from", "until"))
        if (begin is None) != (end is None):
            raise AlertError("Quiet hours have a beginning and an end.", "Give both times, or none.")
        quiet = (begin, end) if begin is not None and end is not None else None
        await self.live.alerts.prefer(
            self.scope, str(value["contact_point"]), address=str(value["address"]), minimum=value["minimum"],
            quiet=quiet, zone=str(value["zone"]),
        )  # fmt: skip
        await self._show_places(binding, None)
        toast(binding, "It is kept.", title=str(value["contact_point"]), tone="ok", key="bell")

    async def _leave(self, binding: Binding, value: Any) -> None:
        await self.live.alerts.leave(self.scope, str(value))
        await self._show_places(binding, None)

    async def _show_places(self, binding: Binding, value: Any) -> None:
        places = await self.live.alerts.places(self.scope)
        binding.choice["places"] = codec.dumps(places)
        if binding.strand is not None:  # the page may have gone meanwhile
            binding.show(strand(self.queries(), self.shape(binding), self.urgency()))

    _deeds: ClassVar[dict[str, Callable[..., Any]]] = {
        "seen": _see, "silence": _silence, "speak": _speak, "prefer": _prefer, "leave": _leave, "places": _show_places,
    }  # fmt: skip

    def __panel__(self) -> Viewable:
        element = super().__panel__()
        element.param.update(sizing_mode=None, margin=0)
        return element


def _reader() -> Viewer | None:
    """Who looks; None where nobody has to log in, or a scope stands for nobody's page."""
    try:
        return viewer()
    except NotForYou:
        return None
