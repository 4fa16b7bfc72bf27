"""`images.split`: parts that share no picture, the same on every machine, whole or not there."""

import os
import shutil
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_folders import jpeg, pets, tree, write

from course_utils import images
from course_utils.images.splitting import assign

PARTS = {"train": 0.6, "validation": 0.2, "test": 0.2}


def names(n_cats, n_dogs):
    return {
        "cats": [f"cats/{n}.jpg" for n in range(n_cats)],
        "dogs": [f"dogs/{n}.jpg" for n in range(n_dogs)],
    }


@settings(deadline=None)
@given(n_cats=st.integers(5, 60), n_dogs=st.integers(5, 60), seed=st.integers(0, 99))
def test_every_picture_is_in_one_part_and_every_class_is_divided_alike(n_cats, n_dogs, seed):
    found = names(n_cats, n_dogs)
    chosen = assign(found, [], PARTS, seed)
    assert sorted(chosen) == sorted([*found["cats"], *found["dogs"]])
    for name, paths in found.items():
        sizes = Counter(chosen[path] for path in paths)
        for part, share in PARTS.items():
            assert abs(sizes[part] - share * len(paths)) < 1, (name, part)


@settings(deadline=None)
@given(data=st.data(), seed=st.integers(0, 99))
def test_the_same_picture_is_never_in_two_parts(data, seed):
    found = names(30, 20)
    paths = [path for of_class in found.values() for path in of_class]
    mixed = data.draw(st.permutations(paths))
    ends = sorted(data.draw(st.lists(st.integers(2, 6), max_size=5)))
    groups, start = [], 0
    for size in ends:
        groups.append(sorted(mixed[start : start + size]))
        start += size
    chosen = assign(found, groups, PARTS, seed)
    assert sorted(chosen) == sorted(paths)
    for group in groups:
        assert len({chosen[path] for path in group}) == 1


@settings(deadline=None)
@given(order=st.permutations(range(20)), seed=st.integers(0, 5))
def test_the_order_in_which_a_disk_lists_files_does_not_matter(order, seed):
    found = names(20, 5)
    mixed = {"dogs": found["dogs"], "cats": [found["cats"][n] for n in order]}
    assert assign(mixed, [], PARTS, seed) == assign(found, [], PARTS, seed)


def test_the_division_is_this_one_on_every_machine():
    chosen = assign(names(5, 5), [], PARTS, seed=0)
    assert sorted(path for path, part in chosen.items() if part != "train") == [
        "cats/0.jpg",
        "cats/2.jpg",
        "dogs/1.jpg",
        "dogs/3.jpg",
    ]


def test_a_letter_stored_as_two_is_the_same_letter():
    forms = {
        form: [unicodedata.normalize(form, f"é/chien d'été {n}.jpg") for n in range(10)]
        for form in ("NFC", "NFD")
    }
    one, two = (
        assign({unicodedata.normalize(form, "é"): paths}, [], PARTS, 0)
        for form, paths in forms.items()
    )
    assert list(one.values()) == list(two.values())
    assert {unicodedata.normalize("NFC", path): part for path, part in two.items()} == one


def test_another_seed_makes_another_division():
    found = names(20, 20)
    assert assign(found, [], PARTS, 0) != assign(found, [], PARTS, 1)


def test_split_makes_a_folder_of_class_folders_for_each_part(tmp_path):
    source = pets(tmp_path / "pets", cats=10, dogs=5)
    parts = images.split(source, tmp_path / "parts")
    assert parts.counts == {
        "train": {"cats": 6, "dogs": 3},
        "validation": {"cats": 2, "dogs": 1},
        "test": {"cats": 2, "dogs": 1},
    }
    assert parts["test"] == tmp_path / "parts" / "test"
    made = tree(tmp_path / "parts")
    del made[".split.json"]
    assert {path.partition("/")[2]: content for path, content in made.items()} == tree(source)
    assert images.scan(parts["train"]).counts == {"cats": 6, "dogs": 3}
    assert str(parts).splitlines()[1] == "train             6        3"


def test_a_whole_number_is_that_many_pictures_of_each_class(tmp_path):
    source = pets(tmp_path / "pets", cats=10, dogs=6)
    parts = images.split(source, tmp_path / "parts", {"train": 3, "test": 2})
    assert parts.counts == {"train": {"cats": 3, "dogs": 3}, "test": {"cats": 2, "dogs": 2}}


def test_copies_of_a_picture_stay_together_even_in_two_classes(tmp_path):
    source = pets(tmp_path / "pets", cats=8, dogs=8)
    write(source, {"cats/copy.jpg": jpeg(0), "dogs/copy.jpg": jpeg(0)})
    for seed in range(5):
        parts = images.split(source, tmp_path / "parts", {"train": 0.5, "test": 0.5}, seed=seed)
        copies = {"cats/0.jpg", "cats/copy.jpg", "dogs/copy.jpg"}
        in_train = {path for path in copies if (parts["train"] / path).exists()}
        assert in_train in (copies, set())


def test_the_same_picture_under_the_same_name_in_two_classes_is_no_trouble(tmp_path):
    source = write(tmp_path / "s", {f"{a}/{n}.jpg": jpeg(n) for a in "ab" for n in range(4)})
    parts = images.split(source, tmp_path / "parts", {"x": 0.5, "y": 0.5})
    assert parts.counts == {"x": {"a": 2, "b": 2}, "y": {"a": 2, "b": 2}}


def test_links_take_no_room_and_copies_stand_alone(tmp_path):
    source = pets(tmp_path / "pets", cats=5, dogs=5)
    for link, expected in ((True, True), (False, False)):
        parts = images.split(source, tmp_path / "parts", link=link)
        files = [path for path in parts.folder.rglob("*.jpg")]
        assert len(files) == 10
        assert {
            path.samefile(source / path.relative_to(parts.folder / path.parts[-3]))
            for path in files
        } == {expected}


@pytest.mark.parametrize("refused", [["link"], ["link", "symlink"]])
def test_where_no_links_can_be_made_the_next_best_is(tmp_path, monkeypatch, refused):
    def refuse(*_):
        raise OSError(1, "Operation not permitted")

    source = pets(tmp_path / "pets", cats=5, dogs=5)
    for name in refused:
        monkeypatch.setattr(os, name, refuse)
    parts = images.split(source, tmp_path / "parts")
    made = [path for path in parts.folder.rglob("*.jpg")]
    assert len(made) == 10
    assert all(path.is_symlink() == (refused == ["link"]) for path in made)
    assert images.scan(parts["train"]).unreadable == []


def test_a_split_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    source = pets(tmp_path / "pets", cats=5, dogs=5)
    images.split(source, tmp_path / "parts")
    before, copied = tree(tmp_path), []

    def fill_up(original, place):
        copied.append(place)
        if len(copied) == 7:
            raise OSError(28, "No space left on device", str(place))
        Path(place).write_bytes(b"")

    monkeypatch.setattr(shutil, "copy2", fill_up)
    with pytest.raises(images.ImageError, match=r"cannot make .*other .*: no space left on device"):
        images.split(source, tmp_path / "other", link=False)
    copied.clear()
    with pytest.raises(images.ImageError, match="no space left on device"):
        images.split(source, tmp_path / "parts", seed=1, link=False)
    assert tree(tmp_path) == before


def test_what_an_earlier_split_made_is_replaced(tmp_path):
    source = pets(tmp_path / "pets", cats=5, dogs=5)
    images.split(source, tmp_path / "parts")
    parts = images.split(source, tmp_path / "parts", {"a": 2, "b": 1}, seed=4)
    assert sorted(path.name for path in parts.folder.iterdir()) == [".split.json", "a", "b"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parts", "pets"]


@pytest.mark.parametrize("stranger", ["mine.txt", "parts/train/cats/mine.jpg", "parts/.split.json"])
def test_a_target_with_anything_else_in_it_is_refused(tmp_path, stranger):
    source = pets(tmp_path / "pets", cats=5, dogs=5)
    target = tmp_path if stranger == "mine.txt" else tmp_path / "parts"
    target = target / "parts" if stranger == "mine.txt" else target
    if stranger == "mine.txt":
        write(target, {"mine.txt": b"mine"})
    else:
        images.split(source, target)
        write(tmp_path, {stranger: b"mine"})
    before = tree(tmp_path)
    with pytest.raises(images.ImageError, match=r"holds files that split did not make"):
        images.split(source, target)
    assert tree(tmp_path) == before


def test_what_was_split_from_another_folder_is_not_replaced(tmp_path):
    one, two = pets(tmp_path / "one", cats=5, dogs=5), pets(tmp_path / "two", cats=5, dogs=5)
    images.split(one, tmp_path / "parts")
    with pytest.raises(images.ImageError, match=r"split did not make from .*two"):
        images.split(two, tmp_path / "parts")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "give each a share"),
        ({"a": 0.7, "b": 0.4}, r"together at most 1\.0"),
        ({"a": 0.5, "b": 0.0}, "give each a share"),
        ({"a": 0.5, "b": 3}, "or each a whole number"),
        ({"a": 5, "b": 1}, "class 'cats' has 5 pictures, too few for the parts a 5, b 1"),
        ({"a": 0.98, "b": 0.02}, "too few for the parts a 0.98, b 0.02"),
        ({"a/b": 0.5}, "cannot be the name of a part"),
        ({"..": 0.5}, "cannot be the name of a part"),
    ],
)
def test_parts_that_make_no_sense_are_refused(tmp_path, parts, message):
    source = pets(tmp_path / "pets", cats=5, dogs=5)
    with pytest.raises(images.ImageError, match=message):
        images.split(source, tmp_path / "parts", parts)
    assert not (tmp_path / "parts").exists()


@pytest.mark.parametrize("target", ["pets/parts", "pets", "."])
def test_source_and_target_must_lie_apart(tmp_path, target):
    source = pets(tmp_path / "pets", cats=5, dogs=5)
    with pytest.raises(images.ImageError, match="lie inside one another"):
        images.split(source, tmp_path / target)


def test_split_refuses_bad_files_and_names_the_way_out(tmp_path):
    source = write(pets(tmp_path / "pets", cats=5, dogs=5), {"cats/bad.jpg": b""})
    with pytest.raises(images.ImageError) as refused:
        images.split(source, tmp_path / "parts")
    assert str(refused.value) == (
        f"1 file of {source} cannot be read (the first: cats/bad.jpg: empty (0 bytes)); "
        "run images.clean first"
    )


def test_a_part_that_is_not_there_is_named(tmp_path):
    parts = images.split(pets(tmp_path / "pets", cats=5, dogs=5), tmp_path / "parts")
    with pytest.raises(KeyError, match=r"no part is called .val.; there are train, valid"):
        parts["val"]
