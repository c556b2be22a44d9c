"""What follows from rows and from what was known, without a database and by a clock of the test's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from typing import Any, cast
from uuid import UUID

import pytest

from dashboard.errors import AlertError
from dashboard.live import LiveQuery, Scope
from dashboard.live.alerts import Above, Below, Condition, Rows, Rule
from dashboard.live.alerts.contact import address_of, check, letter, mail
from dashboard.live.alerts.message import Part, body, subject
from dashboard.live.alerts.rule import findings
from dashboard.live.alerts.state import Instance, Notice, Step, fault, kept, latest_after, step

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOBODY = cast("LiveQuery", None)  # what a rule finds is asked of rows given by hand
COLUMNS = ("id", "owner", "load", "what")
BATCH = UUID("6d3c1ac6-6a0f-4b7f-9f43-0d1f4f1a2b3c")


def rule(**options: Any) -> Rule:
    return Rule(**{"query": NOBODY, "name": "load", "title": "Load", "labels": ("id",), "summary": "{what}"} | options)


@dataclass
class Course:
    """A rule's instances as time passes."""

    rule: Rule
    known: dict[str, Instance] = field(default_factory=dict)
    latest: dict[Scope | None, datetime] = field(default_factory=dict)
    told_at: dict[UUID, datetime] = field(default_factory=dict)
    is_new: bool = False

    def at(self, seconds: float, *rows: tuple[Any, ...]) -> Step:
        now = START + timedelta(seconds=seconds)
        found = findings(self.rule, COLUMNS, rows)
        return self.take(
            step(self.rule, self.known, found, self.latest, now, told_at=self.told_at, is_quiet=self.is_new)
        )

    def take(self, done: Step) -> Step:
        self.known |= {one.fingerprint: one for one in done.changed}
        for one in done.ended:
            del self.known[one.fingerprint]
        self.latest = latest_after(self.latest, done.notices)
        self.told_at |= {one.id: one.fired_at for one in (*done.notices, *done.repeats)}
        return done

    @property
    def states(self) -> Mapping[str, str]:
        return {one.labels["id"]: one.state for one in self.known.values()}


def titles(notices: list[Notice]) -> list[tuple[str, list[str]]]:
    return [(notice.title, notice.lines) for notice in notices]


def test_a_row_fires_once_and_ends_when_it_goes() -> None:
    course = Course(rule())
    assert titles(course.at(0, (1, 7, 9, "first")).notices) == [("Load", ["first"])]
    again = course.at(40, (1, 7, 10, "first, again"))
    assert (again.changed, again.ended, again.notices) == ([], [], [])
    ended = course.at(41)
    assert [one.text for one in ended.ended] == ["first"]
    assert course.known == {}


def test_a_threshold_has_to_hold_for_so_long_without_a_break() -> None:
    course = Course(rule(when=Above("load", 5, hold=timedelta(minutes=1))))
    begun = course.at(0, (1, 7, 6, "x"))
    assert (begun.notices, begun.next_at) == ([], START + timedelta(minutes=1))
    assert course.states == {"1": "pending"}
    course.at(59, (1, 7, 5, "x"))  # not above for a moment
    assert course.at(60, (1, 7, 6, "x")).notices == []
    assert course.at(119, (1, 7, 6, "x")).notices == []
    assert len(course.at(120, (1, 7, 6, "x")).notices) == 1
    assert course.states == {"1": "firing"}


@pytest.mark.parametrize("unknown", [None, float("nan"), Decimal("NaN")])
def test_a_value_that_is_not_known_changes_nothing(unknown: Any) -> None:
    course = Course(rule(when=Below("load", 5)))
    assert course.at(0, (1, 7, unknown, "x")).changed == []
    course.at(1, (1, 7, 4, "x"))
    unmoved = course.at(2, (1, 7, unknown, "x"))
    assert (unmoved.changed, unmoved.ended, course.states) == ([], [], {"1": "firing"})
    assert len(course.at(3, (1, 7, 5, "x")).ended) == 1


def test_a_storm_is_one_notice_and_the_next_waits_for_its_interval() -> None:
    course = Course(rule(interval=timedelta(seconds=30)))
    [notice] = course.at(0, *((number, 7, 9, f"job {number}") for number in range(40))).notices
    assert (notice.title, notice.instances) == ("Load (40)", 40)
    assert notice.lines == [*(f"job {number}" for number in range(10)), "and 30 more"]
    more = [(number, 7, 9, f"job {number}") for number in range(60)]
    held_back = course.at(1, *more)
    assert (held_back.notices, held_back.next_at) == ([], START + timedelta(seconds=30))
    course.at(2, *more[:55])  # what ends before it was told is never told
    [later] = course.at(30, *more[:55]).notices
    assert later.instances == 15


def test_what_still_fires_is_told_again_each_time_its_repeat_is_over() -> None:
    course = Course(rule(repeat=timedelta(minutes=4), interval=timedelta()))
    both = [(1, 7, 9, "first"), (2, 7, 9, "second")]
    begun = course.at(0, *both)
    assert (len(begun.notices), begun.repeats, begun.next_at) == (1, [], START + timedelta(minutes=4))
    assert course.at(239, *both).repeats == []
    later = course.at(250, both[1])  # what has ended meanwhile is not told again
    assert (titles(later.repeats), later.notices) == ([("Load", ["second"])], [])
    assert later.repeats[0].id == begun.notices[0].id
    assert later.next_at == START + timedelta(seconds=490)
    assert len(course.at(490, both[1]).repeats) == 1
    assert course.at(730).repeats == []
    quiet = Course(rule(repeat=timedelta(minutes=4), is_event=True))
    quiet.at(0, *both)
    assert quiet.at(300, *both).repeats == []  # an event has happened, and does not go on


def test_each_audience_is_told_of_its_own() -> None:
    mine = Scope(role="member", settings={"app.user_id": "{owner}"})
    notices = (
        Course(rule(audience=mine)).at(0, (1, 7, 9, "a"), (2, 8, 9, "b"), (3, 7, 9, "c"), (4, None, 9, "d")).notices
    )
    told = {notice.audience.settings["app.user_id"]: notice.lines for notice in notices if notice.audience}
    assert told == {"7": ["a", "c"], "8": ["b"], "": ["d"]}  # '' is nobody


def test_events_that_were_there_before_are_not_told() -> None:
    course = Course(rule(is_event=True), is_new=True)
    assert course.at(0, (1, 7, 9, "old")).notices == []
    course.is_new = False
    [notice] = course.at(1, (1, 7, 9, "old"), (2, 7, 9, "new")).notices
    assert (notice.lines, notice.is_event) == (["new"], True)


def test_trouble_of_the_rule_resolves_nothing_and_is_told_itself() -> None:
    course = Course(rule())
    course.at(0, (1, 7, 9, "x"))
    found = {key: kept(one) for key, one in course.known.items()} | {"!query": fault("query", "no such table")}
    [notice] = course.take(step(course.rule, course.known, found, course.latest, START + timedelta(seconds=1))).notices
    assert (notice.title, notice.lines, notice.audience) == ("Load cannot be watched", ["no such table"], None)
    assert [one.text for one in course.at(2, (1, 7, 9, "x")).ended] == ["no such table"]
    assert len(course.at(30, (1, 7, 9, "x"), (2, 7, 9, "y")).notices) == 1  # it does not wait for trouble's sake


def test_without_labels_a_rule_is_one_instance() -> None:
    course = Course(rule(labels=(), when=Above("load", 5), summary="{rows} above, first {what}"))
    [notice] = course.at(0, (1, 7, 9, "a"), (2, 7, 1, "b"), (3, 7, 8, "c")).notices
    assert notice.lines == ["2 above, first a"]
    assert len(course.at(1, (2, 7, 1, "b")).ended) == 1


def test_values_are_text_and_nothing_else() -> None:
    cunning = "a\r\nBcc: all@example.org\x00 {id.__class__} \u202e<b>"
    [found] = findings(rule(summary="{what} {load}"), COLUMNS, [(1, 7, None, cunning)]).values()
    assert found.text == "a Bcc: all@example.org {id.__class__} <b> –"
    [found] = findings(rule(severity="{what}"), COLUMNS, [(1, 7, 1, "Critical")]).values()
    assert found.severity == "critical"
    [found] = findings(rule(severity="{what}"), COLUMNS, [(1, 7, 1, "whatever")]).values()
    assert found.severity == "warning"


@pytest.mark.parametrize(
    "options",
    [
        {"summary": "{what"},
        {"summary": "{what.__class__}"},
        {"summary": "{what[0]}"},
        {"severity": "loud"},
        {"name": ""},
        {"name": "a\nb"},
        {"repeat": timedelta()},
        {"interval": timedelta(seconds=-1)},
        {"audience": Scope(settings={"app.user_id": "{owner}"})},
    ],
)
def test_a_rule_that_cannot_be_one_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(AlertError):
        rule(**options)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"labels": ("nothing",)}, "nothing"),
        ({"when": Above("what", 5)}, "do not fit"),
        ({"summary": "{none}"}, "none"),
    ],
)
def test_what_does_not_fit_the_rows_is_said(options: dict[str, Any], named: str) -> None:
    with pytest.raises(AlertError, match=named):
        findings(rule(**options), COLUMNS, [(1, 7, 9, "x")])


@pytest.mark.parametrize("options", [{"labels": ("none",)}, {"summary": "{rows} {none}"}, {"when": Below("none", 5)}])
def test_a_column_that_will_be_missing_is_said_before_there_are_rows(options: dict[str, Any]) -> None:
    assert findings(rule(summary="{rows}"), COLUMNS, []) == {}
    with pytest.raises(AlertError, match="no column 'none'"):
        findings(rule(**options), COLUMNS, [])


def test_a_condition_of_ones_own_is_a_class_with_one_method() -> None:
    class Odd(Condition):
        def is_met(self, row: Mapping[str, Any]) -> bool | None:
            return row["load"] % 2 == 1

    assert [found.met for found in findings(rule(when=Odd()), COLUMNS, [(1, 1, 3, "a"), (2, 1, 4, "b")]).values()] == [
        True,
        False,
    ]
    assert isinstance(Rows(hold=timedelta(seconds=3)), Condition)


def part(title: str, event: Any = "fired", severity: Any = "warning") -> Part:
    end = START + timedelta(hours=1)
    return Part(event=event, title=title, lines=["one"], severity=severity, fired_at=START, resolved_at=end)


def test_a_message_says_the_gravest_first_and_when() -> None:
    assert subject([part("A"), part("B", severity="critical"), part("A")]) == "[critical] A, B"
    assert subject([part("A", "resolved")]) == "[resolved] A"
    assert subject([part(str(number)) for number in range(5)]) == "[warning] 0, 1, 2 and 2 more"
    assert body([part("A"), part("B", "resolved")]) == (
        "WARNING: A\n- one\nsince 2026-03-01 12:00:00 UTC\n\n"
        "RESOLVED: B\n- one\nsince 2026-03-01 12:00:00 UTC until 2026-03-01 13:00:00 UTC"
    )


def test_a_message_says_that_it_is_told_again() -> None:
    again = replace(part("A"), is_repeat=True)
    assert subject([again]) == "[warning, still] A"
    assert subject([again, part("B")]) == "[warning] A, B"
    assert body([again]).startswith("WARNING, STILL: A")


def test_a_letter_keeps_its_number_and_no_header_can_be_added() -> None:
    where = mail(address_of("mailto://127.0.0.1:25?from=us@example.org&to={to}", "you@example.org"))
    sent = letter(where, "a\r\nBcc: evil@example.org", "text", BATCH).as_bytes()
    read = message_from_bytes(sent, policy=policy.default)
    assert read["Message-ID"] == f"<{BATCH}@example.org>"
    assert (read["To"], read["Bcc"], read["Subject"]) == ("you@example.org", None, "a Bcc: evil@example.org")
    assert letter(where, "ü 漢", "ü", BATCH).as_bytes() != sent


@pytest.mark.parametrize(
    "to", ["a@b.org&smtp=evil.example", "a@b.org\r\nBcc: x@y.org", "nobody", "", "@", "a@b.org,c@d.org\n"]
)
def test_an_address_adds_nothing_to_its_contact_point(to: str) -> None:
    with pytest.raises(AlertError):
        mail(address_of("mailto://127.0.0.1?from=us@example.org&to={to}", to))


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mailto://", "mailto://host", "mailtos://host:99999?to=a@b.org", "nosuch://service/x"]
)
def test_a_contact_point_that_leads_nowhere_is_refused(url: str) -> None:
    with pytest.raises(AlertError):
        check(url)


@pytest.mark.parametrize(
    "url", ["mailtos://us:secret@mail.example.org?to={to}", "json://127.0.0.1/hook", "ntfy://topic"]
)
def test_a_contact_point_that_leads_somewhere_is_taken(url: str) -> None:
    check(url)
