"""Grade a class: read the submissions, mark each in the sandbox, write the report."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from course_utils.grading import choosing, kept, report, run, submissions, templates
from course_utils.grading.marks import Marked, shown
from course_utils.grading.showing import few, one_line, printable
from course_utils.grading.submissions import Submission
from course_utils.grading.summary import Entry, Graded
from course_utils.grading.templates import Template

WARNING = "without a sandbox, what learners wrote runs with your rights and can forge its marks"
STOPPED = (
    "grading was stopped",
    "took too long",
    "too much processor time",
)  # perhaps the machine was busy: ask once more
STOPPING = (
    "stopping when what is in progress is marked (Ctrl-C once more: at once); "
    "the same command goes on from there"
)


class AtOnce(KeyboardInterrupt):
    """Stopped a second time: what is in progress is not waited for."""


def grade(
    paths: Sequence[Path],
    out: Path,
    exercises: Mapping[str, Template],
    *,
    lessons: Sequence[str] = (),
    seed: int | None = None,
    workers: int = 1,
    trust: bool = False,
    patience: float = 1.0,
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> Graded:
    """Mark all submissions in ``paths``, write the report into ``out`` and return the marks.

    Parameters
    ----------
    paths : sequence of Path
        Notebooks, folders and zips.
    out : Path
        What was marked there before, by the same exercises and seed, is not marked again.
    exercises : mapping of Template
        All exercises of the course, by id.
    lessons : sequence of str
        Which lessons count; by default those that at least half of those who answered anything
        answered.
    seed : int, optional
        Draws the hidden inputs; by default that of the run before in ``out``, or a new one.
    workers : int
        Submissions that are marked at the same time.
    trust : bool
        Run what learners wrote without a sandbox.
    patience : float
        Multiplies the limits of time, for a machine that is slow or busy.

    Raises
    ------
    ValueError
        If there is no sandbox here and no ``trust``, or a path or lesson can't be used.
    OSError
        If something can't be written.
    """
    blanks = {id: exercise.blank for id, exercise in exercises.items()}
    found = choosing.together(list(_read(paths, out)), blanks)
    wanted = _wanted(exercises, lessons, found)
    keep = kept.Kept(out / "kept")
    keep.open()
    seed = keep.seed(seed)
    version = templates.version(wanted)
    try:
        with run.grader(wanted, seed=seed, trust=trust, patience=patience) as grader:
            if trust:
                say(f"course: warning: {WARNING}")
            say(f"{len(found)} submissions; lessons {', '.join(sorted({id[:2] for id in wanted}))}")
            marker = Marker(grader, keep, [version, seed, trust])
            entries = _mark_all(found, marker, workers, say)
    except run.CannotGrade as why:
        raise ValueError(f"no sandbox here: {why}. With --trust it goes, but {WARNING}") from None
    titles = {id: one.title.removeprefix(id).lstrip(" ·") for id, one in wanted.items()}
    graded = Graded(
        tuple(entries),
        seed,
        version,
        sandboxed=not trust,
        titles=titles,
        remarks=choosing.of_class(found, wanted),
    )
    report.write(graded, out)
    return graded


@dataclass(frozen=True)
class Marker:
    """Marks submissions and keeps the marks; ``settings`` is all that they depend on besides."""

    grader: run.Grader
    keep: kept.Kept
    settings: list

    def __call__(self, one: Submission) -> Marked:
        """Return the marks of a submission, those kept before if its answers are the same."""
        known = self.grader.exercises
        answers = {id: source for id, source in one.answers.items() if id in known}
        name = kept.key(answers, sorted(known), *self.settings)
        marked = self.keep.get(name)
        if marked is None:
            marked = self.grader.grade(Submission("", answers))
            if not _stopped(marked):
                self.keep.put(name, marked)
        problems = [*one.problems, *marked.problems, *choosing.unknown(one.answers, known)]
        if not answers and not set(one.twice) & set(known):  # this learner's remark, not a note
            problems += choosing.not_graded(one.answers, known)
        marks = tuple(
            replace(mark, problem=choosing.TWICE) if mark.id in one.twice else mark
            for mark in marked.marks
        )
        return Marked(one.learner, marks, few(problems))


def _stopped(marked: Marked) -> bool:
    """Return whether a limit may have ended an answer that would have been right."""
    said = [mark.problem for mark in marked.marks]
    said += [probe.message for mark in marked.marks for probe in mark.probes]
    return any(words in line for line in said for words in STOPPED)


def below(graded: Graded, percent: float) -> list[str]:
    """Return the learners with fewer than ``percent`` of the points."""
    enough = graded.points * percent / 100
    return [entry.learner for entry in graded.entries if entry.marked.earned < enough]


def _read(paths: Sequence[Path], out: Path) -> Iterator[Submission]:
    for path in paths:
        if Path(os.path.realpath(out)).is_relative_to(os.path.realpath(path)):
            raise ValueError(
                printable(f"the report {out} would stand among the submissions {path}")
            )
        yield from submissions.read(path)


def _wanted(
    exercises: Mapping[str, Template], lessons: Sequence[str], found: Sequence[Submission]
) -> dict[str, Template]:
    """Return the exercises to grade."""
    known = sorted({id[:2] for id in exercises})
    numbers = {number.zfill(2) for number in lessons} or set(choosing.answered(found)) & set(known)
    if unknown := numbers - set(known):
        raise ValueError(f"no lesson {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if not numbers:
        odd = next((f" ({one.learner}: {line})" for one in found for line in one.problems), "")
        raise ValueError(one_line(f"nobody answered an exercise{odd}: name lessons with --lessons"))
    return {id: exercise for id, exercise in exercises.items() if id[:2] in numbers}


def _mark_all(
    found: Sequence[Submission], marker: Marker, workers: int, say: Callable[[str], None]
) -> list[Entry]:
    """Mark submissions, ``workers`` at a time; say each as it comes."""
    marked: dict[str, Marked] = {}
    pool = ThreadPoolExecutor(workers)
    try:
        jobs = {pool.submit(marker, one): one.learner for one in found}
        for done, job in enumerate(as_completed(jobs), start=1):
            learner, marks = jobs[job], job.result()
            marked[learner] = marks
            earned = f"{shown(marks.earned)} of {marks.points}"
            say(f"{done:4d} of {len(jobs)}  {one_line(learner)}: {earned}")
    except KeyboardInterrupt:
        say(f"course: {STOPPING}")
        raise
    finally:
        _finish(pool)
    return [_entry(marked[one.learner], one, marker.grader.exercises) for one in found]


def _finish(pool: ThreadPoolExecutor) -> None:
    """Wait for what is in progress, unless somebody interrupts that, too."""
    try:
        pool.shutdown(cancel_futures=True)
    except KeyboardInterrupt:
        raise AtOnce from None


def _entry(marked: Marked, one: Submission, known: Iterable[str]) -> Entry:
    """Return a learner's marks and answers, with notes that are no remarks for the class."""
    notes = choosing.not_graded(one.answers, known)
    return Entry(marked, one.answers, tuple(note for note in notes if note not in marked.problems))
