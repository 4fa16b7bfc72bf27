"""Folders of pictures, seen and cleaned: what is found, what is refused, what is moved."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_folders import (
    BAD,
    MISNAMED,
    ODD_BUT_GOOD,
    colours,
    encoded,
    jpeg,
    pets,
    png,
    tree,
    write,
)
from PIL import Image

from course_utils import images

pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")


def test_importing_images_imports_no_keras():
    code = "import sys; from course_utils import images; print('keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_scan_counts_pictures_sizes_and_colours(tmp_path):
    pets(tmp_path)
    write(tmp_path, {"dogs/wide.png": encoded(colours(0, 5, 40), "PNG"), "dogs/LICENCE.txt": b"me"})
    report = images.scan(tmp_path)
    assert report.counts == {"cats": 3, "dogs": 3}
    assert report.sizes == {(16, 12): 5, (40, 5): 1}
    assert report.modes == {"RGB": 6}
    assert report.others == ["dogs/LICENCE.txt"]
    assert report.bad == []


@pytest.mark.parametrize("name", BAD)
def test_scan_says_why_a_file_gives_no_picture(tmp_path, name):
    content, reason = BAD[name]
    pets(tmp_path)
    write(tmp_path, {f"dogs/{name}": content})
    report = images.scan(tmp_path)
    assert report.unreadable == [(f"dogs/{name}", reason)]
    assert report.counts == {"cats": 3, "dogs": 3}
    assert sum(report.sizes.values()) == 5


@pytest.mark.parametrize("name", MISNAMED)
def test_scan_finds_what_is_not_what_its_name_says(tmp_path, name):
    content, reason = MISNAMED[name]
    report = images.scan(write(pets(tmp_path), {f"cats/{name}": content}))
    assert report.wrong_format == [(f"cats/{name}", reason)]
    assert report.unreadable == []


def test_scan_lists_what_other_programs_may_read_differently(tmp_path):
    write(tmp_path, {f"odd/{name}": content for name, content in ODD_BUT_GOOD.items()})
    turned = Image.Exif()
    turned[0x0112] = 6
    write(tmp_path, {"odd/turned.jpg": encoded(colours(1), exif=turned)})
    report = images.scan(tmp_path)
    assert report.bad == []
    assert report.animated == ["odd/moving.gif"]
    assert report.cmyk == ["odd/cmyk.jpg"]
    assert report.sixteen_bit == ["odd/sixteen.png"]
    assert report.turned == ["odd/turned.jpg"]


def test_scan_names_links_that_lead_nowhere_and_files_that_may_not_be_read(tmp_path, monkeypatch):
    pets(tmp_path)
    (tmp_path / "cats" / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "cats" / "loop.jpg").symlink_to(tmp_path / "cats" / "loop.jpg")
    read_bytes = Path.read_bytes

    def forbid(path):
        if path.name == "1.jpg":
            raise PermissionError(13, "Permission denied", str(path))
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", forbid)
    assert dict(images.scan(tmp_path).unreadable) == {
        "cats/1.jpg": "permission denied",
        "cats/gone.jpg": "a link that leads nowhere, or the file is gone",
        "cats/loop.jpg": "too many levels of symbolic links",
        "dogs/1.jpg": "permission denied",
    }


def test_scan_finds_the_same_picture_under_other_names_bytes_and_classes(tmp_path):
    pets(tmp_path)
    write(
        tmp_path,
        {
            "cats/same bytes.jpg": jpeg(0),
            "cats/same pixels.jpg": encoded(colours(1), quality=90, comment="other bytes"),
            "dogs/a cat.jpg": jpeg(2),
            "dogs/packed.png": png(50),
            "dogs/unpacked.png": png(50, compress_level=0),
        },
    )
    report = images.scan(tmp_path)
    assert report.duplicates == [
        ["cats/0.jpg", "cats/same bytes.jpg"],
        ["cats/1.jpg", "cats/same pixels.jpg"],
        ["cats/2.jpg", "dogs/a cat.jpg"],
        ["dogs/packed.png", "dogs/unpacked.png"],
    ]
    assert report.conflicts == [["cats/2.jpg", "dogs/a cat.jpg"]]


def test_photographs_that_agree_only_when_decoded_small_are_no_duplicates(tmp_path):
    flat = np.full((64, 64, 3), 128, np.uint8)
    other = flat.copy()
    other[::2, ::2], other[1::2, 1::2] = 148, 108  # their mean is the same
    report = images.scan(
        write(
            tmp_path,
            {"a/1.jpg": encoded(flat, quality=100), "a/2.jpg": encoded(other, quality=100)},
        )
    )
    assert report.duplicates == []


def test_a_report_is_plain_text_of_80_columns_that_names_no_place_of_this_machine(tmp_path):
    folder = pets(tmp_path / "pets")
    long = "a very long name indeed " * 6
    write(folder, {f"cats/{long}{n}.jpg": b"" for n in range(9)})
    write(folder, {"dogs/Thumbs.db": b"x", "dogs/again.jpg": jpeg(0)})
    text = str(images.scan(folder))
    assert text == repr(images.scan(folder))
    assert max(map(len, text.splitlines())) <= 80
    assert str(tmp_path) not in text
    assert text.splitlines()[0] == "pets: 15 pictures in 2 classes"
    assert "Unreadable: 9\n" in text
    assert "  and 4 more\n" in text
    assert text.endswith("To move 10 bad files aside: images.clean(folder).")


def test_names_may_have_spaces_and_any_letters_and_recur_in_other_classes(tmp_path):
    names = ["ein Hündchen.jpg", "犬 1.jpg", "chien d'été.jpg", "50 %.jpg"]
    write(tmp_path / "mes photos", {f"é {n}/{name}": jpeg(n) for n in (1, 2) for name in names})
    report = images.scan(tmp_path / "mes photos")
    assert report.counts == {"é 1": 4, "é 2": 4}
    assert report.bad == []
    assert images.read(tmp_path / "mes photos" / "é 1" / "犬 1.jpg").shape == (12, 16, 3)


def test_hidden_files_and_what_systems_leave_behind_are_no_pictures(tmp_path):
    pets(tmp_path)
    clutter = [
        "__MACOSX/cats/._0.jpg",
        ".ipynb_checkpoints/0.jpg",
        "cats/._0.jpg",
        "dogs/Thumbs.db",
    ]
    write(tmp_path, {path: b"left behind" for path in [*clutter, "cats/.DS_Store", ".git/config"]})
    report = images.scan(tmp_path)
    assert report.counts == {"cats": 3, "dogs": 2}
    assert report.clutter == [".ipynb_checkpoints", "__MACOSX", "cats/._0.jpg", "dogs/Thumbs.db"]
    assert report.unreadable == report.wrong_format == report.others == []


def test_each_folder_that_does_not_fit_is_refused_in_one_sentence(tmp_path):
    write(tmp_path, {"file.jpg": jpeg(0), "loose/1.jpg": jpeg(1), "texts/a/1.txt": b"text"})
    write(tmp_path, {"archive/readme.txt": b"", "archive/PetImages/Cat/1.jpg": jpeg(1)})
    write(tmp_path, {"parts/train/cats/1.jpg": jpeg(1), "parts/test/cats/2.jpg": jpeg(2)})
    for folder in ("empty", "hollow/a"):
        (tmp_path / folder).mkdir(parents=True)
    expected = {
        "missing": "there is no folder {}",
        "file.jpg": "{} is a file; give the folder that holds the class folders",
        "empty": "{} holds no class folders; put the pictures of each class",
        "loose": "{} holds pictures but no class folders; put the pictures of each class",
        "hollow": "{} holds no pictures in its class folders: it has no files",
        "texts": "{} holds no pictures in its class folders: none of its 1 files is named like one",
        "archive": "the pictures of {} lie one folder too deep (PetImages/Cat/1.jpg); "
        "did you mean {}/PetImages?",
        "parts": "the pictures of {} lie one folder too deep (test/cats/2.jpg); "
        "did you mean {}/test?",
    }
    for name, message in expected.items():
        with pytest.raises(images.ImageError) as refused:
            images.scan(tmp_path / name)
        assert str(refused.value).startswith(message.replace("{}", str(tmp_path / name)))
        assert "\n" not in str(refused.value)


def test_a_class_folder_that_is_a_link_back_is_refused(tmp_path):
    pets(tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(images.ImageError, match=r"loop is a link that leads back to .*; remove"):
        images.scan(tmp_path)


def test_a_class_folder_that_is_a_link_to_itself_is_refused(tmp_path):
    pets(tmp_path)
    (tmp_path / "birds").symlink_to(tmp_path / "birds")
    with pytest.raises(
        images.ImageError, match=r"cannot follow the link .*birds \(too many levels"
    ):
        images.scan(tmp_path)


def test_a_class_folder_may_be_a_link_to_another_place(tmp_path):
    pets(tmp_path / "pets")
    pets(tmp_path / "more")
    (tmp_path / "pets" / "birds").symlink_to(tmp_path / "more" / "dogs")
    assert images.scan(tmp_path / "pets").counts == {"birds": 2, "cats": 3, "dogs": 2}


def test_a_link_back_inside_a_class_folder_is_not_followed(tmp_path):
    pets(tmp_path)
    (tmp_path / "cats" / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert images.scan(tmp_path).counts == {"cats": 3, "dogs": 2}


@pytest.mark.parametrize("closed", ["", "cats"])
def test_a_folder_that_may_not_be_opened_is_named(tmp_path, monkeypatch, closed):
    pets(tmp_path)
    scandir = os.scandir

    def forbid(path):
        if str(path) == str(tmp_path / closed):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", forbid)
    with pytest.raises(images.ImageError) as refused:
        images.scan(tmp_path)
    assert str(refused.value) == f"cannot open the folder {tmp_path / closed}: permission denied"


@pytest.fixture
def archive(tmp_path):
    """A folder with the layout and the faults of Microsoft's archive of cats and dogs."""
    top = tmp_path / "archive"
    write(top, {"readme[1].txt": b"licence", "MSR-LA - 3467.docx": b"licence"})
    folder = pets(top / "PetImages", cats=4, dogs=4)
    (folder / "cats").rename(folder / "Cat")
    (folder / "dogs").rename(folder / "Dog")
    faults = {
        "Cat/666.jpg": b"",
        "Dog/11702.jpg": b"",
        "Cat/Thumbs.db": b"db",
        "Dog/Thumbs.db": b"db",
    }
    return write(folder, faults | {"Cat/10404.jpg": MISNAMED["really_gif.JPG"][0]})


def test_clean_moves_the_bad_aside_into_a_mirror_and_deletes_nothing(archive):
    before = tree(archive)
    moves = images.clean(archive)
    assert moves.aside == archive.parent / "PetImages_aside"
    assert dict(moves.moved) == {
        "Cat/10404.jpg": "a GIF picture named .jpg",
        "Cat/666.jpg": "empty (0 bytes)",
        "Cat/Thumbs.db": "left behind by a program, not a picture",
        "Dog/11702.jpg": "empty (0 bytes)",
        "Dog/Thumbs.db": "left behind by a program, not a picture",
    }
    assert moves.kept == 8
    assert set(tree(moves.aside)) == set(dict(moves.moved))
    assert tree(archive) | tree(moves.aside) == before
    assert str(moves).startswith(
        "PetImages: 8 good pictures, 5 bad files moved to PetImages_aside."
    )
    assert images.scan(archive).bad == []


def test_cleaning_twice_moves_nothing_the_second_time(archive):
    images.clean(archive)
    before = tree(archive.parent)
    again = images.clean(archive)
    assert again.moved == []
    assert str(again) == "PetImages: 8 good pictures, nothing to move aside."
    assert tree(archive.parent) == before


@pytest.mark.parametrize("how", ["undo", "restore"])
def test_cleaning_can_be_undone(archive, how):
    write(archive, {"__MACOSX/._x.jpg": b"x"})
    before = tree(archive)
    moves = images.clean(archive)
    _ = moves.undo() if how == "undo" else images.restore(archive)
    assert tree(archive) == before
    assert not moves.aside.exists()


@settings(deadline=None)
@given(
    kinds=st.lists(
        st.tuples(st.sampled_from(["cats", "dogs"]), st.sampled_from([*BAD, *MISNAMED])),
        unique=True,
    )
)
def test_clean_keeps_every_good_picture_and_restore_brings_every_bad_one_back(
    tmp_path_factory, kinds
):
    folder = pets(tmp_path_factory.mktemp("any") / "pets")
    files = {name: content for name, (content, _) in (BAD | MISNAMED).items()}
    write(folder, {f"{label}/{name}": files[name] for label, name in kinds})
    before, bad = tree(folder), {f"{label}/{name}" for label, name in kinds}
    moves = images.clean(folder)
    assert {path for path, _ in moves.moved} == bad
    assert set(tree(folder)) == set(before) - bad
    assert set(images.restore(folder)) == bad
    assert tree(folder) == before


def test_clean_refuses_a_place_inside_the_folder(archive):
    with pytest.raises(images.ImageError, match=r"inside .*, where it would count as a class"):
        images.clean(archive, archive / "bad")


def test_clean_writes_over_nothing(archive):
    aside = write(archive.parent / "aside", {"Dog/Thumbs.db": b"somebody else's"})
    before = tree(archive.parent)
    with pytest.raises(images.ImageError, match=r"Thumbs.db is there already; nothing was moved"):
        images.clean(archive, aside)
    assert tree(archive.parent) == before


def test_restore_writes_over_nothing(archive):
    images.clean(archive)
    write(archive, {"Cat/666.jpg": jpeg(3)})
    before = tree(archive.parent)
    with pytest.raises(images.ImageError, match=r"666.jpg is there already; nothing was moved"):
        images.restore(archive)
    assert tree(archive.parent) == before


def test_clean_does_not_empty_a_folder_that_holds_no_good_picture(tmp_path):
    write(tmp_path / "texts", {"a/1.jpg": b"text\n", "b/2.jpg": b"text\n"})
    with pytest.raises(images.ImageError, match=r"no file .* is a good picture .*1.jpg: text"):
        images.clean(tmp_path / "texts")
    assert set(tree(tmp_path)) == {"texts/a/1.jpg", "texts/b/2.jpg"}


def test_clean_says_which_file_it_could_not_move(archive, monkeypatch):
    def refuse(source, target):
        raise PermissionError(13, "Permission denied", str(source))

    monkeypatch.setattr("shutil.move", refuse)
    with pytest.raises(
        images.ImageError,
        match=r"cannot move .*666.jpg to .*: permission denied",
    ):
        images.clean(archive)
