"""The catalogue: every text of the pages, in English and in Bulgarian, in this order.

``{name}`` stands for a value. A text about a number has two forms, ``.one`` and ``.many``. What the sync itself says
of items stands in ``portal.reasons``.
"""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    # Every page
    "nav.label": ("Pages", "Страници"),
    "nav.mine": ("My calendar", "Моят календар"),
    "nav.everyone": ("Everyone", "Всички"),
    "skip": ("Skip to the content", "Към съдържанието"),
    "signed-in-as": ("Signed in as {name}", "Влезли сте като {name}"),
    "sign-out": ("Sign out", "Изход"),
    "language": ("Language", "Език"),
    "language.en": ("English", "English"),
    "language.bg": ("Български", "Български"),
    "language.choose": ("Change", "Смени"),
    "times-in": ("Times are in {zone}.", "Часовете са в зона {zone}."),
    "back": ("Back to my calendar", "Обратно към моя календар"),
    "never": ("never", "никога"),
    "today": ("today", "днес"),
    "yesterday": ("yesterday", "вчера"),
    "tomorrow": ("tomorrow", "утре"),
    "date": ("{weekday} {day} {month}", "{weekday}, {day} {month}"),
    "date-with-year": ("{weekday} {day} {month} {year}", "{weekday}, {day} {month} {year} г."),
    "weekday.0": ("Mon", "пон"),
    "weekday.1": ("Tue", "вт"),
    "weekday.2": ("Wed", "ср"),
    "weekday.3": ("Thu", "чет"),
    "weekday.4": ("Fri", "пет"),
    "weekday.5": ("Sat", "съб"),
    "weekday.6": ("Sun", "нед"),
    "month.1": ("January", "януари"),
    "month.2": ("February", "февруари"),
    "month.3": ("March", "март"),
    "month.4": ("April", "април"),
    "month.5": ("May", "май"),
    "month.6": ("June", "юни"),
    "month.7": ("July", "юли"),
    "month.8": ("August", "август"),
    "month.9": ("September", "септември"),
    "month.10": ("October", "октомври"),
    "month.11": ("November", "ноември"),
    "month.12": ("December", "декември"),
    "no-subject": ("(no subject)", "(без заглавие)"),
    "private": ("(private)", "(лично)"),
    # Refusals
    "refused.title": ("This page cannot be shown", "Страницата не може да бъде показана"),
    "refused.not-signed-in": ("Please sign in first.", "Моля, първо влезте."),
    "refused.other-tenant": (
        "You are signed in with an account of another organisation. Sign in with your account at this company.",
        "Влезли сте с профил от друга организация. Влезте с профила си в тази фирма.",
    ),
    "refused.not-understood": (
        "Your sign-in could not be understood. Sign out and in again; if that does not help, ask your administrator.",
        "Влизането ви не може да бъде разпознато. Излезте и влезте отново; ако не помогне, кажете на администратора.",
    ),
    "refused.no-role": (
        "This page is for administrators. Your own calendar is under “My calendar”.",
        "Тази страница е за администратори. Вашият календар е в „Моят календар“.",
    ),
    "refused.foreign": (
        "This request did not come from a page of calsync, so nothing was changed.",
        "Заявката не идва от страница на calsync и затова нищо не е променено.",
    ),
    "refused.stale": (
        "The page was open for too long, so nothing was changed. Load it again and repeat what you did.",
        "Страницата е била отворена твърде дълго и затова нищо не е променено. Заредете я отново и повторете.",
    ),
    "refused.not-found": (
        "There is nothing here (any more), or it is not yours.",
        "Тук (вече) няма нищо или то не е ваше.",
    ),
    "refused.unavailable": (
        "calsync's memory does not answer at the moment. Nothing is lost; try again in a minute.",
        "Паметта на calsync не отговаря в момента. Нищо не е загубено; опитайте пак след минута.",
    ),
    "refused.mistake": (
        "Something went wrong in calsync itself. Nothing is lost; the administrator finds it in the log.",
        "Възникна грешка в самия calsync. Нищо не е загубено; администраторът ще я намери в журнала.",
    ),
    "refused.sign-in": ("Sign in", "Вход"),
    # Sign-in for developers
    "dev.title": ("Who do you want to be?", "Кой искате да бъдете?"),
    "dev.text": (
        "This sign-in exists on a developer's machine only.",
        "Този вход съществува само на машината на разработчик.",
    ),
    "dev.id": ("Object id", "Идентификатор"),
    "dev.name": ("Name", "Име"),
    "dev.role": ("Role", "Роля"),
    "dev.role.none": ("Employee", "Служител"),
    "dev.enter": ("Sign in", "Вход"),
    "dev.be": ("Be {name}", "Влез като {name}"),
}
