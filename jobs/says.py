"""What the app says of itself and of what it was asked, in English, each by its code (``sync_core/model/phrase.py``).

The page says the same in other languages (``portal/phrases.py``).
"""

from __future__ import annotations

from enum import unique

from sync_core.model.phrase import Sayings

WHEN = "%Y-%m-%d %H:%M"


@unique
class Topic(Sayings):
    """What a check of ``calsync doctor`` is about."""

    ON_SETTINGS = "Settings"
    ON_TABLES = "State tables"
    ON_ROWS = "Stored rows"
    ON_POLICY = "Company policy"
    ON_GRAPH = "Microsoft Graph"
    ON_GRANTS = "Graph permissions"
    ON_EXCHANGE = "Notifications where Exchange alone grants"
    ON_ERP = "ERP.net"
    ON_NEWS = "Outlook's changes"
    ON_NOTIFICATION = "Last notification"
    ON_PULL = "Last pull"
    ON_WEBHOOK = "ERP.net's webhook"
    ON_QUEUE = "Queue"
    ON_SESSIONS = "ERP.net sessions"
    ON_TERM = "ERP.net secret"
    ON_LOGIN = "Service user"
    ON_TYPE = "Document type"
    ON_PEOPLE = "People"


@unique
class Found(Sayings):
    """What a check has found."""

    FAILED = "{words}"
    """An error: ``why`` and ``detail`` are those of its ``Trouble``, ``words`` its own, which may be anybody's."""

    LACKING = "{problems}"
    """What a person or the service user lacks, as a person's state says it."""

    LOGIN = "{login}"
    COMPLETE = "complete"
    SCHEDULES_ODD = "Azure reads it otherwise than a person: {words}"
    TABLES_NEW = "reachable, not used before"
    TABLES_REACHED = "reachable"
    TABLES_OF = "reachable, belong to tenant {tenant} and ERP.net {database}"
    POLICY_FITS = "the settings here agree with it"
    POLICY_TAKEN = "Not set here, taken from the company's policy: {settings}."
    GRAPH_REACHED = "reachable, and the app may read users"
    GRANTS_UNNAMED = "its token does not name them; what is asked of Graph shows them"
    GRANTS_MISSING = "{roles} not granted: {command} after `az login` as Privileged Role Administrator"
    GRANTS_COMPLETE = "{roles} granted by Entra"
    GRANTS_BY_EXCHANGE = (
        "Entra grants {role} only; the others must come from Exchange, else: "
        "{command} after `az login` as Privileged Role Administrator"
    )
    EXCHANGE_PUSHES = f"they come: the last one at {{at:{WHEN}}} UTC"
    EXCHANGE_SILENT = "none has come yet: change a meeting and ask again"
    ERP_UNASKED = "not asked: its session slots are kept in the state tables"
    ERP_REACHED = "reachable, version {version}"
    ERP_REACHED_UNKNOWN = "reachable, version unknown"
    TYPE_READY = "Meeting exists and may be updated and voided"
    PEOPLE_UNASKED = "not asked: Microsoft Graph would refuse each of them in the same way"
    PERSON_READY = "may be synced as the ERP.net user {login}"
    NEWS_POLLED = "looked for {every}"
    NEWS_PUSHED = f"pushed until {{until:{WHEN}}}{{utc}}"
    NEWS_MIXED = f"pushed until {{until:{WHEN}}}{{utc}} for {{pushed}}, looked for {{every}} for {{polled}}"
    NEWS_NO_ADDRESS = "looked for {every}: the app has no address for Graph (PUBLIC_URL)"
    NEWS_UNREACHED = (
        "looked for {every}, though the app has the address {address}: see that Microsoft reaches it, and "
        "the log of the keeper"
    )
    AT = f"at {{at:{WHEN}}} UTC"
    NOT_NOTIFIED = "none that a round has served yet"
    PULL_REFUSED = f"refused since {{at:{WHEN}}} UTC: {{words}}"
    PULL_UNREAD = (
        "ERP.net fails to show an activity changed at {seconds} UTC: "
        "find and save it in ERP.net, or ask ERP.net's support; it is asked for again every hour"
    )
    PULL_UNREAD_MORE = (
        "ERP.net fails to show an activity changed at {seconds} and later UTC: "
        "find and save it in ERP.net, or ask ERP.net's support; it is asked for again every hour"
    )
    PULL_NOT_DUE = "none yet: nobody's sync is switched on"
    PULL_BY_COMMANDS = "none by an app; a command with --here pulls by itself"
    PULL_NEVER = "at no time: see in docs/operate.md what `no-pull` means"
    PULL_OLD = f"at {{at:{WHEN}}} UTC: see in docs/operate.md what `no-pull` means"
    WEBHOOK_OFF = "not set up, so changes are fetched every minute (ERPNET_WEBHOOK_SECRET)"
    WEBHOOK_SILENT = "set up, and has not called yet: see docs/permissions.md for its part in ERP.net"
    WEBHOOK_CALLED = f"set up, and last called at {{at:{WHEN}}} UTC"
    QUEUE_FLOWS = "{waiting} waiting, none given up"
    QUEUE_POISONED = "{waiting} waiting, {poisoned} given up: see in docs/operate.md what `poison-queue` means"
    SESSIONS_HELD = "{held} of {most} in use (ERPNET_MAX_SESSIONS)"
    TERM_UNKNOWN = "there; when it ends is not known here (ERPNET_CLIENT_SECRET_ENDS)"
    TERM_OVER = "ended on {day}: make a new one in ERP.net and set it (docs/deploy.md)"
    TERM_SHORT = "ends on {day}: make a new one in ERP.net and set it (docs/deploy.md)"
    TERM_LONG = "there; ends on {day}"


@unique
class Asked(Sayings):
    """What is asked of one series in somebody's calendar (``jobs/commands/series.py``)."""

    IF_UIDS = "iCalUIds of a series' dates"
    IF_IDS = "Ids of a series' dates"
    IF_VIEW = "Changed dates in calendarView"
    IF_INSTANCES = "Changed dates in /instances"
    IF_WINDOW = "Is SYNC_SERIES=window safe here"


@unique
class Seen(Sayings):
    """What one series has shown."""

    SERIES_UNASKED = "cannot be told: no calendar with a recurring meeting could be read, ask again later ({words})"
    SERIES_NOBODY = (
        "cannot be told: nobody's sync is on; switch on somebody who has a recurring meeting (`calsync users enable "
        "UPN`), and ask again"
    )
    SERIES_NONE = (
        "cannot be told: none of the {people} calendars that were looked at has a recurring meeting with two dates "
        "in the coming month; enter one in the calendar of {upn}, change one of its dates, and ask again"
    )
    UIDS_DATED = "each date has its own, which holds its original date"
    UIDS_SHARED = "one for the whole series"
    UIDS_OTHER = "each date has its own, of another form"
    UIDS_MISSING = "none"
    IDS_LEAD = "each leads to its date"
    IDS_STRAY = "not each leads to its date"
    IDS_UNREAD = "not known: none of the dates could be read again; ask again later"
    CHANGED_UNSEEN = "not known: the series has no changed date in the coming month; change one, and ask again"
    CHANGED_SHOWN = "shown"
    CHANGED_HIDDEN = "left out"
    WINDOW_SAFE = "yes: {dates} dates of {series} series are told apart"
    WINDOW_DEARER = (
        "yes: {dates} dates of {series} series are told apart; each changed date takes a request of its own, "
        "because the view leaves it out"
    )
    WINDOW_PARTLY = (
        "yes, but {unnamed} of {dates} dates do not say which date of their series they are, so they are left alone"
    )
    WINDOW_UNKNOWN = "cannot be told: none of the dates could be read again by its id; ask again later"
    WINDOW_CONFUSED = "no: different dates name themselves alike; leave SYNC_SERIES at skip"
    WINDOW_ASTRAY = "no: the id of a date leads to something else; leave SYNC_SERIES at skip"


@unique
class Waits(Sayings):
    """What holds a command up."""

    NO_LICENCE = "ERP.net has no free licence for the app; it is asked again by itself"
    SESSION_IN_USE = (
        "the ERP.net session is in use by {holder} until {until:%Y-%m-%d %H:%M:%SZ}; ERPNET_MAX_SESSIONS allows no "
        "other"
    )
    SESSION_COUNTED = (
        "the ERP.net session of {holder}, whose work is done, is counted by ERP.net until "
        "{until:%Y-%m-%d %H:%M:%SZ}; ERPNET_MAX_SESSIONS allows no other"
    )


@unique
class Outcome(Sayings):
    """What became of something that was asked."""

    OVERTAKEN = (
        "not carried out: a later command about the same was carried out before it "
        f"({{kind}}, asked at {{at:{WHEN}}} UTC)"
    )
    RESOLVED = "resolved: both sides are in step"
    RESOLVED_UNMARKED = "resolved: both sides are in step, and the category is gone"
    MOVED_ON = "not resolved: it changed meanwhile; look at it as it is now and answer that"
    ANSWER_KEPT = "kept for the next round, which carries it out"
    ANSWER_KEPT_WHILE = "kept for the next round, which carries it out: {problems}"
    ANSWER_KEPT_SINCE = "kept for the next round, which carries it out: {words}"
    ANSWER_IMPOSSIBLE = "cannot be done: {reasons}"
    IN_CALENDAR = "it is in the calendar again"
    MADE_ALREADY = "it was made anew already"
    MAY_BE_THERE = "it may still be in the calendar: ask again later"
    PAIR_OVER = "the pair is over"


@unique
class Owner(Sayings):
    """Who decided the company's policy."""

    BY_NOBODY = "nobody yet"
    BY_APP = "the app"
    BY_COMMAND_LINE = "the command line"
