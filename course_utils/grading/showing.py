"""Make text that a learner wrote safe to show: in a line, in a file name, in a spreadsheet."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence

LONGEST = 300  # characters of a message
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
FORMULA = tuple("=+-@'＝＋－＠")


def printable(text: str, *, lines: bool = False) -> str:
    """Return ``text`` with every character that would not be seen spelt out.

    These are control characters, those that turn the direction of writing, and halves of broken
    ones. With ``lines`` line breaks and tabs stay.

    Examples
    --------
    >>> printable("Ada\\u202e\\n")
    'Ada\\\\u202e\\\\n'
    """
    kept = "\n\t" if lines else ""
    return "".join(
        c if c.isprintable() or c in kept else c.encode("unicode_escape").decode() for c in text
    )


def one_line(text: str, most: int = LONGEST) -> str:
    """Return ``text`` on one line, cut, and the same in every run (no addresses in memory).

    Examples
    --------
    >>> one_line("<function f at 0x7f1b2c3d4e5f>\\n  is not a number")
    '<function f at 0x...> is not a number'
    """
    line = printable(" ".join(ADDRESS.sub("0x...", text[: 4 * LONGEST]).split()))
    return line if len(line) <= most else line[: most - 4] + " ..."


def few(lines: Sequence[str], most: int = 10) -> tuple[str, ...]:
    """Return the first lines, and how many more there are.

    Examples
    --------
    >>> few(["a", "b"]), few("abcd", most=2)
    (('a', 'b'), ('a', 'b', 'and 2 more such lines'))
    """
    more = (f"and {len(lines) - most} more such lines",) if len(lines) > most else ()
    return (*lines[:most], *more)


def file_name(learner: str) -> str:
    """Return a name for a learner's page that no other learner has, on any file system.

    64 bits of a hash tell apart names whose letters are the same, made so on purpose or not.

    Examples
    --------
    >>> file_name("Zoë / ../Müller")
    'zoe-muller-bd29c0dfbb3c656d'
    """
    letters = unicodedata.normalize("NFKD", learner).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", letters)
    code = hashlib.sha256(learner.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return "-".join([*words, code])[-60:].lstrip("-")


def cell(text: str) -> str:
    """Return ``text`` for a spreadsheet, where it must not become a formula.

    No semicolon stays in it: where that parts the cells, what follows would be one of its own.

    Examples
    --------
    >>> cell("=1+1"), cell("Ada;=1")
    ("'=1+1", 'Ada,=1')
    """
    text = one_line(text).replace(";", ",")
    return f"'{text}" if text.startswith(FORMULA) else text
