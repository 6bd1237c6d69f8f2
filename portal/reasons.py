"""What the sync says of items, for people: each reason with what to do about it, what was done, names of fields.

The English of a reason and of its remedy is that of the sync itself (``sync_core/plan/remedies.py``; ``calsync why``
says the same); a test holds these keys against the code. A reason that is not here is shown as it was told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sync_core.model.action import Action


@dataclass(frozen=True, slots=True)
class Known:
    """A reason in Bulgarian, and what to do about it ('' = nothing); in English that is the core's own remedy."""

    bulgarian: str
    bulgarian_remedy: str = ""


REASONS = {
    "a person unlinked it: both sides stay as they are and are not synced": Known(
        "разделена е по желание: двете страни остават, каквито са, и не се синхронизират",
        "Опитайте отново с нея, ако двете страни трябва пак да са в синхрон.",
    ),
    "the lists of people are not chosen between: change the list on the side that is wrong": Known(
        "списъците с хора не се избират: поправете списъка от страната, която греши",
    ),
    "its values are hidden by SYNC_PRIVATE=busy: make both sides say the same by hand": Known(
        "стойностите са скрити (SYNC_PRIVATE=busy): направете двете страни еднакви на ръка",
    ),
    "neither side can be written: make the activity editable in ERP.net": Known(
        "не може да се пише в никоя от страните: направете дейността редактируема в ERP.net",
    ),
    "part of a recurring series": Known(
        "част от повтаряща се поредица",
        "Администраторът може да включи повтарящите се срещи (SYNC_SERIES). Еднократна среща се синхронизира и сега.",
    ),
    "kept back by a mistake in calsync": Known(
        "спряна от грешка в calsync",
        "Кажете на администратора: дневникът на приложението казва коя е грешката. След поправката опитайте отново.",
    ),
    "cancelled": Known(
        "отменена",
    ),
    "an activity type that is not synced": Known(
        "вид дейност, който не се синхронизира",
        "Администраторът избира кои видове отиват в Outlook.",
    ),
    "void in ERP.net": Known(
        "анулирана в ERP.net",
    ),
    "its creator does not have sync switched on": Known(
        "създателят ѝ не е включил синхронизацията",
        "Дейността отива в календара на създателя си: помолете го да включи синхронизацията.",
    ),
    "it is in a colleague's calendar already": Known(
        "вече е в календара на колега",
        "Става ваша, щом колегата изключи синхронизацията или дейността се промени.",
    ),
    "private, and private items are not synced": Known(
        "лична, а личните не се синхронизират",
        "Направете я нелична, ако другите могат да я виждат.",
    ),
    "older than a day": Known(
        "по-стара от един ден",
    ),
    "outside the window": Known(
        "извън периода",
        "Ще пристигне сама, щом до нея остане по-малко от месец.",
    ),
    "sync runs in one direction only": Known(
        "синхронизацията е само в едната посока",
        "Администраторът избира посоката.",
    ),
    "its time reaches beyond the years 1601 to 4500, which is all that both calendars can hold: move it inside "
    "them": Known(
        "времето ѝ излиза извън годините от 1601 до 4500, които двата календара могат да пазят",
        "Дайте ѝ време, което двете страни могат да пазят.",
    ),
    "ERP.net shows an older state than it did before, as after restoring a backup: save the activity in ERP.net once "
    "to accept what it says": Known(
        "ERP.net показва по-старо състояние от преди, както след възстановяване от архив",
        "Запишете дейността веднъж в ERP.net, ако това, което пише в нея, е вярно.",
    ),
    "it could not be searched for in Outlook": Known(
        "не можа да бъде потърсена в Outlook",
    ),
    "the event's formatted text is needed": Known(
        "нужен е форматираният текст на събитието",
    ),
    "both lists of people are needed": Known(
        "нужни са двата списъка с хора",
    ),
    "the event is needed to set its category": Known(
        "събитието е нужно, за да получи категорията си",
    ),
    "what was hidden is looked at again": Known(
        "скритото досега се преглежда отново",
    ),
    "in the past": Known(
        "в миналото",
    ),
    "organised by someone else": Known(
        "организирана от друг",
        "Помолете организатора да я промени.",
    ),
    "no default company and location": Known(
        "няма фирма и местоположение по подразбиране",
        "Изберете фирма и местоположение.",
    ),
    "the activity is read-only in ERP.net": Known(
        "дейността е само за четене в ERP.net",
        "Отворете отново дейността в ERP.net или запазете стойностите от ERP.net.",
    ),
    "part of a mass deletion": Known(
        "част от масово изтриване",
        "Администраторът одобрява или отхвърля списъка.",
    ),
    "another mailbox has an event of its own with the same iCalUId": Known(
        "друга пощенска кутия има собствено събитие със същия идентификатор",
        "Изтрийте внесеното копие; другото продължава.",
    ),
    "its counterpart, named by a mark of an earlier sync, is not there any more": Known(
        "съответният ѝ запис от предишна синхронизация вече го няма",
        "Администраторът решава дали да се създаде наново, или да остане така.",
    ),
    "another event of this calendar has the same iCalUId": Known(
        "друго събитие в този календар има същия идентификатор",
        "Срещата е два пъти в календара: изтрийте едното събитие.",
    ),
    "two activities name the same event": Known(
        "две дейности сочат едно и също събитие",
        "Анулирайте излишната дейност в ERP.net.",
    ),
    "the item cannot be understood": Known(
        "записът не може да бъде разчетен",
        "Отворете го, поправете странното и запазете.",
    ),
    "the event may be gone": Known(
        "събитието може би е изтрито",
    ),
    "ERP.net fails to show one of the activities of this day": Known(
        "ERP.net не успява да покаже една от дейностите за този ден",
        "Намерете дейността в ERP.net и я запазете, или се обърнете към поддръжката на ERP.net.",
    ),
    "moved to another calendar": Known(
        "преместена в друг календар",
        "Синхронизира се само основният ви календар: върнете я там.",
    ),
    "one side of the pair has not been read": Known(
        "едната страна още не е прочетена",
    ),
    "the activity is not visible to the service user": Known(
        "дейността не е видима за служебния потребител",
        "Администраторът дава достъп до нея на служебния потребител в ERP.net.",
    ),
    "deleted in Outlook": Known(
        "изтрита в Outlook",
    ),
    "cancelled in Outlook": Known(
        "отменена в Outlook",
    ),
    "void or deleted in ERP.net": Known(
        "анулирана или изтрита в ERP.net",
    ),
    "an administrator dropped the deletion: both sides are left as they are": Known(
        "администратор отхвърли изтриването: двете страни остават, както са",
    ),
    "the calendar was moved or restored, and this event has not come back yet": Known(
        "календарът е преместен или възстановен и това събитие още не се е върнало",
    ),
    "the meeting is fed from another calendar": Known(
        "срещата се води от друг календар",
        "Няма какво да правите: синхронизира се календарът на организатора.",
    ),
    "the meeting is fed from another calendar now": Known(
        "срещата вече се води от друг календар",
    ),
    "its activity was voided when a colleague lost the meeting, and it goes on here": Known(
        "дейността е анулирана, когато колега загуби срещата, а тук срещата продължава",
    ),
    "its owner deleted it and has it again": Known(
        "собственикът я изтри и пак я има",
    ),
    "another calendar claimed the meeting and has not made its activity yet": Known(
        "друг календар пое срещата и още не е създал дейността ѝ",
    ),
    "it is not known yet whether another invited calendar still has the meeting": Known(
        "още не е известно дали друг поканен календар все още има срещата",
    ),
    "cancelled by its organizer": Known(
        "отменена от организатора",
    ),
    "both sides changed it; the settings leave the choice to a person": Known(
        "двете страни са я променили; според настройките избира човек",
        "Изберете коя страна да остане.",
    ),
    "the event's text has formatting that ERP.net cannot hold": Known(
        "текстът на събитието има форматиране, което ERP.net не може да запази",
        "Променяйте текста в Outlook, не в ERP.net.",
    ),
    "Outlook lets no date of a series move on or across the day of the one beside it": Known(
        "Outlook не позволява дата от поредица да се премести върху деня на съседната или отвъд него",
        "Запазете часа от Outlook или изберете час между съседните дати.",
    ),
    "it is a date of a series, and Outlook has one privacy for the whole series": Known(
        "това е дата от поредица, а в Outlook цялата поредица е или лична, или не",
        "Запазете стойността от Outlook или променете цялата поредица там.",
    ),
    "the series ends earlier or has another pattern, and another date may take this one's place": Known(
        "поредицата свършва по-рано или е с друг ритъм и друга дата може да заеме мястото на тази",
    ),
    "a date that has not been read yet may go on as this one": Known(
        "дата, която още не е прочетена, може да продължи като тази",
    ),
    "the whole series was changed in Outlook": Known(
        "цялата поредица е променена в Outlook",
        "Няма какво да правите; отделни дати се променят след поредицата, ако трябва да се различават.",
    ),
    "its series was changed: it goes on with another date": Known(
        "поредицата е променена: продължава с друга дата",
    ),
    "people are invited, and a first meeting of both sides mails nobody": Known(
        "има поканени хора, а при първо свързване не се пращат писма",
        "Променете едната страна на ръка, ако двете трябва да казват едно и също.",
    ),
    "a person chose to keep the activity": Known(
        "човек избра дейността да остане",
    ),
    "a person chose to make the counterpart anew": Known(
        "човек избра съответният запис да се създаде наново",
    ),
    "a colleague's calendar was getting the same activity at the same moment": Known(
        "календарът на колега получаваше същата дейност в същия момент",
    ),
    "another mailbox claimed the meeting at the same moment": Known(
        "друга пощенска кутия пое срещата в същия момент",
    ),
    "an earlier try got through": Known(
        "по-ранен опит е успял",
    ),
    "made anew, since a person took a round back": Known(
        "създадена наново, защото човек върна промените от един ход",
    ),
    "it may be gone": Known(
        "може би я няма",
    ),
    "in step": Known(
        "в синхрон",
    ),
    "to be read again": Known(
        "ще бъде прочетена отново",
    ),
    "what people are told by mail follows by itself": Known(
        "известията до хората следват сами",
    ),
}
"""By the sync's own words."""

PARTS = {
    r"(?P<one>\d+) without an e-mail address in ERP\.net": "{one} без имейл в ERP.net",
    r"(?P<one>\d+) with an address that the other side cannot hold": (
        "{one} с адрес, който другата страна не може да запази"
    ),
    r"(?P<one>\d+) known to ERP\.net only, not invited": "{one}, познати само на ERP.net и непоканени",
    r"that of (?P<one>[^,;()]+)": "на {one}",
    r"tried (?P<one>\d+) times": "опитана {one} пъти",
    r"approved, to be carried out by the next round": "одобрено, ще се изпълни от следващия ход",
    r"dropped, to be carried out by the next round": "отхвърлено, ще се изпълни от следващия ход",
    r"\((?P<one>`[^`]+`)\)": "({one})",
    r"\((?P<one>`[^`]+`) makes it anew\)": "({one} я създава наново)",
}
"""What follows a reason, or stands for one, with a number or name in it: patterns of the sync's own words."""

CELLS = {
    "exit/unlinked": "човек е разделил двете страни",
    "exit/series-off": "това е дата от поредица, а поредиците вече не се синхронизират",
    "exit/malformed": "едната страна показва нещо, което не може да се разбере",
    "exit/undecided": "събитието може би го няма, а прочетеното не дава отговор",
    "exit/elsewhere": "събитието е в друг календар",
    "exit/hidden": "дейността не е видима за служебния потребител",
    "exit/hindered": "първо човек трябва да избере",
    "exit/given-up": "записът не успя твърде много пъти, а никоя страна не се е променила оттогава",
    "exit/follower": "дейността се води от срещата в друг календар",
    "exit/ended": "двойката е приключила и нищо не се прави от нея отново",
    "exit/half-seen": "първо трябва да се прочете едната страна",
    "exit/over": "срещата е минала",
    "exit/restored": "ERP.net показва по-старо състояние от преди",
    "exit/taken": "събитието го няма, а дейността вече е на колега",
    "exit/out-of-scope": "не е от това, което се синхронизира",
    "exit/not-feeding": "дейността не се води от срещата в този календар",
    "exit/claim-lost": "срещата вече се води от друг календар, затова първо се прочита тази",
    "exit/copy-lost": "събитието го няма, а срещата може да е още в друг календар",
    "exit/voided": "дейността е анулирана, когато колега загуби срещата, а събитието още е тук",
    "fate/event-absent/activity-absent": "няма я нито в Outlook, нито в ERP.net: няма какво да се прави",
    "fate/event-absent/activity-present": "само в ERP.net: прави се събитие в Outlook",
    "fate/event-present/activity-absent": "само в Outlook: прави се дейност в ERP.net",
    "fate/event-present/activity-present": "еднаква и на двете страни: свързват се",
    "fate/event-unchanged/activity-unchanged": "без промяна и на двете страни: няма какво да се прави",
    "fate/event-unchanged/activity-changed": "променена само в ERP.net: промяната отива в Outlook",
    "fate/event-unchanged/activity-gone": "няма я в ERP.net: маха се и от Outlook",
    "fate/event-changed/activity-unchanged": "променена само в Outlook: промяната отива в ERP.net",
    "fate/event-changed/activity-changed": "променена и на двете страни: слива се поле по поле",
    "fate/event-changed/activity-gone": "променена в Outlook, а в ERP.net я няма: изтриването надделява",
    "fate/event-gone/activity-unchanged": "няма я в Outlook: анулира се и в ERP.net",
    "fate/event-gone/activity-changed": "няма я в Outlook, а в ERP.net е променена: изтриването надделява",
    "fate/event-gone/activity-gone": "няма я и на двете страни: двойката приключва",
    "scope": "такава не се синхронизира",
    "election": "от календарите с тази среща не този води дейността",
    "permit": "този запис не е позволен",
}
"""What decided, by the keys of ``sync_core/plan/cells.py``, whose words are the English."""

ACTIONS: Mapping[str, tuple[str, str]] = {
    Action.ACTIVITY_CREATED: ("“{subject}” was put into ERP.net", "„{subject}“ беше създадена в ERP.net"),
    Action.EVENT_CREATED: ("“{subject}” was put into Outlook", "„{subject}“ беше създадена в Outlook"),
    Action.LINKED: ("“{subject}” was found on both sides", "„{subject}“ беше намерена и от двете страни"),
    Action.ACTIVITY_UPDATED: ("“{subject}” was changed in ERP.net", "„{subject}“ беше променена в ERP.net"),
    Action.EVENT_UPDATED: ("“{subject}” was changed in Outlook", "„{subject}“ беше променена в Outlook"),
    Action.BOTH_UPDATED: ("“{subject}” was changed on both sides", "„{subject}“ беше променена и от двете страни"),
    Action.ACTIVITY_VOIDED: ("“{subject}” was voided in ERP.net", "„{subject}“ беше анулирана в ERP.net"),
    Action.EVENT_REMOVED: ("“{subject}” was removed from Outlook", "„{subject}“ беше премахната от Outlook"),
    Action.LINK_ENDED: ("“{subject}” is over on both sides", "„{subject}“ приключи и от двете страни"),
    Action.FOLLOWED: (
        "“{subject}” is fed from a colleague's calendar",
        "„{subject}“ се води от календара на колега",
    ),
    Action.HANDED_ON: (
        "“{subject}” went on in a colleague's calendar",
        "„{subject}“ продължи в календара на колега",
    ),
    Action.ANSWER_NOTED: ("The answer to “{subject}” was noted", "Отговорът за „{subject}“ беше отбелязан"),
    Action.CATEGORY_SET: ("“{subject}” was marked as a conflict", "„{subject}“ беше отбелязана като конфликт"),
    Action.CATEGORY_REMOVED: (
        "The conflict mark of “{subject}” was taken off",
        "Отметката за конфликт на „{subject}“ беше махната",
    ),
    Action.CONFLICT: ("“{subject}” is in conflict", "„{subject}“ е в конфликт"),
    Action.UNLINKED: ("“{subject}” was unlinked", "„{subject}“ беше разделена"),
    Action.HELD: ("The deletion of “{subject}” waits", "Изтриването на „{subject}“ изчаква"),
    Action.SKIPPED: ("“{subject}” was left alone", "„{subject}“ беше оставена, както е"),
    Action.PARKED: ("“{subject}” was set aside", "„{subject}“ беше отложена"),
    Action.ARCHIVED: ("“{subject}” is over", "„{subject}“ е приключила"),
    Action.VALUE_KEPT: (
        "A value of “{subject}” was overruled and is kept here",
        "Стойност на „{subject}“ беше заменена и се пази тук",
    ),
    Action.FOUND_AGAIN: (
        "“{subject}” was found again in Outlook",
        "„{subject}“ беше намерена отново в Outlook",
    ),
    Action.UNREADABLE: (
        "A line of the log cannot be read",
        "Един ред от дневника не може да бъде прочетен",
    ),
    Action.ENDED: ("“{subject}” is over on both sides", "„{subject}“ приключи и от двете страни"),
    Action.LEFT_ALONE: ("“{subject}” was left alone", "„{subject}“ беше оставена, както е"),
    Action.WAITING: (
        "“{subject}” waits for its counterpart",
        "„{subject}“ чака съответния си запис",
    ),
    Action.SWITCHED_OFF: ("Sync is switched off", "Синхронизацията е изключена"),
    Action.NOT_OPERATIONAL: (
        "Sync cannot go on for this person",
        "Синхронизацията на този служител не може да продължи",
    ),
    Action.IN_STEP: ("“{subject}” is in step", "„{subject}“ е в синхрон"),
    Action.REREAD: ("“{subject}” will be read again", "„{subject}“ ще бъде прочетена отново"),
}
"""What was done, or how an item stands."""

FIELDS = {
    "subject": ("title", "заглавие"),
    "body": ("text", "текст"),
    "time": ("time", "време"),
    "reminder": ("reminder", "напомняне"),
    "private": ("private", "лична"),
    "priority": ("priority", "приоритет"),
    "people": ("people", "участници"),
    "deletion": ("deletion", "изтриване"),
}
"""By the sync's own names of them."""

PROBLEMS = {
    r"switched off": "синхронизацията е изключена",
    r"paused until (?P<one>\d{4}-\d\d-\d\d)": "на пауза до {one}",
    r"paused until somebody resumes": "на пауза, докато някой възобнови",
    r"no active internal ERP\.net user has the e-mail (?P<one>.+): set .+": (
        "няма активен вътрешен потребител в ERP.net с имейл {one}: задайте имейла на потребителя в ERP.net"
    ),
    r"ERP\.net fails to show the user with the e-mail (?P<one>.+): save .+": (
        "ERP.net не успява да покаже потребителя с имейл {one}: запазете го там или попитайте поддръжката на ERP.net"
    ),
    r"ERP\.net fails to show the user (?P<one>.+) \((?P<two>.+)\): save .+": (
        "ERP.net не успява да покаже потребителя {one} ({two}): запазете го там или попитайте поддръжката на ERP.net"
    ),
    r"the default company and location of (?P<one>\S+) cannot be checked now: (?P<two>.+)": (
        "избраните фирма и местоположение на {one} не могат да бъдат проверени сега: {two}"
    ),
    r"several ERP\.net users have the e-mail of (?P<one>\S+) \((?P<two>.+)\): .+": (
        "няколко потребители в ERP.net имат имейла на {one} ({two}): оставете го само на един от тях"
    ),
    r"the ERP\.net user (?P<one>.+) has no person: .+": (
        "потребителят {one} в ERP.net няма лице: свържете го с лице, защото дейностите искат собственик"
    ),
    r"the ERP\.net user (?P<one>.+) is synced with the mailbox (?P<two>\S+) .+": (
        "потребителят {one} в ERP.net вече се синхронизира с пощенската кутия {two}"
    ),
    r"no time zone is known for (?P<one>\S+): .+": (
        "не е известна часова зона за {one}: задайте я в Outlook или в настройките тук"
    ),
    r"(?P<one>\S+) is no longer in the directory: .+": (
        "{one} вече не е в директорията: възстановете профила или забравете служителя в calsync"
    ),
    r"the account of (?P<one>\S+) is disabled: .+": "профилът на {one} е изключен: включете го в Entra ID",
    r"the default company and location do not exist or .+": (
        "избраните фирма и местоположение не съществуват или не си пасват: изберете други"
    ),
    r"no default enterprise company and location: .+": (
        "няма фирма и местоположение по подразбиране: изберете ги в настройките"
    ),
    r"The service user (?P<one>\S+) cannot be read in ERP\.net: .+": (
        "служебният потребител {one} не може да чете потребители в ERP.net: дайте му това право"
    ),
    r"The service user (?P<one>\S+) is not an ERP\.net administrator: .+": (
        "служебният потребител {one} не е администратор в ERP.net: направете го такъв (IsAdmin)"
    ),
    r"ERP\.net has no document type '(?P<one>.+)' for activities.+": (
        "в ERP.net няма вид документ „{one}“ за дейности: създайте го"
    ),
    r"The document type '(?P<one>.+?)' is secured, .+": (
        "видът документ „{one}“ е защитен и служебният потребител няма нужните права за него"
    ),
}
"""What a person's state may name, as patterns of the sync's own words (``jobs/checkup.py``), in Bulgarian."""
