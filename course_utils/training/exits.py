"""Training and using networks that answer at several exits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course_utils.settings import quiet
from course_utils.training.recipe import Recipe, batches

if TYPE_CHECKING:
    import keras


def train_exits(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, recipe: Recipe
) -> list[float]:
    """Train all exits of ``model`` together: the loss is the sum of their losses.

    Parameters
    ----------
    model : keras.Model
        Pixels to a list of logits, one array an exit.
    images : (n, height, width, channels) uint8
    labels : (n,) int
    recipe : Recipe

    Returns
    -------
    list of float
        The mean training loss of each epoch, summed over the exits.

    Raises
    ------
    ValueError
        If there are fewer images than one batch takes.

    Examples
    --------
    >>> from course_utils import models
    >>> images, labels = np.zeros((8, 32, 32, 3), "uint8"), np.arange(8)
    >>> len(train_exits(models.two_exit_cnn(), images, labels, Recipe(epochs=2, batch=4)))
    2
    """
    if len(images) < recipe.batch:
        raise ValueError(f"a batch of {recipe.batch} is more than all {len(images)} images")
    step = _step_function(model, recipe)
    steps, losses = len(images) // recipe.batch, []
    for epoch in range(recipe.epochs):
        found = []
        for done, (batch, answers) in enumerate(batches(images, labels, recipe, epoch)):
            progress = (epoch * steps + done + 1) / (recipe.epochs * steps)
            found.append(step(batch.astype("float32"), answers, np.float32(recipe.rate(progress))))
        losses.append(float(np.mean(found)))
    return losses


def _step_function(model, recipe: Recipe):
    """Return a compiled step(images, labels, rate) -> loss, which keeps the momentum."""
    with quiet():
        import tensorflow as tf
    weights = [variable.value for variable in model.trainable_variables]
    velocities = [tf.Variable(tf.zeros_like(weight), trainable=False) for weight in weights]
    classes = model.outputs[0].shape[-1]

    @tf.function(autograph=False)
    def step(images, labels, rate):
        certain = tf.one_hot(labels, classes)
        targets = certain * (1 - recipe.smoothing) + recipe.smoothing / classes
        with tf.GradientTape() as tape:
            losses = [
                tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
                for logits in model(images, training=True)
            ]
            loss = tf.add_n(losses)
        gradients = tape.gradient(loss, weights)
        for weight, gradient, velocity in zip(weights, gradients, velocities, strict=True):
            if len(weight.shape) > 1:  # a kernel; batch norm is not punished
                gradient += recipe.decay * weight
            velocity.assign(recipe.momentum * velocity + gradient)
            weight.assign_sub(rate * (gradient + recipe.momentum * velocity))  # Nesterov
        return loss

    return step


def predict_exits(model: keras.Model, images: np.ndarray, batch: int = 250) -> list[np.ndarray]:
    """Return what each output of ``model`` says about ``images``.

    Parameters
    ----------
    model : keras.Model
        With several outputs.
    images : (n, height, width, channels) array
    batch : int
        Images at a time.

    Returns
    -------
    list of (n, ...) float32
        One array for each output.
    """
    parts = [
        [output.numpy() for output in model(images[i : i + batch].astype("float32"))]
        for i in range(0, len(images), batch)
    ]
    return [np.concatenate(output) for output in zip(*parts, strict=True)]
