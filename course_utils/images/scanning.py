"""`scan`: every picture opened once, and what was found, as a report to read."""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from course_utils.images.listing import Listing, listing
from course_utils.images.reading import SIXTEEN_BIT, Unreadable, opened, orientation, pixels, rgb
from course_utils.images.reporting import counted, section

THREADS = min(8, os.cpu_count() or 1)
FORMATS = {  # the formats, as Pillow calls them, that a name may promise
    ".bmp": ("BMP",),
    ".gif": ("GIF",),
    ".jpeg": ("JPEG", "MPO"),
    ".jpg": ("JPEG", "MPO"),
    ".png": ("PNG",),
    ".ppm": ("PPM",),
    ".tif": ("TIFF",),
    ".tiff": ("TIFF",),
    ".webp": ("WEBP",),
}


@dataclass(frozen=True)
class Picture:
    """One file as `scan` found it; ``problem`` is empty where there is none."""

    path: str
    problem: str = ""
    readable: bool = True
    size: tuple[int, int] = (0, 0)
    mode: str = ""
    animated: bool = False
    turned: bool = False
    bytes_key: str = ""
    pixels_key: str = ""


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
        Groups of files that hold the same picture, pixel for pixel.
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
        return [group for group in self.duplicates if len({_class(path) for path in group}) > 1]

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


def scan(folder: str | Path) -> Report:
    """Open every picture of every class folder and report what is there; nothing is changed.

    Parameters
    ----------
    folder : str or Path
        A folder of class folders, such as ``cats`` and ``dogs``.

    Raises
    ------
    ImageError
        If it is not a folder of class folders, or no file in them is named like a picture.

    Examples
    --------
    >>> from course_utils import folder
    >>> scan(folder("cats_vs_dogs") / "test")
    test: 1,000 pictures in 2 classes
      cats      500
      dogs      500
    Width 32 to 32, height 32 to 32; commonest 32 x 32 (1,000)
    Colours: RGB 1,000
    Nothing to clean.
    """
    found = listing(folder)
    return report_of(found, inspect(found))


def inspect(found: Listing) -> list[Picture]:
    """Open the pictures of a listing, several at a time, and return them in its order."""
    paths = [path for paths in found.images.values() for path in paths]
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda path: _look(found.folder, path), paths))


def report_of(found: Listing, pictures: list[Picture]) -> Report:
    """Put what was found in each picture together."""
    good = [picture for picture in pictures if picture.readable]
    return Report(
        folder=found.folder,
        counts={name: len(paths) for name, paths in found.images.items()},
        sizes=_tally(picture.size for picture in good),
        modes=_tally(picture.mode for picture in good),
        duplicates=duplicates(found.folder, good),
        unreadable=[(p.path, p.problem) for p in pictures if not p.readable],
        wrong_format=[(p.path, p.problem) for p in good if p.problem],
        animated=[p.path for p in good if p.animated],
        cmyk=[p.path for p in good if p.mode == "CMYK"],
        sixteen_bit=[p.path for p in good if p.mode in SIXTEEN_BIT],
        turned=[p.path for p in good if p.turned],
        clutter=found.clutter,
        others=found.others,
    )


def duplicates(folder: Path, pictures: Iterable[Picture]) -> list[list[str]]:
    """Return the groups of paths whose pictures are the same, pixel for pixel.

    Pictures that agree when decoded small are compared at full size, unless their bytes agree.
    """
    small = defaultdict(list)
    for picture in pictures:
        small[picture.pixels_key].append(picture)
    groups = defaultdict(list)
    for key, alike in small.items():
        same_bytes = len({picture.bytes_key for picture in alike}) == 1
        for picture in alike if len(alike) > 1 else ():
            exact = "" if same_bytes else _pixels_key(folder / picture.path)
            groups[key, exact].append(picture.path)
    return sorted(group for group in groups.values() if len(group) > 1)


def _look(folder: Path, path: str) -> Picture:
    try:
        with opened(folder / path) as image:
            size, mode, format = image.size, image.mode, image.format
            animated = format != "MPO" and getattr(image, "is_animated", False)
            turned = orientation(image) > 1
            if animated:
                image.seek(0)
            image.draft(None, (1, 1))  # an eighth of the work for a JPEG, yet every byte is read
            key = _digest(f"{size} {turned}".encode(), rgb(image).tobytes())
    except Unreadable as reason:
        return Picture(path, problem=str(reason), readable=False)
    suffix = Path(path).suffix.lower()
    problem = "" if format in FORMATS[suffix] else f"a {format} picture named {suffix}"
    return Picture(
        path=path,
        problem=problem,
        size=size,
        mode=mode,
        animated=animated,
        turned=turned,
        bytes_key=_digest((folder / path).read_bytes()),
        pixels_key=key,
    )


def _pixels_key(path: Path) -> str:
    with opened(path) as image:
        upright = pixels(image)
        return _digest(str(upright.size).encode(), upright.tobytes())


def _digest(*parts: bytes) -> str:
    found = hashlib.blake2b(digest_size=16)
    for part in parts:
        found.update(part)
    return found.hexdigest()


def _tally(values: Iterable) -> dict:
    """Count the values, commonest first, in a fixed order where counts are equal."""
    return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def _class(path: str) -> str:
    return path.partition("/")[0]
