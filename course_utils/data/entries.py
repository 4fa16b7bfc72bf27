"""What data there are: ``datasets/catalog.toml``, read and made into entries."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

SIZES = ("mini", "full")
KINDS = {"images": "data set", "folders": "folder of pictures"}
COMES_AS = {"images": "arrays: load", "folders": "a folder of pictures: folder"}


class DataError(RuntimeError):
    """Data cannot be had; the message says why and what to do."""


@dataclass(frozen=True)
class Entry:
    """One data set as the catalog describes it.

    ``mini`` maps the name of each embedded part to its file and SHA-256; ``folder`` says what
    comes out where a folder is made of these parts; ``full`` holds the arrays' or the archive's
    checksums and the ordered list of sources. Each may be empty.
    """

    name: str
    kind: str
    title: str
    licence: str
    homepage: str = ""
    citation: str = ""
    class_names: tuple[str, ...] = ()
    mini: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    folder: Mapping[str, Any] = field(default_factory=dict)
    full: Mapping[str, Any] = field(default_factory=dict)


def datasets_folder() -> Path:
    """Return the folder of the catalog and the packs.

    Inside an installed wheel that is ``course_utils/_datasets``, in a checkout ``datasets``.
    """
    package = Path(str(files("course_utils")))
    for folder in (package / "_datasets", package.parent / "datasets"):
        if (folder / "catalog.toml").is_file():
            return folder
    raise DataError("the embedded data are missing from this installation; install it again")


@cache
def catalog() -> Mapping[str, Entry]:
    """Return every entry of the catalog, by name.

    Examples
    --------
    >>> catalog()["fashion_mnist"].licence
    'MIT'
    """
    text = (datasets_folder() / "catalog.toml").read_text(encoding="utf-8")
    return {
        name: Entry(name=name, **fields | {"class_names": tuple(fields.get("class_names", ()))})
        for name, fields in tomllib.loads(text).items()
    }


def entry(name: str, *, kind: str) -> Entry:
    """Return the entry ``name``, if it is of that kind.

    Raises
    ------
    DataError
        If there is none; the message lists the names and suggests the nearest.
    """
    other = catalog().get(name) if isinstance(name, str) else None
    if other and other.kind != kind and {kind, other.kind} == {"images", "folders"}:
        raise DataError(f"{name!r} comes as {COMES_AS[other.kind]}({name!r})")
    names = [other.name for other in catalog().values() if other.kind == kind]
    return catalog()[known(name, names, what=KINDS[kind])]


def known(name: str, names: Sequence[str], *, what: str) -> str:
    """Return ``name`` if it is one of ``names``; otherwise say which it could have been."""
    if name in names:
        return name
    near = get_close_matches(str(name), names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise DataError(f"no {what} is called {name!r}; there are {', '.join(names) or 'none'}.{hint}")


def embedded(part: Mapping[str, Any]) -> bytes:
    """Return the bytes of one embedded file, once its SHA-256 is found right."""
    path = datasets_folder() / part["file"]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read the embedded file {path}: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != part["sha256"]:
        raise DataError(
            f"the embedded file {path} is damaged (its SHA-256 is not the catalog's); "
            "install the course again, or restore the file with `git checkout -- datasets`"
        )
    return content
