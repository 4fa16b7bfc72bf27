"""03.2: a set-up with raw pixels and the wrong loss, mended."""

from typing import Any

import numpy as np

from course_utils.checks.compare import shown
from course_utils.checks.lesson_03.probes import (
    built,
    cross_entropy,
    dense_logits,
    drawn_weights,
    loss_of,
    near,
    outputs_of,
    softmax,
)
from course_utils.checks.registry import CheckFailed, exercise


@exercise(
    "03.2",
    answers=("mended",),
    hints=(
        "The lesson has met both patients, in its section on what to do when it does not train. "
        "What should an input be divided by? And what does the loss take the ten numbers for?",
        "The images reach the first dense layer as they are, up to 255. And the last layer gives "
        "logits, while a loss that is named by a text expects probabilities.",
        "Put `layers.Rescaling(1 / 255)` before the flattening, and give `compile` the loss "
        "`keras.losses.SparseCategoricalCrossentropy(from_logits=True)` instead of its name.",
    ),
    praise="A network that starts near ln 10 is worth its training.",
)
def judge_mended(answer: Any) -> None:
    """Redo the network in NumPy with its own weights, then the loss from its outputs."""
    model = built(answer, "mended")
    if getattr(model, "loss", None) is None:
        raise CheckFailed("`mended()` is not compiled with a loss: without one it can't learn.")
    images = np.random.default_rng(2).integers(0, 256, (4, 28, 28, 1)).astype("uint8")
    shapes = sorted(tuple(weight.shape) for weight in model.weights)
    if shapes != [(10,), (128,), (128, 10), (784, 128)]:
        outputs_of(model, images, "mended()")
        raise CheckFailed(
            "The layers with weights are not the same any more: keep the dense ones, 128 units and "
            "10, and add none.",
            "expected  weights of the shapes [(784, 128), (128,), (128, 10), (10,)]",
            f"got       {[tuple(weight.shape) for weight in model.weights]}",
        )
    with drawn_weights(model):
        outputs = outputs_of(model, images, "mended()")
        logits = dense_logits(model, images / 255)
        gives_logits = near(outputs, logits)
        if not gives_logits and not near(outputs, softmax(logits)):
            raise CheckFailed(*_why_other_outputs(model, images, outputs, logits))
        _judge_loss(model, outputs, logits, gives_logits)


def _why_other_outputs(model, images, outputs, logits) -> tuple[str, ...]:
    seen = {
        "The pixels reach the first dense layer as they are, up to 255. Divide them by 255 inside "
        "the network: a layer in front.": images,
        "The pixels are divided by 255 twice: they come to the dense layer smaller than 1 / 255. "
        "Once is enough.": images / 255**2,
        "The pixels are multiplied by 255, up to 65,025: a layer that rescales multiplies, so the "
        "factor is `1 / 255`.": images * 255.0,
        "The pixels come to between -1 and 1; asked for is between 0 and 1.": images / 127.5 - 1,
    }
    details = (
        "tried     an image with pixels from 0 to 255, and the network's own weights",
        f"expected  logits {shown(logits[0, :3])} ... or their softmax",
        f"got       {shown(outputs[0, :3])} ...",
    )
    for thought, pixels in seen.items():
        z = dense_logits(model, pixels)
        if near(outputs, z) or near(outputs, softmax(z)):
            return thought, *details
    if near(outputs, softmax(softmax(logits))):
        return (
            "The network applies softmax twice; the second one nearly levels the first.",
            *details,
        )
    return (
        "The network computes something else than before: pixels / 255, a dense layer with relu, a "
        "dense layer with 10 units, and at most one softmax.",
        *details,
    )


def _judge_loss(model: Any, outputs: np.ndarray, logits: np.ndarray, gives_logits: bool) -> None:
    labels = np.array([3, 0, 9, 7])
    loss, right = loss_of(model, labels, outputs), cross_entropy(labels, softmax(logits))
    if abs(loss - right) <= 1e-3:
        return
    if gives_logits and abs(loss - cross_entropy(labels, logits)) < 0.01:
        reason = (
            "The last layer gives logits, and the loss takes them for probabilities: tell it "
            "from_logits=True, or let the network end in a softmax."
        )
    elif not gives_logits and abs(loss - cross_entropy(labels, softmax(outputs))) < 1e-3:
        reason = (
            "Softmax twice: the last layer gives probabilities, and the loss, told "
            "from_logits=True, applies another. (Keras may notice its own; don't rely on it.)"
        )
    else:
        reason = "The loss is not the mean cross-entropy of what the network says and the labels."
    raise CheckFailed(
        reason,
        f"tried     four labels and four rows of {'logits' if gives_logits else 'probabilities'}",
        f"expected  a loss of {right:.3f}",
        f"got       {loss:.3f}",
    )
