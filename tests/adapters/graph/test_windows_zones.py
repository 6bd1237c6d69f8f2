"""Windows zone names in IANA's words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from adapters.windows_zones import WINDOWS_ZONES, iana_zone


@pytest.mark.parametrize("name", sorted(WINDOWS_ZONES))
def test_every_windows_zone_leads_to_rules_we_have(name: str) -> None:
    """A table row without rules would fail in the middle of a round."""
    assert ZoneInfo(iana_zone(name)).key == WINDOWS_ZONES[name]


@pytest.mark.parametrize(
    "name", ["", "tzone://Microsoft/Custom", "Mars Standard Time", "../etc/passwd", "America", "a\0b", "x" * 5000]
)
def test_what_is_no_zone_is_unknown(name: str) -> None:
    """Unknown is said, never guessed, whatever the name looks like."""
    assert iana_zone(name) == ""
