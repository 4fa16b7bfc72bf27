"""The pieces of an efficient training recipe: schedule, crop, flip, the loop, a checkpoint.

Examples
--------
>>> from course_utils import training
>>> training.Recipe(epochs=3).rate(0.2)  # the peak, after 20 % of the steps
0.4
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_utils.settings import quiet

if TYPE_CHECKING:
    import keras

SCHEDULES = ("triangular", "constant", "cosine")
FLIPS = ("none", "random", "alternating")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how `train` trains, apart from the model and the images.

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
    batch: int = 256
    peak: float = 0.4
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
    >>> crop(one, np.random.default_rng(4), pixels=1)[0, :, :, 0]  # up by one: row 1 comes back
    array([[3, 4, 5],
           [6, 7, 8],
           [3, 4, 5]])
    """
    n, height, width, _ = images.shape
    border = ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0))
    padded = np.pad(images, border, mode="reflect")
    top, left = rng.integers(0, 2 * pixels + 1, (2, n))
    rows, columns = top[:, None] + np.arange(height), left[:, None] + np.arange(width)
    return padded[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


def flip(images: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Mirror, left to right, the images that ``mirror`` (n,) bool names; return a new array.

    Examples
    --------
    >>> pair = np.array([[1, 2], [1, 2]]).reshape(2, 1, 2, 1)
    >>> flip(pair, np.array([True, False])).tolist()
    [[[[2], [1]]], [[[1], [2]]]]
    """
    return np.where(mirror[:, None, None, None], images[:, :, ::-1], images)


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


def train(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe,
    *,
    checkpoint: Path | str | None = None,
    after_epoch: Callable[[int, float], None] | None = None,
    distort: Callable | None = None,
) -> list[float]:
    """Train ``model`` in place by a `Recipe`; go on from ``checkpoint`` if there is one.

    Parameters
    ----------
    model : keras.Model
        Pixels to logits; needs no ``compile``.
    images : (n, height, width, channels) uint8
    labels : (n,) int
    recipe : Recipe
    checkpoint : path, optional
        A ``.npz`` file, written after every epoch with all that the rest of the training depends
        on: weights, running averages, momentum, the state of dropout, the epoch. If it exists,
        training goes on from it and ends in the same weights, bit for bit, as without the
        interruption (on the same machine).
    after_epoch : callable, optional
        ``after_epoch(epoch, loss)``, from epoch 1; called when the checkpoint is written.
    distort : callable, optional
        See `batches`.

    Returns
    -------
    list of float
        The mean training loss of each epoch, those before an interruption included.

    Raises
    ------
    ValueError
        If there are fewer images than one batch takes, or the checkpoint belongs to another
        recipe, model or number of images.

    Notes
    -----
    One `tf.function` and one set of buffers for the whole training: memory stays flat.
    """
    if len(images) < recipe.batch:
        raise ValueError(f"a batch of {recipe.batch} is more than all {len(images)} images")
    step, velocities = _step_function(model, recipe)
    state = [*model.variables, *velocities]
    losses = _resume(checkpoint, state, recipe, len(images))
    steps = len(images) // recipe.batch
    for epoch in range(len(losses), recipe.epochs):
        found = []
        for done, (batch, answers) in enumerate(batches(images, labels, recipe, epoch, distort)):
            progress = (epoch * steps + done + 1) / (recipe.epochs * steps)
            found.append(step(batch.astype("float32"), answers, np.float32(recipe.rate(progress))))
        losses.append(float(np.mean(found)))
        if checkpoint:
            _keep(checkpoint, state, recipe, len(images), losses)
        if after_epoch:
            after_epoch(epoch + 1, losses[-1])
    return losses


def _step_function(model, recipe: Recipe):
    """Return a compiled step(images, labels, rate) -> loss, and the momentum that it keeps."""
    with quiet():
        import tensorflow as tf
    weights = [variable.value for variable in model.trainable_variables]
    velocities = [tf.Variable(tf.zeros_like(weight), trainable=False) for weight in weights]
    classes = model.output_shape[-1]

    @tf.function
    def step(images, labels, rate):
        certain = tf.one_hot(labels, classes)
        targets = certain * (1 - recipe.smoothing) + recipe.smoothing / classes
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
        gradients = tape.gradient(loss, weights)
        for weight, gradient, velocity in zip(weights, gradients, velocities, strict=True):
            if len(weight.shape) > 1:  # a kernel; biases and batch norm are not punished
                gradient += recipe.decay * weight
            velocity.assign(recipe.momentum * velocity + gradient)
            weight.assign_sub(rate * (gradient + recipe.momentum * velocity))  # Nesterov
        return loss

    return step, velocities


def _keep(checkpoint: Path | str, state: list, recipe: Recipe, n: int, losses: list) -> None:
    """Write the checkpoint whole or not at all."""
    path = Path(checkpoint)
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {f"state_{i}": np.asarray(value) for i, value in enumerate(state)}
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as file:
        np.savez(file, losses=losses, of=f"{n} images, {recipe}", **arrays)
    unfinished.replace(path)


def _resume(checkpoint: Path | str | None, state: list, recipe: Recipe, n: int) -> list[float]:
    """Put the checkpoint's numbers into ``state``; return the losses of the epochs behind it."""
    if not checkpoint or not Path(checkpoint).exists():
        return []
    with np.load(checkpoint) as kept:
        if str(kept["of"]) != (now := f"{n} images, {recipe}"):
            raise ValueError(f"{checkpoint} belongs to another training:\n{kept['of']}\nnot\n{now}")
        arrays = [kept[f"state_{i}"] for i in range(len(kept.files) - 2)]
        if [array.shape for array in arrays] != [tuple(value.shape) for value in state]:
            raise ValueError(f"{checkpoint} belongs to another model than {state[0].path}")
        for variable, array in zip(state, arrays, strict=True):
            variable.assign(array)
        return kept["losses"].tolist()


def predict(
    model: keras.Model, images: np.ndarray, *, mirrored: bool = False, batch: int = 500
) -> np.ndarray:
    """Return the logits of each image, or of the image and its mirror image on average.

    Parameters
    ----------
    model : keras.Model
    images : (n, height, width, channels) uint8
    mirrored : bool
        Look at every image twice, the second time mirrored. Only for networks that were trained
        with flips: others have never seen a mirror image.
    batch : int
        Images at a time.

    Returns
    -------
    (n, classes) float32
    """
    looks = [images, images[:, :, ::-1]] if mirrored else [images]
    logits = [
        np.concatenate(
            [
                model(look[i : i + batch].astype("float32"), training=False).numpy()
                for i in range(0, len(look), batch)
            ]
        )
        for look in looks
    ]
    return np.mean(logits, axis=0)


def accuracy(model: keras.Model, images: np.ndarray, labels: np.ndarray, **how) -> float:
    """Return the share of images that `predict` (with the same options) gets right."""
    return float(np.mean(predict(model, images, **how).argmax(axis=1) == labels))
