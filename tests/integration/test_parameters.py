"""Parameters that do not fit the query end in one sentence, at once."""

from __future__ import annotations

import asyncio

import pytest

from dashboard.errors import QueryError
from dashboard.live import Live


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [((), "expects 1 argument"), ((1, 2), "expects 1 argument"), (("x",), "invalid input for query argument")],
)
async def test_parameters_that_do_not_fit_are_refused_in_one_sentence(database, parameters, sentence):
    async with Live(database) as live:
        query = live.query("SELECT 1 AS n WHERE 1 = $1::int", *parameters)
        with pytest.raises(QueryError, match=sentence) as caught:
            await asyncio.wait_for(query.ready(), 10)
    assert "\n" not in str(caught.value)
