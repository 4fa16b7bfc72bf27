"""Grade a submission: an nbval run for each exercise, outside the cage; marks from its report."""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path

import nbformat

from course_utils.checks.solutions import all_solutions
from course_utils.grading import handover, nbval, package, sandbox, templates
from course_utils.grading.asking import Asked
from course_utils.grading.choosing import same
from course_utils.grading.marks import Mark, Marked, Probe
from course_utils.grading.nbval import Case
from course_utils.grading.probes import drawing
from course_utils.grading.showing import one_line
from course_utils.grading.submissions import Submission
from course_utils.grading.templates import Template

_PLACE = re.compile(r" \(\d+\.py, line (\d+)\)$")  # what Python adds to a SyntaxError
GRACE = 60  # seconds beyond an exercise's own for starting and stopping


class CannotGrade(Exception):
    """The sandbox can't run here; the message says why."""


@dataclass(frozen=True)
class Grader:
    """Everything that grades: exercises, the seed of hidden inputs, the package for the cage.

    ``trusting`` runs submissions without a cage, with all the grader's rights. ``patience`` is by
    what the limits of waiting are multiplied where a machine has other things to do.
    """

    exercises: Mapping[str, Template]
    package: Path
    seed: int = 0
    trusting: bool = False
    patience: float = 1.0

    def grade(self, submission: Submission) -> Marked:
        """Return the marks of one submission."""
        answers, unknown = dict(submission.answers), []
        for id in sorted(set(answers) - set(self.exercises)):
            unknown.append(f"{id} is answered, which is not among the exercises graded")
            del answers[id]
        found = [self._mark(exercise, answers) for exercise in self.exercises.values()]
        asked = self._asked([one for one in found if isinstance(one, Asking)])
        marks = (asked[one.exercise.id] if isinstance(one, Asking) else one for one in found)
        return Marked(submission.learner, tuple(marks), (*submission.problems, *unknown))

    def _mark(self, exercise: Template, answers: Mapping[str, str]) -> "Mark | Asking":
        """Return the mark of an answer that need not be run, or what to ask the others."""
        id, points = exercise.id, exercise.points
        if not answers.get(id, "").strip():
            return Mark(id, points, problem="no answer")
        if same(answers[id], exercise.blank):
            return Mark(id, points, problem="no answer: the cell is as it was handed out")
        asked = questions(exercise, self.seed)
        if not asked:
            return Mark(id, points, problem="this exercise can't be graded yet: it has no probes")
        others = {other: code for other, code in answers.items() if other != id}
        about = drawing.find(id)
        seconds = about.seconds * self.patience
        notebook = templates.notebook(
            exercise, answers[id], others, asked, seconds=seconds, heavy=about.heavy
        )
        return Asking(exercise, asked, notebook, seconds)

    def _asked(self, several: Sequence["Asking"]) -> dict[str, Mark]:
        """Put all answers of a learner to one nbval; if it is stopped, each to one of its own."""
        if not several:
            return {}
        found = self._run(several)
        if found is None and len(several) > 1:
            return {id: mark for one in several for id, mark in self._asked([one]).items()}
        if found is None:
            (one,) = several
            stopped = "grading was stopped: too much time, memory or output"
            return {one.exercise.id: Mark(one.exercise.id, one.exercise.points, problem=stopped)}
        pairs = zip(several, found, strict=True)
        return {one.exercise.id: self._judged(one, *verdicts) for one, verdicts in pairs}

    def _judged(self, one: "Asking", cells: list[Case], handed: str) -> Mark:
        """Return the mark of an answer that was run; if it handed a network over, ask that."""
        most = one.notebook.metadata.get("hands_over")
        if most is None:
            return _marked(one, cells)
        try:
            network = handover.checked(handed, most)
        except handover.NotHanded as why:
            return _without_network(one, cells, str(why))
        notebook = templates.apart(network, one.asked, seconds=one.seconds)
        again = replace(one, notebook=notebook, made_by="building `model` again from its layers")
        return self._asked([again])[one.exercise.id]

    def _run(self, several: Sequence["Asking"]) -> list[tuple[list[Case], str]] | None:
        """Return nbval's verdicts on each notebook's cells and what it hands over, or None.

        None is where some verdicts are missing.
        """
        with tempfile.TemporaryDirectory(prefix="g") as name:
            folder = Path(name)
            for number, one in enumerate(several):
                self._write(one.notebook, folder, f"k{number:03}")
            seconds = sum(one.seconds + GRACE * self.patience for one in several)
            nbval.run(folder, seconds, caged=not self.trusting)
            found = nbval.verdicts(folder, sum(len(one.notebook.cells) for one in several))
            if found is None:
                return None
            cells = iter(found)
            paths = sorted(folder.glob("k*.ipynb"))
            return [
                (list(islice(cells, len(one.notebook.cells))), nbval.handed(path))
                for one, path in zip(several, paths, strict=True)
            ]

    def _write(self, notebook: nbformat.NotebookNode, folder: Path, name: str) -> None:
        """Write a notebook, a kernel for it alone, and the folder of that kernel's sockets."""
        limits, place = templates.KERNELS[notebook.metadata.kernelspec.name], folder / "r" / name
        limits = replace(limits, processor=round(notebook.metadata.processor * self.patience))
        place.mkdir(mode=0o777, parents=True)
        room = f"--as={limits.address << 20}"  # nbval itself has less
        trusted = ["prlimit", room, "env", f"PYTHONPATH={self.package}"]
        caged = trusted if self.trusting else sandbox.cage(self.package, place, limits)
        sandbox.kernelspec(folder, name, caged)
        kernel = {"name": name, "display_name": "graded"}
        about = notebook.metadata | {"kernelspec": kernel, "processor": limits.processor}
        written = nbformat.from_dict({**notebook, "metadata": about})
        nbformat.write(written, folder / f"{name}.ipynb")


@dataclass(frozen=True)
class Asking:
    """An answer that is put to the probes: the notebook that nbval runs, and its time.

    ``made_by`` says what the notebook's second cell is.
    """

    exercise: Template
    asked: list[Asked]
    notebook: nbformat.NotebookNode
    seconds: float
    made_by: str = "the answer's cell"


@contextmanager
def grader(
    exercises: Mapping[str, Template],
    *,
    seed: int = 0,
    trust: bool = False,
    patience: float = 1.0,
) -> Iterator["Grader"]:
    """Yield a `Grader` for ``exercises``, whose package lives as long as the context.

    Raises
    ------
    CannotGrade
        If there is no sandbox here and ``trust`` is false.
    """
    if not trust and (reason := sandbox.available()):
        raise CannotGrade(reason)
    with tempfile.TemporaryDirectory(prefix="course-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for exercise in exercises.values():
            questions(exercise, seed)  # here, before several threads ask for them
        yield Grader(dict(exercises), package.build(folder), seed, trust, patience)


@cache
def questions(exercise: Template, seed: int) -> list[Asked]:
    """Return the probes of an exercise; our own solution runs here, once for a whole class."""
    return drawing.ask(exercise, all_solutions()[exercise.id], seed)


def _marked(one: Asking, found: list[Case]) -> Mark:
    exercise, answer, cases = one.exercise, found[1], found[templates.PROBES_START :]
    probes = tuple(
        Probe(case.passed, probe.line, "" if case.passed else _message(case.said))
        for probe, case in zip(one.asked, cases, strict=True)
    )
    problem = ""
    if not answer.passed and not any(probe.passed for probe in probes):
        problem = one_line(_ended(one.made_by, answer))
    return Mark(exercise.id, exercise.points, probes, problem)


def _without_network(one: Asking, found: list[Case], why: str) -> Mark:
    """Return the mark of an answer that hands no network over that can be asked."""
    answer, last = found[1], found[-1]
    if not answer.passed:
        why = _ended(one.made_by, answer)
    elif not last.passed:
        why = _message(last.said)
    probes = tuple(Probe(False, probe.line, "not asked") for probe in one.asked)
    return Mark(one.exercise.id, one.exercise.points, probes, one_line(why))


def _ended(what: str, answer: Case) -> str:
    """Return what became of an answer's cell, named ``what``, that did not finish."""
    if "stopped" not in answer.said:
        return f"{what} was not run"
    reason = _reason(answer.said["stopped"])
    was = "was stopped" if reason.startswith("it ") else "stops"
    return f"{what} {was}: {reason}"


def _reason(stopped: str) -> str:
    """Return an error, or the limit that a kernel went beyond, in words for a learner."""
    if ": " in stopped:  # an error's name and text; a limit has no name
        return _PLACE.sub(r", line \1", stopped)
    return f"it {stopped}".replace("sent what is", "sent something that is")


def _message(said: Mapping[str, str]) -> str:
    """Return why a probe failed, in one line."""
    if "stopped" in said:
        return one_line(f"stopped: {_reason(said['stopped'])}")
    if "counted" in said:
        return one_line(f"right: {said['counted']}")
    if "why" in said:
        return one_line(said["why"])
    try:
        errors = [one["error"] for one in json.loads(said["printed"]) if isinstance(one, dict)]
        return one_line(str(errors[0])) if errors else "other numbers than expected"
    except (KeyError, ValueError, TypeError):
        return "no proper answer to the question"
