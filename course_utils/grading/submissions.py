"""Read what learners handed in: notebooks, folders of them, zips; of each only its answers.

Nothing is unpacked to disk, and nothing of a submission is kept but the sources of answer cells.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from course_utils.grading.archives import BadFile, members
from course_utils.grading.notebooks import answer_cells

LARGEST = 20_000_000  # bytes of one notebook
_PLATFORM = re.compile(r"_\d+_(assignsubmission|assign)_.*$")  # what Moodle adds to a name
_LESSON = re.compile(r"[ _-]*(0\d)?[ _-]*exercises?$|[ _-]+0\d$", re.I)


@dataclass(frozen=True)
class Submission:
    """The answers of one learner: the source of each answer cell by the exercise's id.

    ``problems`` holds one line for each thing that could not be read.
    """

    learner: str
    answers: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """A file of a submission: where it was found, and its bytes or why there are none."""

    path: PurePosixPath
    content: bytes = b""
    problem: str = ""


def read(path: Path) -> list[Submission]:
    """Return the submissions in a notebook, a folder or a zip, sorted by the learner's name.

    A learner is named by the folder right below ``path``, or by the file where there is none.

    Raises
    ------
    FileNotFoundError
        If there is nothing at ``path``.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no submissions in {path}")
    files = (
        _in_folder(path)
        if path.is_dir()
        else _in_file(path, PurePosixPath(path.name), PurePosixPath())
    )
    learners: dict[str, list[Found]] = {}
    for found in sorted(files, key=lambda found: str(found.path)):
        learners.setdefault(learner(found.path), []).append(found)
    return [_submission(name, learners[name]) for name in sorted(learners)]


def learner(path: PurePosixPath) -> str:
    """Return whose file this is.

    Examples
    --------
    >>> learner(PurePosixPath("ada/01_exercises.ipynb")), learner(PurePosixPath("ada_01.ipynb"))
    ('ada', 'ada')
    >>> learner(PurePosixPath("Ada L_12_assignsubmission_file_/01_exercises.ipynb"))
    'Ada L'
    """
    if len(path.parts) > 1:
        return _PLATFORM.sub("", path.parts[0]) or path.parts[0]
    return _LESSON.sub("", _PLATFORM.sub("", path.stem)) or path.stem


def _in_folder(folder: Path) -> Iterator[Found]:
    for path in sorted(folder.rglob("*")):
        where = PurePosixPath(path.relative_to(folder).as_posix())
        if any(part.startswith((".", "__MACOSX")) for part in where.parts):
            continue
        if path.is_symlink():
            yield Found(where, problem="is a link: not followed")
        elif path.is_file():
            above = where.parent if len(where.parts) > 1 else PurePosixPath(where.stem)
            yield from _in_file(path, where, above)


def _in_file(path: Path, where: PurePosixPath, above: PurePosixPath) -> Iterator[Found]:
    """Yield the file, or what is in it if it is a zip: files in the folder ``above``."""
    if path.suffix.lower() == ".zip":
        yield from _in_zip(path, where, above)
    elif path.suffix.lower() != ".ipynb":
        yield Found(where, problem="is not a notebook (.ipynb)")
    elif path.stat().st_size > LARGEST:
        size = path.stat().st_size // 1_000_000
        yield Found(where, problem=f"is too large ({size} MB): clear its outputs and hand it in")
    else:
        yield Found(where, path.read_bytes())


def _in_zip(path: Path, where: PurePosixPath, above: PurePosixPath) -> Iterator[Found]:
    """Yield a zip's members: those of a class, or of a learner where it lies in a folder."""
    try:
        inside = [(PurePosixPath(name), content) for name, content in members(path, LARGEST)]
    except BadFile as bad:
        yield Found(where, problem=str(bad))
        return
    for name, content in _without_common(inside):
        problem = content if isinstance(content, str) else ""
        if not problem and name.suffix.lower() != ".ipynb":
            problem = "is not a notebook (.ipynb)"
        yield Found(above / name, b"" if problem else content, problem)


def _without_common(inside: list[tuple[PurePosixPath, object]]) -> Iterator[tuple]:
    """Yield members without the one folder that holds all learners' folders, if there is one."""
    first = {name.parts[0] for name, _ in inside}
    common = len(first) == 1 and all(len(name.parts) > 2 for name, _ in inside)
    for name, content in inside:
        yield PurePosixPath(*name.parts[1:]) if common else name, content


def _submission(name: str, files: Iterable[Found]) -> Submission:
    """Put the answers of all files of a learner together; an id that comes twice counts as none."""
    answers: dict[str, str] = {}
    twice, problems = set(), []
    for found in files:
        try:
            if found.problem:
                raise BadFile(found.problem)
            cells, odd = answer_cells(found.content)
        except BadFile as bad:
            problems.append(f"{found.path.name}: {bad}")
            continue
        problems += [f"{found.path.name}: {line}" for line in odd]
        for id, source in cells:
            twice |= {id} & set(answers)
            answers[id] = source
    for id in sorted(twice):
        del answers[id]
        problems.append(f"{id} is answered more than once: none of these answers counts")
    return Submission(name, answers, tuple(problems))
