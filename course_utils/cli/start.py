"""Copy a lesson and its exercises to where a learner works."""

import shutil
from pathlib import Path

from course_utils.cli.run import lesson_files


def copy_lesson(course: Path, lesson: str) -> list[str]:
    """Copy a lesson and its exercises into ``my_work`` and return a line for each.

    A copy that is already there is a learner's work and is never touched.

    Raises
    ------
    FileNotFoundError
        If there is no such lesson.
    """
    notebooks = course / "notebooks"
    (path,) = lesson_files(notebooks, [lesson])
    exercises = sorted((notebooks / "exercises").glob(f"{path.name[:2]}_*.ipynb"))
    lines = [_copy(source, notebooks, course / "my_work") for source in (path, *exercises)]
    return lines if exercises else [*lines, "        (this lesson has no exercises yet)"]


def _copy(source: Path, notebooks: Path, work: Path) -> str:
    target = work / source.relative_to(notebooks)
    shown = target.relative_to(work.parent)
    if target.exists():
        return f"kept    {shown} (it was there; delete or rename it to start again)"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return f"copied  {shown}"
