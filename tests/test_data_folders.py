"""The embedded folder of cats and dogs: every file right, whatever somebody did to it."""

import io
import os
import shutil
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from course_utils import data, folder, load
from course_utils.data import kept, pets
from course_utils.data.lock import locked
from course_utils.data.packs import png

ENTRY = data.catalog()["cats_vs_dogs"]


@pytest.fixture(scope="module")
def content():
    return dict(pets.files(ENTRY))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A cache with the folder in it; each test leaves the folder well."""
    cache = tmp_path_factory.mktemp("cache")
    kept.made_folder(ENTRY, cache)
    return cache


@pytest.fixture
def place(whole, content, monkeypatch):
    monkeypatch.setattr(pets, "files", lambda entry: content.items())  # made only once
    monkeypatch.setenv("COURSE_CACHE", str(whole))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield folder("cats_vs_dogs")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            folder("cats_vs_dogs")


def found_in(place):
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file()
    }


def moved_aside(place):
    found = place.parent.glob("found-in-mini-*/**/*")
    return {path.name: path.read_bytes() for path in found if path.is_file()}


def test_the_folder_holds_the_pictures_of_the_catalog_byte_for_byte(place, content):
    assert place.is_absolute()
    assert found_in(place) == content
    assert len(content) == ENTRY.folder["files"]
    assert pets.checksum(content) == ENTRY.folder["sha256"]


@pytest.mark.parametrize(("part", "count"), [("train", 1000), ("validation", 500), ("test", 500)])
def test_each_part_has_as_many_cats_as_dogs(place, part, count):
    assert {path.name for path in place.iterdir()} == {"train", "validation", "test"}
    kinds = {path.name: len(list(path.iterdir())) for path in (place / part).iterdir()}
    assert kinds == {"cats": count, "dogs": count}


def test_no_picture_is_in_two_places(content):
    assert len(set(content.values())) == len(content)
    assert len({Path(name).name for name in content}) == len(content)


def test_the_first_pictures_are_those_of_the_cifar_pack(place):
    cifar = load("cifar10")
    for split, number in (("train", 0), ("test", 1500)):
        for kind, name in pets.SINGULAR.items():
            label = cifar.class_names.index(name)
            image = getattr(cifar, f"x_{split}")[getattr(cifar, f"y_{split}") == label][7]
            with Image.open(place / split / kind / f"{name}_{number + 7:04d}.png") as picture:
                assert picture.mode == "RGB"
                assert (np.asarray(picture) == image).all()


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 7, 3), (32, 32, 3), (100, 200, 3)])
def test_a_stored_png_decodes_to_its_pixels(shape):
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    with Image.open(io.BytesIO(png(image))) as picture:
        picture.verify()
    with Image.open(io.BytesIO(png(image))) as picture:
        assert (np.asarray(picture) == image).all()


def test_a_second_call_changes_nothing_and_needs_no_lock(place):
    before = {path: path.stat().st_mtime_ns for path in place.parent.rglob("*")}
    with locked(place.parent / "lock"):
        assert folder("cats_vs_dogs") == place
    before.pop(place.parent / "lock", None)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def emptied(place):
    for path in (place / "train/cats").iterdir():
        path.unlink()


def cut(place):
    path = place / "train/dogs/dog_0003.png"
    path.write_bytes(path.read_bytes()[:100])


def painted(place):
    path = place / "test/cats/cat_1500.png"
    path.write_bytes(path.read_bytes()[:-40] + bytes(40))


def renamed(place):
    (place / "validation/cats").rename(place / "validation/kittens")


def a_class_is_a_file(place):
    emptied(place)
    (place / "train/cats").rmdir()
    (place / "train/cats").write_text("mine")


def a_picture_is_a_folder(place):
    path = place / "train/dogs/dog_0003.png"
    path.unlink()
    path.mkdir()
    (path / "mine.txt").write_text("mine")


def a_picture_is_a_link(place):
    path = place / "train/dogs/dog_0003.png"
    path.unlink()
    path.symlink_to(place / "train/dogs/dog_0004.png")


def a_part_is_a_link(place):
    target = place.parent / "elsewhere"
    shutil.rmtree(target, ignore_errors=True)
    (place / "train").rename(target)
    (place / "train").symlink_to(target)


def a_class_is_a_link_to_itself(place):
    shutil.rmtree(place / "train/cats")
    (place / "train/cats").symlink_to("cats")


@pytest.mark.parametrize(
    "harm",
    [
        emptied,
        cut,
        painted,
        renamed,
        a_class_is_a_file,
        a_picture_is_a_folder,
        a_picture_is_a_link,
        a_part_is_a_link,
        a_class_is_a_link_to_itself,
    ],
    ids=lambda harm: harm.__name__,
)
def test_what_somebody_changed_is_put_right_and_said(place, content, harm):
    harm(place)
    with pytest.warns(UserWarning, match=r"was changed: .*\d+ files? restored"):
        assert folder("cats_vs_dogs") == place
    assert found_in(place) == content
    assert not list(place.parent.glob("making-*"))


def test_a_folder_that_is_gone_is_made_again_without_a_word(place, content):
    shutil.rmtree(place)
    assert folder("cats_vs_dogs") == place
    assert found_in(place) == content


def test_what_somebody_put_there_is_moved_aside_and_not_deleted(place, content):
    (place / "train/cats/mine.jpg").write_bytes(b"my own cat")
    (place / "train/hamsters").mkdir()
    (place / "train/hamsters/größe ü.jpg").write_bytes(b"my hamster")
    with pytest.warns(UserWarning, match="2 things that did not belong there moved to"):
        folder("cats_vs_dogs")
    assert found_in(place) == content
    aside = moved_aside(place)
    assert aside["mine.jpg"] == b"my own cat"
    assert aside["größe ü.jpg"] == b"my hamster"


def test_what_file_managers_leave_behind_is_passed_over(place):
    (place / "train/.DS_Store").write_bytes(b"x")
    folder("cats_vs_dogs")
    assert (place / "train/.DS_Store").exists()
    (place / "train/.DS_Store").unlink()


def test_a_file_with_a_new_date_alone_is_left_without_a_word(place):
    path = place / "train/cats/cat_0000.png"
    path.touch()
    inode = path.stat().st_ino
    folder("cats_vs_dogs")
    assert path.stat().st_ino == inode
    assert int(path.stat().st_mtime) == kept.DATE


def test_two_processes_at_once_find_the_same_whole_folder(tmp_path, content):
    children = [subprocess.Popen(child_process(tmp_path), env=environment(tmp_path)) for _ in "ab"]
    assert [child.wait(120) for child in children] == [0, 0]
    (place,) = (tmp_path / ENTRY.name).glob("mini-*")
    assert found_in(place) == content


def test_a_process_that_was_killed_leaves_no_half_folder(tmp_path, content):
    half = tmp_path / ENTRY.name / "making-123"
    (half / "whole/train/cats").mkdir(parents=True)
    (half / "whole/train/cats/cat_0000.png").write_bytes(b"half")
    place = kept.made_folder(ENTRY, tmp_path)
    assert found_in(place) == content
    assert not half.exists()


def test_a_whole_folder_serves_from_a_cache_that_cannot_be_written(place, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", str(place))

    for name in ("mkdir", "open", "replace", "unlink"):
        monkeypatch.setattr(Path, name, refuse)
    assert kept.made_folder(ENTRY, place.parents[1]) == place


def test_a_cache_that_cannot_be_used_is_named_with_the_way_out(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    cache.write_text("not a folder")
    monkeypatch.setenv("COURSE_CACHE", str(cache))
    with pytest.raises(data.DataError) as error:
        folder("cats_vs_dogs")
    assert f"cannot use the cache folder {cache}" in str(error.value)
    assert "set COURSE_CACHE to a folder that you can read and write" in str(error.value)


def test_a_disk_that_fills_up_is_said_and_the_next_try_succeeds(tmp_path, content):
    pytest.importorskip("resource", reason="this system has no limit on file sizes")
    done = subprocess.run(
        child_process(tmp_path, limit=pets.FILE_BYTES - 1),
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "DataError: the disk of" in done.stderr
    assert "set COURSE_CACHE to a folder on another disk" in done.stderr
    assert not list(tmp_path.rglob("*.png"))
    assert found_in(kept.made_folder(ENTRY, tmp_path)) == content


def test_a_damaged_sheet_is_never_made_into_pictures(tmp_path, monkeypatch):
    part = dict(ENTRY.mini["test"], sha256="0" * 64)
    monkeypatch.setitem(ENTRY.mini, "test", part)
    with pytest.raises(data.DataError, match="is damaged"):
        kept.made_folder(ENTRY, tmp_path)
    assert not list(tmp_path.rglob("*.png"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: folder("cats-vs-dogs"), "Did you mean 'cats_vs_dogs'?"),
        (lambda: folder("cifar10"), "'cifar10' comes as arrays: load('cifar10')"),
        (lambda: folder("cats_vs_dogs", "big"), "no size is called 'big'; there are mini, full"),
        (lambda: load("cats_vs_dogs"), "'cats_vs_dogs' comes as a folder of pictures: folder("),
    ],
)
def test_a_wrong_name_gets_one_line_with_the_right_ones(call, message):
    with pytest.raises(data.DataError) as error:
        call()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def environment(cache):
    return {**os.environ, "COURSE_CACHE": str(cache)}


def child_process(cache, *, limit=None):
    """Return the command of another process that asks for the folder."""
    code = f"""
        if {limit}:
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
        from course_utils import folder
        assert len(list(folder("cats_vs_dogs").rglob("*.png"))) == 4000
    """
    return [sys.executable, "-B", "-c", textwrap.dedent(code)]
