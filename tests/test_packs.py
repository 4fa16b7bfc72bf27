"""The embedded packs are what the catalog says, pixel for pixel."""

import hashlib
import os
import re
from collections import Counter
from importlib.metadata import distribution

import numpy as np
import pytest
from PIL import Image, features

from course_utils import data, load, photo
from course_utils.data import pets, sources
from course_utils.data.entries import datasets_folder
from course_utils.data.packs import pixels, sheet, tiles
from course_utils.data.readers import READERS
from course_utils.data.store import check_arrays
from tools import build_packs

PARTS = [part for entry in data.catalog().values() for part in entry.mini.values()]
SETS = [name for name, entry in data.catalog().items() if entry.kind == "images"]
BUILT_WITH = "1.6.0"  # libwebp, as the locked Pillow brings it


@pytest.fixture(scope="module", params=SETS)
def complete(request, tmp_path_factory):
    """A name, and the complete set of that name, from a package that is on this machine."""
    entry = data.catalog()[request.param]
    return entry, complete_set(entry, tmp_path_factory.mktemp(entry.name))


def complete_set(entry, folder):
    source = next(s for s in entry.full["sources"] if s["kind"] != "url")
    files = sources.on_this_machine(source, folder)
    if files is None:
        message = f"install {sources.describe(source)}, or name its folder in COURSE_MATERIALS"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return READERS[source["reader"]](files)


def complete_cifar(folder):
    return complete_set(data.catalog()[pets.BASE], folder)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part["file"])
def test_the_file_has_the_checksum_of_the_catalog(part):
    content = (datasets_folder() / part["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == part["sha256"]


def test_no_file_is_embedded_that_the_catalog_does_not_name():
    folder = datasets_folder()
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {part["file"] for part in PARTS} | {"catalog.toml", "README.md"}


def test_embedded_data_stay_below_fifty_megabytes():
    assert sum((datasets_folder() / part["file"]).stat().st_size for part in PARTS) < 50e6


def test_the_complete_set_is_the_published_one(complete):
    entry, arrays = complete
    check_arrays(arrays, entry.full["arrays"])


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_pack_is_the_first_images_of_each_class_of_the_complete_set(complete, split):
    entry, arrays = complete
    labels, images = arrays[f"y_{split}"], arrays[f"x_{split}"]
    count, seen, chosen = {"train": 1000, "test": 200}[split], Counter(), []
    for i, label in enumerate(labels.tolist()):
        if seen[label] < count:
            chosen.append(i)
        seen[label] += 1
    mini = load(entry.name)
    assert (getattr(mini, f"y_{split}") == labels[chosen]).all()
    assert (getattr(mini, f"x_{split}") == images[chosen]).all()


def test_every_cat_and_dog_equals_its_original(tmp_path):
    arrays = complete_cifar(tmp_path)
    names = data.catalog()["cifar10"].class_names
    files = dict(pets.files(data.catalog()["cats_vs_dogs"]))
    for part, (split, chosen, first) in pets.PARTS.items():
        for kind, name in pets.SINGULAR.items():
            members = arrays[f"y_{split}"] == names.index(name)
            originals = arrays[f"x_{split}"][members][chosen]
            for number, image in enumerate(originals, start=first):
                path = f"{part}/{kind}/{name}_{number:04d}.png"
                assert (pixels(files.pop(path)) == image).all(), path
    assert not files


@pytest.mark.long
def test_building_the_sheets_of_cats_and_dogs_again_gives_the_same_pixels(tmp_path, monkeypatch):
    arrays = complete_cifar(tmp_path)
    monkeypatch.setattr(build_packs, "complete_set", lambda name: arrays)
    for name, content in build_packs.pack(data.catalog()["cats_vs_dogs"]):
        stored = (datasets_folder() / name).read_bytes()
        assert (pixels(content) == pixels(stored)).all()
        assert content == stored or features.version("webp") != BUILT_WITH


@pytest.mark.parametrize("name", list(data.catalog()["photos"].mini))
def test_a_photograph_equals_its_original(name):
    part = data.catalog()["photos"].mini[name]
    path = distribution(part["package"]).locate_file(part["original"])
    with Image.open(path) as picture:
        assert (np.asarray(picture) == photo(name)).all()


def test_every_set_and_photograph_says_whose_it_is():
    for entry in data.catalog().values():
        assert entry.title
        assert entry.licence
        assert entry.homepage.startswith("https://") or entry.kind == "weights"  # our own
    for part in data.catalog()["photos"].mini.values():
        assert part["licence"] in ("CC0", "public domain")
        assert part["shows"]


def test_every_data_set_has_a_card():
    text = (datasets_folder() / "README.md").read_text(encoding="utf-8")
    cards = re.findall(r"^## `(\w+)`", text, re.M)
    assert cards == list(data.catalog())


def test_tiles_undo_a_sheet():
    images = np.random.default_rng(0).integers(0, 256, (12, 5, 7, 3), np.uint8)
    assert (tiles(sheet(images, columns=4), height=5, width=7) == images).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_webp_keeps_every_pixel(channels):
    picture = np.random.default_rng(0).integers(0, 256, (40, 30, channels), np.uint8)
    assert (pixels(build_packs.webp(picture))[:, :, :channels] == picture).all()


@pytest.mark.long
def test_building_again_gives_the_same_pixels_and_under_the_lock_the_same_bytes(complete):
    entry, _ = complete
    for name, content in build_packs.pack(entry):
        stored = (datasets_folder() / name).read_bytes()
        if name.endswith(".webp") and features.version("webp") != BUILT_WITH:
            assert (pixels(content) == pixels(stored)).all()
        else:
            assert content == stored


def test_checksums_are_written_behind_the_name_of_their_file():
    text = 'a = { file = "a.webp", tile = [1], sha256 = "" }\nfile = "b"\nsha256 = "old"\n'
    filled = build_packs.with_checksums(text, {"a.webp": b"1", "b": b"2"})
    a, b = (hashlib.sha256(content).hexdigest() for content in (b"1", b"2"))
    assert filled == f'a = {{ file = "a.webp", tile = [1], sha256 = "{a}" }}\n' + (
        f'file = "b"\nsha256 = "{b}"\n'
    )
