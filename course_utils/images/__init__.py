"""Folders of pictures, one sub-folder for each class: look, clean, divide, and feed a network.

`scan` reports what is there, `clean` moves bad files aside (`restore` brings them back), `split`
makes training, validation and test parts that share no picture, and `ImageFolder` gives Keras
the pictures batch by batch, with `Augment` to vary them.

Only `ImageFolder` needs Keras, and imports it when it is first used.
"""

from importlib import import_module
from typing import Any

from course_utils.images.augmenting import Augment
from course_utils.images.cleaning import Moves, clean, restore
from course_utils.images.listing import ImageError
from course_utils.images.reading import read
from course_utils.images.report import Report
from course_utils.images.scanning import scan
from course_utils.images.splitting import Parts, split

__all__ = [
    "Augment",
    "ImageError",
    "ImageFolder",
    "Moves",
    "Parts",
    "Report",
    "clean",
    "read",
    "restore",
    "scan",
    "split",
]


def __getattr__(name: str) -> Any:
    if name != "ImageFolder":
        raise AttributeError(f"course_utils.images has no {name!r}; it has {', '.join(__all__)}")
    from course_utils.settings import quiet

    with quiet():
        return import_module("course_utils.images.image_folder").ImageFolder
