"""Teams meetings whose block has another form: their text can be changed from ERP.net, and the meeting lives."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from adapters.graph import parse
from simulators.graph.bodies import has_meeting_block
from sync_core.content.body import html_text
from tests.support.bodies import BLOCK, JOIN, RULED_INSIDE, UNRULED
from tests.support.days import at, only
from tests.support.faulty_wire import rows_of, tamper
from tests.support.house import House
from tests.support.scenes import forget_everything

FORMS = {"between rules": BLOCK, "no rules": UNRULED, "rules inside": RULED_INSIDE}


def drop_addresses(_: str, answer: Any) -> Any:
    """Graph as one whose plain text does not say where links lead to."""
    for row in rows_of(answer):
        part = row.get("body")
        if isinstance(part, dict) and part.get("contentType") == "text":
            part["content"] = re.sub(r"<https?://[^>]*>", "", part["content"])
    return answer


def parts(house: House) -> list[int]:
    """How many requests each batch held since the log was emptied, batches of calendar views left out."""
    batches = [json.loads(seen.body)["requests"] for seen in house.graph.requests if seen.path.endswith("/$batch")]
    return [len(batch) for batch in batches if any('type="html"' in p["headers"].get("Prefer", "") for p in batch)]


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
    """Each form of the block, as both kinds of converters write it."""

    async def test_notes_edited_in_erp_arrive_and_the_meeting_lives(
        self, house: House, form: str, converter: str
    ) -> None:
        """The new text stands in Outlook, the block byte for byte behind it, twice in a row, without a conflict."""
        if converter == "drops addresses":
            tamper(house.graph, drop_addresses)
        event, block = teams_meeting(house, FORMS[form])
        await house.settle()
        row = only(house.desk().activities())
        assert row["Notes"] == "Agenda"

        for text in ("New agenda", "Newer agenda"):
            house.desk().edit(row["Id"], notes=text)
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

        assert only(house.desk().activities())["Notes"] == "Plan"
        assert house.patches() == []

    async def test_only_the_own_text_stands_in_the_notes(self, house: House, form: str, converter: str) -> None:
        """From the first sync on; whatever else changes about the meeting, nobody seems to have edited its text."""
        if converter == "drops addresses":
            tamper(house.graph, drop_addresses)
        event, block = teams_meeting(house, FORMS[form])
        await house.step()
        row = only(house.desk().activities())
        assert row["Notes"] == "Agenda"

        house.outlook().edit(event, subject="Daily")
        await house.settle()
        house.desk().edit(row["Id"], subject="Daily standup")
        await house.settle()
        house.graph.requests.clear()
        assert await house.settle() == {}

        assert only(house.desk().activities())["Notes"] == "Agenda"
        assert house.outlook().get(event)["subject"] == "Daily standup"
        assert block in house.outlook()._find(event).item.content.body
        assert (house.patches(), parts(house)) == ([], [])
        assert (await house.link_of(event)).conflict is None

    async def test_a_full_look_changes_nothing(self, house: House, form: str, converter: str) -> None:
        """Everything read anew gives the text that it gave before."""
        if converter == "drops addresses":
            tamper(house.graph, drop_addresses)
        teams_meeting(house, FORMS[form])
        await house.settle()
        report = await house.step(full=True)

        assert report.done == {}

    async def test_notes_of_the_build_before_lose_its_words(
        self, house: House, form: str, converter: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its notes may tell the block: edited there they double nothing, and Outlook's next change tidies them."""
        if converter == "drops addresses":
            tamper(house.graph, drop_addresses)
        with monkeypatch.context() as before:
            before.setattr(parse, "may_hold_block", lambda text, is_online: False)
            event, block = teams_meeting(house, FORMS[form])
            await house.settle()
        row = only(house.desk().activities())
        house.desk().edit(row["Id"], notes=row["Notes"].replace("Agenda", "Plan"))
        await house.settle()
        html = house.outlook()._find(event).item.content.body
        assert html_text(html.replace(block, "")) == "Plan"
        assert html.count(block) == 1

        house.advance(minutes=5)
        item = house.outlook()._find(event).item
        item.content = replace(item.content, body=item.content.body.replace("Plan", "Plan B"))
        house.outlook().mailbox.touch(item)
        await house.settle()

        assert only(house.desk().activities())["Notes"] == "Plan B"
        assert (await house.link_of(event)).conflict is None

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


@pytest.mark.parametrize(
    ("form", "online", "plain", "expected"),
    [("no rules", 3, 100, [6]), ("between rules", 3, 100, []), ("no rules", 12, 0, [20, 4])],
    ids=["three without rules", "rules show it", "more than a batch"],
)
async def test_only_meetings_without_rules_cost_a_further_request(
    house: House, form: str, online: int, plain: int, expected: list[int]
) -> None:
    """Text and HTML of each, in one batch where they fit; ordinary events and an idle sync cost nothing."""
    for number in range(plain):
        house.outlook().create(f"Plain {number}", at(2), at(2, 10), body="Agenda")
    for _ in range(online):
        teams_meeting(house, FORMS[form])
    house.graph.requests.clear()
    await house.step()
    assert parts(house) == expected
    assert {row["Notes"] for row in house.desk().activities()} == {"Agenda"}

    house.graph.requests.clear()
    await house.step()
    assert parts(house) == []


async def test_a_meeting_that_goes_while_its_html_is_read_is_made_nowhere(house: House) -> None:
    """Told by the feed, gone a moment later: nothing is created for it, and nothing is left of it."""
    event, _ = teams_meeting(house, UNRULED)

    waiting = [event]

    def delete_it(line: str, answer: Any) -> Any:
        if waiting and line.endswith("/calendarView/delta") and event in {row["id"] for row in rows_of(answer)}:
            house.outlook().delete(waiting.pop())
        return answer

    tamper(house.graph, delete_it)
    await house.settle()

    assert waiting == []
    assert house.desk().activities() == []
    assert (await house.recall()).links == ()
