"""Draws every citation to its page: what code, tests and docs cite from docs/design.md and docs/contracts exists.

A citation is page and section, ``graph.md §5``, with words of that section where it helps: ``design.md §4 "Window"``.
A bare ``§7`` means the page named last in its paragraph, and on one of these pages the page itself. R1 to R31 are
rules of design.md, longer numbers ERP.net's own; T1 is a trap of graph.md, "trap 4" one of erpnet.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = {path.name: path for path in (DOCS / "design.md", *sorted((DOCS / "contracts").glob("*.md")))}
"""What is cited, by the name it is cited by."""

ROOMS = ("adapters", "cli", "docs", "infra", "jobs", "portal", "simulators", "sync_core", "tests")
KINDS = frozenset({".py", ".bicep", ".bicepparam", ".css", ".html", ".js", ".md", ".sh"})

GROUP = re.compile(
    r"(?:\b(?P<page>\w+\.md) )?§(?P<first>\d+)(?P<more>(?:,? (?:and |to )?§\d+|, §\d+)*)"
    r"(?P<words>,? \"[^\"]+\"(?:, \"[^\"]+\")*)?"
)
NAMED = re.compile(r"\b(?P<page>(?:graph|erpnet|azure|design)\.md)|\bRFC \d+")
FOREIGN = re.compile(r"\[[\w+]+: [^\]]*\]|RFC \d+ §[\d.]+")
"""Sources in brackets, and standards with sections of their own."""

OTHER_SPELLINGS = re.compile(r"\b(?:[Dd]esign|[Cc]ontract)s? §|\b[Ss]ections? \d|(?<![\w.])(?:erp|gr|az) §")

RULE = re.compile(r"\bR\d+(?:-\d+)?\b")
GRAPH_TRAP = re.compile(r"(?<![\w}])T[1-9]\d?\b(?!:)")
ERP_TRAPS = re.compile(r"\btraps? (\d+(?:(?:, | and | to )\d+)*)")


@dataclass(frozen=True)
class Citation:
    """A section of a page (None: which one is not said), and the words that are to be found there."""

    page: str | None
    section: int
    words: tuple[str, ...] = ()


@cache
def texts() -> dict[Path, str]:
    """Every text that may cite, by its path below the root."""
    inside = [path for room in ROOMS for path in (ROOT / room).rglob("*") if path.suffix in KINDS]
    beside = [*ROOT.glob("*.py"), *ROOT.glob("*.md"), ROOT / "Makefile"]
    found = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in (*inside, *beside)}
    del found[Path(__file__).resolve().relative_to(ROOT)]
    return found


@cache
def sections(page: str) -> dict[int, str]:
    """The sections of a page by number: heading and text, each run of white space one blank."""
    _, *parts = re.split(r"^## (\d+)\. ", PAGES[page].read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {int(number): " ".join(text.split()) for number, text in zip(parts[::2], parts[1::2], strict=True)}


def citations(text: str, own: str | None = None) -> Iterator[Citation]:
    """The sections that a text cites; ``own`` is the page that the text is."""
    for paragraph in re.split(r"\n\s*\n", FOREIGN.sub("", text)):
        flat = " ".join(paragraph.split())
        for group in GROUP.finditer(flat):
            page = group["page"] or own or _named_last(flat[: group.start()])
            numbers = [group["first"], *re.findall(r"\d+", group["more"])]
            for number in numbers[:-1]:
                yield Citation(page, int(number))
            yield Citation(page, int(numbers[-1]), tuple(re.findall(r"\"([^\"]+)\"", group["words"] or "")))


def _named_last(before: str) -> str | None:
    named = [found["page"] for found in NAMED.finditer(before)]
    return named[-1] if named else None


def mistake_in(cited: Citation) -> str | None:
    """What is wrong with a citation."""
    if cited.page is None:
        return f"§{cited.section} of which page?"
    if cited.page not in PAGES:
        return f"{cited.page} is none of {', '.join(PAGES)}"
    text = sections(cited.page).get(cited.section)
    if text is None:
        return f"{cited.page} has no §{cited.section}"
    missing = [words for words in cited.words if words not in text]
    return f"{cited.page} §{cited.section} does not say {missing}" if missing else None


def rules() -> set[str]:
    """Our rules by number."""
    return set(re.findall(r"^- \*\*(R\d+)\*\*", PAGES["design.md"].read_text(encoding="utf-8"), re.MULTILINE))


def erp_rules() -> set[str]:
    """ERP.net's business rules that the contract tells of."""
    return {rule for text in sections("erpnet.md").values() for rule in RULE.findall(text)}


def graph_traps() -> set[str]:
    """Graph's traps: the rows of their table."""
    return set(re.findall(r"\| (T\d+) \|", sections("graph.md")[13]))


def erp_traps() -> set[int]:
    """ERP.net's traps: the items of their list."""
    return {int(number) for number in re.findall(r" (\d+)\. \*\*", sections("erpnet.md")[16])}


def traps_named(text: str) -> set[int]:
    """The numbers of ERP.net's traps that a text names, each of a range."""
    found: set[int] = set()
    for listed in ERP_TRAPS.findall(text):
        for part in re.split(r", | and ", listed):
            first, *last = map(int, part.split(" to "))
            found |= set(range(first, (last or [first])[0] + 1))
    return found


def test_every_cited_section_exists() -> None:
    """And says the words that are quoted of it."""
    broken = [
        f"{path}: {mistake}"
        for path, text in texts().items()
        for cited in citations(text, path.name if path.name in PAGES else None)
        if (mistake := mistake_in(cited))
    ]

    assert broken == []


def test_the_code_cites() -> None:
    """The check above has something to look at, on each page."""
    cited = [one for path, text in texts().items() if path.suffix == ".py" for one in citations(text)]

    assert {one.page for one in cited} == set(PAGES)
    assert len(cited) > 250


def test_there_is_one_spelling() -> None:
    """Page and section, so that nothing is cited in a way that the checks do not see."""
    spelt = {path: OTHER_SPELLINGS.findall(FOREIGN.sub("", text)) for path, text in texts().items()}

    assert {path: found for path, found in spelt.items() if found} == {}


def test_every_rule_named_is_defined() -> None:
    """Ours in design.md, ERP.net's in its contract."""
    known = rules() | erp_rules()
    unknown = {
        (str(path), rule) for path, text in texts().items() for rule in RULE.findall(text) if rule not in known
    }

    assert unknown == set()


def test_every_trap_named_is_defined() -> None:
    """Graph's and ERP.net's."""
    graph = {(str(path), trap) for path, text in texts().items() for trap in GRAPH_TRAP.findall(text)}
    erp = {(str(path), trap) for path, text in texts().items() for trap in traps_named(text)}

    assert {one for one in graph if one[1] not in graph_traps()} == set()
    assert {one for one in erp if one[1] not in erp_traps()} == set()


def test_what_is_numbered_is_complete() -> None:
    """Numbers are unique and leave nothing out, so that each means one thing."""
    for page in PAGES:
        numbers = [int(n) for n in re.findall(r"^## (\d+)\. ", PAGES[page].read_text(encoding="utf-8"), re.MULTILINE)]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), page

    assert rules() == {f"R{number}" for number in range(1, 32)}
    assert graph_traps() == {f"T{number}" for number in range(1, 27)}
    assert erp_traps() == set(range(1, 19))


@pytest.mark.parametrize(
    "text",
    [
        "graph.md §99",
        "contracts/azure.md §14",
        "(erpnet.md §3, §99)",
        "graph.md §3 to §77",
        "nobody knows which §5",
        "a page named in another paragraph, graph.md\n\nand §5",
        "grahp.md §5",
        'design.md §4 "No such words"',
        'graph.md §5, "No such words"',
        'erpnet.md §8 "People and companies", "No such words"',
    ],
)
def test_a_wrong_citation_is_seen(text: str) -> None:
    """A section, page or words that are not there."""
    assert any(mistake_in(cited) for cited in citations(text))


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("graph.md §0, §10; erpnet.md §3", [("graph.md", 0), ("graph.md", 10), ("erpnet.md", 3)]),
        ("graph.md T1, and what Deleted Items hold\n    (§8)", [("graph.md", 8)]),
        ("RFC 5545 §3.1, azure.md §2", [("azure.md", 2)]),
        ("[tech: reference/options §7] erpnet.md §5 and §7", [("erpnet.md", 5), ("erpnet.md", 7)]),
    ],
)
def test_citations_are_read(text: str, cited: list[tuple[str, int]]) -> None:
    """Lists, bare sections and those of others."""
    assert [(one.page, one.section) for one in citations(text)] == cited


def test_traps_are_read() -> None:
    """Lists and ranges."""
    assert traps_named("traps 5 to 7, 13 and 2; trap 4; traps T1, T2") == {2, 4, 5, 6, 7, 13}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_readme_names_every_page(page: Path) -> None:
    """Whoever meets a citation finds its page."""
    assert f"({page.relative_to(ROOT)})" in (ROOT / "README.md").read_text(encoding="utf-8")
