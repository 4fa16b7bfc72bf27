"""Trained networks that come with the course: their weights, small as files, checked on use.

A weights file is an ``.npz`` archive with one array for each of ``model.weights``, in their order.
Kernels are stored as float16, half the size for a relative error of at most 1 in 2,048; the few
numbers of biases and batch normalisation stay float32.
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from course_utils.data.entries import catalog, datasets_folder, embedded, known


def weights(name: str) -> Path:
    """Return the path of a weights file, once its SHA-256 is found right.

    Parameters
    ----------
    name : str
        Of a card in ``datasets/README.md``, which says what was trained on what, and how well.

    Raises
    ------
    DataError
        If there is no such file (the message lists the names), or it is damaged.

    Notes
    -----
    `read_weights` gives its content as float32, ready for a model.
    """
    part = card(name)
    embedded(part)
    return datasets_folder() / part["file"]


def read_weights(name: str) -> list[np.ndarray]:
    """Return the weights of a trained network as float32 arrays, in the order of ``model.weights``.

    Parameters
    ----------
    name : str
        As for `weights`.

    Returns
    -------
    list of float32 arrays
        For ``model.set_weights``. A model that lacks only the last layers takes the first of
        them: ``model.set_weights(read_weights(name)[: len(model.weights)])``.

    Raises
    ------
    DataError
        As for `weights`.
    """
    with np.load(io.BytesIO(embedded(card(name))), allow_pickle=False) as arrays:
        return [arrays[key].astype(np.float32) for key in sorted(arrays.files)]


def card(name: str) -> Mapping[str, Any]:
    """Return what the catalog says of a weights file: its model card, ``file`` and ``sha256``.

    Raises
    ------
    DataError
        If there is no such file.
    """
    cards = catalog()["weights"].mini
    return cards[known(name, list(cards), what="weights file")]
