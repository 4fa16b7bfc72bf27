import io
import re

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from tools import build_notebooks
from tools.notebooks import Target, blank, number_cells, outline, targets

SOURCE = """# ---
# jupyter:
#   course:
#     lesson: "09"
#     minutes: 5
# ---

# %% [markdown]
# # A title
# *A promise.*

# %% exercise={"id": "09.1", "role": "answer"}
def double(x):
    # BEGIN SOLUTION
    return 2 * x
    # END SOLUTION

# %% tags=["nbval-ignore-output"]
print(CODE)
"""


@pytest.fixture
def target(tmp_path, monkeypatch):
    """Make a target of a kind whose last cell prints ``code``."""
    monkeypatch.setattr(build_notebooks, "ROOT", tmp_path)
    monkeypatch.setattr(build_notebooks, "STAMPS", tmp_path / "build")

    def make(kind, code="double(21)"):
        source = tmp_path / "09_test.py"
        source.write_text(SOURCE.replace("CODE", code))
        path = tmp_path / kind / "09_test.ipynb"
        path.parent.mkdir(exist_ok=True)
        monkeypatch.setattr("tools.notebooks.launch_cells", lambda path: [])
        return Target(source, path, kind)

    return make


@pytest.mark.parametrize("target", targets(), ids=lambda t: f"{t.kind}-{t.path.stem}")
def test_each_notebook_holds_what_its_source_says(target):
    stored = nbformat.read(target.path, as_version=4)
    nbformat.validate(stored)
    assert outline(stored) == outline(target.notebook())
    assert stored.metadata == target.notebook().metadata


@pytest.mark.parametrize("target", targets(), ids=lambda t: f"{t.kind}-{t.path.stem}")
def test_every_relative_link_of_a_notebook_leads_somewhere(target):
    cells = nbformat.read(target.path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)", text):
        name, _, anchor = link.partition("#")
        path = target.path.parent / name if name else target.path
        assert path.exists(), link
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path.read_text(encoding="utf-8")), link


def anchors(markdown):
    """The anchors that GitHub and JupyterLab give to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", markdown, re.M)
    return {
        re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }


def test_there_is_no_notebook_without_a_source():
    from tools.notebooks import ROOT

    folders = [ROOT / "notebooks", ROOT / "notebooks/exercises", ROOT / "notebooks/solutions"]
    stored = {path for folder in folders for path in folder.glob("*.ipynb")}
    assert stored == {target.path for target in targets()}


@pytest.mark.parametrize("target", targets(), ids=lambda t: f"{t.kind}-{t.path.stem}")
def test_each_notebook_keeps_to_the_limits_of_a_lesson(target):
    cells = nbformat.read(target.path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    ignored = [c for c in code if "nbval-ignore-output" in c.metadata.get("tags", [])]
    assert len(ignored) <= 6
    assert not [c.source for c in code if len(c.source.splitlines()) > 25]
    assert not {"nbval-skip", "nbval-raises-exception"} & {
        tag for c in code for tag in c.metadata.get("tags", [])
    }
    assert not [c.source for c in code if "NBVAL_" in c.source or "PYTEST_" in c.source]


def test_a_blank_keeps_everything_but_the_solution():
    code = "def f(x):\n    y = x\n    # BEGIN SOLUTION\n    return y\n    # END SOLUTION\n\nf(1)"
    assert blank(code) == "def f(x):\n    y = x\n    ...  # your code here\n\nf(1)"


def test_two_solutions_in_one_cell_are_both_blanked():
    region = "# BEGIN SOLUTION\n{} = 1\n# END SOLUTION\n"
    blanked = blank(region.format("a") + "b = 2\n" + region.format("c"))
    assert blanked == "...  # your code here\nb = 2\n...  # your code here\n"


@pytest.mark.parametrize("marker", ["# BEGIN SOLUTION", "# END SOLUTION"])
def test_a_marker_without_its_partner_is_refused(marker):
    with pytest.raises(ValueError, match="without its partner"):
        blank(f"x = 1\n{marker}\ny = 2")


def test_exercises_are_stored_blank_and_solutions_executed(target):
    for kind in ("exercises", "solutions"):
        build_notebooks.build(target(kind))
    exercises = nbformat.read(target("exercises").path, as_version=4).cells
    solutions = nbformat.read(target("solutions").path, as_version=4).cells
    assert "return" not in exercises[1].source
    assert "return 2 * x" in solutions[1].source
    assert "SOLUTION" not in solutions[1].source
    assert (exercises[2].outputs, solutions[2].outputs[0].text) == ([], "42\n")
    assert exercises[1].metadata == {"exercise": {"id": "09.1", "role": "answer"}}


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("0, file=__import__('sys').stderr", "standard error"),
        ("'1/2\\r2/2'", "a progress bar"),
    ],
)
def test_a_notebook_that_complains_is_not_stored(target, code, message):
    lesson = target("lesson", code)
    with pytest.raises(build_notebooks.BuildError, match=message):
        build_notebooks.build(lesson)
    assert not lesson.path.exists()


def test_an_unknown_lesson_is_named():
    with pytest.raises(FileNotFoundError, match="lesson 99"):
        targets(["99"])


def test_executed_cells_are_numbered_in_order():
    result = new_output("execute_result", execution_count=9)
    cells = [new_code_cell(execution_count=n) for n in (7, None, 9)]
    cells[2].outputs = [result]
    number_cells(new_notebook(cells=cells))
    assert [cell.execution_count for cell in cells] == [1, None, 2]
    assert result.execution_count == 2


def test_a_picture_gets_smaller_and_stays_the_same():
    rng = np.random.default_rng(0)
    for colours in (8, 1 << 24):
        pixels = rng.integers(0, colours, (40, 60), dtype=np.uint32)[..., None]
        pixels = np.concatenate([pixels >> shift & 255 for shift in (0, 8, 16)], axis=-1)
        opaque = Image.fromarray(pixels.astype(np.uint8)).convert("RGBA")
        stream = io.BytesIO()
        opaque.save(stream, "PNG")
        small = build_notebooks.smaller(stream.getvalue())
        assert len(small) < len(stream.getvalue())
        assert Image.open(io.BytesIO(small)).convert("RGBA") == opaque


def test_an_animation_and_a_transparent_picture_are_stored_as_they_are():
    red, blue = (Image.new("RGB", (9, 9), colour) for colour in ("red", "blue"))
    clear = Image.new("RGBA", (9, 9), (0, 0, 0, 9))
    for picture, frames in ((red, [blue]), (clear, [])):
        stream = io.BytesIO()
        picture.save(stream, "PNG", save_all=True, append_images=frames)
        assert build_notebooks.smaller(stream.getvalue()) == stream.getvalue()


def noise(seed, size=(300, 400)):
    """A smooth picture of very many colours, with a little noise, as a photograph has."""
    rng = np.random.default_rng(seed)
    ramp = np.add.outer(np.linspace(0, 120, size[0]), np.linspace(0, 120, size[1]))
    pixels = np.stack([ramp, ramp[::-1], ramp[:, ::-1]], axis=-1) + rng.integers(0, 16, (*size, 3))
    return Image.fromarray(pixels.astype(np.uint8))


def test_a_large_photograph_keeps_256_colours_and_hardly_changes():
    stream = io.BytesIO()
    noise(0).save(stream, "PNG")
    small = build_notebooks.smaller(stream.getvalue())
    assert len(small) < len(stream.getvalue()) / 2
    kept = Image.open(io.BytesIO(small))
    assert kept.mode == "P"
    difference = np.asarray(kept.convert("RGB"), float) - np.asarray(noise(0), float)
    assert abs(difference.mean()) < 1
    assert np.abs(difference).mean() < 16


def test_a_large_animation_keeps_its_frames_and_their_times():
    stream, frames = io.BytesIO(), [noise(seed) for seed in range(3)]
    options = {"save_all": True, "append_images": frames[1:], "duration": [100, 200, 300]}
    frames[0].save(stream, "PNG", **options)
    small = build_notebooks.smaller(stream.getvalue())
    assert len(small) < len(stream.getvalue()) / 2
    with Image.open(io.BytesIO(small)) as kept:
        assert kept.n_frames == 3
        for number, frame in enumerate(frames):
            kept.seek(number)
            assert kept.info["duration"] == options["duration"][number]
            difference = np.asarray(kept.convert("RGB"), float) - np.asarray(frame, float)
            assert np.abs(difference).mean() < 16


def test_what_was_built_is_left_alone_until_its_source_or_the_notebook_changes(target, monkeypatch):
    lesson = target("lesson")
    monkeypatch.setattr(build_notebooks, "targets", lambda wanted: [lesson])
    build_notebooks.main([])
    assert build_notebooks.is_current(lesson)
    lesson.path.write_text(lesson.path.read_text() + " ")
    assert not build_notebooks.is_current(lesson)
    build_notebooks.main([])
    assert build_notebooks.is_current(lesson)
    lesson.source.write_text(lesson.source.read_text() + "# more")
    assert not build_notebooks.is_current(lesson)
