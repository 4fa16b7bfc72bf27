"""`load`: one call, two sizes."""

from course_utils.data.catalog import entry, known
from course_utils.data.dataset import Dataset
from course_utils.data.packs import read_part

SIZES = ("mini", "full")


def load(name: str, size: str = "mini") -> Dataset:
    """Return a data set: the embedded part of it, or all of it.

    Parameters
    ----------
    name : str
        ``"fashion_mnist"`` or ``"cifar10"``.
    size : str
        ``"mini"`` needs no network: 10,000 training and 2,000 test images, as many of each
        class. ``"full"`` is the complete set, downloaded once.

    Returns
    -------
    Dataset
        Images (n, height, width, channels) uint8, labels (n,) int64.

    Raises
    ------
    DataError
        If there is no such set or size, or it cannot be had; the message says what to do.

    Examples
    --------
    >>> load("fashion_mnist").x_test.shape
    (2000, 28, 28, 1)
    """
    found = entry(name, kind="images")
    known(size, list(SIZES), what="size")
    arrays = {part: read_part(found.mini[part]) for part in found.mini}
    return Dataset(**arrays, class_names=found.class_names)
