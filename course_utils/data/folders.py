"""`folder`: pictures as files in class folders, the form in which photographs come."""

from pathlib import Path

from course_utils import settings
from course_utils.data.entries import DataError, entry, known
from course_utils.data.kept import made_folder

SIZES = ("mini", "full")


def folder(name: str, size: str = "mini") -> Path:
    """Return a folder of pictures: ``train``, ``validation`` and ``test``, each of class folders.

    Both sizes have that shape and those class names, so one lesson reads either. The folder is
    the course's own copy in the cache: copy what you mean to change.

    Parameters
    ----------
    name : str
        ``"cats_vs_dogs"``, with the class folders ``cats`` and ``dogs``.
    size : str
        ``"mini"`` needs no network: CIFAR-10's cats and dogs as PNG files of 32 x 32 pixels;
        train 1,000 of each class, validation 500, test 500. Every pixel is the original's. What
        somebody deletes or changes in it is put right at the next call.

    Raises
    ------
    DataError
        If there is no such folder or size, or it cannot be had; the message says what to do.

    Examples
    --------
    >>> pets = folder("cats_vs_dogs")
    >>> sorted(path.name for path in pets.iterdir())
    ['test', 'train', 'validation']
    >>> len(list((pets / "train" / "cats").glob("*.png")))
    1000
    """
    found = entry(name, kind="folders")
    known(size, list(SIZES), what="size")
    cache = settings.cache_folder().absolute()
    if size == "full" or not found.mini:
        raise DataError(f"{name!r} cannot be had at size {size!r} yet")
    return made_folder(found, cache)
