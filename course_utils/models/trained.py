"""Networks of the course that come trained, for those who want to look rather than wait."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from course_utils.data import read_weights
from course_utils.data.trained import card
from course_utils.settings import quiet

if TYPE_CHECKING:
    import keras


def load_trained(name: str) -> keras.Model:
    """Build a network and give it the weights that come with the course.

    Parameters
    ----------
    name : str
        Of a card in ``datasets/README.md``, which says how it was trained and how well it does;
        ``"efficient_cnn"`` (CIFAR-10) and ``"deeper_cnn"`` (Fashion-MNIST) are two.

    Returns
    -------
    keras.Model
        Uncompiled, ready for `course_utils.training.predict` or ``model.predict``. The weights
        were stored as float16 and are float32 again.

    Raises
    ------
    course_utils.data.DataError
        If there is no such network (the message lists the names), or its file is damaged.

    Examples
    --------
    >>> load_trained("efficient_cnn").output_shape
    (None, 10)
    """
    facts = card(name)
    arguments = dict(facts.get("arguments", {}))
    builder = getattr(import_module("course_utils.models"), facts["builder"])
    with quiet():
        model = builder(**arguments)
    model.set_weights(read_weights(name))
    return model
