"""What was done alike to several dates of a series is told once."""

from __future__ import annotations

from typing import Any

from jobs.commands.gathered import gathered, told_once


def line(day: str, series: str = "s1", subject: str = "Week", **more: Any) -> dict[str, Any]:
    """A new activity of a date at nine, with one mail; ``day`` '' = of a single meeting."""
    after = {"erp.subject": subject, "erp.time": f"{day} 07:00Z – {day} 08:00Z"}
    known = {"what": "activity created", "reason": "", "subject": subject, "before": {}, "after": after, "mails": 1}
    return {**known, "occurrence": {"day": day, "series": series} if day else None, **more}


def test_a_series_is_one_line_with_what_its_dates_have_in_common() -> None:
    """And with its dates, in whichever order they come, and the mails of all."""
    [one] = told_once([line("2026-02-09"), line("2026-02-02"), line("2026-02-16")])

    assert one["dates"] == {"count": 3, "first": "2026-02-02", "last": "2026-02-16"}
    assert (one["after"], one["before"], one["mails"]) == ({"erp.subject": "Week"}, {}, 3)


def test_what_differs_stays_apart() -> None:
    """Another series, title, action or reason, what was written, and single meetings, however alike."""
    base = line("2026-02-02")
    others = [
        line("2026-02-09", "s2"),
        line("2026-02-09", subject="Special"),
        line("2026-02-09", what="activity voided"),
        line("2026-02-09", reason="the whole series was changed in Outlook"),
        line("2026-02-09", before={"erp.subject": "Old"}),
        line(""),
        line(""),
    ]
    lines = [base, *others]

    assert gathered(lines) == [[one] for one in lines]
    assert told_once(lines) == lines
