"""`ImageFolder`: the pictures of class folders, batch by batch, for Keras."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from course_utils.images.listing import ImageError, listing
from course_utils.images.reading import (
    Unreadable,
    checked_interpolation,
    content_of,
    opened,
    pixels,
)
from course_utils.images.threads import THREADS, share_out

MODES = ("binary", "sparse", "categorical")
CACHE_BYTES = 2**30
Augmentation = Callable[[np.ndarray, np.random.Generator], np.ndarray]


class ImageFolder(keras.utils.PyDataset):
    """Batches of pictures and labels from a folder of class folders; give it to ``model.fit``.

    Parameters
    ----------
    path : str or Path
        A folder with one folder for each class.
    image_size : (height, width)
        Every picture is brought to this size; see ``interpolation``.
    batch_size : int
        Pictures in a batch; the last batch of an epoch has the rest.
    shuffle : bool
        A new order in each epoch, the same for the same seed. Without it: class by class, in the
        order of the names, as Keras lists them.
    seed : int
        For the order and for ``augment``.
    class_mode : str
        What the labels look like: ``"binary"`` (n,) float32 of 0 and 1, ``"sparse"`` (n,) int32,
        ``"categorical"`` (n, classes) float32.
    augment : callable, optional
        Called with the pictures of a batch (n, height, width, 3) float32 and a
        `numpy.random.Generator`, returns the pictures varied; such as `Augment`.
    cache : bool or int
        Keep decoded pictures in memory, so that each file is read once: True for up to 1 GiB,
        or the bytes that may be used.
    workers : int, optional
        Threads that decode, the calling one among them, so 1 starts none. By default and at most
        one for each processor core, up to 8.
    interpolation : str
        How pictures are resized, as `course_utils.images.read` does: ``"antialias"``, which skips
        no pixel, or ``"nearest"``, which gives `ImageDataGenerator`'s numbers.

    Attributes
    ----------
    class_names : tuple of str
        Sorted; the label of a picture is its class's place here.
    paths : list of Path
    labels : (pictures,) int32
        In the order of ``paths``.

    Batches are pixels (n, height, width, 3) float32 from 0 to 255, and labels. Inside ``fit``,
    Keras shuffles the order of the batches as well; `keras.utils.set_random_seed` fixes that.

    Raises
    ------
    ImageError
        If the folder does not hold class folders with pictures, there is one class only, there is
        no such ``class_mode`` or ``interpolation``, or ``cache`` needs more memory than it may
        use. While reading, if a file is no whole picture: the message names it.

    Examples
    --------
    >>> from course_utils import folder
    >>> photos = ImageFolder(folder("cats_vs_dogs") / "train", image_size=(32, 32))
    >>> images, labels = photos[0]
    >>> images.shape, labels.shape, photos.class_names
    ((32, 32, 32, 3), (32,), ('cats', 'dogs'))
    """

    def __init__(
        self,
        path: str | Path,
        image_size: tuple[int, int] = (150, 150),
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int = 0,
        class_mode: str = "binary",
        augment: Augmentation | None = None,
        cache: bool | int = False,
        workers: int | None = None,
        interpolation: str = "antialias",
    ) -> None:
        super().__init__()
        found = listing(path)
        self.folder = found.folder
        self.class_names = tuple(found.images)
        self.paths = [found.folder / name for names in found.images.values() for name in names]
        counts = [len(names) for names in found.images.values()]
        self.labels = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        _check_classes(found.folder, dict(zip(self.class_names, counts, strict=True)), class_mode)
        self.image_size = _checked_size(image_size, batch_size)
        self.batch_size, self.shuffle, self.seed = batch_size, shuffle, seed
        self.class_mode, self.augment = class_mode, augment
        self.threads = workers or THREADS
        self.interpolation = checked_interpolation(interpolation)
        self.epoch = 0
        self._kept = self._make_cache(cache)
        self._is_kept = np.zeros(len(self.paths), dtype=bool)

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return math.ceil(len(self.paths) / self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return one batch of the current epoch."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        index %= len(self)
        chosen = self._order()[index * self.batch_size : (index + 1) * self.batch_size]
        images = self._read(chosen)
        if self.augment:
            rng = np.random.default_rng([self.seed, self.epoch, index])
            images = self._augmented(images, rng)
        return images, self._labels_of(chosen)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the batches of one epoch; the next loop over them is the next epoch."""
        for index in range(len(self)):
            yield self[index]
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """Go on to the next epoch, with its own order; Keras calls this."""
        self.epoch += 1

    def _order(self) -> np.ndarray:
        if not self.shuffle:
            return np.arange(len(self.paths))
        return np.random.default_rng([self.seed, self.epoch]).permutation(len(self.paths))

    def _labels_of(self, chosen: np.ndarray) -> np.ndarray:
        labels = self.labels[chosen]
        if self.class_mode == "categorical":
            return np.eye(len(self.class_names), dtype=np.float32)[labels]
        return labels.astype(np.float32) if self.class_mode == "binary" else labels

    def _read(self, chosen: np.ndarray) -> np.ndarray:
        """Return the chosen pictures as float32, from memory or from their files."""
        images = np.empty((len(chosen), *self.image_size, 3), dtype=np.float32)
        for row in np.flatnonzero(self._is_kept[chosen]):
            images[row] = self._kept[chosen[row]]
        rows = np.flatnonzero(~self._is_kept[chosen])
        # Reading is short, and each call would hand Python's lock around; decoding is worth it.
        contents = {n: self._try(content_of, n, self.paths[n]) for n in chosen[rows]}

        def decode(row: int) -> None:
            number = chosen[row]
            images[row] = self._try(self._decoded, number, contents[number])

        share_out(decode, rows, threads=self.threads)
        if self._kept is not None:
            self._kept[chosen[rows]] = images[rows]
            self._is_kept[chosen[rows]] = True
        return images

    def _decoded(self, content: bytes) -> np.ndarray:
        with opened(content) as image:
            return np.asarray(pixels(image, self.image_size, self.interpolation))

    def _try(self, step: Callable, number: int, argument: Any) -> Any:
        """Return ``step(argument)``, or say which picture it is that cannot be read."""
        try:
            return step(argument)
        except Unreadable as reason:
            name = self.paths[number].relative_to(self.folder)
            raise ImageError(
                f"cannot read the picture {name}: {reason}; "
                f"run images.clean({str(self.folder)!r}) to move bad files aside"
            ) from reason

    def _augmented(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        varied = np.asarray(self.augment(images, rng), dtype=np.float32)
        if varied.shape != images.shape:
            raise ImageError(f"augment turned images {images.shape} into {varied.shape}")
        return varied

    def _make_cache(self, cache: bool | int) -> np.ndarray | None:
        if not cache:
            return None
        allowed = CACHE_BYTES if cache is True else cache
        shape = (len(self.paths), *self.image_size, 3)
        if (need := math.prod(shape)) > allowed:
            raise ImageError(
                f"cache would keep {len(self.paths):,} pictures in {need / 2**30:.1f} GiB and may "
                f"use {allowed / 2**30:.1f}; choose a smaller image_size, cache=False, or allow "
                f"more with cache={need}"
            )
        return np.empty(shape, dtype=np.uint8)


def _check_classes(folder: Path, counts: dict[str, int], class_mode: str) -> None:
    if class_mode not in MODES:
        raise ImageError(f"class_mode is {class_mode!r}; choose one of {', '.join(MODES)}")
    for name, n in counts.items():
        if not n:
            raise ImageError(f"the class folder {folder / name} holds no pictures")
    if len(counts) == 1:
        raise ImageError(f"{folder} holds one class only ({next(iter(counts))}); it takes two")
    if class_mode == "binary" and len(counts) > 2:
        raise ImageError(
            f"class_mode 'binary' needs two classes, and {folder} holds {len(counts)} "
            f"({', '.join(counts)}); choose 'sparse' or 'categorical'"
        )


def _checked_size(image_size: tuple[int, int], batch_size: int) -> tuple[int, int]:
    size = tuple(int(side) for side in image_size)
    if len(size) != 2 or min(size) < 1 or batch_size < 1:
        raise ImageError(f"image_size {image_size} and batch_size {batch_size} must be positive")
    return size
