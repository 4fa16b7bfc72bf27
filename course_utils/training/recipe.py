"""What decides how a network is trained: the recipe's numbers, and the batches it is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SCHEDULES = ("triangular", "constant", "cosine")
FLIPS = ("none", "random", "alternating")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how `train` trains, apart from the model and the images.

    The defaults are those chosen for `course_utils.models.efficient_cnn` on CIFAR-10.

    Attributes
    ----------
    epochs, batch : int
        A last batch that would be smaller is left out; every epoch shuffles anew.
    peak : float
        The highest learning rate.
    schedule : {"triangular", "constant", "cosine"}
        The rate rises to ``peak`` during the first ``warmup`` share of the steps and falls to
        zero in a straight line (or along a cosine) until the last; or stays at ``peak``.
    momentum, decay, smoothing : float
        Nesterov momentum; L2 penalty on kernels; the share of certainty that label smoothing takes
        from the right class and spreads over all.
    shift : int
        Pixels by which `crop` may move an image in each direction.
    flips : {"none", "random", "alternating"}
        Mirrored at random in every epoch; or at random in the first and then in turn, so that
        every two epochs show each image once in each direction (Jordan, 2024, arXiv 2404.00498).
    seed : int
        Of the shuffling, crops and flips. The model's first weights have a seed of their own.
    """

    epochs: int = 3
    batch: int = 128
    peak: float = 0.5
    schedule: str = "triangular"
    warmup: float = 0.2
    momentum: float = 0.9
    decay: float = 5e-4
    smoothing: float = 0.1
    shift: int = 2
    flips: str = "alternating"
    seed: int = 0

    def __post_init__(self):
        for given, allowed in ((self.schedule, SCHEDULES), (self.flips, FLIPS)):
            if given not in allowed:
                raise ValueError(f"{given!r} is none of {', '.join(allowed)}")

    def rate(self, progress: float) -> float:
        """Return the learning rate after the share ``progress`` (0 to 1) of all steps."""
        if self.schedule == "constant":
            return self.peak
        if progress < self.warmup:
            return self.peak * progress / self.warmup
        left = (1 - progress) / (1 - self.warmup)
        return self.peak * (
            left if self.schedule == "triangular" else np.sin(left * np.pi / 2) ** 2
        )


def crop(images: np.ndarray, rng: np.random.Generator, pixels: int = 2) -> np.ndarray:
    """Move every image by up to ``pixels`` in each direction; mirrored pixels fill what opens up.

    The images get a reflected border of ``pixels`` pixels, and a window of the original size is cut
    out at a random place of each.

    Parameters
    ----------
    images : (n, height, width, channels) array
    rng : numpy.random.Generator
    pixels : int

    Returns
    -------
    (n, height, width, channels) array
        A new array of the same dtype.

    Examples
    --------
    >>> one = np.arange(9).reshape(1, 3, 3, 1)
    >>> crop(one, np.random.default_rng(4), pixels=1)[0, :, :, 0]  # up and left by one
    array([[4, 5, 4],
           [7, 8, 7],
           [4, 5, 4]])
    """
    n, height, width, _ = images.shape
    border = ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0))
    padded = np.pad(images, border, mode="reflect")
    cropped = np.empty_like(images)
    for window, image, top, left in zip(
        cropped, padded, *rng.integers(0, 2 * pixels + 1, (2, n)), strict=True
    ):
        window[:] = image[top : top + height, left : left + width]
    return cropped


def flip(images: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Mirror, left to right, the images that ``mirror`` (n,) bool names; return a new array.

    Examples
    --------
    >>> pair = np.array([[1, 2], [1, 2]]).reshape(2, 1, 2, 1)
    >>> flip(pair, np.array([True, False])).tolist()
    [[[[2], [1]]], [[[1], [2]]]]
    """
    flipped = images.copy()
    flipped[mirror] = images[mirror][:, :, ::-1]
    return flipped


def mirrored_in(epoch: int, n: int, recipe: Recipe) -> np.ndarray:
    """Return which of ``n`` images ``recipe.flips`` mirrors in ``epoch`` (from 0): (n,) bool.

    Examples
    --------
    >>> first, second = (mirrored_in(epoch, 1000, Recipe()) for epoch in (0, 1))
    >>> bool(np.all(first != second))
    True
    """
    if recipe.flips == "none":
        return np.zeros(n, dtype=bool)
    alternating = recipe.flips == "alternating"
    drawn_for = 0 if alternating else epoch
    coins = np.random.default_rng((recipe.seed, drawn_for, 1)).random(n) < 0.5
    return coins ^ (alternating and epoch % 2 == 1)


def batches(images: np.ndarray, labels: np.ndarray, recipe: Recipe, epoch: int, distort=None):
    """Yield one epoch of shuffled, cropped and flipped (images, labels) batches.

    Everything random in it follows from ``recipe.seed`` and ``epoch``, so an epoch can be repeated
    exactly.

    Parameters
    ----------
    images : (n, height, width, channels) uint8
    labels : (n,) int
    recipe : Recipe
    epoch : int
        From 0.
    distort : callable, optional
        ``distort(images, rng)`` for a batch, in place of crop and flip.
    """
    rng = np.random.default_rng((recipe.seed, epoch))
    mirror = mirrored_in(epoch, len(images), recipe)
    order = rng.permutation(len(images))
    for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
        chosen = order[start : start + recipe.batch]
        if distort:
            batch = distort(images[chosen], rng)
        else:
            batch = flip(crop(images[chosen], rng, recipe.shift), mirror[chosen])
        yield batch, labels[chosen]
