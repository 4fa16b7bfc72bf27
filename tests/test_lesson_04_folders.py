"""Lesson 04 runs on two folders of anybody's own, with one line changed."""

from pathlib import Path

import jupytext
import numpy as np
import pytest
from PIL import Image

from course_utils import images
from course_utils.cli import run

SOURCE = Path(__file__).parents[1] / "notebooks/source/04_cats_and_dogs_with_generators.py"
THE_LINE = 'pictures = folder("cats_vs_dogs", run.size)'
PICTURES = 70


def photographs(folder: Path, tint: int, rng: np.random.Generator) -> None:
    """Make pictures of unequal size, a noisy colour each."""
    folder.mkdir(parents=True)
    for number in range(PICTURES):
        height, width = rng.integers(40, 120, 2)
        pixels = rng.integers(0, 120, (height, width, 3))
        pixels[..., tint] += 120
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"picture {number}.jpg")


def lesson(line: str):
    """Return the lesson as a notebook, with its one line replaced."""
    text = SOURCE.read_text(encoding="utf-8")
    assert text.count(THE_LINE) == 1
    return jupytext.reads(text.replace(THE_LINE, line), fmt="py:percent")


@pytest.mark.long
@pytest.mark.parametrize("names", [("glasses", "mugs"), ("Gläser aus Glas", "blue mugs")])
def test_the_lesson_runs_on_two_other_folders_with_one_line_changed(names, tmp_path):
    rng = np.random.default_rng(0)
    for tint, name in enumerate(names):
        photographs(tmp_path / "things" / name, tint, rng)
    images.clean(tmp_path / "things")
    line = (
        f"pictures = images.split({str(tmp_path / 'things')!r}, {str(tmp_path / 'parts')!r}).folder"
    )
    notebook = lesson(line)

    found = run.execute(notebook, "04", tmp_path, environment={"COURSE_STRICT": "0"})

    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])
    )
    assert found.error == ""
    assert all(f"train/{name}" in printed for name in names)
    assert found.held >= found.claims / 2  # what does not depend on the pictures
