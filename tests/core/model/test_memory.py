"""What is remembered of a user."""

from __future__ import annotations

from sync_core.model.memory import User


def test_rounds_write_for_operational_users_only() -> None:
    """Any other state is an error and stops the writing."""
    assert User("id", "anna@acme.example").is_operational
    assert not User("id", "anna@acme.example", state="Error: no mailbox").is_operational
