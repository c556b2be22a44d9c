"""The soak's verdict: what grows is found, what varies is not."""

from __future__ import annotations

from tests.soak import MEASURES, Soak


def test_what_grows_is_told_from_what_varies() -> None:
    steady = dict.fromkeys(MEASURES, 100.0)
    samples = [{**steady, "heap MB": 100.0 + 2 * n, "nodes": 100.0 + n % 7} for n in range(60)]
    verdict = Soak(samples=samples).verdict()
    assert [name for name, (*_, is_flat) in verdict.items() if not is_flat] == ["heap MB"]


def test_what_was_reached_while_it_warmed_up_is_flat() -> None:
    rising = [dict.fromkeys(MEASURES, float(min(n, 20)) * 100) for n in range(60)]
    assert all(is_flat for *_, is_flat in Soak(samples=rising).verdict().values())
