"""The entity sets a calendar sync meets, after erpnet.md §7, §8 and §11.

Left out: references to sets nothing here holds (SocialGroup, ProjectTask, UserStatus) and the Reminders and
Resources children. Where the contract names no filters for an attribute, it has none.
"""

from __future__ import annotations

from simulators.erpnet.model import PARTIES, STATES, Attr, Children, EntitySet, Ref

ACTIVITIES = "General_Activities_Activities"
PARTICIPANTS = "General_Activities_ActivityParticipants"
DOCUMENT_TYPES = "Systems_Documents_DocumentTypes"
USERS = "Systems_Security_Users"
GROUPS = "Systems_Security_Groups"
USER_GROUPS = "Systems_Security_UserGroups"
ACCESS_KEYS = "Systems_Security_AccessKeys"
GROUP_ACCESS_KEYS = "Systems_Security_GroupAccessKeys"
ROLES = "Systems_Security_Roles"
ROLE_USERS = "Systems_Security_RoleUsers"
CONFIG = "Systems_Config_Config"
PERSONS = "General_Contacts_Persons"
COMPANIES = "General_Contacts_Companies"
LOCATIONS = "General_Contacts_CompanyLocations"
ENTERPRISE_COMPANIES = "General_EnterpriseCompanies"
SYSTEM_OBJECTS = "Systems_Core_ExtensibleDataObjects"
NOTIFICATIONS = "Systems_Core_Notifications"

ACTIVITY_TABLE = "Cm_Activities"
SYSTEM_TYPES = ("Communication", "Meeting", "Task")
PRIORITIES = ("Lowest", "Low", "Medium", "High", "Highest")
USER_TYPES = (
    "InternalUser",
    "ExternalCommunityUser",
    "VirtualUserNoLogin",
    "SystemUserNoLogin",
    "ApplicationUserNoLogin",
)
GROUP_TYPES = ("NormalGroup", "SystemGroupForOneUser", "SystemGroupForAllUsers")
PERMISSIONS = tuple(f"Permission{n}" for n in range(1, 11))

# Old name → (new name, since); the error text and GetRenamedEntityTypes are made of it (erpnet.md §5, §7).
RENAMED = {
    "General_DocumentTypes": (DOCUMENT_TYPES, "24.1.5.35"),
    "General_Contacts_Activities": (ACTIVITIES, "24.1.5.35"),
    "Communities_Notifications": (NOTIFICATIONS, "24.1.5.35"),
    "Systems_Internal_ExtensibleDataObjects": (SYSTEM_OBJECTS, "26.1.0.0"),
}

_ID = Attr("Id", "guid", filters="eq in", read_only=True, quiet=True)
_TEXT = Attr("DisplayText", read_only=True, quiet=True)
_ROOT = (
    _ID,
    Attr("ExternalId", size=254, filters="eq in", quiet=True),
    Attr("ExternalSystem", size=64, filters="eq in", quiet=True),
    Attr("ObjectVersion", "int", read_only=True, quiet=True),
    Attr("AggregateLastUpdateTimeUtc", "utc", filters="range", read_only=True, quiet=True),
    _TEXT,
)
_PART = (_ID, _TEXT)
_PARTY_ID = Attr("PartyId", "guid", filters="eq in", read_only=True, quiet=True)
_PARTY_NAME = Attr("PartyName", "ml", filters="like", required=True)


def _attrs(*groups: Attr | tuple[Attr, ...]) -> dict[str, Attr]:
    flat = [a for g in groups for a in ((g,) if isinstance(g, Attr) else g)]
    return {a.name: a for a in flat}


def _refs(*refs: Ref) -> dict[str, Ref]:
    return {r.name: r for r in refs}


def _time(name: str, *, read_only: bool = False, required: bool = False) -> Attr:
    return Attr(name, "datetime", filters="range", read_only=read_only, required=required)


_ACTIVITY_ATTRS = _attrs(
    _ROOT,
    Attr("Subject", size=254, filters="eq like", required=True),
    _time("StartTime", required=True),
    _time("EndTime"),
    Attr("Notes"),
    Attr("DocumentNotes"),
    Attr("SystemType", "enum", required=True, values=SYSTEM_TYPES),
    Attr("Priority", "enum", required=True, default="Medium", values=PRIORITIES),
    Attr("Private", "bool", required=True, default=False),
    _time("ReminderTime"),
    _time("DeadlineTime"),
    Attr("PlannedDurationMinutes", "int", filters="range"),
    Attr("State", "enum", filters="eq in range", read_only=True, default="New", values=STATES),
    Attr("Void", "bool", filters="eq", read_only=True, default=False),
    Attr("VoidReason", size=254, read_only=True),
    Attr("VoidTime", "datetime", read_only=True),
    Attr("VoidUser", size=64, read_only=True),
    Attr("ReadOnly", "bool", read_only=True, default=False),
    Attr("CreationUser", size=64, filters="like", read_only=True),
    _time("CreationTime", read_only=True),
    _time("ReleaseTime", read_only=True),
    _time("CompleteTime", read_only=True),
    Attr("DocumentDate", "date", filters="eq in range", required=True, orderable=True),
    Attr("DocumentNo", size=20, filters="eq like", orderable=True),
    Attr("EntityName", size=64, filters="eq", read_only=True, default=ACTIVITY_TABLE),
    Attr("ReferenceDate", "datetime"),
    Attr("ReferenceDocumentNo", size=20),
    Attr("DocumentId", "guid", read_only=True, quiet=True),
    Attr("AdditionalDataJson", quiet=True),
)

_ACTIVITY_REFS = _refs(
    Ref("DocumentType", DOCUMENT_TYPES, required=True, through=True),
    Ref("EnterpriseCompany", ENTERPRISE_COMPANIES),
    Ref("EnterpriseCompanyLocation", LOCATIONS),
    Ref("OwnerParty", PARTIES, required=True),
    Ref("ResponsibleParty", PARTIES, required=True),
    Ref("FromParty", PARTIES),
    Ref("MasterDocument", ACTIVITIES),
    Ref("ResponsiblePerson", PERSONS),
    Ref("ContactPerson", PERSONS),
    Ref("TargetParty", PARTIES),
    Ref("ToParty", PARTIES),
    Ref("AssignedToUser", USERS),
    Ref("AccessKey", ACCESS_KEYS),
)

_SETS = (
    EntitySet(
        ACTIVITIES,
        ACTIVITY_TABLE,
        _ACTIVITY_ATTRS,
        _ACTIVITY_REFS,
        {"Participants": Children("Participants", PARTICIPANTS, "Activity")},
        code="DocumentNo",
        writable=True,
    ),
    EntitySet(
        PARTICIPANTS,
        "Cm_Activity_Participants",
        _attrs(
            _PART,
            Attr("Email", size=254, filters="eq in like"),
            Attr("Notes", size=255),
            Attr("WorkLoadPercent", "dec", required=True, default=1),
        ),
        _refs(
            Ref("Activity", ACTIVITIES, required=True, through=True),
            Ref("ParticipantPerson", PERSONS),
            Ref("User", USERS),
        ),
        owner="Activity",
        writable=True,
        deletable=True,
    ),
    EntitySet(
        DOCUMENT_TYPES,
        "Gen_Document_Types",
        _attrs(
            _ROOT,
            Attr("Code", size=16, filters="eq like", required=True, orderable=True),
            Attr("EntityName", size=64, filters="eq in", required=True),
            Attr("TypeName", "ml", 254, filters="like", required=True),
        ),
        _refs(Ref("AccessKey", ACCESS_KEYS)),
        code="Code",
        title="TypeName",
        writable=True,
        unique=(("Code",),),
    ),
    EntitySet(
        USERS,
        "Sec_Users",
        _attrs(
            _ROOT,
            Attr("Login", size=64, filters="eq in like", required=True, orderable=True),
            Attr("Email", size=254, filters="eq in like"),
            Attr("Name", "ml", filters="like", required=True),
            Attr("Active", "bool", filters="eq", required=True, default=True),
            Attr("IsAdmin", "bool", filters="eq", required=True, default=False),
            Attr("UserType", "enum", filters="eq in", required=True, values=USER_TYPES),
            Attr("TimeZone", size=64),
        ),
        _refs(Ref("Person", PERSONS)),
        code="Login",
        title="Name",
    ),
    EntitySet(
        GROUPS,
        "Sec_Groups",
        _attrs(
            _ROOT,
            Attr("Name", "ml", filters="like", required=True),
            Attr("GroupType", "enum", filters="eq in", required=True, values=GROUP_TYPES),
            Attr("EditPeriodDays", "int"),
        ),
        _refs(Ref("GroupForUser", USERS)),
        title="Name",
        writable=True,
    ),
    EntitySet(
        USER_GROUPS,
        "Sec_User_Groups",
        _attrs(_ROOT),
        _refs(Ref("User", USERS, required=True, through=True), Ref("Group", GROUPS, required=True)),
        writable=True,
        deletable=True,
        unique=(("User", "Group"),),
    ),
    EntitySet(
        ACCESS_KEYS,
        "Sec_Access_Keys",
        _attrs(_ROOT, Attr("Name", "ml", filters="like", required=True)),
        title="Name",
    ),
    EntitySet(
        GROUP_ACCESS_KEYS,
        "Sec_Group_Access_Keys",
        _attrs(
            _ROOT,
            Attr("CanUpdate", "bool", required=True),
            Attr("CanDelete", "bool", required=True),
            Attr("CanAdminister", "bool", default=False),
            tuple(Attr(p, "bool", default=False) for p in PERMISSIONS),
        ),
        _refs(Ref("Group", GROUPS, required=True, through=True), Ref("AccessKey", ACCESS_KEYS, required=True)),
        writable=True,
        deletable=True,
        unique=(("Group", "AccessKey"),),
    ),
    EntitySet(ROLES, "Sec_Roles", _attrs(_ROOT, Attr("Name", "ml", filters="like", required=True)), title="Name"),
    EntitySet(
        ROLE_USERS,
        "Sec_Role_Users",
        _attrs(_ROOT),
        _refs(
            Ref("User", USERS, required=True, through=True),
            Ref("Role", ROLES, required=True),
            Ref("EnterpriseCompany", ENTERPRISE_COMPANIES),
            Ref("CompanyLocation", LOCATIONS),
        ),
    ),
    EntitySet(
        CONFIG,
        "Sys_Config",
        _attrs(
            _ROOT,
            Attr("KeyPath", size=254, filters="eq like", required=True),
            Attr("KeyValue"),
            Attr("UserLogin", size=64, filters="eq"),
        ),
    ),
    EntitySet(
        PARTIES,
        "Gen_Parties",
        _attrs(_PARTY_ID, _PARTY_NAME, Attr("PartyType", "enum", values=("Person", "Company", "Location"))),
        title="PartyName",
        key="PartyId",
    ),
    EntitySet(PERSONS, "Cm_Persons", _attrs(_ROOT, _PARTY_ID, _PARTY_NAME), title="PartyName", party=True),
    EntitySet(
        COMPANIES,
        "Cm_Companies",
        _attrs(_ROOT, _PARTY_ID, _PARTY_NAME, Attr("RegistrationNumber", size=32, filters="eq like")),
        code="RegistrationNumber",
        title="PartyName",
        party=True,
    ),
    EntitySet(
        LOCATIONS,
        "Cm_Company_Locations",
        _attrs(_ROOT, _PARTY_ID, _PARTY_NAME, Attr("LocationName", "ml", filters="like", required=True)),
        _refs(Ref("Company", COMPANIES, required=True, through=True)),
        title="PartyName",
        party=True,
    ),
    EntitySet(
        ENTERPRISE_COMPANIES,
        "Gen_Enterprise_Companies",
        _attrs(_ROOT, Attr("IsActive", "bool", filters="eq", default=True)),
        _refs(Ref("Company", COMPANIES, required=True, through=True)),
        code="Company/RegistrationNumber",
    ),
    EntitySet(
        SYSTEM_OBJECTS,
        "Sys_Objects",
        _attrs(
            _ID,
            _TEXT,
            Attr("EntityType", size=64, filters="eq in"),
            Attr("EntityItemId", "guid", filters="eq in"),
            Attr("ExternalId", size=254, filters="eq in"),
            Attr("ExternalSystem", size=64, filters="eq in"),
            Attr("IsDeleted", "bool", filters="eq"),
            Attr("LatestVersion", "int"),
            Attr("LastUpdateTimeUtc", "utc", filters="range"),
        ),
    ),
    EntitySet(
        NOTIFICATIONS,
        "Sys_Notifications",
        _attrs(
            _ROOT,
            Attr("NotificationClass", size=64, filters="eq in"),
            Attr("Subject", size=256, filters="like"),
            Attr("Priority", "enum", values=("Low", "Normal", "High")),
            Attr("IsRead", "bool", filters="eq"),
        ),
        _refs(Ref("User", USERS), Ref("DataObject", SYSTEM_OBJECTS)),
    ),
)

SETS: dict[str, EntitySet] = {s.name: s for s in _SETS}
PARTY_SETS = frozenset(s.name for s in _SETS if s.party)
