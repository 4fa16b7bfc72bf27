"""`scan`: every picture opened once, and what was found, as a report to read."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from course_utils.images.listing import Listing, listing
from course_utils.images.reading import (
    Unreadable,
    content_of,
    has_sixteen_bits,
    opened,
    orientation,
    pixels,
    rgb,
)
from course_utils.images.report import Report
from course_utils.images.threads import share_out

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
    sixteen_bit: bool = False
    turned: bool = False
    bytes_key: str = ""
    pixels_key: str = ""


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
    return report_of(listing(folder))


def report_of(found: Listing) -> Report:
    """Open the pictures of a listing, several at a time, and put what was found together."""
    paths = [path for paths in found.images.values() for path in paths]
    looked = {}

    def look(path: str) -> None:
        looked[path] = _look(found.folder, path)

    share_out(look, paths)
    pictures = [looked[path] for path in paths]
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
        sixteen_bit=[p.path for p in good if p.sixteen_bit],
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
        content = content_of(folder / path)
        with opened(content) as image:
            size, mode, format = image.size, image.mode, image.format
            animated = format != "MPO" and getattr(image, "is_animated", False)
            turned, sixteen_bit = orientation(image) > 1, has_sixteen_bits(image)
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
        sixteen_bit=sixteen_bit,
        turned=turned,
        bytes_key=_digest(content),
        pixels_key=key,
    )


def _pixels_key(path: Path) -> str:
    with opened(content_of(path)) as image:
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
