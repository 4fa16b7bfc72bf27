"""What a learner's kernel finds of the course: training data, and nothing that tells answers."""

import os
import subprocess
import sys

import numpy as np
import pytest

from course_utils import load
from course_utils.data.entries import catalog
from course_utils.grading import package

INSIDE = """
import numpy as np
from course_utils import folder, load, recorded
fashion, cifar = load("fashion_mnist"), load("cifar10")
np.savez("seen", *[fashion.x_train, fashion.x_test, fashion.y_test, cifar.x_test, cifar.y_test])
pets = folder("cats_vs_dogs")
print(len(list(pets.rglob("*.png"))), recorded("05.full.ablation.base").mean)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The package, after something has used it that finds no other."""
    folder = package.build(tmp_path_factory.mktemp("course"))
    variables = {"PYTHONPATH": str(folder), "HOME": str(folder), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", INSIDE]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.stdout.split() == ["4000", "65.29"], done.stderr
    return folder


def test_the_training_part_is_there_and_no_test_image_is(built):
    fashion, cifar = load("fashion_mnist"), load("cifar10")
    with np.load(built / "seen.npz") as found:
        x_train, *tests = (found[name] for name in found.files)
    np.testing.assert_array_equal(x_train, fashion.x_train)
    for original, images, labels in zip((fashion, cifar), tests[::2], tests[1::2], strict=True):
        assert images.shape == original.x_test.shape
        assert labels.shape == original.y_test.shape
        hidden, seen = ({x.tobytes() for x in part} for part in (original.x_test, images))
        assert not hidden & seen
        assert np.ptp(np.bincount(labels)) == 0, "as many of each class"


def test_no_embedded_test_file_is_there(built):
    checksums = (built / "course_utils" / "_datasets" / "catalog.toml").read_text()
    for entry in catalog().values():
        for name, part in entry.mini.items():
            assert (part["sha256"] in checksums) != name.endswith("test")


@pytest.mark.parametrize("name", ["checks/lesson_01", "checks/solutions.toml", "grading", "cli"])
def test_what_tells_answers_is_not_there(built, name):
    assert not (built / "course_utils" / name).exists()
    assert not list(built.rglob("deeper_cnn*"))
