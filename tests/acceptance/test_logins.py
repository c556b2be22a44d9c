"""People log in and out, and what they have open follows what they may see."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from bokeh.util.token import generate_jwt_token, generate_session_id
from panel.io.server import get_server
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler, create_signed_value, decode_signed_value
from tornado.websocket import WebSocketClientConnection

import dashboard
from dashboard.errors import ConnectionLost, NotForYou, SettingsError
from dashboard.postgres.people import Person
from dashboard.postgres.scope import Scope
from dashboard.postgres.server import Server
from dashboard.settings import settings
from dashboard.surfaces import logins, people
from dashboard.surfaces.access import access_by, access_to
from dashboard.surfaces.directory import Samples, Table, function_named
from dashboard.surfaces.front import Page
from dashboard.surfaces.logins import Logins
from dashboard.surfaces.provider import provider_page
from dashboard.surfaces.site import Site, free_port
from tests.intruder import Intruder
from tests.scene import HERS, PASSWORDS, ROLE, SECRET, Scene, cheap_hashes, staged
from tests.waiting import eventually

EVERYWHERE = "0.0.0.0"  # noqa: S104  # nothing listens on it
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scene(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """Yield a site with people on it."""
    with cheap_hashes():
        async with staged(server, tmp_path_factory.mktemp("own")) as scene:
            yield scene


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Yield what sets environment variables; the settings are read again."""
    settings.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    settings.cache_clear()


@asynccontextmanager
async def opened(who: Intruder) -> AsyncIterator[WebSocketClientConnection]:
    """A page's channel that has been told something, and stays open."""
    places = await who.places("views", await who.token("views"))
    socket = await who.connect("_dashboard/channel")
    assert socket is not None
    await socket.write_message(json.dumps({"hello": places[0]["token"], "want": {"v2": None}}))
    assert await socket.read_message() is not None
    yield socket
    socket.close()


async def add(scene: Scene, login: str, number: int) -> None:
    seen = Scope(role=ROLE, settings={"app.user_id": str(number)})
    await people.add(
        scene.dsn, login, name="", password=f"{login}, correct horse", page="", scope=seen, is_operator=False
    )


async def end_of(socket: WebSocketClientConnection) -> int | None:
    """The code with which a socket is closed."""
    async with asyncio.timeout(30):
        while await socket.read_message() is not None:
            pass
    return socket.close_code


async def test_who_logs_out_has_nothing_open_any_more_and_others_have(scene: Scene) -> None:
    nina, eve = await scene.enters("nina", anew=True), await scene.enters("eve")
    async with opened(nina) as hers, opened(eve) as other:
        token = await nina.token("views")
        before = Intruder(scene.site.url)
        before.cookies = dict(nina.cookies)
        await nina.ask("logout", form={}, Origin=nina.origin)
        assert await end_of(hers) == 4403
        assert await before.document("views", token) == ""
        await other.write_message(json.dumps({"ping": True}))
        assert await other.read_message() is not None


async def test_a_logout_is_heard_of_in_every_process(scene: Scene) -> None:
    nina = await scene.enters("nina", anew=True)
    assert await nina.token("views")
    known: Logins = scene.access.logins
    (key,) = [key for key, (_, login) in known._known.items() if login.person.login == "nina"]
    await nina.ask("logout", form={}, Origin=nina.origin)
    elsewhere = Table(scene.dsn)
    assert await elsewhere.ended([key, "another"]) == {key}
    await elsewhere.close()


async def test_who_logs_in_as_somebody_else_is_not_any_more_who_they_were(scene: Scene) -> None:
    browser, thief = await scene.enters("nina", anew=True), Intruder(scene.site.url)
    thief.cookies = dict(browser.cookies)
    assert await thief.token("views")
    assert (await browser.log_in("eve", PASSWORDS["eve"])).code == 303
    assert HERS in await browser.read("views", HERS)
    assert await thief.token("views") == ""


async def test_who_gets_another_scope_sees_the_other_rows_and_who_is_removed_nothing(scene: Scene) -> None:
    await add(scene, "mona", 1)
    mona = Intruder(scene.site.url)
    assert (await mona.log_in("mona", "mona, correct horse")).code == 303
    assert SECRET in await mona.read("views", SECRET)
    async with opened(mona) as socket:
        seen = Scope(role=ROLE, settings={"app.user_id": "2"})
        await people.change(scene.dsn, "mona", password=None, page="", scope=seen, is_operator=None)
        assert await end_of(socket) != 4403  # the page comes back

    async def sees_others() -> bool:
        told = await mona.read("views", HERS)
        return HERS in told and SECRET not in told

    await eventually(sees_others, timeout=30)
    async with opened(mona) as socket:
        await people.remove(scene.dsn, "mona")
        assert await end_of(socket) == 4403
    assert (await mona.ask("views")).code == 302


async def test_a_page_that_was_left_open_for_a_day_comes_back(scene: Scene) -> None:
    vera = await scene.enters("vera")
    server: Any = scene.site._server
    secret, made = server._tornado.settings["cookie_secret"], time.time() - 90_000
    for name, cookie in vera.cookies.items():
        value = decode_signed_value(secret, name, cookie)
        assert value is not None
        vera.cookies[name] = create_signed_value(secret, name, value, clock=lambda: made).decode()
    left, key = int(settings().session_lifetime) - 90_000, secret.encode()
    token = generate_jwt_token(
        generate_session_id(key, signed=True),
        key,
        signed=True,
        expiration=left,
        extra_payload={"cookies": vera.cookies},
    )
    places = await vera.places("views", token)
    assert SECRET in await vera.channel(places[0]["token"], [place["name"] for place in places], SECRET)


async def test_a_page_without_a_scope_is_not_shown_and_its_code_does_not_run(scene: Scene) -> None:
    olga = await scene.enters("olga")
    answer = await olga.ask("views")
    assert answer.code == 403
    assert b"nothing on this page for olga" in answer.body
    front = (await olga.ask("")).headers["Location"]
    assert front == "/operators"


async def test_a_query_outside_of_a_page_has_to_name_its_scope(scene: Scene) -> None:
    with pytest.raises(NotForYou, match="It is not known who asks"):
        scene.live.query("SELECT note FROM notes")
    with pytest.raises(NotForYou):
        scene.live.changes("notes")
    scene.live.query("SELECT note FROM notes", scope=Scope()).close()


async def test_who_was_known_stays_known_while_the_database_is_away(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> set[str]:
        raise ConnectionLost("The database does not answer.")

    vera, eve = await scene.enters("vera"), await scene.enters("eve", anew=True)
    assert (await vera.ask("views")).code == 200
    monkeypatch.setattr(Table, "ended", away)
    monkeypatch.setattr(logins, "FRESH", -1.0)
    assert (await vera.ask("views")).code == 200
    assert (await eve.ask("views")).code == 503
    monkeypatch.setattr(Table, "check", away)
    assert (await Intruder(scene.site.url).log_in("eve", PASSWORDS["eve"])).code == 503


async def test_nothing_that_bokeh_and_panel_add_is_there(scene: Scene) -> None:
    vera = await scene.enters("vera")
    for path in ("liveness", "liveness?endpoint=/views", "rest/session_info", "views/metadata", "admin"):
        for who in (vera, Intruder(scene.site.url)):
            assert (await who.ask(path)).code == 404, path


async def test_nothing_that_is_told_holds_a_hash(scene: Scene) -> None:
    lines = await people.listed(scene.dsn)
    assert any(line.startswith("vera") and "app.user_id=1" in line for line in lines)
    assert "argon2" not in str(lines)
    assert "argon2" not in str(await scene.access.logins.directory.find(["vera"]))
    assert scene.sql("SELECT hash FROM dashboard_people.password").count("$argon2id$") >= 4


@pytest.mark.parametrize(
    ("login", "password", "role", "refusal"),
    [
        ("vera", "long enough", None, "There is somebody with the login vera"),
        (" ", "long enough", None, "cannot be a login"),
        ("two\nlines", "long enough", None, "cannot be a login"),
        ("new", "short", None, "8 to 1024 characters"),
        ("new", "long enough", "nonsuch", "There is no role nonsuch"),
        ("new", "long enough", "postgres", "above row-level security"),
    ],
)
async def test_who_cannot_be_added_is_not_added_in_part(
    scene: Scene, login: str, password: str, role: str | None, refusal: str
) -> None:
    before = await people.listed(scene.dsn)
    with pytest.raises(SettingsError, match=refusal):
        await people.add(
            scene.dsn, login, name="", password=password, page="",
            scope=None if role is None else Scope(role=role), is_operator=False,
        )  # fmt: skip
    assert await people.listed(scene.dsn) == before


async def test_nobody_looks_as_a_role_that_owns_tables_with_row_security(scene: Scene) -> None:
    owner = f"{ROLE}_owner"
    made = f"CREATE ROLE {owner}; CREATE TABLE owned (); ALTER TABLE owned OWNER TO {owner}"
    await asyncio.to_thread(scene.sql, f"{made}; ALTER TABLE owned ENABLE ROW LEVEL SECURITY")
    change = partial(people.change, scene.dsn, "nina", password=None, page="none", is_operator=None)
    try:
        with pytest.raises(SettingsError, match="owns tables"):
            await change(scope=Scope(role=owner))
        await asyncio.to_thread(scene.sql, "ALTER TABLE owned FORCE ROW LEVEL SECURITY")
        await change(scope=Scope(role=owner))
    finally:
        dropped = "DELETE FROM dashboard_people.scope WHERE page = 'none'; DROP TABLE owned"
        await asyncio.to_thread(scene.sql, f"{dropped}; DROP ROLE {owner}")


async def test_a_setting_that_is_postgresqls_own_is_nobodys(scene: Scene) -> None:
    for name in ("role", "transaction_read_only", "app.a b", "app."):
        given = Scope(role=ROLE, settings={name: "on"})
        with pytest.raises(SettingsError, match="is not a setting that people can have"):
            await people.change(scene.dsn, "eve", password=None, page="", scope=given, is_operator=None)


async def test_a_scope_without_a_role_is_nobodys() -> None:
    with pytest.raises(SettingsError, match="names no role"):
        Person(login="x", scopes={"": Scope(settings={"app.user_id": "1"})})
    with pytest.raises(SettingsError, match="Name the role"):
        people.scope_given(None, ["a=b"])
    with pytest.raises(SettingsError, match="name=value"):
        people.scope_given("r", ["a"])


async def test_other_machines_are_let_in_only_where_people_log_in_or_it_is_said_to_be_open(
    scene: Scene, server: Server, chosen: pytest.MonkeyPatch
) -> None:
    empty = server.dsn
    assert await access_to(empty, "localhost", is_open=False) is None
    assert await access_to(empty, "127.0.0.1", is_open=False) is None
    assert await access_to(empty, EVERYWHERE, is_open=True) is None
    with pytest.raises(SettingsError, match=r"Everybody who reaches 0\.0\.0\.0 .* --open"):
        await access_to(empty, EVERYWHERE, is_open=False)
    access = await access_to(scene.dsn, EVERYWHERE, is_open=False)
    assert access is not None
    await access.logins.close()
    chosen.setenv("DASHBOARD_BEHIND_PROXY", "true")
    settings.cache_clear()
    with pytest.raises(SettingsError, match="Everybody who reaches the proxy"):
        await access_to(empty, "localhost", is_open=False)


async def test_a_function_says_who_people_are(scene: Scene, chosen: pytest.MonkeyPatch) -> None:
    chosen.setenv("DASHBOARD_PEOPLE", f"{__name__}:who")
    access = await access_to(scene.dsn, EVERYWHERE, is_open=False)
    assert access is not None
    found = await access.logins.directory.find(["ada", "nobody"])
    assert found == {"ada": Person(login="ada", name="Ada")}
    await access.logins.close()
    with pytest.raises(SettingsError, match="names no function"):
        function_named("nonsuch:who")


async def who(login: str) -> Person | None:
    return Person(login="ada", name="Ada") if login == "ada" else None


class Provider(RequestHandler):
    """An identity provider that lets everybody in as Vera."""

    def get(self, step: str) -> None:
        if step == "authorize":
            self.redirect(f"{self.get_argument('redirect_uri')}?code=c&state={self.get_argument('state')}")
        else:
            self.write({"email": "vera"})

    def post(self, step: str) -> None:
        self.write({"access_token": "opaque", "token_type": "bearer"})


async def test_whom_an_identity_provider_lets_in_sees_what_the_directory_says(
    scene: Scene, chosen: pytest.MonkeyPatch
) -> None:
    listening, port = bind_unused_port()
    provider = HTTPServer(Application([(r"/(\w+)", Provider)]))
    provider.add_sockets([listening])
    address = f"http://127.0.0.1:{port}"
    urls = {"AUTHORIZE_URL": "authorize", "TOKEN_URL": "token", "USER_URL": "user"}
    for name, value in {
        "PROVIDER": "generic", "KEY": "key", "SECRET": "secret",
        "EXTRA": json.dumps({name: f"{address}/{path}" for name, path in urls.items()}),
    }.items():  # fmt: skip
        chosen.setenv(f"DASHBOARD_OAUTH_{name}", value)
    access = await access_to(scene.dsn, None, is_open=False)
    page = Page(slug="page", title="Page", summary="", content=lambda: None)  # type: ignore[arg-type, return-value]
    assert access is not None
    async with Site([page], port=0, access=access) as site:
        vera = Intruder(site.url)
        first = await vera.ask("login")
        assert first.headers["Location"].startswith(f"{address}/authorize?")
        back = await Intruder(address).ask(first.headers["Location"].removeprefix(address))
        entered = await vera.ask(back.headers["Location"].removeprefix(site.url))
        assert entered.code == 302
        assert (await vera.ask("")).headers["Location"] == "/page"
        stranger = Intruder(site.url)
        stranger.cookies = {"user": vera.cookies["user"]}
        assert (await stranger.ask("")).headers["Location"].startswith("/login")
    provider.stop()
    chosen.setenv("DASHBOARD_OAUTH_PROVIDER", "nonsuch")
    settings.cache_clear()
    with pytest.raises(SettingsError, match=r"one of .*github"):
        provider_page(access.logins)


async def test_under_a_login_of_panels_own_a_channel_belongs_to_its_user(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)  # Panel's handlers would outlive the test
    async with dashboard.connect(server.dsn) as live:
        tile = dashboard.Tile(live.query(f"SELECT '{SECRET}' AS n", scope=Scope()))
        port = free_port("localhost", 0)
        served = get_server(
            {"page": tile.__panel__}, port=port, basic_auth={"bob": "x", "eve": "x"}, cookie_secret="kept",
            websocket_origin=f"localhost:{port}",
        )  # fmt: skip
        served.start()
        bob, eve, nobody = (Intruder(f"http://localhost:{port}") for _ in range(3))
        for who, login in ((bob, "bob"), (eve, "eve")):
            await who.ask("login", form={"username": login, "password": "x"})
        (place,) = await bob.places("page", await bob.token("page"))
        heard = [await who.channel(place["token"], [place["name"]], SECRET) for who in (bob, eve, nobody)]
        assert [SECRET in told for told in heard] == [True, False, False]
        served.stop()


async def test_the_demo_offers_its_people(scene: Scene) -> None:
    person = Person(login="ana", name="Ana <b>", scopes={"": Scope(role=ROLE)})
    page = Page(slug="page", title="Page", summary="", content=lambda: None)  # type: ignore[arg-type, return-value]
    async with Site([page], port=0, access=access_by(Samples([person], [["Notes: <i>hers</i>"]]))) as site:
        ana = Intruder(site.url)
        text = (await ana.ask("login")).body.decode()
        assert "Ana &lt;b&gt;" in text
        assert "Notes: &lt;i&gt;hers&lt;/i&gt;" in text
        assert (await ana.ask("login", form={"login": "ana", "next": "/page"})).headers["Location"] == "/page"
        assert (await ana.ask("login", form={"login": "vera"})).code == 403


async def test_nobody_has_a_server_keep_what_is_no_form(scene: Scene) -> None:
    large = b"login=x&password=" + b"x" * (9 << 20)
    for path in ("login", "views", "health"):
        assert (await Intruder(scene.site.url).ask(path, body=large)).code in (400, 599)
    assert (await Intruder(scene.site.url).log_in("eve", PASSWORDS["eve"])).code == 303


async def test_a_login_page_asks_no_other_host_and_runs_no_other_script(scene: Scene) -> None:
    answer = await Intruder(scene.site.url).ask("login?next=/views")
    text = answer.body.decode()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "http://" not in text
    assert "https://" not in text
    assert 'value="/views"' in text
    again = await Intruder(scene.site.url).log_in('"><script>alert(1)</script>', "whatever it is")
    assert again.code == 403
    assert b"<script>alert" not in again.body


async def test_cookies_of_a_login_are_flagged_and_panels_own_is_right(scene: Scene) -> None:
    answer = await Intruder(scene.site.url).log_in("eve", PASSWORDS["eve"])
    cookies = answer.headers.get_list("Set-Cookie")
    assert len(cookies) >= 2
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)
