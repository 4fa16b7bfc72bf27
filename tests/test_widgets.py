import io
import os
import subprocess
import sys

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from course_utils import widgets

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
EXPLORE = """
import matplotlib.pyplot as plt
from course_utils import widgets

def draw(width):
    figure, axes = plt.subplots(figsize=(2, 1))
    return figure

widgets.explore(draw, alt="An empty picture.", width=[1, 3, 5])
"""


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed instead of displaying it."""
    bundles = []
    monkeypatch.setattr(widgets, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


@pytest.fixture
def live(monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "0")


def draw(width, colour="black"):
    """A figure of 200 x 100 pixels that is different for every width."""
    figure, axes = plt.subplots(figsize=(2, 1), dpi=100, layout="none")
    axes.plot([0, width], color=colour)
    axes.set_ylim(0, 10)
    return figure


def greys(*levels):
    return [np.full((4, 6), level, "uint8") for level in levels]


def opened(png):
    return Image.open(io.BytesIO(png))


def test_an_animation_holds_every_frame_for_its_time_and_runs_for_ever():
    picture = opened(widgets.apng(greys(0, 128, 255), [100, 200, 300]))
    assert (picture.format, picture.n_frames, picture.info["loop"]) == ("PNG", 3, 0)
    for number, (grey, milliseconds) in enumerate([(0, 100), (128, 200), (255, 300)]):
        picture.seek(number)
        assert picture.convert("L").getpixel((0, 0)) == grey
        assert picture.info["duration"] == milliseconds


def test_what_knows_only_png_shows_the_first_frame():
    assert opened(widgets.apng(greys(7, 200))).convert("L").getpixel((0, 0)) == 7


def test_figures_become_frames_of_their_own_size_and_are_closed():
    before = plt.get_fignums()
    picture = opened(widgets.apng([draw(1), draw(2)], 100))
    assert picture.size == (200, 100)
    assert picture.n_frames == 2
    assert plt.get_fignums() == before


def test_frames_of_several_sizes_are_refused():
    with pytest.raises(ValueError, match="one size"):
        widgets.apng([np.zeros((2, 2), "uint8"), np.zeros((3, 3), "uint8")])
    with pytest.raises(ValueError, match="at least one frame"):
        widgets.apng([])


def test_an_animation_shows_a_picture_with_its_alternative_text(shown):
    widgets.animate(greys(0, 255), 50, alt="A square blinks.")
    (bundle,) = shown
    assert set(bundle) == {"image/png", "text/plain"}
    assert bundle["text/plain"] == "A square blinks."


def test_builds_and_tests_store_the_picture_without_sliders(shown, monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "1")
    widgets.explore(draw, alt="A line.", width=range(3))
    assert set(shown[0]) == {"image/png", "text/plain"}


def test_where_ipywidgets_is_missing_the_picture_stands_alone(shown, live, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    widgets.explore(draw, alt="A line.", width=range(3))
    assert set(shown[0]) == {"image/png", "text/plain"}


def test_moving_a_slider_redraws_the_picture(shown, live):
    ipywidgets = pytest.importorskip("ipywidgets")
    boxes = []
    make = ipywidgets.VBox
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ipywidgets, "VBox", lambda children: boxes.append(make(children)) or boxes[0])
        widgets.explore(draw, width=[1, 3, 5], colour=["black", "red"], start={"width": 3})
    width, colour, image = boxes[0].children
    assert shown[0][WIDGET_VIEW]["model_id"] == boxes[0].model_id
    assert (width.value, colour.value) == (3, "black")
    first = bytes(image.value)
    width.value = 5
    second = bytes(image.value)
    colour.value = "red"
    assert len({first, second, bytes(image.value)}) == 3
    width.value, colour.value = 3, "black"
    assert bytes(image.value) == first
    assert opened(first).size == (200, 100)


def test_a_start_value_that_no_slider_reaches_is_refused(shown):
    with pytest.raises(ValueError, match="width starts at 2"):
        widgets.explore(draw, width=[1, 3], start={"width": 2})
    with pytest.raises(ValueError, match="none of its slider's values"):
        widgets.explore(draw, width=[1, 3], start={"height": 2})


def test_a_notebook_stored_without_sliders_is_green_under_nbval_with_live_ones(tmp_path):
    def run(strict, *command):
        variables = os.environ | {"COURSE_STRICT": strict, "JUPYTER_PLATFORM_DIRS": "1"}
        return subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True)

    notebook = new_notebook(cells=[new_code_cell(EXPLORE)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STRICT", "1")
        NotebookClient(notebook, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert set(output.data) == {"image/png", "text/plain"}
    nbformat.write(notebook, tmp_path / "explore.ipynb")
    nbval = (
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "-p",
        "no:cacheprovider",
    )
    done = run("0", *nbval, "explore.ipynb")
    assert done.returncode == 0, done.stdout
