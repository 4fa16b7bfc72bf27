"""Complete folders over a bad network, from bad archives, on a bad disk: whole, or one error.

The archives have the published ones' layout, corrupt files included. Their pictures are those in
the folder that COURSE_PHOTOS names (``train/cats`` and so on), or are drawn here.
"""

import contextlib
import dataclasses
import hashlib
import io
import itertools
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import textwrap
import time
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from fault_server import serve
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from course_utils import data, folder
from course_utils.data import archives, entries, sources
from course_utils.data.unpacking import unpack

QUICK = (2.0, 0.3)
PETS, CALTECH = "kagglecatsanddogs_5340.zip", "caltech-101.zip"
A_CLASS = 20
EMPTY = {"cats": "666.jpg", "dogs": "11702.jpg"}


def photographs(kind):
    """Return the content of some JPEG files: those of a class in COURSE_PHOTOS, or drawn ones."""
    if chosen := os.environ.get("COURSE_PHOTOS"):
        paths = sorted((Path(chosen) / "train" / kind).glob("*.jpg"))[:A_CLASS]
        return [path.read_bytes() for path in paths]
    return [drawn(kind, number) for number in range(A_CLASS)]


def drawn(kind, number, form="JPEG"):
    pixels = np.random.default_rng([len(kind), ord(kind[0]), number]).integers(0, 256, (6, 8, 3))
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).resize((80, 60)).save(file, form)
    return file.getvalue()


def pet_files():
    """Return every file of a small archive laid out as Microsoft's."""
    files = {"readme[1].txt": b"read me", "MSR-LA - 3467.docx": b"the licence"}
    for kind, name in (("cats", "Cat"), ("dogs", "Dog")):
        pictures = photographs(kind)
        for number, content in enumerate(pictures):
            files[f"PetImages/{name}/{number}.jpg"] = content
        files[f"PetImages/{name}/{EMPTY[kind]}"] = b""
        files[f"PetImages/{name}/10404.jpg"] = pictures[0][: len(pictures[0]) // 2]
        files[f"PetImages/{name}/10501.jpg"] = drawn(kind, 99, "BMP")  # not what its name says
        files[f"PetImages/{name}/Thumbs.db"] = b"\xd0\xcf\x11\xe0 thumbnails"
    return files


def zipped(files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)  # the same bytes at any time
    return file.getvalue()


def tarred(files, *extra):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in extra:
            archive.addfile(member)
    return file.getvalue()


def caltech_files():
    """Return every picture of a small archive laid out as Caltech's."""
    files = {"101_ObjectCategories/BACKGROUND_Google/tmp": b"x"}
    for name, kind in (("airplanes", "cats"), ("Motorbikes", "dogs"), ("accordion", "dogs")):
        for number, content in enumerate(photographs(kind)[:12], start=1):
            files[f"101_ObjectCategories/{name}/image_{number:04d}.jpg"] = content
    return files


def caltech_zip(inner):
    return zipped(
        {
            "__MACOSX/._caltech-101": b"x",
            "caltech-101/101_ObjectCategories.tar.gz": inner,
            "caltech-101/Annotations.tar": b"y",
            "caltech-101/show_annotation.m": b"z",
        }
    )


ZIP = zipped(pet_files())
CALTECH_ZIP = caltech_zip(tarred(caltech_files()))


def entry(*addresses, name="cats_vs_dogs", archive=ZIP, **changes):
    """Return the catalog's entry, but with this archive, at these addresses."""
    found = data.catalog()[name]
    (file,) = found.full["files"]
    full = {
        **found.full,
        "download_bytes": len(archive),
        "unpacked_bytes": 1_000_000_000,
        "files": {file: {"sha256": hashlib.sha256(archive).hexdigest()}},
        "sources": [{"kind": "url", "address": address} for address in addresses],
        **changes,
    }
    return dataclasses.replace(found, full=full)


@pytest.fixture
def server():
    with serve({PETS: ZIP, CALTECH: CALTECH_ZIP}) as running:
        yield running


@pytest.fixture
def mirror():
    with serve({PETS: ZIP, CALTECH: CALTECH_ZIP}) as running:
        yield running


@pytest.fixture(autouse=True)
def no_materials(monkeypatch):
    monkeypatch.delenv("COURSE_MATERIALS", raising=False)


def fetched(pets, cache):
    return archives.fetched_folder(pets, cache, timeout=QUICK)


def by_class(place):
    """Return the files of each class, whichever part they are in."""
    found = {}
    for path in place.glob("*/*/*"):
        found[f"{path.parent.name}/{path.name}"] = path.read_bytes()
    return found


def published(files, folders):
    places = {name: name.rpartition("/") for name in files}
    return {
        f"{folders[path]}/{bare}": files[name]
        for name, (path, _, bare) in places.items()
        if path in folders
    }


PET_FOLDERS = {"PetImages/Cat": "cats", "PetImages/Dog": "dogs"}
WHOLE = published(pet_files(), PET_FOLDERS)


def whole(place):
    return by_class(place) == WHOLE


def nothing_kept(cache):
    return not [*cache.rglob("full-*"), *cache.rglob("incoming-*")]


def test_every_published_file_is_there_in_its_class_unreadable_ones_too(server, tmp_path):
    place = fetched(entry(server.address), tmp_path)
    assert whole(place)
    assert place.name.startswith("full-")
    names = {path.name for path in place.glob("*/cats/*")}
    assert {"0.jpg", "666.jpg", "10404.jpg", "10501.jpg", "Thumbs.db"} < names


def test_both_sizes_have_the_same_shape_and_the_same_class_names(server, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.setitem(entries.catalog(), "cats_vs_dogs", entry(server.address))
    mini, full = (
        {path.relative_to(place).as_posix() for path in place.glob("*/*")}
        for place in (folder("cats_vs_dogs"), folder("cats_vs_dogs", size="full"))
    )
    assert mini == full
    assert {name.split("/")[1] for name in mini} == set(data.catalog()["cats_vs_dogs"].class_names)
    assert {state.name: state.full for state in data.available()}["cats_vs_dogs"]
    assert data.fetch("cats_vs_dogs") == folder("cats_vs_dogs", "full")


def test_each_class_is_divided_into_three_fifths_one_and_one(server, tmp_path):
    place = fetched(entry(server.address), tmp_path)
    for kind in ("cats", "dogs"):
        total = len([name for name in WHOLE if name.startswith(kind)])
        sizes = [len(list((place / part / kind).iterdir())) for part in archives.PARTS]
        assert sizes == [3 * total // 5, 4 * total // 5 - 3 * total // 5, total - 4 * total // 5]


def test_the_division_is_the_same_wherever_it_is_made(server, tmp_path):
    listing = lambda place: {path.relative_to(place) for path in place.glob("*/*/*")}  # noqa: E731
    first = fetched(entry(server.address), tmp_path / "a")
    reordered = zipped(dict(reversed(pet_files().items())))
    with serve({PETS: reordered}) as other:
        second = fetched(entry(other.address, archive=reordered), tmp_path / "b")
    assert listing(first) == listing(second)


def test_copies_of_a_picture_stay_in_one_part(tmp_path):
    files = {
        f"PetImages/{name}/{i}.jpg": b"%d" % (i // 2) for name in ("Cat", "Dog") for i in range(400)
    }
    archive = zipped(files)
    with serve({PETS: archive}) as server:
        place = fetched(entry(server.address, archive=archive), tmp_path)
    parts = {}
    for path in place.glob("*/cats/*"):
        parts.setdefault(path.read_bytes(), set()).add(path.parts[-3])
    assert sum(len(where) > 1 for where in parts.values()) <= 2  # one on each border at most


def test_of_caltech_101_only_airplanes_and_motorbikes_are_taken(server, tmp_path):
    place = fetched(entry(server.address, name="caltech101", archive=CALTECH_ZIP), tmp_path)
    folders = {
        "101_ObjectCategories/airplanes": "airplanes",
        "101_ObjectCategories/Motorbikes": "motorbikes",
    }
    assert by_class(place) == published(caltech_files(), folders)
    assert {path.name for path in (place / "test").iterdir()} == {"airplanes", "motorbikes"}


def test_a_complete_folder_is_fetched_once_and_the_archive_is_not_kept(server, tmp_path):
    pets = entry(server.address)
    assert fetched(pets, tmp_path) == fetched(pets, tmp_path)
    assert [path for path, _ in server.asked] == [PETS]
    kept = {path.name for path in (tmp_path / "cats_vs_dogs").iterdir()}
    assert kept == {"lock", archives.whole_folder(pets, tmp_path).name}


def test_a_download_that_breaks_off_goes_on_where_it_stopped(server, tmp_path):
    server.faults[PETS] = ["cut"]
    assert whole(fetched(entry(server.address), tmp_path))
    assert server.sent[PETS] == len(ZIP)


FAULTS = {
    "corrupt": "its SHA-256 differs",
    "page": "its SHA-256 differs",
    "no length": "its SHA-256 differs",
    "always cut": "broke off",
    "silent": "no answer in time",
    "404": "answered 404 Not Found",
    "503": "answered 503 Service Unavailable",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_where_one_address_fails_the_next_serves(server, mirror, tmp_path, fault):
    server.faults[PETS] = [fault]
    assert whole(fetched(entry(server.address, mirror.address), tmp_path))


@pytest.mark.parametrize("fault", FAULTS)
def test_where_all_fail_one_error_names_each_and_the_ways_out(server, tmp_path, fault):
    server.faults[PETS] = [fault]
    with pytest.raises(data.DataError) as error:
        fetched(entry(server.address, "http://127.0.0.1:9/"), tmp_path)
    lines = str(error.value).splitlines()
    assert lines[0].startswith("cannot get 'cats_vs_dogs' at full size")
    assert lines[1].startswith(f"  1. {server.address}: ")
    assert FAULTS[fault] in lines[1]
    assert lines[2] == "  2. http://127.0.0.1:9/: no connection (Connection refused)"
    assert f"get {server.address}{PETS} some other way into a folder named by" in lines[3]
    assert "use size='mini', which needs no network" in lines[3]
    assert len(lines) == 4
    assert nothing_kept(tmp_path)


def test_what_is_not_embedded_is_not_offered_as_the_way_out(tmp_path):
    with pytest.raises(data.DataError) as error:
        fetched(entry("http://127.0.0.1:9/", name="caltech101"), tmp_path)
    assert "mini" not in str(error.value)


def test_an_archive_that_was_downloaded_some_other_way_serves(tmp_path, monkeypatch):
    materials = tmp_path / "materials"
    materials.mkdir()
    (materials / PETS).write_bytes(ZIP)
    monkeypatch.setenv("COURSE_MATERIALS", str(materials))
    assert whole(fetched(entry("http://127.0.0.1:9/"), tmp_path / "cache"))
    assert (materials / PETS).read_bytes() == ZIP


def test_a_wrong_archive_among_the_materials_is_refused_and_the_network_asked(
    server, tmp_path, monkeypatch
):
    (tmp_path / PETS).write_bytes(ZIP[:-1])
    monkeypatch.setenv("COURSE_MATERIALS", str(tmp_path))
    assert whole(fetched(entry(server.address), tmp_path / "a"))
    with pytest.raises(data.DataError, match=r"in COURSE_MATERIALS: it is not the published one"):
        fetched(entry("http://127.0.0.1:9/"), tmp_path / "b")


def link_in_zip():
    info = zipfile.ZipInfo("PetImages/Dog/evil.jpg")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


BAD_NAMES = [
    "PetImages/Cat/../../../evil.jpg",
    "PetImages/Cat/..",
    "PetImages/Cat//evil.jpg",
    "PetImages/Cat/sub/evil.jpg",
    "PetImages\\Cat\\..\\evil.jpg",
    "PetImages/Cat/C:evil.jpg",
    "PetImages/Cat/0.JPG",
    link_in_zip(),
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: getattr(name, "filename", name))
def test_a_zip_with_a_bad_name_or_link_in_a_class_is_refused(tmp_path, name):
    archive = zipped({**pet_files(), name: b"/etc/passwd"})
    with serve({PETS: archive}) as server, pytest.raises(data.DataError) as error:
        fetched(entry(server.address, archive=archive), tmp_path / "cache")
    assert "is no plain file of its own name" in str(error.value)
    assert nothing_kept(tmp_path)
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("name", ["../evil.jpg", "/evil.jpg", "C:\\evil.jpg", "PetImages/evil.jpg"])
def test_what_lies_outside_the_class_folders_is_never_unpacked(tmp_path, name):
    archive = zipped({**pet_files(), name: b"evil"})
    with serve({PETS: archive}) as server:
        assert whole(fetched(entry(server.address, archive=archive), tmp_path / "a/b"))
    assert not list(tmp_path.rglob("*evil*"))


def tar_link(kind, name, target):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


INSIDE = "101_ObjectCategories/airplanes/"
BAD_MEMBERS = {
    "symbolic link": tar_link(tarfile.SYMTYPE, INSIDE + "evil.jpg", "/etc/passwd"),
    "hard link": tar_link(tarfile.LNKTYPE, INSIDE + "evil.jpg", INSIDE + "image_0001.jpg"),
    "pipe": tar_link(tarfile.FIFOTYPE, INSIDE + "evil.jpg", ""),
    "device": tar_link(tarfile.CHRTYPE, INSIDE + "evil.jpg", ""),
    "way out": tar_link(tarfile.REGTYPE, INSIDE + "../../../evil.jpg", ""),
}


@pytest.mark.parametrize("member", BAD_MEMBERS)
def test_a_tar_with_a_link_a_device_or_a_way_out_is_refused(tmp_path, member):
    archive = caltech_zip(tarred(caltech_files(), BAD_MEMBERS[member]))
    with serve({CALTECH: archive}) as server, pytest.raises(data.DataError) as error:
        fetched(entry(server.address, name="caltech101", archive=archive), tmp_path)
    assert "is no plain file of its own name" in str(error.value)
    assert nothing_kept(tmp_path)
    assert not list(tmp_path.rglob("*evil*"))


def test_a_folder_that_is_a_link_in_the_tar_has_no_effect(tmp_path):
    link = tar_link(tarfile.SYMTYPE, "101_ObjectCategories/airplanes", str(tmp_path / "outside"))
    (tmp_path / "outside").mkdir()
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        tar.addfile(link)
        for name, content in caltech_files().items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    archive = caltech_zip(file.getvalue())
    with serve({CALTECH: archive}) as server:
        fetched(entry(server.address, name="caltech101", archive=archive), tmp_path / "cache")
    assert not list((tmp_path / "outside").iterdir())


BROKEN = {
    "cut": ZIP[: len(ZIP) // 2],
    "empty": b"",
    "a page": b"<html>",
    "without dogs": zipped({n: c for n, c in pet_files().items() if "Dog" not in n}),
    "with a flipped bit": ZIP[: len(ZIP) // 2]
    + bytes([ZIP[len(ZIP) // 2] ^ 1])
    + ZIP[len(ZIP) // 2 + 1 :],
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_archive_with_the_right_checksum_ends_in_one_error(tmp_path, how):
    archive = BROKEN[how]
    with serve({PETS: archive}) as server, pytest.raises(data.DataError) as error:
        fetched(entry(server.address, archive=archive), tmp_path)
    reason = "holds no pictures in PetImages/Dog" if how == "without dogs" else "is damaged"
    assert f": the archive {reason}" in str(error.value)
    assert nothing_kept(tmp_path)
    assert not list(tmp_path.rglob(PETS))


@pytest.mark.parametrize("inner", [b"", b"<html>", tarred(caltech_files())[:-3000]])
def test_a_broken_archive_in_the_archive_ends_in_one_error(tmp_path, inner):
    archive = caltech_zip(inner)
    with serve({CALTECH: archive}) as server, pytest.raises(data.DataError, match="is damaged"):
        fetched(entry(server.address, name="caltech101", archive=archive), tmp_path)
    assert nothing_kept(tmp_path)


def test_a_lacking_archive_in_the_archive_is_named(tmp_path):
    archive = zipped({"readme": b""})
    with (
        serve({CALTECH: archive}) as server,
        pytest.raises(data.DataError, match=r"holds no caltech-101/101_ObjectCategories\.tar\.gz"),
    ):
        fetched(entry(server.address, name="caltech101", archive=archive), tmp_path)


def test_an_archive_from_which_too_much_comes_is_stopped_in_time(tmp_path):
    archive = zipped({"PetImages/Cat/0.jpg": bytes(5_000_000), "PetImages/Dog/0.jpg": b"x"})
    assert len(archive) < 10_000
    (tmp_path / PETS).write_bytes(archive)
    classes = {"cats": "PetImages/Cat", "dogs": "PetImages/Dog"}
    with pytest.raises(sources.Unavailable, match="larger than it should be"):
        unpack(tmp_path / PETS, classes, tmp_path / "out", limit=1_000_000)
    assert sum(path.stat().st_size for path in tmp_path.rglob("out/*/*")) <= 1_000_000


SEGMENTS = [
    "..",
    ".",
    "",
    "PetImages",
    "Cat",
    "Dog",
    "1.jpg",
    "1.JPG",
    "C:",
    "é",
    "a\\b",
    "x" * 300,
]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.sampled_from(SEGMENTS), max_size=5).map("/".join), unique=True))
def test_whatever_the_names_nothing_lands_outside_the_class_folders(tmp_path_factory, names):
    home = tmp_path_factory.mktemp("names")
    always = {"PetImages/Cat/0.jpg": b"cat", "PetImages/Dog/0.jpg": b"dog"}
    archive = zipped({**dict.fromkeys(names, b"evil"), **always})
    pets = entry("http://127.0.0.1:9/", archive=archive)
    (home / PETS).write_bytes(archive)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_MATERIALS", str(home))
        with contextlib.suppress(data.DataError):
            fetched(pets, home / "cache")
    (home / PETS).unlink()
    left = [
        path
        for path in home.rglob("*")
        if path.is_file() and path.name not in ("lock", archives.COUNTS)
    ]
    assert all(path.parents[3] == home / "cache/cats_vs_dogs" for path in left)
    assert all(path.parent.name in ("cats", "dogs") for path in left)


def test_names_in_any_script_and_with_spaces_survive(tmp_path):
    odd = {"größe 1.jpg": b"1", "猫 2.jpg": b"2", " 3 .jpg": b"3", "😺.jpg": b"4", "it's.jpg": b"5"}
    names = itertools.product(("Cat", "Dog"), odd)
    archive = zipped({f"PetImages/{kind}/{name}": odd[name] for kind, name in names})
    with serve({PETS: archive}) as server:
        place = fetched(entry(server.address, archive=archive), tmp_path / "ordner ü")
    found = Counter(path.name for path in place.glob("*/*/*"))
    assert found == dict.fromkeys(odd, 2)


def test_a_process_killed_while_unpacking_leaves_no_half_folder_and_no_second_download(
    server, tmp_path
):
    stalled = "unpacking._copy = lambda *a, copy=unpacking._copy: copy(*a) if step() else None"
    child = subprocess.Popen(child_process(server.address, tmp_path, stalled))
    wait_for(lambda: len(list(tmp_path.rglob("incoming-*/raw/cats/*"))) >= 5)
    child.kill()
    child.wait()
    assert archives.whole_folder(entry(server.address), tmp_path) is None
    assert whole(fetched(entry(server.address), tmp_path))
    assert server.sent[PETS] == len(ZIP)
    assert not list(tmp_path.rglob("incoming-*"))


def test_two_processes_at_once_download_once_and_both_find_it_whole(server, tmp_path):
    children = [subprocess.Popen(child_process(server.address, tmp_path)) for _ in "ab"]
    assert [child.wait(60) for child in children] == [0, 0]
    assert server.sent[PETS] == len(ZIP)


@pytest.mark.parametrize("limit", [len(ZIP) // 2, 5_000_000], ids=["download", "unpacking"])
def test_a_disk_that_fills_up_is_said_and_the_next_try_succeeds(tmp_path, limit):
    pytest.importorskip("resource", reason="this system has no limit on file sizes")
    large = {"PetImages/Cat/large.jpg": bytes(6_000_000)}  # small in the archive
    archive = zipped({**pet_files(), **large})
    with serve({PETS: archive}) as server:
        limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
        command = child_process(server.address, tmp_path, limited, archive=archive)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "DataError: the disk of" in done.stderr
        assert "set COURSE_CACHE to a folder on another disk" in done.stderr
        assert nothing_kept(tmp_path)
        place = fetched(entry(server.address, archive=archive), tmp_path)
    assert by_class(place) == {**WHOLE, "cats/large.jpg": bytes(6_000_000)}


def test_too_little_room_is_said_before_anything_is_downloaded(server, tmp_path):
    with pytest.raises(data.DataError, match=r"is full \(\d+ MB needed, \d+ MB free\)"):
        fetched(entry(server.address, unpacked_bytes=10**18), tmp_path)
    assert not server.asked


def test_a_cache_that_cannot_be_used_is_named_with_the_way_out(server, tmp_path):
    (tmp_path / "cache").write_text("not a folder")
    with pytest.raises(data.DataError, match="set COURSE_CACHE to a folder that you can read"):
        fetched(entry(server.address), tmp_path / "cache")
    assert not server.asked


def test_a_complete_folder_serves_from_a_cache_that_cannot_be_written(
    server, tmp_path, monkeypatch
):
    place = fetched(entry(server.address), tmp_path)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    for name in ("mkdir", "replace", "unlink", "write_bytes"):
        monkeypatch.setattr(Path, name, refuse)
    assert fetched(entry(server.address), tmp_path) == place


def test_progress_is_shown_where_somebody_watches_and_only_there(
    server, tmp_path, capfd, monkeypatch
):
    fetched(entry(server.address), tmp_path / "a")
    assert capfd.readouterr() == ("", "")
    for module in ("download", "sources"):
        monkeypatch.setattr(f"course_utils.data.{module}.watched", lambda: True)
    fetched(entry(server.address), tmp_path / "b")
    shown = capfd.readouterr().err
    assert all(words in shown for words in ("trying", PETS, "100%", "unpacking"))


@pytest.mark.filterwarnings("error")
def test_a_folder_somebody_took_from_is_said_and_one_that_is_gone_is_fetched_again(
    server, tmp_path
):
    pets = entry(server.address)
    place = fetched(pets, tmp_path)
    (next((place / "train/cats").iterdir())).unlink()
    with pytest.warns(UserWarning, match="delete it to have the set fetched again"):
        fetched(pets, tmp_path)
    shutil.rmtree(place)
    assert whole(fetched(pets, tmp_path))


def test_a_size_that_is_not_embedded_is_said_in_one_line():
    with pytest.raises(data.DataError) as error:
        folder("caltech101")
    assert str(error.value) == (
        "'caltech101' is not embedded; folder('caltech101', size='full') fetches it"
    )


def test_the_catalog_says_of_each_archive_what_its_checksum_rests_on():
    text = (entries.datasets_folder() / "catalog.toml").read_text(encoding="utf-8")
    for name in ("cats_vs_dogs", "caltech101"):
        before = text[: text.index(f"[{name}.full.files]")]
        assert "The archive itself could" in before[before.rindex(f"[{name}.full]") :]


def child_process(address, cache, first="", *, archive=None):
    """Return the command of another process that fetches the folder."""
    content = f"Path({str(keep(archive, cache))!r}).read_bytes()" if archive else "ZIP"
    code = f"""
        import sys, time
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from test_data_archives import ZIP, archives, entry
        from course_utils.data import unpacking
        steps = []
        def step():
            steps.append(1)
            if len(steps) > 5:
                time.sleep(60)
            return True
        {first}
        pets = entry({address!r}, archive={content})
        archives.fetched_folder(pets, Path({str(cache)!r}), timeout={QUICK})
    """
    return [sys.executable, "-B", "-c", textwrap.dedent(code)]


def keep(archive, cache):
    path = cache.parent / f"{cache.name}.zip"
    path.write_bytes(archive)
    return path


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
