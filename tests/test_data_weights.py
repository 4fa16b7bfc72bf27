"""Every weights file is what its card says, and only such files can be stored."""

import hashlib
import inspect
import shutil
import tomllib

import numpy as np
import pytest

from course_utils import data, weights
from course_utils.data import entries
from course_utils.data.trained import card
from tools import build_weights

REAL = entries.datasets_folder()
CARDS = list(data.catalog()["weights"].mini)
CARD = {
    "builder": "fashion_cnn",
    "architecture": 'two convolutions, "small"',
    "data": "Fashion-MNIST",
    "recipe": "none: größe 3 × 3",
    "seed": 0,
    "accuracy": "about 10 %",
    "made_by": "a test",
    "licence": "MIT",
    "date": "2026-11-22",
}


@pytest.fixture(params=CARDS or [pytest.param("", marks=pytest.mark.skip("no weights yet"))])
def name(request):
    return request.param


@pytest.fixture(scope="module")
def model():
    return build_weights.built(CARD)


@pytest.fixture
def datasets(tmp_path, monkeypatch):
    """A copy of the catalog and the README, which the package reads in place of its own."""
    for file in ("catalog.toml", "README.md"):
        shutil.copyfile(REAL / file, tmp_path / file)
    monkeypatch.setattr(entries, "datasets_folder", lambda: tmp_path)
    monkeypatch.setattr("course_utils.data.trained.datasets_folder", lambda: tmp_path)
    entries.catalog.cache_clear()
    yield tmp_path
    entries.catalog.cache_clear()


def numbers(model, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(0, 0.1, w.shape).astype(np.float32) for w in model.get_weights()]


def stored(model, datasets, name="tiny", seed=0, **changes):
    path = build_weights.store(name, numbers(model, seed), {**CARD, **changes}, datasets)
    entries.catalog.cache_clear()
    return path


def test_a_weights_file_fits_the_model_of_its_card_and_has_the_size_it_says(name):
    facts, arrays = card(name), data.read_weights(name)
    assert weights(name).stat().st_size == facts["bytes"]
    assert hashlib.sha256(weights(name).read_bytes()).hexdigest() == facts["sha256"]
    assert sum(array.size for array in arrays) == facts["parameters"]
    network = build_weights.built(facts)
    assert [array.shape for array in arrays] == [w.shape for w in network.get_weights()]
    assert network.count_params() == facts["parameters"]


def test_a_weights_file_takes_about_two_bytes_a_number(name):
    facts = card(name)
    assert facts["bytes"] < 2.3 * facts["parameters"] + 100_000
    assert facts["bytes"] < 10e6
    assert all(np.isfinite(array).all() for array in data.read_weights(name))


def test_a_stored_network_names_as_many_embedded_images_right_as_its_card_says(name):
    facts = card(name)
    if "test_on" not in facts:
        assert "right" not in facts
        return
    again = build_weights.tested(data.read_weights(name), facts)
    assert again["images"] == facts["images"]
    assert abs(again["right"] - facts["right"]) <= 4  # answers on the brink differ by machine


def test_every_card_is_complete():
    for name in CARDS:
        assert all(card(name).get(key) not in (None, "") for key in build_weights.REQUIRED)


def test_the_readme_shows_the_cards_of_the_catalog():
    folder = entries.datasets_folder()
    text = (folder / "README.md").read_text("utf-8")
    assert text == build_weights.with_cards(text, (folder / "catalog.toml").read_text("utf-8"))


def test_what_is_stored_is_read_back_as_float32_within_the_precision_of_float16(model, datasets):
    path = stored(model, datasets)
    assert weights("tiny") == path
    for array, original in zip(data.read_weights("tiny"), numbers(model), strict=True):
        assert array.dtype == np.float32
        precision = 2**-11 * np.abs(original) + 2**-25 if original.ndim > 1 else 0
        assert (np.abs(array - original) <= precision).all()
    model.set_weights(data.read_weights("tiny"))


def test_storing_adds_a_card_and_leaves_the_rest_of_the_catalog(model, datasets):
    before = tomllib.loads((datasets / "catalog.toml").read_text("utf-8"))
    stored(model, datasets)
    after = tomllib.loads((datasets / "catalog.toml").read_text("utf-8"))
    added = after["weights"]["mini"].pop("tiny")
    before["weights"].setdefault("mini", {})
    assert after == before
    assert {key: added[key] for key in CARD} == CARD
    assert added["parameters"] == model.count_params()
    assert "### `tiny`" in (datasets / "README.md").read_text("utf-8")


def test_storing_again_replaces_file_and_card_and_nothing_else(model, datasets):
    for other in ("first", "tiny", "zz"):
        stored(model, datasets, other)
    text = (datasets / "catalog.toml").read_text("utf-8")
    stored(model, datasets)
    assert (datasets / "catalog.toml").read_text("utf-8") == text
    stored(model, datasets, seed=1, accuracy="another")
    changed = (datasets / "catalog.toml").read_text("utf-8")
    assert changed.count("[weights.mini.tiny]") == 1
    assert [a == b for a, b in zip(text.split("\n"), changed.split("\n"), strict=True)].count(
        False
    ) == 2  # the checksum and the accuracy


def test_the_same_weights_give_the_same_bytes(model):
    first, again, other = (build_weights.encode(numbers(model, seed)) for seed in (0, 0, 1))
    assert first == again != other


def test_a_model_with_an_argument_and_test_images_is_measured(datasets):
    shutil.copytree(REAL / "fashion_mnist", datasets / "fashion_mnist")
    facts = {**CARD, "builder": "dense_baseline", "test_on": "fashion_mnist"}
    network = build_weights.built(facts)
    network.set_weights([np.zeros_like(w) for w in network.get_weights()])
    build_weights.store("zeros", network.get_weights(), facts, datasets)
    entries.catalog.cache_clear()
    assert (card("zeros")["right"], card("zeros")["images"]) == (200, 2000)  # always class 0
    assert "names 200 of the 2,000" in (datasets / "README.md").read_text("utf-8")


@pytest.mark.parametrize("form", [".keras", ".weights.h5", ".npz"])
def test_weights_are_taken_from_what_keras_and_numpy_save(model, tmp_path, form):
    model.set_weights(numbers(model))
    path = tmp_path / f"trained{form}"
    if form == ".keras":
        model.save(path)
    elif form == ".npz":
        np.savez(path, **{f"{i:02d}": w for i, w in enumerate(model.get_weights())})
    else:
        model.save_weights(path)
    found = build_weights.weights_in(path, CARD)
    assert all((a == b).all() for a, b in zip(found, numbers(model), strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"licence": ""}, r"the card lacks licence \(of the weights\)"),
        ({"colour": "red"}, "holds colour, which no card has"),
        ({"builder": "dense_baseline"}, "don't fit models.dense_baseline"),
    ],
)
def test_a_card_that_is_wrong_is_refused_and_nothing_is_written(model, datasets, change, message):
    before = (datasets / "catalog.toml").read_bytes()
    with pytest.raises(ValueError, match=message):
        stored(model, datasets, **change)
    assert (datasets / "catalog.toml").read_bytes() == before
    assert not (datasets / "weights").exists()


@pytest.mark.parametrize("bad", ["../tiny", "Tiny", "tiny.npz", "", "größe"])
def test_a_name_that_is_no_plain_file_name_is_refused(model, datasets, bad):
    with pytest.raises(ValueError, match="is no name for weights"):
        stored(model, datasets, bad)


@pytest.mark.parametrize("value", [1e6, np.inf, np.nan])
def test_numbers_that_float16_cannot_hold_are_refused(value):
    with pytest.raises(ValueError, match="weight 1 holds numbers that are infinite as float16"):
        build_weights.encode([np.zeros((2, 2)), np.full((2, 2), value)])


def test_large_numbers_of_batch_normalisation_are_kept():
    (array,) = build_weights.decode(build_weights.encode([np.array([1e6, 1e-9], np.float32)]))
    assert array.tolist() == np.array([1e6, 1e-9], np.float32).tolist()


@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_a_damaged_weights_file_is_never_given(model, datasets, damage):
    path = stored(model, datasets)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content if damage == "changed" else content[:-1])
    for call in (weights, data.read_weights):
        with pytest.raises(data.DataError, match=r"damaged|cannot read"):
            call("tiny")


def test_an_unknown_name_gets_one_line_with_the_right_ones(model, datasets):
    stored(model, datasets)
    with pytest.raises(data.DataError) as error:
        weights("tini")
    assert "no weights file is called 'tini'; there are " in str(error.value)
    assert str(error.value).endswith("Did you mean 'tiny'?")
    assert "\n" not in str(error.value)


def test_a_builder_that_would_load_the_weights_is_built_without(monkeypatch):
    asked = {}

    def network(weights="imagenet", width=1):
        asked.update(weights=weights, width=width)

    assert "weights" in inspect.signature(network).parameters
    monkeypatch.setattr(build_weights.models, "network", network, raising=False)
    build_weights.built({"builder": "network", "arguments": {"width": 2}})
    assert asked == {"weights": None, "width": 2}
