"""Complete sets are read right in every published form, and nothing else is."""

import gzip
import io
import json
import os
import pickle
import pickletools
import tarfile

import numpy as np
import pytest
from PIL import Image

from course_utils.data import readers, sources

RNG = np.random.default_rng(0)
CIFAR = {
    "x_train": RNG.integers(0, 256, (10, 32, 32, 3), np.uint8),
    "y_train": np.arange(10, dtype=np.uint8),
    "x_test": RNG.integers(0, 256, (2, 32, 32, 3), np.uint8),
    "y_test": np.array([9, 0], np.uint8),
}


def batches():
    for i, name in enumerate(readers.BATCHES):
        yield name, CIFAR["x_train"][2 * i : 2 * i + 2], CIFAR["y_train"][2 * i : 2 * i + 2]
    yield "test_batch", CIFAR["x_test"], CIFAR["y_test"]


def as_python2(batch):
    """Pickle as Python 2 and NumPy 1 did: byte strings, and the array under its old name."""
    content = bytearray(pickle.dumps(batch, protocol=3))
    for opcode, _, position in pickletools.genops(bytes(content)):
        old = {"SHORT_BINBYTES": b"U", "BINBYTES": b"T"}.get(opcode.name)
        if old:
            content[position : position + 1] = old
    return bytes(content).replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def write_pickles(folder, pack=as_python2):
    for name, images, labels in batches():
        rows = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
        (folder / name).write_bytes(pack({b"data": rows, b"labels": labels.tolist()}))


def write_pngs(folder):
    for name, images, _ in batches():
        Image.fromarray(images.reshape(len(images), 1024, 3)).save(folder / f"{name}.png")
    for split in ("train", "test"):
        labels = CIFAR[f"y_{split}"].tolist()
        (folder / f"{split}_lables.json").write_text(json.dumps(labels))


def idx_bytes(array):
    shape = np.array(array.shape, ">u4").tobytes()
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + shape + array.tobytes())


def same(arrays, expected):
    return all(
        arrays[name].dtype == np.uint8 and np.array_equal(arrays[name], expected[name])
        for name in expected
    )


def test_pickles_and_pictures_of_cifar_give_the_same_arrays(tmp_path):
    write_pickles(tmp_path)
    write_pngs(tmp_path)
    assert same(readers.cifar_pickles(tmp_path), CIFAR)
    assert same(readers.cifar_pngs(tmp_path), CIFAR)


def test_a_pickle_of_todays_numpy_is_read_too(tmp_path):
    write_pickles(tmp_path, lambda batch: pickle.dumps(batch, protocol=4))
    assert same(readers.cifar_pickles(tmp_path), CIFAR)


class Attack:
    def __init__(self, call, *arguments):
        self.call = call, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    "attack",
    [Attack(os.system, "exit 1"), Attack(eval, "1"), Attack(np.load, "x")],
    ids=["os.system", "eval", "numpy.load"],
)
def test_a_pickle_that_would_run_code_is_refused(tmp_path, attack, protocol):
    write_pickles(tmp_path, lambda _: pickle.dumps(attack, protocol=protocol))
    with pytest.raises(readers.Unreadable, match="which is no array"):
        readers.cifar_pickles(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no gzip",
        idx_bytes(np.zeros((2, 3), np.uint8))[:-9],
        gzip.compress(b""),
        gzip.compress(b"\0\0\x08\x03\0\0"),
        gzip.compress(b"\0\0\x08\x01\0\0\0\x05abcd"),
        gzip.compress(b"\0\0\x08\x01\0\0\0\x03abcd"),
        gzip.compress(b"\0\0\x0d\x01\0\0\0\x01abcd"),
        gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12),
    ],
)
def test_a_broken_idx_file_is_refused(tmp_path, content):
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / f"{name}-ubyte.gz").write_bytes(content)
    with pytest.raises(readers.Unreadable):
        readers.idx(tmp_path)


def archive(*members):
    """Return an open archive of (TarInfo, content) pairs."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for info, content in members:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    file.seek(0)
    return tarfile.open(fileobj=file)


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/../../out", "C:\\out"])
def test_no_path_in_an_archive_leaves_the_folder(tmp_path, name):
    inside = tmp_path / "inside"
    inside.mkdir()
    with archive((tarfile.TarInfo(name), b"x"), (tarfile.TarInfo("a/good"), b"good")) as tar:
        sources.extract(tar, ["a/good", name], inside)
    assert {path.parent for path in tmp_path.rglob("*") if path.is_file()} == {inside}
    assert (inside / "good").read_bytes() == b"good"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_member_that_is_no_plain_file_is_refused(tmp_path, kind):
    with (
        archive(link("good", "/etc/passwd", kind)) as tar,
        pytest.raises(sources.Unavailable, match="no plain file"),
    ):
        sources.extract(tar, ["good"], tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_missing_member_is_named(tmp_path):
    with (
        archive((tarfile.TarInfo("other"), b"x")) as tar,
        pytest.raises(sources.Unavailable, match="holds no good"),
    ):
        sources.extract(tar, ["good"], tmp_path)
