"""The words of the reports: plain text, at most 80 columns, the same on every machine."""

from collections.abc import Iterable

WIDTH = 80
SHOWN = 5


def counted(n: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "picture"), counted(2500, "picture"), counted(2, "class", "classes")
    ('1 picture', '2,500 pictures', '2 classes')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def section(title: str, items: Iterable[str | tuple[str, str]], shown: int = SHOWN) -> list[str]:
    """Return the lines of one part of a report: a title with a count, and the first few items.

    Examples
    --------
    >>> section("Unreadable", [("a/1.jpg", "empty"), ("a/2.jpg", "empty")], shown=1)
    ['Unreadable: 2', '  a/1.jpg: empty', '  and 1 more']
    >>> section("Unreadable", [])
    []
    """
    texts = [item if isinstance(item, str) else f"{item[0]}: {item[1]}" for item in items]
    if not texts:
        return []
    more = [f"  and {len(texts) - shown:,} more"] if len(texts) > shown else []
    return [f"{title}: {len(texts):,}", *(_fit(f"  {text}") for text in texts[:shown]), *more]


def _fit(line: str) -> str:
    """Take the middle out of a line that is too long."""
    if len(line) <= WIDTH:
        return line
    keep = (WIDTH - 5) // 2
    return f"{line[:keep]} ... {line[-keep:]}"
