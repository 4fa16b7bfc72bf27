"""Readers: the files of a complete set, in the form in which somebody publishes them, as arrays.

Each takes a folder of files and returns ``x_train``, ``y_train``, ``x_test`` and ``y_test``:
images (n, height, width, channels) uint8, labels (n,) uint8.
"""

import gzip
import io
import json
import math
import pickle
import zlib
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

Arrays = dict[str, np.ndarray]
BATCHES = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5")


class Unreadable(ValueError):
    """A file does not hold what its name promises."""


def idx(folder: Path) -> Arrays:
    """Read the four gzipped files in the format of MNIST.

    Source: the description at the end of Yann LeCun's MNIST page. Big-endian numbers: a magic
    number whose last byte counts the axes, the length of each axis, then the bytes.
    """
    return {
        "x_train": _idx_array(folder / "train-images-idx3-ubyte.gz")[..., None],
        "y_train": _idx_array(folder / "train-labels-idx1-ubyte.gz"),
        "x_test": _idx_array(folder / "t10k-images-idx3-ubyte.gz")[..., None],
        "y_test": _idx_array(folder / "t10k-labels-idx1-ubyte.gz"),
    }


def cifar_pickles(folder: Path) -> Arrays:
    """Read the six batches of the Python version of CIFAR-10."""
    train = [_cifar_pickle(folder / name) for name in BATCHES]
    x_test, y_test = _cifar_pickle(folder / "test_batch")
    return {
        "x_train": np.concatenate([images for images, _ in train]),
        "y_train": np.concatenate([labels for _, labels in train]),
        "x_test": x_test,
        "y_test": y_test,
    }


def cifar_pngs(folder: Path) -> Arrays:
    """Read the npm package's six pictures, whose rows are images, and two files of labels."""
    return {
        "x_train": np.concatenate([_cifar_png(folder / f"{name}.png") for name in BATCHES]),
        "y_train": _json_labels(folder / "train_lables.json"),  # the package's own spelling
        "x_test": _cifar_png(folder / "test_batch.png"),
        "y_test": _json_labels(folder / "test_lables.json"),
    }


READERS = {"idx": idx, "cifar_pickles": cifar_pickles, "cifar_pngs": cifar_pngs}


def _idx_array(path: Path) -> np.ndarray:
    try:
        content = gzip.decompress(path.read_bytes())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise Unreadable(f"{path.name} is not a whole gzip file") from error
    axes = content[3] if content.startswith(b"\0\0\x08") and len(content) > 4 else 0
    start = 4 + 4 * axes
    shape = [int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4)]
    if not axes or len(content) != start + math.prod(shape):
        raise Unreadable(f"{path.name} is not a whole IDX file of bytes")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _cifar_pickle(path: Path) -> tuple[np.ndarray, np.ndarray]:
    batch = _ArraysOnly(io.BytesIO(path.read_bytes()), encoding="bytes").load()
    planes = batch[b"data"].reshape(-1, 3, 32, 32)  # a plane each of red, green and blue
    images = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
    return images, np.array(batch[b"labels"], np.uint8)


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that can make arrays and nothing else, so no file can run code."""

    ALLOWED: ClassVar = {
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy._core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    }

    def find_class(self, module: str, name: str) -> Any:
        """Return what an array is made of; refuse everything else."""
        try:
            return self.ALLOWED[module, name]
        except KeyError:
            raise Unreadable(f"a pickle asks for {module}.{name}, which is no array") from None


def _cifar_png(path: Path) -> np.ndarray:
    with Image.open(path) as picture:  # one image a row: 1024 pixels of red, green and blue
        return np.asarray(picture.convert("RGB")).reshape(-1, 32, 32, 3)


def _json_labels(path: Path) -> np.ndarray:
    return np.array(json.loads(path.read_text()), np.uint8)
