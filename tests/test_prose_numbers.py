"""Every percentage and every number of four or more digits in a lesson's prose is accounted for."""

import re
import tomllib
from pathlib import Path

import jupytext
import pytest

from course_utils import claims
from tools.notebooks import targets

ALLOWED = tomllib.loads(Path(__file__).with_name("prose_numbers.toml").read_text(encoding="utf-8"))
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
PERCENTAGE = re.compile(rf"(?<![\d.,\w])({NUMBER})[  ]?(?:%|percent|per cent)")
LONG = re.compile(rf"(?<![\d.,\w])({NUMBER})(?![\d\w])")
NOT_PROSE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)|https?://\S+|arXiv:? ?\d+\.\d+", re.S | re.I)
LESSONS = [target for target in targets() if target.kind != "solutions"]


def stated(text: str) -> list[str]:
    """Return the numbers in Markdown that need an account, as written (``%`` kept)."""
    prose = NOT_PROSE.sub(" ", text).replace("\u202f", " ")
    percentages = [f"{found} %" for found in PERCENTAGE.findall(prose)]
    long = [n for n in LONG.findall(PERCENTAGE.sub(" ", prose)) if len(re.sub(r"\D", "", n)) >= 4]
    return percentages + long


def accounts(number: str) -> dict[str, str]:
    """Return the allow-list of a lesson: number as written to the reason."""
    return ALLOWED.get(number, {})


def known_values(lesson: str) -> list[float]:
    """Return every number that the claims and results of a lesson hold."""
    values: list[float] = []
    for profile in ("quick", "full"):
        for promise in claims.promises(profile).values():
            if promise.id.startswith(f"{lesson}."):
                values += numbers_in(promise.target)
    for result in claims.results().values():
        if result.id.startswith(f"{lesson}."):
            values += [*result.values, result.mean, result.spread]
    return values


def numbers_in(target) -> list[float]:
    """Return the numbers in a promise's target."""
    if isinstance(target, list):
        return [number for item in target for number in numbers_in(item)]
    is_number = isinstance(target, int | float) and not isinstance(target, bool)
    return [float(target)] if is_number else []


def equals_one(written: str, values: list[float]) -> bool:
    """Return whether a number as written is one of ``values``, rounded to as many decimals."""
    plain = written.removesuffix(" %").replace(",", "")
    decimals = len(plain.partition(".")[2])
    return any(abs(round(value, decimals) - float(plain)) < 1e-9 for value in values)


@pytest.mark.parametrize("target", LESSONS, ids=lambda t: f"{t.kind}-{t.source.stem}")
def test_every_number_in_the_prose_is_a_claim_or_a_result_or_allowed(target):
    notebook = jupytext.read(target.source, fmt="py:percent")
    prose = "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    values, allowed = known_values(target.number), accounts(target.number)
    unaccounted = [n for n in stated(prose) if n not in allowed and not equals_one(n, values)]
    assert not unaccounted


def test_every_allowed_number_has_a_reason_and_is_used():
    for lesson, entries in ALLOWED.items():
        texts = [t.source.read_text(encoding="utf-8") for t in LESSONS if t.number == lesson]
        used = {number for text in texts for number in stated(text)}
        assert all(len(reason) >= 10 for reason in entries.values()), lesson
        assert set(entries) <= used, f"{lesson}: {set(entries) - used} is not in the prose"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("about 87.8 % and 91%", ["87.8 %", "91 %"]),
        ("60,000 images of 28 x 28", ["60,000"]),
        ("101770 weights", ["101770"]),
        ("in 2017 and arXiv:1708.07747", ["2017"]),
        ("`x = 12345` and [a](https://example.org/2020/1234) 100", []),
        ("3 of 10, 0.125", ["0.125"]),
    ],
)
def test_numbers_are_found_in_prose(text, found):
    assert stated(text) == found


def test_a_number_is_compared_at_its_own_precision():
    assert equals_one("91.2 %", [91.16])
    assert equals_one("101,770", [101770])
    assert not equals_one("91.3 %", [91.16])
