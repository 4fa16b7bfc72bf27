"""Read what learners handed in: notebooks, folders of them, zips; of each only its answers.

Nothing is unpacked to disk, and nothing of a submission is kept but the sources of answer cells.
"""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from course_utils.grading import archives
from course_utils.grading.archives import BadFile
from course_utils.grading.notebooks import answer_cells
from course_utils.grading.showing import printable

LARGEST = 20_000_000  # bytes of one notebook, and of a learner's zip
LONGEST_NAME = 80  # characters of a file's name in a message
_MOODLE = re.compile(r"_(\d+)_(?:assignsubmission|assign|onlinetext)_.*$")
_CANVAS = re.compile(r"_(?:LATE_)?(\d{3,})_\d{3,}_.*$")
_LESSON = r"(?:0\d[ _-]{0,3})?exercises?|(?<=[ _-])0\d|\(\d\d?\)|(?<=-)copy\d+"
_LAST = re.compile(rf"(?<![ _-])[ _-]*(?:{_LESSON})$", re.I)  # one of what a file's name ends with
_MOST_LAST = 10


@dataclass(frozen=True)
class Submission:
    """The answers of one learner: the source of each answer cell by the exercise's id.

    ``problems`` holds one line for each thing that could not be read, ``twice`` the ids of
    exercises with different answers. ``more`` are ids and sources of further answers, until it is
    known which one of each counts.
    """

    learner: str
    answers: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    more: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Found:
    """A file of a submission: where it was found, ids and sources of its answers, odd things.

    ``inside`` names the learner's zip that it was in.
    """

    path: PurePosixPath
    cells: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    inside: str = ""


def read(path: Path) -> list[Submission]:
    """Return the submissions in a notebook, a folder or a zip, sorted by the learner's name.

    A learner is named by the folder right below ``path``, or by the file where there is none. Of
    several answers to an exercise the first is in ``answers``, all others are in ``more``.

    Raises
    ------
    FileNotFoundError
        If there is nothing at ``path``, or nothing in it.
    """
    path = Path(path)
    if path.is_dir():
        files = _in_folder(path)
    elif path.exists():
        files = _in_file(path, PurePosixPath(path.name), PurePosixPath(), archives.CLASS)
    else:
        raise FileNotFoundError(printable(f"there is nothing at {path}"))
    owners: dict[str, dict[str, list[Found]]] = defaultdict(lambda: defaultdict(list))
    for found in files:
        name, number = owner(found.path)
        owners[name][number].append(found)
    if not owners:
        raise FileNotFoundError(printable(f"no submissions in {path}"))
    read = [_submission(*one) for name in owners for one in _apart(name, owners[name])]
    return sorted(read, key=by_name)


def by_name(one: Submission) -> tuple[str, str]:
    """Return what to sort submissions by, capital letters or not."""
    return one.learner.casefold(), one.learner


def owner(path: PurePosixPath) -> tuple[str, str]:
    """Return whose file this is, and the number that a platform gave it.

    Examples
    --------
    >>> owner(PurePosixPath("ada/01_exercises.ipynb")), owner(PurePosixPath("ada_01.ipynb"))
    (('ada', ''), ('ada', ''))
    >>> owner(PurePosixPath("Ada L_12_assignsubmission_file_/01_exercises.ipynb"))
    ('Ada L', '12')
    """
    whole = _folder(path).parts[0]
    found = _platform(whole)
    name = whole[: found.start()] if found else whole
    return unicodedata.normalize("NFC", name.strip() or whole), found[1] if found else ""


def _folder(path: PurePosixPath) -> PurePosixPath:
    """Return the folder of a file, or one that is named like its learner where it has none."""
    if len(path.parts) > 1:
        return path.parent
    name = path.stem
    for _ in range(0 if _platform(name) else _MOST_LAST):
        name = _LAST.sub("", name.strip())
    return PurePosixPath(name.strip() or path.stem)


def _platform(name: str) -> re.Match | None:
    """Find what a learning platform added to a learner's name."""
    return _MOODLE.search(name) or _CANVAS.search(name)


def _apart(name: str, numbers: Mapping[str, list[Found]]) -> Iterator[tuple]:
    """Yield name, files and remarks of all who are called ``name``."""
    if len(numbers) == 1:
        yield name, *numbers.values(), ()
        return
    for number, files in numbers.items():
        other = f"{name} ({number})" if number else name
        yield other, files, (f"{len(numbers)} are called {name}: told apart by a number",)


def _in_folder(folder: Path) -> Iterator[Found]:
    """Yield all files below ``folder``, and what else is there with a line about it."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        where = PurePosixPath(here.relative_to(folder).as_posix())
        try:
            with os.scandir(here) as entries:
                inside = sorted((e for e in entries if not _hidden(e.name)), key=lambda e: e.name)
        except OSError as problem:
            yield _bad(where, f"can't be read: {problem.strerror}")
            continue
        if not inside and here != folder:
            yield _bad(where, "is an empty folder")
        for entry in inside:
            if entry.is_symlink():
                yield _bad(where / entry.name, "is a link: not followed")
            elif entry.is_dir():
                waiting.append(here / entry.name)
            else:
                path = where / entry.name
                yield from _in_file(here / entry.name, path, _folder(path), archives.LEARNER)


def _hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))


def _bad(path: PurePosixPath, problem: str) -> Found:
    return Found(path, problems=(problem,))


def _in_file(
    path: Path, where: PurePosixPath, above: PurePosixPath, most: archives.Most
) -> Iterator[Found]:
    """Yield the file, or what is in it if it is a zip: files in the folder ``above``."""
    suffix = path.suffix.lower()
    try:
        if not path.is_file():
            yield _bad(where, "is neither a file nor a folder")
        elif suffix not in archives.READ:
            yield _bad(where, "is not a notebook (.ipynb)")
        elif suffix == ".zip" and most == archives.CLASS:
            yield from _in_zip(path, where, above, most)
        elif (size := path.stat().st_size) > LARGEST:
            yield _bad(where, archives.too_large(size))
        elif suffix == ".zip":
            yield from _in_zip(path, where, above, most)
        else:
            yield _notebook(where, path.read_bytes())
    except OSError as problem:
        yield _bad(where, f"can't be read: {problem.strerror}")


def _in_zip(
    file: Path | bytes, where: PurePosixPath, above: PurePosixPath, most: archives.Most
) -> Iterator[Found]:
    """Yield a zip's members: those of a class, with learners' zips in it, or of a learner."""
    inside = where.name if most == archives.LEARNER else ""
    try:
        for member in archives.members(file, LARGEST, most):
            path = above / member.path
            if member.problem:
                yield replace(_bad(path, member.problem), inside=inside)
            elif path.suffix.lower() == ".ipynb":
                yield replace(_notebook(path, member.content), inside=inside)
            elif most == archives.CLASS:
                yield from _in_zip(member.content, path, _folder(path), archives.LEARNER)
            else:
                yield replace(_bad(path, "is a zip inside a zip: not opened"), inside=inside)
    except BadFile as bad:
        yield _bad(where, str(bad))


def _notebook(path: PurePosixPath, content: bytes) -> Found:
    try:
        cells, odd = answer_cells(content)
    except BadFile as bad:
        return _bad(path, str(bad))
    return Found(path, tuple(cells), tuple(odd))


def _submission(name: str, files: Iterable[Found], remarks: tuple[str, ...]) -> Submission:
    """Put the answers of all files of a learner together."""
    answers: dict[str, str] = {}
    more, problems = [], list(remarks)
    for found in sorted(files, key=lambda found: str(found.path)):
        problems += [f"{_named(found)}: {line}" for line in found.problems]
        for id, source in found.cells:
            if answers.setdefault(id, source) != source:
                more.append((id, source))
    return Submission(name, answers, tuple(problems), more=tuple(more))


def _named(found: Found) -> str:
    """Return a file's name, with that of the learner's zip around it."""
    zipped = f"{_short(found.inside)}/" if found.inside else ""
    return zipped + _short(found.path.name)


def _short(name: str) -> str:
    """Return a file's name, without its middle if it is long."""
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[:half]}...{name[-half:]}"
