"""The letters of a calendar file arrive as they were meant; damage stays in its line, and is said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.demo.lines import CYRILLIC, DAMAGED, OTHER_ENCODING, WESTERN
from tests.support.calendar_files import calendar, read_calendars, titles, vevent

SPRINT, LUNCH = "Планиране на спринта", "Обяд с Борис"


def folded(raw: bytes, width: int) -> bytes:
    """Lines cut after so many bytes, wherever a letter ends."""
    lines = raw.split(b"\r\n")
    return b"\r\n".join(b"\r\n ".join(line[n : n + width] for n in range(0, len(line) or 1, width)) for line in lines)


@pytest.mark.parametrize("width", range(1, 12))
def test_a_line_folded_inside_a_letter(width: int) -> None:
    """RFC 5545 folds bytes: a title with a fold in the middle of its letters is whole."""
    file = calendar(vevent("a", f"SUMMARY:{SPRINT} 🚀")).encode()

    export = read_calendars(folded(file, width))

    assert ([f"{SPRINT} 🚀"], {}) == (titles(export), export.remarks)


@settings(deadline=None)
@given(st.data())
def test_one_damaged_byte_spoils_no_other_title(data: st.DataObject) -> None:
    """Whatever byte of a title is damaged, the other titles are as they were."""
    names = ["Café", SPRINT, LUNCH]
    file = bytearray(calendar(*(vevent(str(n), f"SUMMARY:{name}") for n, name in enumerate(names))).encode())
    start = file.index(SPRINT.encode())
    file[start + data.draw(st.integers(0, len(SPRINT.encode()) - 1))] = data.draw(st.integers(0x80, 0xFF))

    export = read_calendars(bytes(file))

    first, spoilt, last = titles(export)
    assert (first, last) == (names[0], names[2])
    assert export.remarks in ({DAMAGED: 1}, {})
    assert bool(export.remarks) == ("\ufffd" in spoilt)


def test_a_damaged_title_among_plain_ones() -> None:
    """One odd byte in a file of another encoding than UTF-8 or in an English title changes nothing else."""
    file = calendar(vevent("a", f"SUMMARY:{LUNCH}"), vevent("b", "SUMMARY:x @ y")).encode().replace(b"@", b"\xff")

    export = read_calendars(file)

    assert (titles(export), export.remarks) == ([LUNCH, "x \ufffd y"], {DAMAGED: 1})


@pytest.mark.parametrize(
    ("encoding", "page", "title"),
    [
        ("cp1251", CYRILLIC, SPRINT),
        ("cp1251", CYRILLIC, "Среща – „Бюджет“ № 5"),
        ("cp1251", CYRILLIC, "Обяд\\nс Борис"),
        ("cp1251", CYRILLIC, "Sprint 12: ретроспекция"),
        ("cp1252", WESTERN, "Größe"),
        ("cp1252", WESTERN, "L'été à la plage"),
        ("cp1252", WESTERN, "Réunion « budget » – 5 €"),
        ("cp1252", WESTERN, "Ångström"),
    ],
)
def test_the_code_pages_of_windows_are_recognised_and_said(encoding: str, page: str, title: str) -> None:
    """An old program's file has its titles, and the encoding it was read in is named."""
    export = read_calendars(calendar(vevent("a", f"SUMMARY:{title}"), vevent("b")).encode(encoding))

    assert [" ".join(title.replace("\\n", " ").split()), "b"] == titles(export)
    assert export.remarks == {OTHER_ENCODING.format(page): 1}


def test_two_calendars_of_two_encodings_in_one_file() -> None:
    """Each line is read in its own encoding."""
    export = read_calendars(
        calendar(vevent("a", f"SUMMARY:{SPRINT}")), calendar(vevent("b", f"SUMMARY:{LUNCH}")).encode("cp1251")
    )

    assert ([SPRINT, LUNCH], {OTHER_ENCODING.format(CYRILLIC): 1}) == (titles(export), export.remarks)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251"], ids=str
)
def test_every_encoding_of_a_whole_file(encoding: str) -> None:
    """With a mark and without one, in one byte a letter and in four."""
    assert titles(read_calendars(calendar(vevent("a", f"SUMMARY:{SPRINT}")).encode(encoding))) == [SPRINT]


@pytest.mark.parametrize("ending", ["\n", "\r", "\r\n", "\r\r\n", "\r\n\r\n", " \r\n"], ids=repr)
def test_every_end_of_line(ending: str) -> None:
    """Of Unix, an old Mac, Windows, and of programs that end lines twice."""
    export = read_calendars(calendar(vevent("a", f"SUMMARY:{SPRINT}"), vevent("b")).replace("\r\n", ending))

    assert (titles(export), export.remarks) == ([SPRINT, "b"], {})


@settings(deadline=None)
@given(st.data())
def test_ends_of_lines_mixed_in_one_file(data: st.DataObject) -> None:
    """As after a file went through several programs: each line ends in a way of its own."""
    lines = calendar(vevent("a", f"SUMMARY:{SPRINT}"), vevent("b")).split("\r\n")
    ends = data.draw(
        st.lists(st.sampled_from(("\n", "\r", "\r\n", "\r\r\n")), min_size=len(lines), max_size=len(lines))
    )
    export = read_calendars("".join(line + end for line, end in zip(lines, ends, strict=True)))

    assert (titles(export), export.remarks) == ([SPRINT, "b"], {})


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_in_a_title_leave_the_next_event(noise: bytes) -> None:
    """Noise without a line break stays in its line."""
    noise = noise.replace(b"\r", b"").replace(b"\n", b"")
    file = calendar(vevent("a", "SUMMARY:@@"), vevent("b", f"SUMMARY:{LUNCH}")).encode().replace(b"@@", b"x" + noise)

    assert titles(read_calendars(file))[1] == LUNCH
