"""The course as a learner's kernel may see it: no checks, no solutions, no test parts."""

import shutil
from importlib.resources import as_file, files
from pathlib import Path

HIDDEN = ("checks", "grading", "cli", "results.json", "_datasets", "__pycache__")
STUB = '''"""Where answers are graded, nothing is checked."""


class CheckFailed(Exception):
    """Never raised here."""


def check(*_, **__):
    """Say nothing."""


hint = solution = check
'''


def build(folder: Path) -> Path:
    """Copy the course into ``folder`` without what tells answers; return the folder to import."""
    with as_file(files("course_utils")) as package:
        shutil.copytree(package, folder / "course_utils", ignore=shutil.ignore_patterns(*HIDDEN))
    stub = folder / "course_utils" / "checks"
    stub.mkdir()
    (stub / "__init__.py").write_text(STUB, encoding="utf-8")
    return folder
