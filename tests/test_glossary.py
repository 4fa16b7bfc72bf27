"""Glossary and lessons hold together: what is linked is defined, what is defined is used."""

import re
from pathlib import Path

import jupytext
import pytest

from tools.notebooks import SOURCES, targets

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ENTRY = re.compile(r"^## (?P<term>.+)\n(?P<text>(?:(?!## ).*\n?)*)", re.M)
LESSON = re.compile(r"→ \[lesson (\d)\]\(\.\./notebooks/(\S+)\.ipynb\)\s*\Z")
LINK = re.compile(r"glossary\.md#([^)\s]+)")
SENTENCE_WORDS = 70  # an entry has room for two or three sentences
LESSONS = [target for target in targets() if target.kind == "lesson"]


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading.

    Examples
    --------
    >>> anchor("Top-1 and top-5"), anchor("SmoothGrad (2017)")
    ('top-1-and-top-5', 'smoothgrad-2017')
    """
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def entries(text: str) -> dict[str, str]:
    """Return each term of a glossary and its text, in order; a term defined twice is an error."""
    found = [(match["term"].strip(), match["text"].strip()) for match in ENTRY.finditer(text)]
    assert len(dict(found)) == len(found), "a term is defined twice"
    return dict(found)


def linked(text: str) -> set[str]:
    """Return the anchors that a text's links into the glossary name."""
    return set(LINK.findall(text))


def undefined(glossary: str, text: str) -> set[str]:
    """Return the anchors that ``text`` links and ``glossary`` does not define."""
    return linked(text) - {anchor(term) for term in entries(glossary)}


def unused(glossary: str, texts: dict[str, str]) -> dict[str, str]:
    """Return the terms that the lesson which they name does not link, and that lesson."""
    named = {term: LESSON.search(text)[1] for term, text in entries(glossary).items()}
    return {
        term: number
        for term, number in named.items()
        if anchor(term) not in linked(texts.get(number, ""))
    }


def prose(source: Path) -> str:
    """Return the Markdown of a lesson's source."""
    cells = jupytext.read(source, fmt="py:percent").cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


TERMS = entries(TEXT)


@pytest.mark.parametrize("target", targets(), ids=lambda t: f"{t.kind}-{t.source.stem}")
def test_every_term_that_a_notebook_links_is_defined(target):
    assert not undefined(TEXT, prose(target.source))


def test_every_term_is_linked_from_the_lesson_that_introduces_it():
    texts = {str(int(target.number)): prose(target.source) for target in LESSONS}
    assert not unused(TEXT, texts)


def test_every_entry_ends_with_a_link_to_its_lesson():
    for term, text in TERMS.items():
        place = LESSON.search(text)
        assert place, term
        assert int(place[2][:2]) == int(place[1]), term
        assert (SOURCES / f"{place[2]}.py").exists(), term


def test_links_between_entries_lead_to_entries():
    anchors = {anchor(term) for term in TERMS}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors


def test_the_terms_stand_in_the_order_of_the_alphabet():
    assert list(TERMS) == sorted(TERMS, key=str.lower)


def test_there_are_at_least_sixty_terms_and_each_is_short():
    assert len(TERMS) >= 60
    long = {term for term, text in TERMS.items() if len(text.split()) > SENTENCE_WORDS}
    assert not long


GLOSSARY = """# Glossary

## Filter
A kernel. → [lesson 1](../notebooks/01_x.ipynb)

## Top-1 and top-5
Two numbers. → [lesson 2](../notebooks/02_y.ipynb)
"""


def test_a_link_without_a_term_is_found():
    text = "[filter](../docs/glossary.md#filter), [kernel](../docs/glossary.md#kernel)"
    assert undefined(GLOSSARY, text) == {"kernel"}


def test_a_term_that_its_lesson_does_not_link_is_found():
    elsewhere = {"1": "filter", "2": "[a](../docs/glossary.md#top-1-and-top-5)"}
    assert unused(GLOSSARY, elsewhere) == {"Filter": "1"}


def test_a_term_defined_twice_is_found():
    with pytest.raises(AssertionError, match="twice"):
        entries(GLOSSARY + "\n## Filter\nAgain.\n")


@pytest.mark.parametrize(
    ("heading", "name"),
    [("Top-1 and top-5", "top-1-and-top-5"), ("Grad-CAM", "grad-cam"), ("FLOP", "flop")],
)
def test_anchors_are_those_of_github(heading, name):
    assert anchor(heading) == name
