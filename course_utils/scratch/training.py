"""Stochastic gradient descent with momentum and a learning rate that sinks to zero."""

from collections.abc import Callable

import numpy as np

from course_utils.scratch.loss import softmax_cross_entropy, softmax_cross_entropy_backward
from course_utils.scratch.network import Sequential


def fit(
    network: Sequential,
    x: np.ndarray,
    y: np.ndarray,
    *,
    epochs: int,
    batch_size: int = 64,
    learning_rate: float = 0.05,
    momentum: float = 0.9,
    seed: int = 0,
    after_epoch: Callable[[int], float] | None = None,
) -> dict[str, list[float]]:
    """Train ``network`` in place and return its history.

    The rate falls linearly from ``learning_rate`` to zero over all steps; each epoch draws a new
    order of the images. A step is ``velocity = momentum * velocity - rate * gradient``, then
    ``parameter += velocity``.

    Parameters
    ----------
    network : Sequential
        Ends in logits, one for each class.
    x : (n, height, width, channels) floating point
    y : (n,) integer labels
    after_epoch : callable, optional
        Called with the number of epochs done; what it returns is kept (a validation accuracy).

    Returns
    -------
    dict
        ``"loss"``, the mean training loss of each epoch, and ``"after_epoch"``.

    Raises
    ------
    ValueError
        If there is not one label for each image.

    Examples
    --------
    >>> from course_utils.scratch import Dense, Flatten
    >>> network = Sequential([Flatten(), Dense(4, 2, rng=np.random.default_rng(0))])
    >>> x = np.eye(4, dtype=np.float32).reshape(4, 2, 2, 1)
    >>> losses = fit(network, x, np.array([0, 1, 0, 1]), epochs=20, batch_size=2)["loss"]
    >>> losses[-1] < losses[0]
    True
    """
    if len(x) != len(y):
        raise ValueError(f"{len(x)} images but {len(y)} labels; each image needs one")
    rng = np.random.default_rng(seed)
    velocities = [np.zeros_like(parameter) for parameter in network.parameters]
    starts = range(0, len(x), batch_size)
    history: dict[str, list[float]] = {"loss": [], "after_epoch": []}
    for epoch in range(epochs):
        order, losses = rng.permutation(len(x)), []
        for step, start in enumerate(starts, start=epoch * len(starts)):
            rate = learning_rate * (1 - step / (epochs * len(starts)))
            batch = order[start : start + batch_size]
            losses.append(_gradients(network, x[batch], y[batch]))
            for parameter, velocity, gradient in zip(
                network.parameters, velocities, network.gradients, strict=True
            ):
                velocity *= momentum
                velocity -= rate * gradient
                parameter += velocity
        history["loss"].append(float(np.mean(losses)))
        if after_epoch is not None:
            history["after_epoch"].append(after_epoch(epoch + 1))
    return history


def accuracy(network: Sequential, x: np.ndarray, y: np.ndarray, batch_size: int = 500) -> float:
    """Return the share of images whose largest logit is at the right class, from 0 to 1."""
    predictions = [
        network.forward(x[start : start + batch_size]).argmax(axis=1)
        for start in range(0, len(x), batch_size)
    ]
    return float(np.mean(np.concatenate(predictions) == y))


def _gradients(network: Sequential, x: np.ndarray, y: np.ndarray) -> float:
    """Run one batch forward and back; leave the gradients in the layers, return the loss."""
    logits = network.forward(x)
    network.backward(softmax_cross_entropy_backward(logits, y))
    return softmax_cross_entropy(logits, y)
