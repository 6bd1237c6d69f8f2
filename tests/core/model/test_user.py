"""The state of a user in words, and what it says of their rounds."""

from __future__ import annotations

from sync_core.model.user import OPERATIONAL, User, in_error, problems_in, without_error


def test_rounds_write_for_operational_users_only() -> None:
    """Any other state is an error and stops the writing."""
    assert User("id", "anna@acme.example").is_operational
    assert not User("id", "anna@acme.example", state="Error: no mailbox").is_operational


def test_the_problems_of_a_state_are_told_apart() -> None:
    """As they were put into it; a state that is no error has none, or its own words."""
    state = in_error(["no mailbox", "no location"])

    assert (problems_in(state), without_error(state)) == (["no mailbox", "no location"], "no mailbox | no location")
    assert (problems_in(OPERATIONAL), problems_in("")) == ([], [])
    assert (problems_in("switched off"), without_error(OPERATIONAL)) == (["switched off"], OPERATIONAL)
