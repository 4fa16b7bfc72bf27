"""Look at any layer while a model runs, however the model is nested.

A second model that ends at an inner layer (``keras.Model(model.inputs, layer.output)``) fails on
nested models and on models that were never called. So nothing is rebuilt here: the model runs
eagerly, and the layers that somebody wants to see note what they give.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.explain.naming import layers_of
from course_utils.settings import quiet

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

SQUASHING = ("softmax", "sigmoid")


class _Seen(BaseException):
    """Raised once every wanted layer has been seen; Keras rewrites any ``Exception``."""


def run(
    model: keras.Model, images: Any, wanted: Sequence[keras.Layer], to_the_end: bool = True
) -> tuple[list[tf.Tensor], tf.Tensor | None]:
    """Run a model as in prediction; return what the wanted layers gave, and the output.

    Parameters
    ----------
    model : keras.Model
    images : (n, height, width, channels) array or tensor
    wanted : sequence of keras.Layer
        Layers of the model.
    to_the_end : bool
        Whether the model's own output is wanted too; else it stops at the last wanted layer.

    Returns
    -------
    tensors : list of tf.Tensor
        One for each wanted layer: what it gave when it was last called.
    output : tf.Tensor or None

    Raises
    ------
    ValueError
        If the images don't have the shape that the model takes, or a wanted layer never ran.
    """
    inputs = checked(model, images)
    if not model.built:
        model(inputs[:1], training=False)  # builds it, which also calls its layers
    given: dict[int, Any] = {}
    output = None
    with _listening(wanted, given, stop=not to_the_end), suppress(_Seen):
        output = model(inputs, training=False)
    if missing := [layer.name for layer in wanted if id(layer) not in given]:
        raise ValueError(f"the model {model.name!r} ran without its layers {missing}")
    return [given[id(layer)] for layer in wanted], output


def run_to_logits(
    model: keras.Model, images: Any, wanted: Sequence[keras.Layer] = ()
) -> tuple[list[tf.Tensor], tf.Tensor]:
    """Do as `run`, but leave out a softmax or sigmoid at the model's end.

    A saturated probability has hardly any gradient; the logit under it has.

    Returns
    -------
    tensors : list of tf.Tensor
    logits : (n, outputs) tf.Tensor
        The output itself, if the model ends in logits.

    Raises
    ------
    ValueError
        As `run`; or the output is not one row of numbers an image.
    """
    import keras

    images = checked(model, images)
    if not model.built:
        model(images[:1], training=False)
    last = _last_to_run(model)
    kind = type(last).__name__.lower()
    if kind in SQUASHING or (kind == "activation" and _squashes(last)):
        given: dict[int, Any] = {}
        with _listening([last], given, inputs=True):
            tensors, _ = run(model, images, wanted)
        logits = given[id(last)]
    elif _squashes(last):
        activation = last.activation
        last.activation = keras.activations.linear
        try:
            tensors, logits = run(model, images, wanted)
        finally:
            last.activation = activation
    else:
        tensors, logits = run(model, images, wanted)
    if len(getattr(logits, "shape", ())) != 2:
        raise ValueError(
            f"the model {model.name!r} gives {getattr(logits, 'shape', 'several outputs')}, not "
            "one row of class scores an image; use a model that ends in its classifier"
        )
    return tensors, logits


def checked(model: keras.Model, images: Any) -> tf.Tensor:
    """Return images as a float tensor, or say what is wrong with their shape."""
    with quiet():
        import tensorflow as tf
    shape = tuple(images.shape) if hasattr(images, "shape") else np.shape(images)
    wanted = getattr(model, "input_shape", None) if model.built else None
    if len(shape) == 3:
        raise ValueError(f"images have the shape {shape}; add an axis in front: image[None]")
    fits = len(shape) == 4 and (
        not isinstance(wanted, tuple)
        or all(size in (None, given) for size, given in zip(wanted[1:], shape[1:], strict=False))
    )
    if not fits or 0 in shape:
        size = wanted[1:] if isinstance(wanted, tuple) else "(height, width, channels)"
        raise ValueError(
            f"images have the shape {shape}; the model {model.name!r} takes n x {size}"
        )
    return tf.convert_to_tensor(images, dtype="float32")


def _last_to_run(model: keras.Model) -> keras.Layer:
    """Return the layer that gives the model's output."""
    outputs = getattr(model, "outputs", None) if model.built else None
    if outputs and len(outputs) == 1 and hasattr(outputs[0], "_keras_history"):
        last = outputs[0]._keras_history.operation
        return _last_to_run(last) if getattr(last, "layers", None) else last
    layers = list(layers_of(model).values())
    if not layers:
        raise ValueError(f"the model {model.name!r} has no layers")
    return layers[-1]


def _squashes(layer: keras.Layer) -> bool:
    return getattr(getattr(layer, "activation", None), "__name__", "") in SQUASHING


@contextmanager
def _listening(wanted, given: dict[int, Any], stop: bool = False, inputs: bool = False):
    """Let layers note their output (or input) in ``given`` each time they are called."""
    names = {id(layer) for layer in wanted}

    def listener(layer, call):
        def listening(*arguments, **options):
            output = call(*arguments, **options)
            given[id(layer)] = arguments[0] if inputs else output
            if stop and names <= given.keys():
                raise _Seen
            return output

        return listening

    heard = []
    try:
        for layer in {id(layer): layer for layer in wanted}.values():
            before = vars(layer).get("call")  # a listener of our own, where two are nested
            object.__setattr__(layer, "call", listener(layer, layer.call))
            heard.append((layer, before))
        yield
    finally:
        for layer, before in reversed(heard):
            if before is None:
                object.__delattr__(layer, "call")
            else:
                object.__setattr__(layer, "call", before)
