"""The training loop with its checkpoint, and prediction with one look or two."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_utils.settings import quiet
from course_utils.training.recipe import Recipe, batches

if TYPE_CHECKING:
    import keras


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

    @tf.function(autograph=False)
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
