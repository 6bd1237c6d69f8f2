"""Bodies of Teams meetings as Graph gives them, and text that is no HTML."""

from __future__ import annotations

RULE = "_" * 80


JOIN = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_M2Jk%40thread.v2/0?context=%7b%22Tid%22%7d"


BLOCK = (
    f'<div style="width:100%;height:20px"><span style="white-space:nowrap; color:#5F5F5F; opacity:.36">{RULE}</span>'
    "</div>\r\n"
    '<div class="me-email-text" lang="en-US" style="color:#252424; font-family:\'Segoe UI\'">\r\n'
    '<div style="margin-bottom:24px"><span style="font-size:24px"><b>Microsoft Teams</b></span>'
    ' <a class="me-email-link" href="https://aka.ms/JoinTeamsMeeting?omkt=en-US">Need help?</a></div>\r\n'
    f'<div><a id="meet_invite" class="me-email-headline" href="{JOIN}">Join the meeting now</a></div>\r\n'
    f"<div>Meeting ID: 312 445</div><div><span>{'_' * 32}</span></div>\r\n"
    '<div>For organizers: <a href="https://teams.microsoft.com/meetingOptions/?organizerId=1">Meeting options</a>'
    "</div></div>\r\n"
    f'<div style="width:100%;height:20px"><span style="white-space:nowrap">{RULE}</span></div>'
)


BLOCK_TEXT = f"""{RULE}
Microsoft Teams Need help?<https://aka.ms/JoinTeamsMeeting?omkt=en-US>
Join the meeting now<{JOIN}>
Meeting ID: 312 445
{"_" * 32}
For organizers: Meeting options<https://teams.microsoft.com/meetingOptions/?organizerId=1>
{RULE}"""


def html_page(content: str) -> str:
    """A page as Outlook on the web stores it."""
    meta = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
    return f"<html><head>{meta}</head><body>{content}</body></html>"


UNRULED = (
    '<div class="me-email-text" lang="de-DE" style="max-width:1024px">\r\n'
    '<div style="margin-bottom:12px"><span class="me-email-text" style="font-weight:700">Microsoft Teams</span>'
    ' <a href="https://aka.ms/JoinTeamsMeeting?omkt=de-DE">Benötigen Sie Hilfe?</a></div>\r\n'
    f'<div><a class="me-email-headline" title="Meeting join link" href="{JOIN}">Jetzt teilnehmen</a></div>\r\n'
    "<div><span>Besprechungs-ID: </span><span>312 445</span></div></div>"
)


RULED_INSIDE = UNRULED.replace("\r\n", f'\r\n<div aria-hidden="true">{RULE}</div>\r\n', 1).replace(
    "312 445</span></div>", f"312 445</span></div><div><span>{RULE}</span></div>"
)


SOUP = [
    "<div>",
    "</div>",
    "<p>",
    "<b",
    ">",
    "</",
    "<br/>",
    "<!--",
    "-->",
    "a",
    "\n",
    "&",
    "<style>",
    '"',
    "<a href=x>",
]
