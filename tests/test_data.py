"""What a learner calls: load, photo, holdout, and the messages for what can't be had."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import data, load, photo
from course_utils.data import entries


@pytest.fixture(scope="module")
def fashion():
    return load("fashion_mnist")


@pytest.fixture
def numbered():
    """Forty images of two classes whose only pixel is their number."""
    pixels = np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1)
    labels = np.tile([0, 1, 1, 1], 10)
    return data.Dataset(pixels, labels, pixels[:2], labels[:2], ("few", "many"))


@pytest.mark.parametrize(
    ("name", "shape"), [("fashion_mnist", (28, 28, 1)), ("cifar10", (32, 32, 3))]
)
def test_a_mini_set_is_balanced_bytes_with_integer_labels(name, shape):
    mini = load(name)
    assert mini.x_train.shape == (10_000, *shape)
    assert mini.x_test.shape == (2_000, *shape)
    assert (mini.x_train.dtype, mini.y_train.dtype) == (np.uint8, np.int64)
    assert (mini.x_test.dtype, mini.y_test.dtype) == (np.uint8, np.int64)
    assert len(mini.class_names) == 10
    assert np.bincount(mini.y_train).tolist() == [1000] * 10
    assert np.bincount(mini.y_test).tolist() == [200] * 10


def test_loaded_arrays_are_the_callers_own_to_change(fashion):
    before = fashion.x_train[0].copy()
    fashion.x_train[0] = 255
    assert (load("fashion_mnist").x_train[0] == before).all()
    fashion.x_train[0] = before


@pytest.mark.parametrize("name", list(data.catalog()["photos"].mini))
def test_a_photograph_is_bytes_in_the_shape_that_the_catalog_promises(name):
    picture = photo(name)
    channels = data.catalog()["photos"].mini[name]["channels"]
    assert picture.dtype == np.uint8
    assert picture.ndim == (2 if channels == 1 else 3)
    assert picture.shape[2:] == (() if channels == 1 else (3,))
    assert picture.std() > 10


def test_holdout_takes_the_same_fraction_of_each_class(numbered):
    split = numbered.holdout(0.2, seed=3)
    assert np.bincount(split.y_val).tolist() == [2, 6]
    assert np.bincount(split.y_train).tolist() == [8, 24]


@given(fraction=st.floats(0.06, 0.94), seed=st.integers(0, 2**32 - 1))
def test_holdout_divides_the_training_images_and_keeps_labels_and_order(fraction, seed):
    pixels = np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1)
    whole = data.Dataset(pixels, np.tile([0, 1], 20), pixels, np.zeros(40, int), ("a", "b"))
    split = whole.holdout(fraction, seed)
    train, val = split.x_train.ravel(), split.x_val.ravel()
    assert sorted([*train, *val]) == list(range(40))
    assert (np.diff(train.astype(int)) > 0).all()
    assert (np.diff(val.astype(int)) > 0).all()
    assert (split.y_train == train % 2).all()
    assert (split.y_val == val % 2).all()


def test_holdout_draws_by_its_seed_and_leaves_the_test_images(numbered):
    first, again, other = (numbered.holdout(0.5, seed=seed) for seed in (1, 1, 2))
    assert (first.x_val == again.x_val).all()
    assert (first.x_val != other.x_val).any()
    assert first.x_test is numbered.x_test


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 1.5, 0.01])
def test_holdout_refuses_to_leave_a_class_without_images(numbered, fraction):
    with pytest.raises(data.DataError, match="choose a fraction between 0 and 1"):
        numbered.holdout(fraction)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load("fashion-mnist"), "Did you mean 'fashion_mnist'?"),
        (lambda: load("mnist8"), "there are fashion_mnist, cifar10"),
        (lambda: load("photos"), "no data set is called 'photos'"),
        (lambda: load("cifar10", "ful"), "no size is called 'ful'; there are mini, full"),
        (lambda: load("cifar10", None), "no size is called None"),
        (lambda: photo("cats"), "Did you mean 'cat'?"),
        (lambda: data.fetch("photos"), "no data set with a full size is called 'photos'"),
    ],
)
def test_a_wrong_name_gets_one_line_with_the_right_ones(call, message):
    with pytest.raises(data.DataError) as error:
        call()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_available_tells_embedded_from_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    states = {state.name: state for state in data.available()}
    assert list(states) == list(data.catalog())
    assert not any(state.full for state in states.values())
    assert all(state.embedded == state.has_mini for state in states.values())
    assert states["cats_vs_dogs"].embedded
    assert not states["caltech101"].has_mini
    assert states["cifar10"].has_full
    assert states["cifar10"].embedded_bytes > 10_000_000
    assert not states["photos"].has_full


def test_embedded_data_need_neither_pooch_nor_tensorflow():
    code = (
        "import sys; sys.modules['pooch'] = sys.modules['tensorflow'] = None\n"
        "from course_utils import load, photo\n"
        "load('fashion_mnist'); photo('cat')\n"
        "assert not {'requests', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_a_damaged_pack_is_never_decoded(tmp_path, monkeypatch, damage):
    part = data.catalog()["photos"].mini["cat"]
    content = bytearray((entries.datasets_folder() / part["file"]).read_bytes())
    content[1000] ^= 1
    path = tmp_path / part["file"]
    path.parent.mkdir()
    if damage != "gone":
        path.write_bytes(content if damage == "changed" else content[:-1])
    monkeypatch.setattr(entries, "datasets_folder", lambda: tmp_path)
    with pytest.raises(data.DataError, match=r"damaged|cannot read"):
        photo("cat")
