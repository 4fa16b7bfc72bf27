"""What the checks of lesson 03 do with a learner's Keras model: build, feed and redo it."""

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from course_utils.checks.compare import call, shown
from course_utils.checks.registry import CheckFailed
from course_utils.checks.values import a_model


def built(answer: Any, name: str) -> Any:
    """Return the Keras model that the learner's function builds."""
    import keras  # before the clock of `call` runs

    if isinstance(answer, keras.Model):
        raise CheckFailed(f"`{name}` must be a function; it is a model: let a function return it.")
    if not callable(answer) or isinstance(answer, type):
        raise CheckFailed(f"`{name}` must be a function; it is {shown(answer)}.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return a_model(call(answer, (), name), f"{name}()")


def outputs_of(model: Any, images: np.ndarray, name: str) -> np.ndarray:
    """Return what the model makes of images, (n, 10), or say what it does instead."""
    wanted, shape = images.shape[1:], getattr(model, "input_shape", None)
    shape = tuple(shape[1:]) if isinstance(shape, tuple) and len(shape) == 4 else wanted
    if any(side not in (None, there) for side, there in zip(shape, wanted, strict=True)):
        raise CheckFailed(
            f"`{name}` is built for images of another shape than it will get.",
            f"expected  {wanted}",
            f"got       {shape}",
        )
    try:
        parts = [images[i : i + 500] for i in range(0, len(images), 500)]
        outputs = np.concatenate([np.asarray(model(part, training=False)) for part in parts])
        outputs = outputs.astype(float)
    except Exception as error:
        raise CheckFailed(
            f"`{name}` does not take images of shape {wanted}: {type(error).__name__}.",
            f"tried     a batch of shape {images.shape}, numbers {images.min()} to {images.max()}",
        ) from None
    if outputs.shape != (len(images), 10):
        raise CheckFailed(
            f"`{name}` must give ten numbers for each image.",
            f"tried     a batch of shape {images.shape}",
            f"expected  an array of shape ({len(images)}, 10)",
            f"got       an array of shape {outputs.shape}",
        )
    return outputs


@contextlib.contextmanager
def drawn_weights(model: Any) -> Iterator[None]:
    """Lend a model weights that are the same in every check, biases included."""
    kept, rng = model.get_weights(), np.random.default_rng(3)
    try:
        for weight in model.trainable_variables:
            fan_in = max(1, int(np.prod(weight.shape[:-1])))
            weight.assign(rng.normal(scale=fan_in**-0.5, size=tuple(weight.shape)))
        yield
    finally:
        model.set_weights(kept)


def relus_of(model) -> int:
    """Return how many relus a model has: in layers, as layers, or between them in its graph."""
    import keras

    layers = model._flatten_layers()  # those of a model in the model, too
    graphs = [getattr(layer, "_functional", None) or layer for layer in layers]
    depths = [depth for one in graphs for depth in getattr(one, "_nodes_by_depth", {}).values()]
    steps = [node.operation for depth in depths for node in depth]
    steps += [layer for layer in layers if layer not in steps]

    def is_relu(step):
        if not isinstance(step, keras.layers.Layer):
            return type(step).__name__ in ("Relu", "ReLU", "Maximum")
        named = getattr(getattr(step, "activation", None), "__name__", "")
        return type(step).__name__ == "ReLU" or named == "relu"

    return sum(map(is_relu, steps))


def dense_logits(model: Any, x: np.ndarray) -> np.ndarray:
    """Return the logits of lesson 03's dense network for pixels ``x``, in NumPy."""
    by_shape = {tuple(weight.shape): np.asarray(weight, float) for weight in model.weights}
    hidden = np.maximum(x.reshape(len(x), 784) @ by_shape[784, 128] + by_shape[128,], 0)
    return hidden @ by_shape[128, 10] + by_shape[10,]


def loss_of(model: Any, labels: np.ndarray, outputs: np.ndarray) -> float:
    """Return the loss that the model was compiled with, of given outputs."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(model.compute_loss(y=labels, y_pred=outputs.astype("float32")))
    except Exception as error:
        raise CheckFailed(
            f"The loss can't use labels such as 3, 0, 9, 7 ({type(error).__name__}): they are "
            "numbers, not rows of zeros and a one. Which cross-entropy is for those?"
        ) from None


def cross_entropy(labels: np.ndarray, p: np.ndarray) -> float:
    """Return the mean of -ln p at the labels; Keras, too, cuts off what lies outside 0 to 1."""
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return float(-np.log((p / p.sum(axis=1, keepdims=True))[range(len(p)), labels]).mean())


def softmax(z: np.ndarray) -> np.ndarray:
    """Return the probabilities that belong to logits, (n, classes)."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def near(a: np.ndarray, b: np.ndarray, tolerance: float = 1e-4) -> bool:
    """Return whether two arrays are equal up to rounding in float32."""
    return bool((np.abs(a - b) <= tolerance * max(1.0, np.abs(b).max())).all())


def staged(garment: np.ndarray, down: int, right: int) -> np.ndarray:
    """Return a garment (28, 28) on a black stage, (48, 48, 1), moved from the middle."""
    stage = np.zeros((48, 48, 1), "float32")
    stage[10 + down : 38 + down, 10 + right : 38 + right, 0] = garment
    return stage


def changes(model: Any, moves: Sequence[tuple[int, int]], name: str) -> np.ndarray:
    """Return how far the logits move with a garment; 1 is the distance to another garment.

    A network that divides its pixels gets brighter garments, so that rounding stays small.
    Infinite if two garments get the same logits.
    """
    garments = np.random.default_rng(4).random((2, 28, 28)) * [[[1.0]], [[0.6]]]
    images = [staged(garments[0], *move) for move in moves]
    images += [staged(garment, 0, 0) for garment in garments]
    for brightness in (1, 255, 255**2):
        *moved, still, other = outputs_of(model, np.array(images) * np.float32(brightness), name)
        scale = np.abs(other - still).max()
        if scale > 0.003 * np.abs(still).max():
            break
    if not scale > 1e-6:
        return np.full(len(moves), np.inf)
    return np.array([np.abs(logits - still).max() / scale for logits in moved])


def accuracy(model: Any, images: np.ndarray, labels: np.ndarray, name: str) -> float:
    """Return the percentage of images whose largest output is at the label."""
    outputs = outputs_of(model, images, name)
    if not np.isfinite(outputs).all():
        raise CheckFailed(
            f"`{name}` answers with NaN or infinity: its weights ran away. Take smaller steps."
        )
    return 100 * float(np.mean(outputs.argmax(axis=1) == labels))
