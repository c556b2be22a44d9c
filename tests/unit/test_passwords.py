"""Passwords are kept as hashes, and are not to be guessed at any speed."""

from __future__ import annotations

from dashboard.surfaces.passwords import WINDOW, Throttle, hash_of


def test_attempts_are_bounded_for_each_name_and_forgotten_in_time() -> None:
    now = 0.0
    throttle = Throttle(lambda: now)
    names = [("both", 2), ("address", 3)]
    throttle.fail(names)
    throttle.forgive(names)
    throttle.fail(names)
    assert throttle.wait(names) == 0
    throttle.fail(names)
    assert throttle.wait(names) == WINDOW
    assert throttle.wait([("address", 3)]) == 0
    now = WINDOW + 1
    assert throttle.wait(names) == 0


def test_a_password_is_kept_as_a_hash_of_its_own() -> None:
    assert hash_of("correct horse") != hash_of("correct horse")
    assert hash_of("correct horse").startswith("$argon2id$")
