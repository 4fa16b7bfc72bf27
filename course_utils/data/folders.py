"""`folder`: pictures as files in class folders, the form in which photographs come."""

from pathlib import Path

from course_utils import settings
from course_utils.data.archives import fetched_folder
from course_utils.data.entries import SIZES, DataError, entry, known
from course_utils.data.kept import made_folder


def folder(name: str, size: str = "mini") -> Path:
    """Return a folder of pictures: ``train``, ``validation`` and ``test``, each of class folders.

    Both sizes have that shape and the same class names, so one lesson reads either and never
    asks which it is. It is the course's own copy in the cache: look at it as you like, but clean
    or change a copy of it (``shutil.copytree(path, mine, copy_function=os.link)`` takes no room).

    Parameters
    ----------
    name : str
        ``"cats_vs_dogs"`` (class folders ``cats`` and ``dogs``), or ``"caltech101"`` (class
        folders ``airplanes`` and ``motorbikes``; full only).
    size : str
        ``"mini"`` needs no network: CIFAR-10's cats and dogs as PNG files of 32 x 32 pixels;
        train 1,000 of each class, validation 500, test 500; every pixel is the original's. What
        somebody deletes or changes in it is put right at the next call, and what somebody adds
        is moved aside.

        ``"full"`` is the published archive, downloaded once: Microsoft's 25,000 photographs (825
        MB), or the 1,598 of two classes of Caltech 101 (137 MB). Every file is there as it was
        published, unreadable ones and ones that are no pictures too: scan and clean them. The
        archives know no parts; each class was divided for good, three fifths for training, one
        for validation, one for testing, by the SHA-256 of each file.

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
    cache = settings.cache_folder().absolute()
    if known(size, SIZES, what="size") == "full":
        return fetched_folder(found, cache)
    if not found.mini:
        raise DataError(f"{name!r} is not embedded; folder({name!r}, size='full') fetches it")
    return made_folder(found, cache)
