"""Which pictures a folder holds: one sub-folder for each class, in the order that Keras uses."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
CLUTTER_FOLDERS = ("__MACOSX", ".ipynb_checkpoints")
CLUTTER_FILES = ("thumbs.db", "ehthumbs.db", "desktop.ini")


class ImageError(RuntimeError):
    """A picture or a folder of pictures cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Listing:
    """The files of a folder of class folders, by name alone: none is opened.

    Attributes
    ----------
    folder : Path
    images : dict of str to list of str
        For each class, sorted, its pictures: paths below ``folder`` with ``/`` between names.
    clutter : list of str
        What systems and tools leave behind and other programs may take for a picture or a class.
    others : list of str
        Files in the class folders whose name is not a picture's.
    """

    folder: Path
    images: dict[str, list[str]]
    clutter: list[str]
    others: list[str]


def listing(folder: str | Path) -> Listing:
    """List the pictures of each class folder; hidden files and ``__MACOSX`` are left out.

    Classes and pictures come in the order in which Keras lists them. Folders inside a class
    folder count as part of the class; links to folders inside it are not followed.

    Raises
    ------
    ImageError
        If there is no such folder, it cannot be opened, or it is not a folder of class folders.
    """
    folder = Path(folder).expanduser()
    names = _class_names(folder)
    images: dict[str, list[str]] = {name: [] for name in names}
    clutter = sorted(name for name in CLUTTER_FOLDERS if (folder / name).is_dir())
    others = []
    for name in names:
        for path in _files(folder, name):
            kind = _kind(path.rpartition("/")[2])
            {"image": images[name], "clutter": clutter, "other": others}.get(kind, []).append(path)
    _check(folder, images, others)
    return Listing(folder, images, clutter, others)


def _class_names(folder: Path) -> list[str]:
    """Return the names of the class folders, sorted."""
    entries = _entries(folder)
    names = [
        entry.name
        for entry in entries
        if not entry.name.startswith(".") and entry.name not in CLUTTER_FOLDERS and _is_dir(entry)
    ]
    if not names:
        loose = any(_kind(entry.name) == "image" for entry in entries)
        found = "pictures but no class folders" if loose else "no class folders"
        raise ImageError(
            f"{folder} holds {found}; put the pictures of each class into a folder of its own, "
            f"such as {folder / 'cats'} and {folder / 'dogs'}"
        )
    for name in names:
        _refuse_loop(folder, folder / name)
    return names


def _is_dir(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ImageError(f"cannot follow the link {entry.path} ({reason}); remove it") from error


def _refuse_loop(folder: Path, path: Path) -> None:
    if path.is_symlink() and folder.resolve().is_relative_to(path.resolve()):
        raise ImageError(f"{path} is a link that leads back to {path.resolve()}; remove the link")


def _entries(folder: Path) -> list[os.DirEntry]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        raise ImageError(f"there is no folder {folder}") from None
    except NotADirectoryError:
        raise ImageError(
            f"{folder} is a file; give the folder that holds the class folders"
        ) from None
    except OSError as error:
        raise _closed(error, folder) from error


def _files(folder: Path, name: str) -> Iterator[str]:
    """Yield every file below a class folder, folder by folder as Keras does."""

    def fail(error: OSError) -> None:
        raise _closed(error, folder / name) from error

    top = folder / name
    for root, _, files in sorted(os.walk(top, onerror=fail)):
        inside = Path(root).relative_to(folder)
        if any(part.startswith(".") or part in CLUTTER_FOLDERS for part in inside.parts):
            continue
        yield from ((inside / file).as_posix() for file in sorted(files))


def _closed(error: OSError, folder: Path) -> ImageError:
    reason = (error.strerror or str(error)).lower()
    return ImageError(f"cannot open the folder {error.filename or folder}: {reason}")


def _kind(name: str) -> str:
    """Say by its name what a file is: image, clutter, hidden or other."""
    is_image = name.lower().endswith(SUFFIXES)
    if name.lower() in CLUTTER_FILES or (name.startswith(".") and is_image):
        return "clutter"
    if name.startswith("."):
        return "hidden"
    return "image" if is_image else "other"


def _check(folder: Path, images: dict[str, list[str]], others: list[str]) -> None:
    """Refuse a folder without pictures, and one whose classes lie one folder deeper."""
    if not any(images.values()):
        count = (
            f"none of its {len(others)} files is named like one" if others else "it has no files"
        )
        deeper = _deeper(folder, images)
        hint = f"; did you mean {deeper}?" if deeper else f" ({', '.join(SUFFIXES)})"
        raise ImageError(f"{folder} holds no pictures in its class folders: {count}{hint}")
    if all(path.count("/") > 1 for paths in images.values() for path in paths):
        raise ImageError(
            f"the pictures of {folder} lie one folder too deep "
            f"({next(path for paths in images.values() for path in paths)}); "
            f"did you mean {_deeper(folder, images)}?"
        )


def _deeper(folder: Path, images: dict[str, list[str]]) -> Path | None:
    """Return the first class folder that holds folders itself."""
    for name in images:
        if any(_is_dir(entry) for entry in _entries(folder / name)):
            return folder / name
    return None
