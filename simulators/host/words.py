"""What the page of two calendars says, in the reader's language: English, or Bulgarian by the English."""

from __future__ import annotations

from collections.abc import Callable

LANGUAGES = ("en", "bg")

BULGARIAN = {
    "{name}'s two calendars": "Двата календара на {name}",
    "Nobody": "никого",
    "People": "Хора",
    "calsync's page": "Страницата на calsync",
    "everybody's": "на всички",
    "Stand-ins of Outlook and ERP.net. Change something on either side and see it arrive on the other.": "Заместници "
    "на Outlook и ERP.net. Променете нещо от едната страна и вижте как пристига от другата.",
    "This page looks again every three seconds.": "Страницата се обновява на всеки три секунди.",
    "Stop that": "Спри това",
    "Go on": "Продължи",
    "Look again": "Виж отново",
    "New event": "Ново събитие",
    "New activity": "Нова дейност",
    "Both": "Двете",
    "(no subject)": "(без заглавие)",
    "invited by {name}.": "по покана от {name}.",
    "With {people}.": "С {people}.",
    "Category: {names}.": "Категория: {names}.",
    "Cancelled.": "Отменено.",
    "Void.": "Анулирана.",
    "Read-only.": "Само за четене.",
    "Owner: {name}.": "Собственик: {name}.",
    "Edit": "Промени",
    "An hour later": "Час по-късно",
    "Accept": "Приеми",
    "Tentative": "Може би",
    "Decline": "Откажи",
    "Delete": "Изтрий",
    "Make editable": "Отключи",
    "Make read-only": "Заключи",
    "Void": "Анулирай",
    "Nothing in either calendar.": "Няма нищо в двата календара.",
    "Edit in {system}": "Промяна в {system}",
    "New in {system}": "Ново в {system}",
    "Back": "Назад",
    "Title": "Заглавие",
    "Start": "Начало",
    "End": "Край",
    "People, by address (separated by spaces)": "Хора, по адрес (с интервали)",
    "Save": "Запази",
    "A date of a series.": "Дата от поредица.",
    "Save for this date and all following": "Запази за тази дата и всички следващи",
    "Save the title for the whole series": "Запази заглавието за цялата поредица",
    "Delete the whole series": "Изтрий цялата поредица",
    "It is no date of a series.": "Не е дата от поредица.",
    "There is no such calendar.": "Няма такъв календар.",
    "It is not there any more.": "Вече го няма.",
    "There is nobody of that name.": "Няма никого с това име.",
    "Nobody can do this in Outlook.": "Никой не може да направи това в Outlook.",
    "Nobody can do this in ERP.net.": "Никой не може да направи това в ERP.net.",
    "Start and end are dates with times.": "Началото и краят са дати с час.",
    "It ends before it begins.": "Свършва, преди да започне.",
    "Whole days have no hour.": "Целите дни нямат час.",
    "voided in ERP.net": "анулирана в ERP.net",
    "only in ERP.net": "само в ERP.net",
    "only in Outlook": "само в Outlook",
    "conflict": "конфликт",
    "void in ERP.net": "анулирана в ERP.net",
    "in step": "в синхрон",
    " and ": " и ",
    "subject": "заглавието",
    "time": "времето",
    "privacy": "поверителността",
    "{what} differ": "различават се: {what}",
}


def words_in(language: str) -> Callable[..., str]:
    """What says a text in this language, with its values; one that is not listed (a stand-in's refusal) stays."""

    def say(text: str, **values: object) -> str:
        told = BULGARIAN.get(text, text) if language == "bg" else text
        return told.format(**values) if values else told

    return say


def language_of(accepted: str) -> str:
    """The first language of a browser's that the page speaks, else English."""
    wanted = (one.partition(";")[0].strip().lower().partition("-")[0] for one in accepted.split(",")[:20])
    return next((one for one in wanted if one in LANGUAGES), LANGUAGES[0])
