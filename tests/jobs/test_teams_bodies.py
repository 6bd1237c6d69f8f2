"""Teams meetings whose block has another form: their text can be changed from ERP.net, and the meeting lives."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from simulators.graph.bodies import has_meeting_block
from tests.core.test_body import BLOCK, JOIN, RULED_INSIDE, UNRULED
from tests.faults.wire import rows_of, tamper
from tests.jobs.house import House
from tests.jobs.test_recovery import forget_everything
from tests.jobs.test_rules import at, only

FORMS = {"between rules": BLOCK, "no rules": UNRULED, "rules inside": RULED_INSIDE}


def drop_addresses(_: str, answer: Any) -> Any:
    """Graph as one whose plain text does not say where links lead to."""
    for row in rows_of(answer):
        part = row.get("body")
        if isinstance(part, dict) and part.get("contentType") == "text":
            part["content"] = re.sub(r"<https?://[^>]*>", "", part["content"])
    return answer


def teams_meeting(house: House, block: str) -> tuple[str, str]:
    """An online meeting with an agenda and this form of the block: its id, and the block as it stands."""
    event = house.outlook().create("Standup", at(1), at(1, 10), online=True)
    item = house.outlook()._find(event).item
    own = block.replace(JOIN, item.content.join_url)
    html = f"<html><head></head><body><div>Agenda</div><br>{own}</body></html>"
    item.content = replace(item.content, body=html)
    house.outlook().mailbox.touch(item)
    return event, own


@pytest.mark.parametrize("converter", ["keeps addresses", "drops addresses"])
@pytest.mark.parametrize("form", FORMS)
class TestNotesOfATeamsMeeting:
    """Each form of the block, as told by both kinds of converters."""

    async def test_notes_edited_in_erp_arrive_and_the_meeting_lives(
        self, house: House, form: str, converter: str
    ) -> None:
        """The new text stands in Outlook, the block byte for byte behind it, twice in a row, without a conflict."""
        if converter == "drops addresses":
            tamper(house.graph, drop_addresses)
        event, block = teams_meeting(house, FORMS[form])
        await house.settle()
        row = only(house.desk().activities())
        assert row["Notes"].startswith("Agenda")

        for text in ("New agenda", "Newer agenda"):
            house.desk().edit(row["Id"], notes=row["Notes"].replace("Agenda", text))
            await house.settle()
            html = house.outlook()._find(event).item.content.body
            assert html.count(block) == 1
            assert has_meeting_block(html, house.outlook()._find(event).item.content.join_url)
            assert re.sub(r"\s+", "", html.replace(block, "")).endswith(
                f"<body><div>{text.replace(' ', '')}</div></body></html>"
            )
            assert (await house.link_of(event)).conflict is None
            assert house.outlook().get(event)["categories"] == []

    async def test_an_agenda_edited_in_outlook_arrives(self, house: House, form: str, converter: str) -> None:
        """Outlook's new text stands in the notes, and nothing goes back."""
        if converter == "drops addresses":
            tamper(house.graph, drop_addresses)
        event, _ = teams_meeting(house, FORMS[form])
        await house.settle()
        item = house.outlook()._find(event).item
        item.content = replace(item.content, body=item.content.body.replace("Agenda", "Plan"))
        house.outlook().mailbox.touch(item)
        house.graph.requests.clear()
        await house.settle()

        assert only(house.desk().activities())["Notes"].startswith("Plan")
        assert house.patches() == []

    async def test_after_lost_memory_nothing_is_written(self, house: House, form: str, converter: str) -> None:
        """Found again, both sides say the same."""
        if converter == "drops addresses":
            tamper(house.graph, drop_addresses)
        teams_meeting(house, FORMS[form])
        await house.settle()
        await forget_everything(house)
        house.graph.requests.clear()
        report = await house.step(full=True)
        await house.settle()

        assert {what for what in report.done if "created" in what} == set()
        assert house.patches() == []


@pytest.mark.parametrize("form", ["between rules", "rules inside"])
async def test_the_block_is_not_told_in_the_notes(house: House, form: str) -> None:
    """Where its lines of underscores tell it apart, the notes hold the agenda alone, with addresses or without."""
    tamper(house.graph, drop_addresses)
    teams_meeting(house, FORMS[form])
    await house.settle()

    assert only(house.desk().activities())["Notes"] == "Agenda"
