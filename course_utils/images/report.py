"""Reports: plain text, at most 80 columns, the same on every machine."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

WIDTH = 80
SHOWN = 5


@dataclass(frozen=True, repr=False)
class Report:
    """What `scan` found; printing it shows everything in a page.

    Attributes
    ----------
    folder : Path
    counts : dict of str to int
        For each class, the files that are named like a picture.
    sizes : dict of (width, height) to int
        The readable pictures of each size, in pixels, commonest first.
    modes : dict of str to int
        The readable pictures of each colour mode, as Pillow calls it: RGB, L (grey), CMYK ...
    duplicates : list of list of str
        Groups of files that hold the same picture, pixel for pixel, whatever else their bytes
        say. (A JPEG and its copy in another format are not noticed.)
    unreadable, wrong_format : list of (str, str)
        Files that give no picture, files whose content is not what their name says; each with
        the reason.
    animated, cmyk, sixteen_bit, turned : list of str
        Pictures that `ImageFolder` reads, and other programs may read differently.
    clutter, others : list of str
        What systems left behind, and files that are not named like a picture.

    Every path is relative to ``folder``.
    """

    folder: Path
    counts: dict[str, int]
    sizes: dict[tuple[int, int], int]
    modes: dict[str, int]
    duplicates: list[list[str]]
    unreadable: list[tuple[str, str]]
    wrong_format: list[tuple[str, str]]
    animated: list[str]
    cmyk: list[str]
    sixteen_bit: list[str]
    turned: list[str]
    clutter: list[str]
    others: list[str]

    @property
    def bad(self) -> list[tuple[str, str]]:
        """What `clean` moves aside, with the reasons."""
        clutter = [(path, "left behind by a program, not a picture") for path in self.clutter]
        return [*self.unreadable, *self.wrong_format, *clutter]

    @property
    def conflicts(self) -> list[list[str]]:
        """The duplicates that lie in more than one class: at most one of their labels is right."""
        return [
            group
            for group in self.duplicates
            if len({path.partition("/")[0] for path in group}) > 1
        ]

    def __str__(self) -> str:
        total = sum(self.counts.values())
        classes = counted(len(self.counts), "class", "classes")
        lines = [f"{self.folder.name}: {counted(total, 'picture')} in {classes}"]
        width = max(map(len, self.counts))
        lines += [f"  {name:<{width}}  {n:>7,}" for name, n in self.counts.items()]
        lines += self._shapes()
        lines += section("Unreadable", self.unreadable)
        lines += section("Not what the name says", self.wrong_format)
        lines += section("Left behind by programs", self.clutter)
        lines += section("Same picture more than once", map(" = ".join, self.duplicates))
        lines += section("Same picture in two classes", map(" = ".join, self.conflicts))
        lines += section("Animated (the first picture counts)", self.animated)
        lines += section("CMYK (becomes RGB)", self.cmyk)
        lines += section("16 bits (the upper 8 count)", self.sixteen_bit)
        lines += section("Stored sideways (turned upright when read)", self.turned)
        lines += section("Other files (ignored)", self.others)
        lines.append(
            f"To move {counted(len(self.bad), 'bad file')} aside: images.clean(folder)."
            if self.bad
            else "Nothing to clean."
        )
        return "\n".join(lines)

    __repr__ = __str__

    def _shapes(self) -> list[str]:
        if not self.sizes:
            return []
        widths, heights = zip(*self.sizes, strict=True)
        common, n = next(iter(self.sizes.items()))
        modes = ", ".join(f"{mode} {n:,}" for mode, n in self.modes.items())
        return [
            f"Width {min(widths)} to {max(widths)}, height {min(heights)} to {max(heights)}; "
            f"commonest {common[0]} x {common[1]} ({n:,})",
            f"Colours: {modes}",
        ]


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
