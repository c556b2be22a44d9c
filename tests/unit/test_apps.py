"""Finding an app by its name."""

from __future__ import annotations

import pytest

from dashboard import apps
from dashboard.apps.statements import statements
from dashboard.errors import SettingsError


def test_an_app_is_found_by_its_name() -> None:
    assert apps.find("crm").title == "CRM"


def test_an_unknown_app_is_refused_with_a_list_of_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r"no app 'crn'.*Choose from: .*crm"):
        apps.find("crn")


def test_names_of_apps_are_their_own() -> None:
    names = [app.name for app in apps.all()]
    assert len(names) == len(set(names))


def test_what_programs_may_call_are_tables_of_the_app() -> None:
    assert {app.name for app in apps.all() if app.api} == {"crm", "earnings", "outreach", "calls", "storefront"}
    assert all(set(app.api) <= set(app.tables) for app in apps.all())


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    with pytest.raises(SettingsError, match="rate"):
        apps.find("crm").simulate("postgresql://nowhere", rate=rate)


def test_statements_are_cut_at_their_names() -> None:
    found = statements("dashboard.apps.crm", "simulate")
    assert found["remove"] == "DELETE FROM crm.contacts WHERE id = $1"
