"""Eve is logged in and wants Vera's rows; each attack is seen to succeed where its guard is taken away.

An attack is what Eve does: a function marked with `attack`, which returns all that she was told, and with what takes
away the guard that stands against it. It has succeeded when she was told `SECRET`, which stands in Vera's rows only, or
stands for what else she wanted.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from bokeh.server.views import ws
from bokeh.util.token import generate_jwt_token, get_token_payload
from panel.io import server as panel_server
from tornado.web import RequestHandler

from dashboard.errors import DashboardError
from dashboard.postgres import keys
from dashboard.postgres import scope as scopes
from dashboard.postgres.scope import Scope
from dashboard.postgres.server import Server
from dashboard.surfaces import login, logins
from dashboard.surfaces import people as commands
from dashboard.surfaces.front import Page
from dashboard.surfaces.hosts import Closed, Strange
from dashboard.surfaces.login import Form
from dashboard.surfaces.logins import COOKIE, Logins, SignIn
from dashboard.surfaces.passwords import Throttle
from dashboard.surfaces.readers import Answering
from dashboard.surfaces.rest import Rest, callers
from dashboard.surfaces.rest.routes import Seat
from dashboard.views import download, socket
from tests.intruder import Intruder
from tests.openings import Opening, by_sql, no, nobody, none, patched, unsigned, valid_for_ever, yes
from tests.scene import HERS, PASSWORDS, ROLE, SECRET, Scene, cheap_hashes, staged
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

Attack = Callable[[Scene], Awaitable[str]]
ATTACKS: dict[str, tuple[Attack, Opening]] = {}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scene(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """Yield the site that is attacked."""
    with cheap_hashes():
        async with staged(server, tmp_path_factory.mktemp("own")) as scene:
            yield scene


def attack(opening: Opening) -> Callable[[Attack], Attack]:
    """Add an attack to the list, with what takes away the guard that stands against it."""

    def add(does: Attack) -> Attack:
        ATTACKS[does.__name__] = (does, opening)
        return does

    return add


async def whom(directory: Any, name: str) -> SignIn:
    return SignIn("open", (await directory.find([name]))[name], 2.0**40)


async def everybody_is_vera(self: Logins, handler: RequestHandler) -> SignIn:
    """Take everybody for Vera."""
    return await whom(self.directory, "vera")


async def whom_panel_believes(self: Logins, handler: RequestHandler) -> SignIn | None:
    """Believe Panel's own cookie, as Panel does."""
    user = handler.get_signed_cookie("user")
    return None if user is None else await whom(self.directory, user.decode())


async def whoever_it_was(self: Logins, handler: RequestHandler) -> SignIn | None:
    """Believe a login for ever."""
    cookie = handler.get_signed_cookie(COOKIE)
    return None if cookie is None else SignIn("open", PEOPLE[cookie.decode().split("|")[3]], 2.0**40)


PEOPLE: dict[str, Any] = {}
EVE = Scope(role=ROLE, settings={"app.user_id": "2"})


# Pages


@attack(patched((Logins, "of", everybody_is_vera), (Logins, "_may_join", yes)))
async def nobody_opens_a_page(scene: Scene) -> str:
    return await Intruder(scene.site.url).read("views", SECRET)


@attack(by_sql("ALTER TABLE notes DISABLE ROW LEVEL SECURITY", "ALTER TABLE notes ENABLE ROW LEVEL SECURITY"))
async def eve_opens_a_page_with_every_kind_of_view_and_names_vera_in_the_address(scene: Scene) -> str:
    eve = await scene.enters("eve")
    token = await eve.token("views?member=1&app.user_id=1&user=vera")
    told = await eve.document("views", token) + await eve.read("views", SECRET)
    assert HERS in told  # so it is read at all
    return told


@attack(patched((scopes, "_asked", none)))
async def eve_opens_a_page_whose_query_names_no_scope(scene: Scene) -> str:
    return await (await scene.enters("eve")).read("own", SECRET)


@attack(patched((Page, "scope_of", lambda *_: Scope())))
async def eve_opens_the_page_for_operators(scene: Scene) -> str:
    return await (await scene.enters("eve")).read("operators", SECRET)


@attack(patched((Answering, "refusal", none)))
async def eve_reads_the_figures_of_the_server(scene: Scene) -> str:
    eve = await scene.enters("eve")
    told = (await eve.ask("health")).body + (await eve.ask("metrics")).body
    return SECRET if b"attacked" in told else told.decode()


# Sessions and tokens


@attack(patched((Logins, "_forget_sessions", none), (Logins, "_may_join", yes)))
async def eve_names_veras_session_in_the_address(scene: Scene) -> str:
    token, _ = await scene.page_of_vera()
    eve = await scene.enters("eve")
    told = ""
    for asked, headers in (
        (f"views?bokeh-session-id={session_of(token)}", {}),
        ("views", {"Bokeh_Session_Id": session_of(token)}),
        (f"views?bokeh-token={token}", {}),
    ):
        told += await eve.document("views", await eve.token(asked, **headers) or "none")
    return told


@attack(patched((Logins, "_may_join", yes)))
async def eve_brings_the_token_of_veras_page(scene: Scene) -> str:
    token, _ = await scene.page_of_vera()
    return await (await scene.enters("eve")).document("views", token)


@attack(patched((Logins, "of", everybody_is_vera)))
async def nobody_brings_the_token_of_veras_page(scene: Scene) -> str:
    token, _ = await scene.page_of_vera()
    return await Intruder(scene.site.url).document("views", token)


@attack(
    patched(
        (logins, "check_token_signature", yes),
        (ws, "check_token_signature", yes),
        (panel_server, "check_token_signature", yes),
        (Logins, "_may_join", yes),
    )
)
async def eve_forges_a_token_for_veras_session(scene: Scene) -> str:
    token, _ = await scene.page_of_vera()
    payload = get_token_payload(token)
    bare = {"session_id": session_of(token), "session_expiry": payload["session_expiry"]}
    forged = base64.urlsafe_b64encode(json.dumps(bare).encode()).decode().rstrip("=")
    eve, told = await scene.enters("eve"), ""
    for made in (f"{forged}.{token.partition('.')[2]}", forged, "nonsense", ".", "!!.??"):
        told += await eve.document("views", made)
    return told


@attack(patched((ws, "get_token_payload", valid_for_ever), (panel_server, "get_token_payload", valid_for_ever)))
async def vera_brings_a_token_that_has_expired(scene: Scene) -> str:
    token, _ = await scene.page_of_vera()
    server: Any = scene.site._server
    kept = {"cookies": get_token_payload(token)["cookies"]}
    key = server._tornado.secret_key
    old = generate_jwt_token(session_of(token), key, signed=True, expiration=-1, extra_payload=kept)  # type: ignore[arg-type]
    return await (await scene.enters("vera")).document("views", old)


# The channel and downloads


@attack(patched((socket, "is_theirs", yes)))
async def eve_opens_the_channel_of_veras_page(scene: Scene) -> str:
    _, places = await scene.page_of_vera()
    return await (await scene.enters("eve")).channel(places[0]["token"], [place["name"] for place in places], SECRET)


@attack(patched((socket, "asker_of", nobody), (socket, "is_theirs", yes)))
async def nobody_opens_the_channel_of_veras_page(scene: Scene) -> str:
    _, places = await scene.page_of_vera()
    everything = [place["name"] for place in places]
    return await Intruder(scene.site.url).channel(places[0]["token"], everything, SECRET)


@attack(patched((download, "is_theirs", yes)))
async def eve_downloads_a_table_of_veras_page(scene: Scene) -> str:
    return await downloaded(scene, await scene.enters("eve"))


@attack(patched((download, "asker_of", nobody), (download, "is_theirs", yes)))
async def nobody_downloads_a_table_of_veras_page(scene: Scene) -> str:
    return await downloaded(scene, Intruder(scene.site.url))


@attack(patched((socket.ChannelSocket, "check_origin", yes)))
async def another_site_opens_the_channel_in_veras_browser(scene: Scene) -> str:
    _, places = await scene.page_of_vera()
    elsewhere = await scene.enters("vera")
    elsewhere.origin = "http://evil.test"
    return await elsewhere.channel(places[0]["token"], [place["name"] for place in places], SECRET)


@attack(patched((ws.WSHandler, "check_origin", yes)))
async def another_site_opens_bokehs_socket_in_veras_browser(scene: Scene) -> str:
    token, _ = await scene.page_of_vera()
    elsewhere = await scene.enters("vera")
    elsewhere.origin = "http://evil.test"
    return await elsewhere.document("views", token)


# Cookies and logins


@attack(patched((RequestHandler, "get_signed_cookie", unsigned), (Logins, "_may_join", yes)))
async def eve_writes_herself_a_cookie(scene: Scene) -> str:
    eve = Intruder(scene.site.url)
    generation = scene.sql("SELECT generation FROM dashboard_people.person WHERE login = 'vera'").strip()
    eve.cookies = {COOKIE: f"made-up|{2**40}|{generation}|vera", "user": "vera"}
    return await eve.read("views", SECRET)


@attack(patched((Logins, "of", whom_panel_believes)))
async def eve_takes_the_cookies_out_of_the_token_of_veras_page(scene: Scene) -> str:
    token, _ = await scene.page_of_vera()
    eve = await scene.enters("eve")
    eve.cookies |= get_token_payload(token)["cookies"]
    return await eve.read("views", SECRET)


@attack(patched((Logins, "_is_ended", no)))
async def eve_uses_a_login_that_was_ended(scene: Scene) -> str:
    nina = await scene.enters("nina", anew=True)
    thief = Intruder(scene.site.url)
    thief.cookies = dict(nina.cookies)
    assert (await nina.ask("logout", form={}, Origin=nina.origin)).code == 303
    assert not nina.cookies
    return await thief.read("views", SECRET)


@attack(patched((Logins, "of", whoever_it_was)))
async def eve_uses_a_login_of_before_the_password_was_changed(scene: Scene) -> str:
    nina = await scene.enters("nina", anew=True)
    PEOPLE["nina"] = (await whom(scene.access.logins.directory, "nina")).person
    await commands.change(scene.dsn, "nina", password=PASSWORDS["nina"], page="", scope=None, is_operator=None)
    scene.access.logins._known.clear()  # what is known is good for two seconds
    return await nina.read("views", SECRET)


@attack(patched((Throttle, "wait", lambda *_: 0.0)))
async def eve_guesses_passwords(scene: Scene) -> str:
    eve = Intruder(scene.site.url)
    for guess in ("password", "olga1234", "12345678", "letmein!", "qwertyui", PASSWORDS["olga"]):
        answer = await eve.log_in("olga", guess)
    return SECRET if answer.code == 303 else ""


@attack(patched((Form, "prepare", none)))
async def another_site_sends_the_form_that_logs_in(scene: Scene) -> str:
    form = {"login": "eve", "password": PASSWORDS["eve"]}
    answer = await Intruder(scene.site.url).ask("login", form=form, Origin="http://evil.test")
    return SECRET if answer.code == 303 else ""


@attack(patched((login, "after", lambda asked: asked.get_argument("next"))))
async def a_link_to_the_login_leads_to_another_site(scene: Scene) -> str:
    told = ""
    places = (
        "//evil.test",
        "///evil.test",
        "/\t//evil.test",
        "http://evil.test",
        "/\\evil.test",
        "javascript:alert(1)",
    )
    for place in places:
        form = {"login": "eve", "password": PASSWORDS["eve"], "next": place}
        answer = await Intruder(scene.site.url).ask("login", form=form)
        told += SECRET if answer.headers["Location"] == place else ""
    return told


# What Bokeh and Panel leave open


@attack(patched((Closed, "match", none)))
async def another_site_loads_veras_page_as_a_script(scene: Scene) -> str:
    answer = await (await scene.enters("vera")).ask("views/autoload.js?bokeh-autoload-element=x")
    return SECRET if b"token" in answer.body else ""


@attack(patched((Closed, "match", none)))
async def nobody_has_a_module_imported(scene: Scene) -> str:
    sys.modules.pop("this", None)
    await Intruder(scene.site.url).ask("components/this/c/__css__/x")
    return SECRET if "this" in sys.modules else ""


@attack(patched((Strange, "match", none)))
async def another_name_is_made_to_mean_this_machine(scene: Scene) -> str:
    answer = await (await scene.enters("vera")).ask("views", Host="evil.test")
    return SECRET if answer.code == 200 else ""


# Messages


@attack(by_sql(f"ALTER ROLE {ROLE} BYPASSRLS", f"ALTER ROLE {ROLE} NOBYPASSRLS"))
async def eve_listens_to_what_is_said_to_vera(scene: Scene) -> str:
    topic = await scene.live.topic("notes", scope=EVE).ready()
    await scene.live.broadcast("notes", {"note": SECRET}, audience=Scope(settings={"app.user_id": "1"}))
    await scene.live.broadcast("notes", "that was all")
    told = ""
    async for message in topic:
        told += str(message.payload)
        if message.payload == "that was all":
            break
    return told


# Rows for programs


def any_table(self: Rest, caller: Any, name: str) -> Seat:
    """Give whatever is asked for, as the server itself."""
    return replace(next(iter(self.seats(caller).values())), name=name, scope=Scope())


def without_row_security() -> Opening:
    """Let everybody see and change every note."""
    return by_sql("ALTER TABLE notes DISABLE ROW LEVEL SECURITY", "ALTER TABLE notes ENABLE ROW LEVEL SECURITY")


@attack(without_row_security())
async def eve_asks_for_veras_row_by_key_filter_and_order(scene: Scene) -> str:
    eve, told = await scene.enters("eve"), ""
    for path in ("notes", "notes/1", "notes?owner=eq.1", "notes?note=like.the-note%25", "notes?order=-id&limit=1000"):
        told += (await eve.ask(f"api/{path}", X_User="vera")).body.decode()
    assert HERS in told  # so it is read at all
    return told


@attack(without_row_security())
async def eve_changes_veras_row(scene: Scene) -> str:
    return await changed(await scene.enters("eve"), with_token=True)


@attack(patched((Logins, "of", everybody_is_vera)))
async def nobody_asks_for_rows(scene: Scene) -> str:
    return (await Intruder(scene.site.url).ask("api/notes")).body.decode()


@attack(patched((Page, "scope_of", lambda *_: Scope())))
async def olga_who_has_no_scope_asks_for_rows(scene: Scene) -> str:
    return (await (await scene.enters("olga")).ask("api/notes")).body.decode()


@attack(patched((keys, "hash_of", str)))
async def eve_forges_a_key_and_brings_the_hash_of_veras(scene: Scene) -> str:
    await commands.key(scene.dsn, "vera")
    stolen = scene.sql("SELECT key_hash FROM dashboard_people.api_key").splitlines()
    told = ""
    for key in (*stolen, "", "vera", "dashboard_", "' OR true --"):
        told += (await Intruder(scene.site.url).ask("api/notes", Authorization=f"Bearer {key}")).body.decode()
    return told


@attack(patched((Rest, "seat", any_table)))
async def eve_asks_for_tables_that_no_app_opens(scene: Scene) -> str:
    eve, told = await scene.enters("eve"), ""
    for name in ("dashboard_people.password", "pg_catalog.pg_authid", "dashboard.change_log"):
        told += (await eve.ask(f"api/{name}")).body.decode()
    return SECRET if "$argon2" in told else told


@attack(patched((callers, "_check_token", none)))
async def another_site_has_veras_browser_write_without_the_token(scene: Scene) -> str:
    return await changed(await scene.enters("vera"), with_token=False)


@attack(patched((callers, "_check_site", none)))
async def another_site_has_veras_browser_write_with_a_token_that_it_planted(scene: Scene) -> str:
    return await changed(await scene.enters("vera"), with_token=True, Origin="http://evil.test")


@attack(patched((callers, "_check_site", none)))
async def another_site_reads_with_veras_browser(scene: Scene) -> str:
    vera = await scene.enters("vera")
    return (await vera.ask("api/notes", Origin="http://evil.test")).body.decode()


# The database


@attack(
    by_sql(
        f"GRANT USAGE ON SCHEMA dashboard TO {ROLE}; GRANT SELECT ON dashboard.change_log TO {ROLE}; "
        "UPDATE notes SET amount = amount + 1",
        f"REVOKE ALL ON dashboard.change_log FROM {ROLE}; REVOKE ALL ON SCHEMA dashboard FROM {ROLE}",
    )
)
async def eve_asks_for_the_log_of_changes(scene: Scene) -> str:
    return await answered(scene, "SELECT coalesce(string_agg(new::text, ' '), '') AS told FROM dashboard.change_log")


@attack(
    by_sql(
        f"GRANT USAGE ON SCHEMA dashboard_people TO {ROLE}; GRANT SELECT ON dashboard_people.password TO {ROLE}",
        f"REVOKE ALL ON dashboard_people.password FROM {ROLE}; REVOKE ALL ON SCHEMA dashboard_people FROM {ROLE}",
    )
)
async def eve_asks_for_the_hashes_of_passwords(scene: Scene) -> str:
    told = await answered(scene, "SELECT string_agg(hash, ' ') AS told FROM dashboard_people.password")
    return SECRET if "$argon2" in told else told


@pytest.mark.parametrize("name", ATTACKS)
async def test_attack_fails_and_succeeds_where_its_guard_is_taken_away(
    scene: Scene, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    does, opening = ATTACKS[name]
    assert SECRET not in await does(scene)
    close = await asyncio.to_thread(opening, scene, monkeypatch)  # SQL may have to wait for a tick of this loop

    async def succeeds() -> bool:
        return SECRET in await does(scene)

    try:
        await eventually(succeeds, timeout=30)
    finally:
        if close is not None:
            await asyncio.to_thread(close)


def session_of(token: str) -> str:
    return str(json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))["session_id"])


async def downloaded(scene: Scene, thief: Intruder) -> str:
    """What a thief who knows the tokens of Vera's page gets of its tables."""
    _, places = await scene.page_of_vera()
    told = ""
    for place in places:
        wanted = {"page": place["token"], "view": place["name"], "format": "csv"}
        answer = await thief.ask("_dashboard/download", body=json.dumps(wanted).encode())
        told += answer.body.decode() if answer.code == 200 else ""
    return told


async def changed(who: Intruder, *, with_token: bool, **headers: str) -> str:
    """Whether somebody can write into Vera's row."""
    if with_token:
        await who.ask("api")
        headers["X_XSRFToken"] = who.cookies["_xsrf"]
    body = json.dumps({"amount": 10}).encode()
    answer = await who.ask("api/notes/1", method="PATCH", body=body, Content_Type="application/json", **headers)
    return SECRET if answer.code == 200 else answer.body.decode()


async def answered(scene: Scene, sql: str) -> str:
    """What PostgreSQL tells Eve, whatever she could make a page ask."""
    query = scene.live.query(sql, scope=EVE)
    try:
        await query.ready()
        return str(query.frame.iloc[0, 0])
    except DashboardError as refusal:
        return str(refusal)
    finally:
        query.close()
