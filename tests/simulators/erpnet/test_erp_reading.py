"""Reading: selection, filters, paging (erpnet.md §5; traps 5, 6, 7, 11, 17)."""

from __future__ import annotations

import pytest

from simulators.erpnet import ErpSimulator
from tests.support.erp_client import ACTIVITIES, PARTICIPANTS, TYPES, USERS, BareErpClient, activity_path

NOT_BY_DEFAULT = {
    "Id",
    "ObjectVersion",
    "ExternalId",
    "ExternalSystem",
    "AggregateLastUpdateTimeUtc",
    "AdditionalDataJson",
    "DisplayText",
    "Participants",
}


async def test_trap_5_the_default_selection_has_no_id_and_no_version(client: BareErpClient) -> None:
    """Keys, versions, marks, calculated values and children come only when named."""
    activity = await client.create(ExternalId="x", ExternalSystem="y")

    plain = (await client.get(activity_path(activity))).data
    named = (await client.get(activity_path(activity), select="DEFAULT," + ",".join(NOT_BY_DEFAULT))).data

    assert not NOT_BY_DEFAULT & set(plain)
    assert set(named) == set(plain) | NOT_BY_DEFAULT
    assert plain["@odata.id"] == activity_path(activity)


async def test_select_alone_returns_only_what_it_names(client: BareErpClient) -> None:
    """Without ``default`` the other attributes stay away."""
    activity = await client.create()

    data = (await client.get(activity_path(activity), select="Id,Subject")).data

    assert {k for k in data if not k.startswith("@")} == {"Id", "Subject"}


async def test_expanded_navigation_is_returned_though_not_selected(client: BareErpClient, erp: ErpSimulator) -> None:
    """The docs' nested expand gives participants with their users' logins."""
    activity = erp.person("ann").create("Talk", "2026-01-26T09:00", "2026-01-26T10:00", participants=["bob"])

    expand = "Participants($select=Id,Email;$expand=User($select=Login))"
    reply = await client.get(activity_path(activity), select="Id", expand=expand)

    (participant,) = reply.data["Participants"]
    assert participant["Email"] == "bob@example.com"
    assert participant["User"]["Login"] == "bob"


async def test_skipnulls_drops_nulls(client: BareErpClient) -> None:
    """``options=skipnulls`` has no dollar sign."""
    activity = await client.create()

    assert (await client.get(activity_path(activity))).data["ReminderTime"] is None
    assert "ReminderTime" not in (await client.get(activity_path(activity), options="skipnulls")).data


async def test_an_unknown_property_is_a_500(client: BareErpClient) -> None:
    """$select of something that does not exist is refused by name."""
    reply = await client.get(ACTIVITIES, select="Location")

    assert reply.status == 500
    assert "'Location'" in reply.message


async def test_sub_entities_cannot_be_read(client: BareErpClient) -> None:
    """``Set(guid)/Child`` is refused; $expand is the way."""
    reply = await client.get(f"{activity_path(await client.create())}/Participants")

    assert reply.status == 500
    assert "sub-entities are not supported" in reply.message


async def test_a_renamed_set_answers_with_its_new_name(client: BareErpClient) -> None:
    """The message holds the new name, and GetRenamedEntityTypes lists it."""
    reply = await client.get("General_DocumentTypes")
    renames = (await client.get("GetRenamedEntityTypes")).data["value"]

    assert reply.status == 500
    assert f"'{TYPES}'" in reply.message
    assert {"OldName": "General_DocumentTypes", "NewName": TYPES, "Version": "24.1.5.35"} in renames


@pytest.mark.parametrize("status", [404, 500])
async def test_a_missing_entity_is_404_or_500(client: BareErpClient, erp: ErpSimulator, status: int) -> None:
    """Which one is not documented: a switch."""
    erp.missing_status = status

    assert (await client.get(activity_path("11111111-1111-1111-1111-111111111111"))).status == status


async def test_a_long_url_is_refused(client: BareErpClient) -> None:
    """Beyond 16 KB the answer is 414; a few thousand characters are fine."""
    guid = "11111111-1111-1111-1111-111111111111"

    def listing(count: int) -> str:
        return f"Id in ({','.join([guid] * count)})"

    assert (await client.get(ACTIVITIES, select="Id", filter=listing(200))).status == 200
    assert (await client.get(ACTIVITIES, select="Id", filter=listing(500))).status == 414


@pytest.mark.parametrize(
    "text",
    [
        "Subject eq 'Review' or Subject eq 'Other'",
        "Subject ne 'Review'",
        "StartTime gt 2026-01-01",
        "StartTime lt 2026-01-01",
        "not (Void eq true)",
        "tolower(Subject) eq 'review'",
        "Notes eq 'text'",
        "SystemType eq 'Meeting'",
        "CreationUser eq 'ann'",
        "Subject ge 'A'",
        "StartTime eq 2026-01-25T09:00:00Z",
        "Id eq '11111111-1111-1111-1111-111111111111'",
        "State eq Released",
        "State eq 'Open'",
        "Void eq 'false'",
        "StartTime ge '2026-01-25'",
        "StartTime ge 2026-01-25T00:00:00+02:00",
        "OwnerParty/PartyName eq 'Ann'",
        "DocumentType eq 11111111-1111-1111-1111-111111111111",
        "Subject eq 'Review' and",
        "Place eq 'here'",
    ],
)
async def test_a_filter_outside_the_documented_grammar_is_a_500(client: BareErpClient, text: str) -> None:
    """Operators, functions, attributes and literal forms that are not listed are refused."""
    assert (await client.get(ACTIVITIES, filter=text)).status == 500


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Subject eq 'review'", True),
        ("Subject eq 'O''Hara'", False),
        ("contains(Subject,'VIE') and Void eq false", True),
        ("startswith(CreationUser,'calsync')", True),
        ("endswith(Subject,'Re')", False),
        ("State in ('New', 'Planned')", True),
        ("State ge 'Released'", False),
        ("State le 'FirmPlanned'", True),
        ("StartTime ge 2026-01-25 and StartTime le 2026-01-26T00:00:00Z", True),
        ("DocumentDate eq 2026-01-25Z", True),
        ("greaterequalnull(ReminderTime,2026-01-25T00:00:00Z)", True),
        ("equalnull(TargetParty,'General_Contacts_Parties(11111111-1111-1111-1111-111111111111)')", True),
        ("DocumentType/Code eq 'Meeting'", True),
        ("EntityName eq 'Cm_Activities'", True),
        ("(Void eq false)", True),
    ],
)
async def test_documented_filters_work_case_blind(client: BareErpClient, text: str, found: bool) -> None:
    """Every documented operator and function, on one new meeting of the service user."""
    activity = await client.create()

    assert await client.ids(text) == ([activity] if found else [])


async def test_guids_are_bare_and_references_quoted(client: BareErpClient, erp: ErpSimulator) -> None:
    """``Id in (g1,g2)``, and a party may be named by its person."""
    activity = await client.create()
    ann = erp.user_row("ann")["Person"]
    party = erp.store.at("General_Contacts_Persons", ann)["PartyId"]

    assert await client.ids(f"Id in ({activity}, 11111111-1111-1111-1111-111111111111)") == [activity]
    assert await client.ids(f"OwnerParty eq 'General_Contacts_Parties({party})'") == [activity]
    assert await client.ids(f"OwnerParty in ('General_Contacts_Persons({ann})')") == [activity]


async def test_children_filter_by_their_owner(client: BareErpClient, erp: ErpSimulator) -> None:
    """``Activity/Void eq false`` looks through the ownership reference."""
    activity = erp.person("ann").create("Talk", "2026-01-26T09:00", "2026-01-26T10:00", participants=["bob"])
    void = erp.person("ann").create("Gone", "2026-01-26T09:00", "2026-01-26T10:00", participants=["bob"])
    erp.person("ann").void(void, "no")

    reply = await client.get(PARTICIPANTS, select="Activity", filter="Activity/Void eq false")

    assert [row["Activity"]["@odata.id"] for row in reply.data["value"]] == [activity_path(activity)]


async def test_trap_6_date_times_in_filters_are_cut_to_the_date(client: BareErpClient) -> None:
    """``le …T23:59`` of the meeting's own day does not find it; the next day's midnight does."""
    activity = await client.create()

    assert await client.ids("StartTime le 2026-01-25T23:59:59.999Z") == []
    assert await client.ids("StartTime ge 2026-01-25T23:00:00Z and StartTime le 2026-01-26") == [activity]


@pytest.mark.parametrize("cut", [False, True])
async def test_the_update_time_filter_is_cut_or_not(client: BareErpClient, erp: ErpSimulator, cut: bool) -> None:
    """For AggregateLastUpdateTimeUtc no page says which: a switch."""
    erp.utc_filters_cut = cut
    activity = await client.create()

    later = await client.ids("AggregateLastUpdateTimeUtc ge 2026-01-25T08:00:00.001Z")

    assert later == ([activity] if cut else [])
    assert await client.ids("AggregateLastUpdateTimeUtc ge 2026-01-25T08:00:00.000Z") == [activity]


async def _pages(client: BareErpClient, **options: str) -> list[list[str]]:
    pages, reply = [], await client.get(ACTIVITIES, select="Subject", **options)
    while True:
        pages.append([row["Subject"] for row in reply.data["value"]])
        link = reply.data.get("@odata.nextLink")
        if link is None:
            return pages
        reply = await client.get(link)


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("order", ["", "DocumentNo desc"])
async def test_trap_7_pages_exist_only_with_top(
    client: BareErpClient, erp: ErpSimulator, absolute: bool, order: str
) -> None:
    """The links, relative or absolute, lead through every row once; without $top all come at once."""
    erp.absolute_next_links = absolute
    subjects = {f"Meeting {n}" for n in range(5)}
    for subject in subjects:
        await client.create(Subject=subject)

    pages = await _pages(client, top="2", **({"orderby": order} if order else {}))
    whole = (await client.get(ACTIVITIES)).data

    assert [len(p) for p in pages] == [2, 2, 1]
    assert {s for p in pages for s in p} == subjects
    assert len(whole["value"]) == 5
    assert "@odata.nextLink" not in whole


async def test_a_link_keeps_filter_and_count(client: BareErpClient) -> None:
    """What was asked of the first page holds for the next."""
    for subject in ("Review A", "Review B", "Other", "Review C"):
        await client.create(Subject=subject)

    reply = await client.get(ACTIVITIES, top="2", count="true", filter="startswith(Subject,'Review')")
    rest = await client.get(reply.data["@odata.nextLink"])

    assert reply.data["@odata.count"] == 3
    assert [row["Subject"].startswith("Review") for row in rest.data["value"]] == [True]


async def test_a_page_has_at_most_a_thousand_rows(client: BareErpClient) -> None:
    """A greater $top is refused."""
    assert (await client.get(ACTIVITIES, top="1000")).status == 200
    assert (await client.get(ACTIVITIES, top="1001")).status == 500


async def test_only_orderable_attributes_order(client: BareErpClient) -> None:
    """DocumentNo is orderable, StartTime is not marked so."""
    assert (await client.get(ACTIVITIES, orderby="DocumentNo")).status == 200
    assert (await client.get(ACTIVITIES, orderby="StartTime")).status == 500


async def test_count_is_plain_text(client: BareErpClient) -> None:
    """``Set/$count`` answers the bare number."""
    await client.create()

    assert (await client.get(f"{ACTIVITIES}/$count")).data == "1"
    assert (await client.get(f"{ACTIVITIES}/$count", filter="Void eq true")).data == "0"


async def test_trap_11_a_person_reads_back_as_a_party_with_another_key(
    client: BareErpClient, erp: ErpSimulator
) -> None:
    """Bound by person, the owner comes back as General_Contacts_Parties(PartyId)."""
    person = erp.user_row("bob")["Person"]
    activity = await client.create(OwnerParty={"@odata.id": f"General_Contacts_Persons({person})"})

    owner = (await client.get(activity_path(activity))).data["OwnerParty"]["@odata.id"]
    both = (await client.get(f"General_Contacts_Persons({person})", select="Id,PartyId")).data

    assert both["Id"] == person != both["PartyId"]
    assert owner == f"General_Contacts_Parties({both['PartyId']})"


async def test_trap_17_multi_language_values_filter_by_contains_only(
    client: BareErpClient, erp: ErpSimulator
) -> None:
    """``Name eq`` is refused; ``contains`` looks into every language."""
    erp.change_user("bob", Name={"EN": "Bob Best", "BG": "Боб"})

    found = (await client.get(USERS, select="Login", filter="contains(Name,'боб')")).data["value"]

    assert (await client.get(USERS, filter="Name eq 'Bob Best'")).status == 500
    assert (await client.get(USERS, filter="startswith(Name,'Bob')")).status == 500
    assert [u["Login"] for u in found] == ["bob"]


async def test_trap_18_ids_that_differ_by_case_only_are_one_to_the_database(client: BareErpClient) -> None:
    """Two ExternalIds as different as two Graph ids are both found by either."""
    upper, lower = await client.create(ExternalId="AAMkAD"), await client.create(ExternalId="AAMkad")

    assert sorted(await client.ids("ExternalId eq 'AAMkAD'")) == sorted([upper, lower])


async def test_users_are_found_by_address_without_regard_to_case(client: BareErpClient) -> None:
    """The user mapping's query: active internal users by e-mail."""
    addresses = "('ANN@example.com','calsync.service@example.com')"
    text = f"Active eq true and UserType eq 'InternalUser' and Email in {addresses}"

    reply = await client.get(USERS, select="Login", filter=text)

    assert [u["Login"] for u in reply.data["value"]] == ["ann"]


async def test_suggestions_come_from_roles_and_configuration(client: BareErpClient, erp: ErpSimulator) -> None:
    """RoleUsers and Config rows can be read by user."""
    user = erp.user_row("ann").id
    erp.add_role_user("ann", erp.company_id, erp.location_id)
    erp.add_config("ann", erp.company_id, erp.location_id)

    roles = await client.get("Systems_Security_RoleUsers", filter=f"User eq '{USERS}({user})'")
    config = await client.get(
        "Systems_Config_Config",
        filter="startswith(KeyPath,'Default_Enterprise_Company_Location_Id/') and UserLogin eq 'ann'",
    )

    assert roles.data["value"][0]["CompanyLocation"]["@odata.id"].endswith(f"({erp.location_id})")
    assert config.data["value"][0]["KeyPath"].endswith(erp.company_id)
    assert config.data["value"][0]["KeyValue"] == erp.location_id
