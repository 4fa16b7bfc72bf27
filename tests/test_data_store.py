"""Complete sets over a bad network and on a bad disk: right arrays, or one clear error."""

import gzip
import hashlib
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from fault_server import serve

from course_utils import data, load
from course_utils.data import entries, store
from course_utils.data.lock import locked

RNG = np.random.default_rng(0)
ARRAYS = {
    "x_train": RNG.integers(0, 256, (300, 28, 28, 1), np.uint8),
    "y_train": RNG.integers(0, 10, 300).astype(np.uint8),
    "x_test": np.zeros((900, 28, 28, 1), np.uint8),  # small as a download, large as an array
    "y_test": np.arange(10, dtype=np.uint8).repeat(90),
}
NAMES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}
IMAGES = NAMES["x_train"]
QUICK = (2.0, 0.3)


def packed(array):
    shape = tuple(n for i, n in enumerate(array.shape) if i < 3)
    head = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
    return gzip.compress(head + array.tobytes(), mtime=0)


FILES = {NAMES[name]: packed(array) for name, array in ARRAYS.items()}
WHOLE = len(FILES[IMAGES])


def entry(*addresses, more=()):
    """Return a catalog entry of the tiny set with these addresses as its sources."""
    sha256 = lambda content: hashlib.sha256(content).hexdigest()  # noqa: E731
    return data.Entry(
        name="tiny",
        kind="images",
        title="Tiny",
        licence="CC0",
        class_names=tuple("abcdefghij"),
        mini={"x_train": {"file": "tiny.webp"}},
        full={
            "download_bytes": sum(map(len, FILES.values())),
            "arrays": {
                name: {"shape": list(array.shape), "sha256": sha256(array.tobytes())}
                for name, array in ARRAYS.items()
            },
            "files": {name: {"sha256": sha256(content)} for name, content in FILES.items()},
            "sources": [
                *({"kind": "url", "reader": "idx", "address": address} for address in addresses),
                *more,
            ],
        },
    )


@pytest.fixture
def server():
    with serve(FILES) as running:
        yield running


@pytest.fixture
def mirror():
    with serve(FILES) as running:
        yield running


def same(arrays):
    return all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS)


def fetched(tiny, cache):
    return store.load_entry(tiny, cache, timeout=QUICK)


def nothing_kept(cache):
    return not list(Path(cache).rglob("arrays-*"))


def test_a_complete_set_is_fetched_once_and_then_served_from_the_cache(server, tmp_path):
    tiny = entry(server.address)
    assert same(fetched(tiny, tmp_path))
    assert same(fetched(tiny, tmp_path))
    assert [path for path, _ in server.asked] == list(tiny.full["files"])
    kept = {path.name for path in (tmp_path / "tiny").iterdir()}
    assert kept == {"lock", store.complete(tiny, tmp_path).name}


def test_load_gives_the_complete_set_with_integer_labels(server, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.setitem(entries.catalog(), "tiny", entry(server.address))
    whole = load("tiny", "full")
    assert (whole.x_train == ARRAYS["x_train"]).all()
    assert (whole.y_test == ARRAYS["y_test"]).all()
    assert whole.y_train.dtype == np.int64
    assert data.fetch("tiny") == store.complete(entry(server.address), tmp_path)
    assert {state.name: state.full for state in data.available()}["tiny"]


def test_a_download_that_breaks_off_goes_on_where_it_stopped(server, tmp_path):
    server.faults[IMAGES] = ["cut"]
    assert same(fetched(entry(server.address), tmp_path))
    ranges = [span for path, span in server.asked if path == IMAGES]
    assert ranges == ["", f"bytes={WHOLE // 2}-"]
    assert server.sent[IMAGES] == WHOLE


def test_a_download_that_breaks_off_often_still_arrives(server, tmp_path):
    server.faults[IMAGES] = ["cut"] * 4
    assert same(fetched(entry(server.address), tmp_path))
    assert server.sent[IMAGES] == WHOLE


def test_a_server_that_ignores_ranges_is_asked_for_the_whole_again(server, tmp_path):
    server.faults[IMAGES] = ["cut", "no ranges"]
    assert same(fetched(entry(server.address), tmp_path))


def test_a_killed_process_leaves_a_part_that_the_next_one_continues(server, tmp_path):
    server.faults[IMAGES] = ["stall"]
    child = subprocess.Popen(child_process(server.address, tmp_path, timeout=(2.0, 60.0)))
    wait_for(lambda: any(part.stat().st_size for part in tmp_path.rglob(f"{IMAGES}.*.part")))
    wait_for(lambda: server.sent.get(IMAGES))
    time.sleep(0.2)
    child.kill()
    child.wait()
    assert nothing_kept(tmp_path)
    assert same(fetched(entry(server.address), tmp_path))
    spans = [span for path, span in server.asked if path == IMAGES]
    assert spans[0] == ""
    assert int(spans[1].removeprefix("bytes=").removesuffix("-")) > 0
    assert server.sent[IMAGES] < 2 * WHOLE


def test_a_part_that_is_damaged_on_disk_is_thrown_away(server, tmp_path):
    server.faults[IMAGES] = ["cut", "always 500"]
    with pytest.raises(data.DataError, match="answered 500"):
        fetched(entry(server.address), tmp_path)
    (part,) = tmp_path.rglob(f"{IMAGES}.*.part")
    part.write_bytes(b"x" * part.stat().st_size)
    server.faults.clear()
    server.asked.clear()
    assert same(fetched(entry(server.address), tmp_path))
    spans = [span for path, span in server.asked if path == IMAGES]
    assert spans == [f"bytes={WHOLE // 2}-", ""]


@pytest.mark.parametrize("surplus", [0, 10])
def test_a_part_as_long_as_the_file_or_longer_does_no_harm(server, tmp_path, surplus):
    server.faults[IMAGES] = ["cut", "always 500"]
    with pytest.raises(data.DataError):
        fetched(entry(server.address), tmp_path)
    (part,) = tmp_path.rglob(f"{IMAGES}.*.part")
    part.write_bytes(FILES[IMAGES] + b"x" * surplus)
    server.faults.clear()
    server.sent.clear()
    assert same(fetched(entry(server.address), tmp_path))
    assert server.sent.get(IMAGES, 0) == (WHOLE if surplus else 0)


FAULTS = {
    "corrupt": "its SHA-256 differs",
    "page": "its SHA-256 differs",
    "no length": "its SHA-256 differs",
    "always cut": "broke off",
    "silent": "no answer in time",
    "always stall": "no answer in time",
    "404": "answered 404 Not Found",
    "500": "answered 500 Internal Server Error",
    "503": "answered 503 Service Unavailable",
    "always redirect /nowhere": "answered 404",
    f"always redirect /{IMAGES}": "redirects",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_where_one_address_fails_the_next_serves(server, mirror, tmp_path, fault):
    server.faults[IMAGES] = [fault]
    assert same(fetched(entry(server.address, mirror.address), tmp_path))
    assert mirror.sent[IMAGES] == WHOLE


@pytest.mark.parametrize("fault", FAULTS)
def test_where_all_fail_one_error_names_each_and_nothing_is_kept(server, tmp_path, fault):
    server.faults[IMAGES] = [fault]
    closed = "http://127.0.0.1:9/"
    tiny = entry(server.address, closed)
    with pytest.raises(data.DataError) as error:
        fetched(tiny, tmp_path)
    lines = str(error.value).splitlines()
    assert lines[0].startswith("cannot get 'tiny' at full size")
    assert lines[1].startswith(f"  1. {server.address}: ")
    assert FAULTS[fault] in lines[1]
    assert lines[2] == f"  2. {closed}: no connection (Connection refused)"
    assert "size='mini', which needs no network" in lines[3]
    assert len(lines) == 4
    assert nothing_kept(tmp_path)
    assert store.complete(tiny, tmp_path) is None


@pytest.mark.long
@pytest.mark.parametrize("name", [IMAGES, NAMES["y_test"]])
@pytest.mark.parametrize("second", FAULTS)
@pytest.mark.parametrize("first", FAULTS)
def test_any_two_faults_on_any_file_end_in_the_right_arrays(
    server, mirror, tmp_path, first, second, name
):
    server.faults[name] = [
        fault.removeprefix("always ").replace(IMAGES, name) for fault in (first, second)
    ]
    tiny = entry(server.address, mirror.address)
    for _ in range(2):
        assert same(fetched(tiny, tmp_path))


def test_redirects_are_followed(server, mirror, tmp_path):
    server.faults = {name: [f"redirect {mirror.address}{name}"] for name in FILES}
    assert same(fetched(entry(server.address), tmp_path))
    assert not server.sent


def test_arrays_that_are_not_the_published_ones_are_refused_from_any_source(server, tmp_path):
    tiny = entry(server.address)
    tiny.full["arrays"]["y_test"]["sha256"] = "0" * 64
    with pytest.raises(data.DataError, match="y_test is not the published one"):
        fetched(tiny, tmp_path)
    assert nothing_kept(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "other"])
def test_a_damaged_copy_in_the_cache_is_fetched_again(server, tmp_path, damage):
    tiny = entry(server.address)
    path = store.fetch_entry(tiny, tmp_path) / "x_train.npy"
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        changed = {
            "cut": content[:-1],
            "empty": b"",
            "other": content.replace(b"28, 28", b"14, 56"),
        }
        path.write_bytes(changed[damage])
    assert same(fetched(tiny, tmp_path))


def test_two_processes_at_once_download_once_and_both_are_right(server, tmp_path):
    server.faults[IMAGES] = ["cut"]
    children = [subprocess.Popen(child_process(server.address, tmp_path)) for _ in range(2)]
    assert [child.wait(60) for child in children] == [0, 0]
    assert server.sent == {name: len(content) for name, content in FILES.items()}


def test_a_set_that_somebody_is_fetching_is_waited_for(server, tmp_path):
    with locked(tmp_path / "tiny" / "lock"):
        child = subprocess.Popen(child_process(server.address, tmp_path))
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(2)
        assert not server.asked
    assert child.wait(60) == 0


@pytest.mark.parametrize("trouble", ["file", "unreadable"])
def test_a_cache_that_cant_be_used_is_named_with_the_way_out(
    server, tmp_path, monkeypatch, trouble
):
    cache = tmp_path / "cache"
    if trouble == "file":
        cache.write_text("not a folder")
    else:
        refuse = PermissionError(13, "Permission denied", str(cache))
        monkeypatch.setattr(Path, "mkdir", raising(refuse))
    with pytest.raises(data.DataError) as error:
        fetched(entry(server.address), cache)
    assert f"cannot use the cache folder {cache}" in str(error.value)
    assert "set COURSE_CACHE to a folder that you can read and write" in str(error.value)
    assert not server.asked


def test_too_little_room_is_said_before_anything_is_downloaded(server, tmp_path):
    tiny = entry(server.address)
    tiny.full["download_bytes"] = 10**18
    with pytest.raises(data.DataError, match=r"is full \(\d+ MB needed, \d+ MB free\)"):
        fetched(tiny, tmp_path)
    assert not server.asked


@pytest.mark.parametrize(
    "limit", [WHOLE // 2, (WHOLE + ARRAYS["x_test"].size) // 2], ids=["download", "arrays"]
)
def test_a_disk_that_fills_up_is_said_and_the_next_try_succeeds(server, tmp_path, limit):
    pytest.importorskip("resource", reason="this system has no limit on file sizes")
    out = subprocess.run(
        child_process(server.address, tmp_path, limit=limit),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "DataError: the disk of" in out.stderr
    assert "set COURSE_CACHE to a folder on another disk" in out.stderr
    assert nothing_kept(tmp_path)
    assert not list(tmp_path.rglob("incoming-*"))
    assert same(fetched(entry(server.address), tmp_path))


def test_without_pooch_the_error_says_how_to_install_it(server, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(data.DataError, match="pip install pooch"):
        fetched(entry(server.address), tmp_path)


@pytest.mark.parametrize(
    ("kind", "program"), [("debian", "apt-get"), ("npm", "npm")], ids=["debian", "npm"]
)
def test_a_package_managers_copy_comes_last_and_its_absence_is_said(
    server, tmp_path, monkeypatch, kind, program
):
    monkeypatch.delenv("COURSE_MATERIALS", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    server.faults[IMAGES] = ["404"]
    package = {"kind": kind, "package": "tiny", "version": "1", "members": [], "reader": "idx"}
    with pytest.raises(data.DataError) as error:
        fetched(entry(server.address, more=[package]), tmp_path)
    assert f"  2. {kind} package tiny: {program} is not installed\n" in str(error.value)


def test_an_installed_package_serves_where_no_address_does(tmp_path):
    installed = tmp_path / "installed"
    installed.mkdir()
    for name, content in FILES.items():
        (installed / name).write_bytes(content)
    package = {"kind": "debian", "package": "tiny", "installed": str(installed), "reader": "idx"}
    tiny = entry("http://127.0.0.1:9/", more=[package])
    assert same(fetched(tiny, tmp_path / "cache"))
    assert len(list(installed.iterdir())) == 4


def test_no_progress_bar_is_drawn_where_nobody_watches(server, tmp_path, capfd):
    fetched(entry(server.address), tmp_path)
    assert capfd.readouterr() == ("", "")


def test_progress_is_shown_where_somebody_watches(server, tmp_path, capfd, monkeypatch):
    for module in ("download", "sources"):
        monkeypatch.setattr(f"course_utils.data.{module}.watched", lambda: True)
    fetched(entry(server.address), tmp_path)
    shown = capfd.readouterr().err
    assert f"Tiny: trying {server.address}" in shown
    assert "100%" in shown
    assert IMAGES in shown


def raising(error):
    def call(*_, **__):
        raise error

    return call


def child_process(address, cache, *, timeout=QUICK, limit=None):
    """Return the command of another process that fetches the tiny set."""
    code = f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from test_data_store import entry, same, store
        tiny, cache = entry({address!r}), Path({str(cache)!r})
        if {limit}:
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
        assert same(store.load_entry(tiny, cache, timeout={timeout}))
    """
    return [sys.executable, "-B", "-c", textwrap.dedent(code)]


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
