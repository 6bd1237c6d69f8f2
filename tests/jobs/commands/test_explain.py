"""`calsync why` asks the tables that a round asks: nobody is told "in step" of a pair that is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cli.text.status import status_lines, whole_lines
from cli.text.stories import finding_lines
from jobs.commands.explain import explain, finding_about
from jobs.commands.finding_dates import on_day
from jobs.commands.item_shapes import finding_of
from jobs.commands.overview import needs_of, news_of, row_of, summary_of, webhook_of
from jobs.commands.remembered import Finding, of_link
from jobs.commands.shapes import status_of
from jobs.commands.switch import disable, enable
from jobs.ports import Put
from jobs.round.context import left_alone
from sync_core.model.conflict import Clash, Conflict
from sync_core.model.decision import Intent, Verdict
from sync_core.model.instance import Instance
from sync_core.model.link import LinkStatus
from sync_core.model.memory import Memory
from sync_core.model.policy import Direction, Policy, PrivateRule
from sync_core.model.series import Occurrence, Rhythm
from sync_core.model.user import User
from sync_core.plan.dates import NEIGHBOUR
from sync_core.plan.decide import decide
from sync_core.plan.update_rules import ONE_PRIVACY
from tests.support.cells import FATE_LINKED_CELLS, SCOPE_CELLS, fated, with_trait
from tests.support.colleagues import open_shop
from tests.support.days import WEEKLY, at, digits, linked_meeting, only
from tests.support.house import ANNA, House, open_house, upn_of
from tests.support.samples import a_context, a_link

BORIS = upn_of("boris")
LEFT = frozenset({"skipped", "parked"})


async def why(house: House, item: str, upn: str = ANNA) -> Finding:
    """The first thing that is said."""
    return (await explain(house.world, await house.user(upn), item))[0]


async def creator_off(house: House, event: str, activity: str) -> None:
    """The link's creator is somebody who is off."""
    store, user = house.world.store, await house.user()
    lease = await store.acquire_lease(user.id, "test", 180)
    link = replace(await house.link_of(event), creator="somebody-who-is-off")
    await store.release_lease(await store.save(lease, [Put(link)]))


async def other_type(house: House, event: str, activity: str) -> None:
    """Its type is not synced any more."""
    house.set_policy(activity_types=frozenset({"Communication"}))


async def private_in_outlook(house: House, event: str, activity: str) -> None:
    """It was made private, and private items are not synced."""
    house.outlook().edit(event, private=True)
    house.set_policy(private=PrivateRule.SKIP)


async def private_in_erp(house: House, event: str, activity: str) -> None:
    """The same in ERP.net."""
    house.desk().edit(activity, private=True)
    house.set_policy(private=PrivateRule.SKIP)


async def a_series(house: House, event: str, activity: str) -> None:
    """It was made to recur."""
    house.outlook().edit(event, recurrence=WEEKLY)


async def one_way_to_outlook(house: House, event: str, activity: str) -> None:
    """It was edited in Outlook, and only ERP.net's word goes across."""
    house.outlook().edit(event, subject="Edited")
    house.set_policy(direction=Direction.TO_GRAPH)


async def one_way_to_erp(house: House, event: str, activity: str) -> None:
    """It was edited in ERP.net, and only Outlook's word goes across."""
    house.desk().edit(activity, subject="Edited")
    house.set_policy(direction=Direction.TO_ERP)


async def hidden(house: House, event: str, activity: str) -> None:
    """The service user may not see it any more."""
    house.desk().hide(activity)


async def elsewhere(house: House, event: str, activity: str) -> None:
    """It was moved to another calendar."""
    house.outlook().move_to_calendar(event, "Other")


STEPS = [
    creator_off,
    other_type,
    private_in_outlook,
    private_in_erp,
    a_series,
    one_way_to_outlook,
    one_way_to_erp,
    hidden,
    elsewhere,
]


@pytest.mark.parametrize("happens", STEPS, ids=lambda step: step.__name__.replace("_", "-"))
@pytest.mark.parametrize("when", ["before-the-round", "after-the-round"])
async def test_why_says_what_the_round_says(house: House, happens: Any, when: str) -> None:
    """Whatever makes a round leave a linked pair alone, `why` gives that reason, before and after the round."""
    event, activity = await linked_meeting(house, "Budget")
    await house.settle()
    await happens(house, event, activity)
    house.advance(minutes=5)
    before = await why(house, event)
    report = (await house.sync(full=True)).reports[0]
    after = await why(house, event)
    said = before if when == "before-the-round" else after

    assert said.what in LEFT
    assert report.skipped == {said.reason: 1}


async def test_a_conflict_is_not_in_step(house: House) -> None:
    """Released in ERP.net and edited in Outlook: what the next round does about it, then the conflict itself."""
    event, activity = await linked_meeting(house, "Budget")
    await house.settle()
    house.desk().release(activity)
    house.outlook().edit(event, subject="Edited")
    before = await why(house, event)
    await house.settle()
    after = await explain(house.world, await house.user(), event)

    assert before.what == "in the next round: category set"
    assert [(f.what, f.reason) for f in after[:2]] == [
        ("linked", "the activity is read-only in ERP.net"),
        ("conflict", "subject: the activity is read-only in ERP.net"),
    ]


async def test_a_pair_in_step_is_in_step(house: House) -> None:
    """And nothing is written by the question."""
    await linked_meeting(house, "Budget")
    await house.settle()
    before = await house.recall()
    house.graph.requests.clear()
    found = await why(house, "budget")

    assert (found.what, found.reason) == ("linked", "in step")
    assert await house.recall() == before
    assert house.graph_writes() == []


async def test_an_edit_that_has_not_flown_is_not_in_step(house: House) -> None:
    """The next round will carry it, and that is what is said."""
    event, _ = await linked_meeting(house, "Budget")
    await house.settle()
    house.outlook().edit(event, subject="Budget 2")

    assert (await why(house, event)).what == "in the next round: activity updated"


async def test_a_deleted_event_is_not_in_step(house: House) -> None:
    """The next round will void its activity."""
    event, _ = await linked_meeting(house, "Budget")
    await house.settle()
    house.outlook().delete(event)

    assert (await why(house, event)).what == "in the next round: activity voided"


async def test_a_renamed_creator_is_in_step(house: House) -> None:
    """Her login changed, and her pair goes on."""
    event, _ = await linked_meeting(house, "Budget")
    await house.settle()
    house.erp.change_user("anna", Login="ana.k")

    assert (await why(house, event)).reason == "in step"


async def test_somebody_who_is_off_has_nothing_in_step(house: House) -> None:
    """No round runs for them: that is said of the user, and of each pair."""
    event, _ = await linked_meeting(house, "Budget")
    await house.settle()
    await disable(house.world, await house.user())
    found = await explain(house.world, await house.user(), event)

    assert [f.reason for f in found if f.reason == "in step"] == []
    assert (found[0].what, found[1].reason) == ("switched off", "left alone: no round runs for this user")
    said = "\n".join(finding_lines(finding_of(found[0]), "UTC"))
    assert said == "switched off\n    Do: `calsync users enable anna@acme.example`."


async def test_a_side_that_cannot_be_asked_says_nothing_of_step(house: House) -> None:
    """ERP.net is away: the answer says that it comes from memory."""
    event, _ = await linked_meeting(house, "Budget")
    await house.settle()
    house.erp.add_fault("POST *batch", kind="answer", status=502, times=50)
    found = await why(house, event)

    assert (found.what, "not compared now" in found.reason) == ("linked", True)


async def test_an_activity_that_is_a_colleagues_by_now() -> None:
    """Boris has it too, since Anna was off for a while: hers is left alone, and says so."""
    async with open_shop() as shop:
        activity = shop.desk("robot").create("Visit", digits(3), digits(3, 12))
        shop.desk("robot").change_owner(activity, "anna")
        await shop.settle()
        event = only(shop.outlook().events())["id"]
        await disable(shop.world, await shop.user())
        shop.desk("robot").change_owner(activity, "boris")
        await shop.settle()
        await enable(shop.world, ANNA)
        await shop.settle()

        assert (await why(shop, event)).reason == "it is in a colleague's calendar already"
        assert (await why(shop, activity, BORIS)).reason == "in step"


TRAITS = [trait.removesuffix("/linked") for trait, (verdict, _) in SCOPE_CELLS.items() if trait.endswith("/linked")]
POLICIES = {
    "both": Policy(),
    "to-erp": Policy(direction=Direction.TO_ERP),
    "to-graph": Policy(direction=Direction.TO_GRAPH),
    "no-private": Policy(private=PrivateRule.SKIP),
}


@pytest.mark.parametrize("trait", TRAITS)
def test_every_cell_of_the_scope_is_told(trait: str) -> None:
    """Whatever the tables say of a linked pair is what is said, and only what is in step is called so."""
    case, ctx = with_trait(trait, "linked")
    decision = decide(case, ctx)
    told = finding_about(decision, ctx)

    assert (told is None) is (decision.verdict is Verdict.NOTHING and decision.intent is not Intent.END)
    assert told is None or told.reason == decision.reason


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("cell", FATE_LINKED_CELLS)
def test_every_fate_is_told(cell: str, policy: str) -> None:
    """In every direction: a pair that a round skips, parks, archives or writes is not in step."""
    ctx = a_context(policy=POLICIES[policy])
    decision = decide(fated(cell), ctx)
    told = finding_about(decision, ctx)

    assert told is not None or (decision.graph, decision.erp, decision.reason) == (None, None, "")
    assert told is None or told.reason == decision.reason


async def test_status_never_says_in_step_of_what_is_left_alone(house: House) -> None:
    """A pair whose creator is off is no pair among others: it is counted apart, and nobody is called in step."""

    async def said() -> str:
        users, memory = await house.world.store.list_users(), await house.recall()
        row = row_of(users[0], Instance(), house.now, {})
        told = {"news": news_of(Instance(), users, [], house.now), "webhook": webhook_of(Instance())}
        company = {"refused": "", "paused": None, "pulled_at": None, **told}
        needs = needs_of(users, Instance(), None, house.now)
        whole = {"company": company, "summary": summary_of([row]), "needs": needs, "users": [row]}
        one = status_of(users[0], memory, [], left_alone(users, memory)) | {"news": ""}
        return "\n".join([*whole_lines(whole, everybody=True), *status_lines(one)])

    event, activity = await linked_meeting(house, "Budget")
    assert "left alone" not in await said()

    await creator_off(house, event, activity)
    await house.sync(full=True)
    told = await said()
    assert "1 pair is left alone: the creator's sync is not switched on." in told
    assert "in step" not in told


async def test_a_colleagues_activity_is_not_told_by_its_id(house: House) -> None:
    """The service user reads every activity; who is not in one learns why it is left alone, not what it says."""
    await house.employ("ben")
    at = house.now + timedelta(days=2)
    secret = house.desk("ben").create("Salaries", at, at + timedelta(hours=1))
    own = house.desk().create("Budget", at, at + timedelta(hours=1))

    told = [finding_of(one) for one in await explain(house.world, await house.user(), secret)]
    assert told
    assert "Salaries" not in repr(told)
    assert [one["subject"] for one in told] == ["(private)"]
    assert (await why(house, own)).private is False
    assert (await why(house, secret, "ben@acme.example")).private is False


async def test_a_date_of_a_series_that_is_left_out_has_its_reason() -> None:
    """Asked about any of its dates by the day, not the first one alone; on a day between there is nothing."""
    async with open_house() as house:
        await house.employ()
        house.outlook().create("Standup", at(0, 15), at(0, 16), recurrence=WEEKLY)
        await house.sync()
        user = await house.user()
        for day in (date(2026, 2, 2), date(2026, 2, 9), date(2026, 2, 16)):
            [found] = on_day(await explain(house.world, user, "Standup", day=day), day, ZoneInfo(user.zone))
            assert found.reason == "part of a recurring series"
        between = date(2026, 2, 10)
        found_between = await explain(house.world, user, "Standup", day=between)
        assert on_day(found_between, between, ZoneInfo(user.zone)) == []


def test_status_tells_parked_dates_of_a_series_apart() -> None:
    """Each by its date, as everywhere else."""
    dates = [Occurrence("U", date(2026, 6, day), "M", Rhythm.WEEKLY) for day in (18, 25)]
    parked = [a_link(event_id=str(d.day), status=LinkStatus.PARKED, reason="waits", occurrence=d) for d in dates]
    anna = User("anna-id", ANNA, zone="Europe/Sofia", enabled=True)
    lines = [*status_lines({**status_of(anna, Memory(links=tuple(parked)), []), "news": ""})]

    told = [line for line in lines if line.endswith(": waits")]
    assert [("18 June" in line, "25 June" in line) for line in told] == [(True, False), (False, True)]


@pytest.mark.parametrize(
    ("reasons", "offers_both"),
    [((NEIGHBOUR,), False), ((NEIGHBOUR, ONE_PRIVACY), False), ((NEIGHBOUR, "both changed it"), True)],
)
def test_an_answer_that_outlook_refuses_is_not_offered(reasons: tuple[str, ...], *, offers_both: bool) -> None:
    """Where it cannot take ERP.net's value of any field, only its own can be kept."""
    clashes = tuple(Clash(f"field-{n}", "a", "b", why) for n, why in enumerate(reasons))
    *_, found = of_link(a_link(conflict=Conflict(clashes, at(1))))

    assert "--keep outlook" in found.do
    assert ("--keep erp" in found.do) == offers_both
