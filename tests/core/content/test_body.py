"""Bodies: the normal form of text, the Teams block, and when text may replace HTML."""

from __future__ import annotations

import re
import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.body import (
    BodyShape,
    body_shape,
    cut_teams_text,
    html_text,
    may_hold_block,
    normal_text,
    text_html,
    with_new_text,
    without_block,
)
from tests.support.bodies import BLOCK, BLOCK_TEXT, JOIN, RULE, RULED_INSIDE, SOUP, UNRULED, html_page

HEAD = (
    "<html><head>\r\n"
    '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n'
    '<meta name="Generator" content="Microsoft Exchange Server">\r\n<!-- converted from text -->\r\n'
    "<style><!-- .EmailQuote { margin-left: 1pt; border-left: #800000 2px solid; } --></style></head>\r\n"
)
EXCHANGE = (
    f'{HEAD}<body>\r\n<font size="2"><span style="font-size:11pt;"><div class="PlainText">Agenda<br>\r\n'
    "1. Budget &amp; plan</div></span></font>\r\n</body>\r\n</html>\r\n"
)
WORD = (
    '<html xmlns:o="urn:schemas-microsoft-com:office"><head><meta name="Generator" content="Microsoft Word 15">'
    "<style><!--\np.MsoNormal {margin:0cm; font-size:11.0pt;}\n--></style></head>"
    '<body lang="EN-US" link="#0563C1" vlink="#954F72" style="word-wrap:break-word"><div class="WordSection1">'
    '<p class="MsoNormal"><span lang="BG" style="mso-fareast-language:EN-US">Дневен ред<o:p></o:p></span></p>'
    '<p class="MsoNormal"><o:p>&nbsp;</o:p></p></div></body></html>'
)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("a\nb", "a\r\nb"),
        ("a\nb", "a\rb"),
        ("a\n\nb", "a\r\n\rb"),
        ("a\nb", "a\fb"),
        ("a b", "a\xa0b"),
        ("a\nb", "a  \nb\t"),
        ("a\n\nb", "\n \na\n\nb\n\n"),
        ("  a", "  a"),
        ("", " \r\n\xa0\r\n"),
    ],
    ids=[
        "crlf",
        "cr",
        "crlf and cr",
        "form feed",
        "nbsp",
        "trailing spaces",
        "outer blank lines",
        "indent is kept",
        "nothing but space",
    ],
)
def test_texts_that_look_the_same_have_one_normal_form(expected: str, text: str) -> None:
    """Line ends, hard spaces, trailing spaces and outer blank lines make no difference."""
    assert expected == normal_text(text)


@given(st.text())
def test_the_normal_form_is_final(text: str) -> None:
    """Normalising twice gives what normalising once gives."""
    assert normal_text(text) == normal_text(normal_text(text))


def test_the_teams_block_is_cut_out_of_the_text() -> None:
    """Text before and after the block stays, the block with its inner rule goes."""
    assert cut_teams_text(f"Agenda\r\n\r\n{BLOCK_TEXT}\r\n\r\nRegards\r\n") == "Agenda\n\n\nRegards"


def test_every_teams_block_is_cut() -> None:
    """A body with two blocks (a forwarded meeting) loses both."""
    assert cut_teams_text(f"a\n{BLOCK_TEXT}\nb\n{BLOCK_TEXT}") == "a\nb"


@pytest.mark.parametrize(
    "text",
    [f"above\n{RULE}\nbelow\n{RULE}", f"Join me: {JOIN}", f"{RULE}\n{JOIN}", f"{JOIN}\n{RULE}"],
    ids=["rules without a link", "link without rules", "no closing rule", "no opening rule"],
)
def test_what_is_no_teams_block_stays(text: str) -> None:
    """Underscores or a join link alone are the author's own text."""
    assert text == cut_teams_text(text)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        (EXCHANGE, "Agenda\r\n1. Budget & plan\r\n"),
        (WORD, "Дневен ред\n\n"),
        (
            html_page('<div style="font-family:Calibri,sans-serif; font-size:12pt; color:black">Hello<br></div>'),
            "Hello",
        ),
        (
            html_page('<p>See <a href="https://x.bg/?b=1&amp;c">https://x.bg/?b=1&amp;c</a></p>'),
            "See https://x.bg/?b=1&c",
        ),
        (html_page('<p>Mail <a href="mailto:a@b.bg">a@b.bg</a>'), "Mail a@b.bg<mailto:a@b.bg>"),
        (html_page('<p style="background-color:transparent; font-weight:normal">x</p>'), "x"),
    ],
    ids=["empty", "exchange from text", "word", "outlook on the web", "link", "mail address", "neutral styles"],
)
def test_html_that_only_frames_its_text_is_plain(html: str, text: str) -> None:
    """What Exchange and Outlook wrap round typed text is not formatting."""
    assert body_shape(html, text) == BodyShape.PLAIN


@pytest.mark.parametrize(
    "content",
    [
        "<b>x</b>",
        "<p><strong>x</strong></p>",
        "<ul><li>x</li></ul>",
        "<table><tr><td>x</td></tr></table>",
        'x<img src="cid:1">',
        '<a href="https://elsewhere.bg">x</a>',
        '<span style="font-weight:bold">x</span>',
        '<span style="background-color:yellow">x</span>',
        '<div style="display:none">x</div>',
        '<div onclick="y">x</div>',
        f'<a href="{JOIN}">{JOIN}</a>',
    ],
)
def test_html_that_says_more_than_its_text_is_rich(content: str) -> None:
    """Emphasis, lists, tables, pictures, named links, hidden text and stray join links must not be lost."""
    assert body_shape(html_page(content), html_text(html_page(content))) == BodyShape.RICH


def test_html_that_does_not_say_its_text_is_rich() -> None:
    """Where the two disagree, something is not understood, and the body is left alone."""
    assert body_shape(html_page("<div>one</div>"), "two") == BodyShape.RICH


@pytest.mark.parametrize("wrapper", ["{}", "<div>{}</div>", "<div><div><p>intro</p>{}</div></div>"])
def test_a_plain_body_with_a_teams_block_is_told_apart(wrapper: str) -> None:
    """Everything inside the block may be formatted; around it the body is plain."""
    html = html_page(wrapper.format(f"<div>Agenda</div><br>{BLOCK}<div>Regards</div>"))
    intro = "intro\n" if "intro" in wrapper else ""

    assert body_shape(html, f"{intro}Agenda\n\n{BLOCK_TEXT}\nRegards") == BodyShape.TEAMS
    assert body_shape(html, f"{intro}Agenda\n\nRegards") == BodyShape.TEAMS


# Blocks of other forms: each as (HTML, the text of a converter that keeps addresses, the text of one that drops them)

RENAMED_BY_OUTLOOK = UNRULED.replace("me-email-text", "x_me-email-text")


def without_addresses(text: str) -> str:
    """A text as a converter tells it that drops where links lead to."""
    return re.sub(r"<https?://[^>]*>", "", text)


def own_text(html: str, text: str) -> str:
    """What is told of an online meeting whose body is ``html``, and in plain text ``text``."""
    cut = cut_teams_text(text)
    return without_block(html, cut) if may_hold_block(text, is_online=True) else cut


FORMS = {"between rules": BLOCK, "no rules": UNRULED, "rules inside": RULED_INSIDE, "renamed": RENAMED_BY_OUTLOOK}
AROUND = {
    "alone": ("{}", ""),
    "below": ("<div>Agenda</div><br>{}", "Agenda"),
    "amid": ("<div><div>Agenda</div>{}<div>Regards</div></div>", "Agenda\nRegards"),
}


@pytest.mark.parametrize("told", [html_text, lambda html: without_addresses(html_text(html))], ids=["links", "bare"])
@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("form", FORMS)
class TestFormsOfTheBlock:
    """Every form of the block, as both kinds of converters tell it, alone and among somebody's text."""

    def test_it_is_recognised(self, form: str, around: str, told: Callable[[str], str]) -> None:
        """The text beside it may be replaced."""
        html = html_page(AROUND[around][0].format(FORMS[form]))

        assert body_shape(html, told(html)) == BodyShape.TEAMS
        assert body_shape(html, AROUND[around][1]) == BodyShape.TEAMS

    def test_new_text_leaves_it_byte_for_byte(self, form: str, around: str, told: Callable[[str], str]) -> None:
        """The old text goes, the block stays as it is, whether the new text was made of one that tells it or not."""
        html = html_page(AROUND[around][0].format(FORMS[form]))
        shown = cut_teams_text(told(html))
        expected = html_page(f"<div>New</div>{FORMS[form]}")

        assert with_new_text(html, "New", shown) == expected
        assert with_new_text(html, f"New\n{shown.replace('Agenda', '').replace('Regards', '')}", shown) == expected

    def test_what_is_written_reads_back(self, form: str, around: str, told: Callable[[str], str]) -> None:
        """After the write the body has its shape, and the same text changes nothing any more."""
        html = html_page(AROUND[around][0].format(FORMS[form]))
        written = with_new_text(html, "New", cut_teams_text(told(html)))
        shown = cut_teams_text(told(written))

        assert body_shape(written, shown) == BodyShape.TEAMS
        assert with_new_text(written, shown, shown) == written

    def test_its_words_are_nobodys_text(self, form: str, around: str, told: Callable[[str], str]) -> None:
        """What is told of the meeting is what somebody wrote, before and after we write."""
        html = html_page(AROUND[around][0].format(FORMS[form]))
        written = with_new_text(html, "New", AROUND[around][1])

        assert own_text(html, told(html)) == AROUND[around][1]
        assert own_text(written, told(written)) == "New"

    def test_a_list_beside_it_does_not_hide_it(self, form: str, around: str, told: Callable[[str], str]) -> None:
        """Text that the converter tells its own way is told, the block is not."""
        html = html_page(f"<ul><li>Bring cake</li></ul>{AROUND[around][0].format(FORMS[form])}")
        text = told(html).replace("Bring cake", "  *   Bring cake")

        assert own_text(html, text) == f"  *   Bring cake\n{AROUND[around][1]}".rstrip()

    def test_notes_that_told_it_once_are_not_told_twice(
        self, form: str, around: str, told: Callable[[str], str]
    ) -> None:
        """Notes made by a build that left the block's words in the text."""
        html = html_page(AROUND[around][0].format(FORMS[form]))
        notes = f"Plan\n{told(html_page(FORMS[form]))}"

        assert with_new_text(html, notes, AROUND[around][1]) == html_page(f"<div>Plan</div>{FORMS[form]}")

    def test_formatting_beside_it_is_not_lost(self, form: str, around: str, told: Callable[[str], str]) -> None:
        """Emphasis outside of the block, or a second join link, makes a body rich."""
        html = html_page(f"<b>Important</b>{AROUND[around][0].format(FORMS[form])}")
        double = html_page(AROUND[around][0].format(FORMS[form]) + f'<a href="{JOIN}">{JOIN}</a>')

        assert body_shape(html, told(html)) == BodyShape.RICH
        assert body_shape(double, told(double)) == BodyShape.RICH


def test_a_block_whose_addresses_are_dropped_is_cut_out_of_the_text() -> None:
    """Between its lines of underscores it is known by its headline, in any language."""
    assert cut_teams_text(f"Agenda\n{without_addresses(BLOCK_TEXT)}\nRegards") == "Agenda\nRegards"
    assert cut_teams_text(f"{RULE}\n\nRéunion Microsoft Teams\nRejoindre\n{RULE}") == ""


@pytest.mark.parametrize(
    "text",
    [
        f"{RULE}\nWe use Microsoft Teams for this meeting, as agreed upon with everybody last week.\n{RULE}",
        f"{RULE}\nAgenda\nMicrosoft Teams\n{RULE}",
        f"Microsoft Teams\n{RULE}",
        f"{RULE}\nMicrosoft Teams",
    ],
    ids=["a sentence", "not the first line", "no opening rule", "no closing rule"],
)
def test_words_about_teams_are_no_block(text: str) -> None:
    """People write about it, and draw lines."""
    assert cut_teams_text(text) == text


@pytest.mark.parametrize(
    ("text", "is_online", "expected"),
    [
        ("Agenda", False, False),
        ("Agenda", True, True),
        (html_text(UNRULED), False, True),
        (BLOCK_TEXT, True, False),
        (f"Agenda\n{without_addresses(BLOCK_TEXT)}", True, False),
        ("", True, False),
        (" \r\n", True, False),
    ],
    ids=["ordinary", "online", "a join link", "ruled", "ruled without addresses", "empty", "blank"],
)
def test_the_html_is_asked_only_where_it_may_tell_more(text: str, is_online: bool, expected: bool) -> None:
    """An event that is no online meeting, and a block that the text itself tells apart, cost nothing."""
    assert may_hold_block(text, is_online=is_online) is expected


@pytest.mark.parametrize(
    "html",
    [html_page("<div>Agenda</div>"), html_page(f"<div>Join me: {JOIN}</div>"), f"<p>x{'y' * 250_000}{UNRULED}"],
)
def test_what_the_html_does_not_show_as_a_block_stays(html: str) -> None:
    """A meeting without a block, a join link that somebody typed, a body too long to be read."""
    text = html_text(html)

    assert without_block(html, text) == text


def test_a_text_edited_inside_the_block_doubles_nothing() -> None:
    """Notes that tell the block, one of its lines edited: the other lines stand in the block alone."""
    html = html_page(f"<div>Agenda</div>{UNRULED}")
    shown = html_text(html)
    notes = shown.replace("Agenda", "Plan").replace("312 445", "312 445 (ask Kim)")

    assert with_new_text(html, notes, shown) == html_page(
        f"<div>Plan<br>Besprechungs-ID: 312 445 (ask Kim)</div>{UNRULED}"
    )


def test_a_line_that_the_block_says_too_stays_where_the_text_does_not_tell_it() -> None:
    """Where the block never stood in the text, nothing in the text is its."""
    html = html_page(f"<div>Agenda</div>{BLOCK}")

    assert with_new_text(html, "Plan\nJoin the meeting now", "Agenda") == html_page(
        f"<div>Plan<br>Join the meeting now</div>{BLOCK}"
    )


def test_a_formatted_body_with_a_teams_block_is_rich() -> None:
    """The block does not excuse the emphasis outside of it."""
    assert body_shape(html_page(f"<b>Agenda</b>{BLOCK}"), "Agenda") == BodyShape.RICH


@pytest.mark.parametrize("wrapper", ["{}", "<div><div>{}</div></div>"])
def test_new_text_leaves_the_teams_block_byte_for_byte(wrapper: str) -> None:
    """Only the text around the block is replaced; the page's frame stays."""
    html = html_page(wrapper.format(f"<div>Agenda</div><br>{BLOCK}<div>Regards</div>"))

    written = with_new_text(html, "New <plan>\n  & more")

    assert html_page(f"<div>New &lt;plan&gt;<br>&nbsp;&nbsp;&amp; more</div>{BLOCK}") == written
    assert body_shape(written, "New <plan>\n  & more") == BodyShape.TEAMS


def test_new_text_of_a_fragment_needs_no_page() -> None:
    """HTML without a body element is replaced as a whole, its block kept."""
    assert f"<div>b</div>{BLOCK}" == with_new_text(f"a{BLOCK}", "b")


LINES = st.text(st.sampled_from(string.ascii_letters + string.digits + " <>&\"'абв_-:/\n"), max_size=200)


@given(LINES)
def test_text_survives_the_way_through_html(text: str) -> None:
    """What a new body shows is exactly the text it was made of."""
    assert normal_text(text) == html_text(text_html(text))


@given(LINES)
def test_writing_text_beside_a_teams_block_reads_back_as_that_text(text: str) -> None:
    """After a write and the read that follows, the compared text is the one written."""
    assert normal_text(text) == cut_teams_text(html_text(with_new_text(html_page(BLOCK), text)))


@given(LINES)
def test_a_written_body_keeps_its_shape(text: str) -> None:
    """What we write ourselves can be rewritten next time."""
    assert body_shape(html_page(text_html(text)), text) == BodyShape.PLAIN
    assert body_shape(with_new_text(html_page(BLOCK), text), text) == BodyShape.TEAMS


@given(st.lists(st.sampled_from([*SOUP, BLOCK])))
def test_no_html_is_too_broken(pieces: list[str]) -> None:
    """Any soup of tags has a shape and can be replaced."""
    html = "".join(pieces)

    assert body_shape(html, html_text(html)) in BodyShape
    assert "new" in with_new_text(html, "new")
