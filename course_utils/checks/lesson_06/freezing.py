"""Exercise 06.2: freeze the first layers of a backbone, and see which weights move."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.checks.compare import call, shown
from course_utils.checks.registry import CheckFailed, exercise

_ROW = {"stem": "stem_norm", "middle": "calm", "last": "last_norm"}  # convolution and its norm
_NAMES = [*_ROW]  # not in the order of the alphabet; not every norm is called one


@exercise(
    "06.2",
    answers=("fine_tune",),
    hints=(
        "The loop only ever says yes: what does it say to the layers before the first one? And "
        "what does the lesson say about a change after the model has been trained?",
        "Every layer of the base needs a yes or a no: yes if it has been reached and is no batch "
        "normalisation. Such a layer rests when its own trainable is False. After the last change "
        "the model needs a new compile, with a new optimiser.",
        "In the loop `reached = reached or layer.name == first`, then `layer.trainable = reached "
        "and not isinstance(layer, layers.BatchNormalization)`; after the loop "
        "`model.compile(keras.optimizers.Adam(1e-5), model.loss)`.",
    ),
    praise="And you need not believe it: you have seen which weights move.",
)
def judge_fine_tune(answer: Any) -> None:
    """Train a toy for one batch after the answer has prepared it, and see which weights moved."""
    if not callable(answer) or isinstance(answer, type):
        raise CheckFailed(f"`fine_tune` must be a function; it is {shown(answer)}.")
    for judge, first in ((_prepared, "last"), (_judge_first, "middle"), (_judge_first, "stem")):
        try:
            judge(answer, first)
        except CheckFailed as failure:
            tried = f"tried     fine_tune(model, base, {first!r}), layers {', '.join(_all())}"
            raise CheckFailed(failure.reason, tried, *failure.details) from None


def _all() -> list[str]:
    return [part for pair in _ROW.items() for part in pair]


def _toy() -> tuple[Any, Any]:
    """Build a base of three convolutions and a head that was trained while the base was frozen."""
    from course_utils.models.building import layers

    keras_layers = layers()
    import keras

    stack: list[Any] = [keras.Input((4, 4, 2), name="pixels")]
    for seed, (name, norm) in enumerate(_ROW.items()):
        kernel = keras.initializers.GlorotUniform(seed)
        stack += [
            keras_layers.Conv2D(3, 1, activation="tanh", kernel_initializer=kernel, name=name),
            keras_layers.BatchNormalization(name=norm),
        ]
    pool = keras_layers.GlobalAveragePooling2D(name="pool")
    base = keras.Sequential([*stack, pool], name="base")
    base.trainable = False
    kernel = keras.initializers.GlorotUniform(9)
    head = keras_layers.Dense(1, kernel_initializer=kernel, name="head")
    model = keras.Sequential([base, head], name="model")
    model.compile(keras.optimizers.SGD(1e-3), keras.losses.BinaryCrossentropy(from_logits=True))
    return model, base


def _train(model: Any) -> None:
    import tensorflow as tf

    logger, x = tf.get_logger(), np.random.default_rng(0).normal(size=(8, 4, 4, 2))
    level = logger.level
    try:
        logger.setLevel("ERROR")  # it would complain of several small models in a row
        with warnings.catch_warnings(action="ignore"):
            model.train_on_batch(x, np.array([[0.0], [1.0]] * 4))
    finally:
        logger.setLevel(level)


def _prepared(answer: Callable, first: str) -> tuple[Any, Any, Any]:
    """Return a model that the answer has prepared, its base, and the loss that it had."""
    model, base = _toy()
    if first == "middle":
        _train(model)
    start, loss = model.get_weights(), model.loss
    if call(answer, (model, base, first), "fine_tune") is not model:
        raise CheckFailed("`fine_tune` must return the model that it was given, and nothing else.")
    if any(np.any(a != b) for a, b in zip(start, model.get_weights(), strict=True)):
        raise CheckFailed("The weights have changed already: only prepare the model, without fit.")
    return model, base, loss


def _judge_first(answer: Callable, first: str) -> None:
    model, base, loss = _prepared(answer, first)
    parts = {layer.name: layer for layer in [*base.layers, model.layers[-1]] if layer.weights}
    start = _weights(parts)
    model.run_eagerly = True  # quicker; where nothing was compiled anew, the old graph goes on
    try:
        _train(model)
    except Exception as error:
        text = " ".join(str(error).split())
        reason = f"The model you return can't be trained: {text[:120]}"
        raise CheckFailed(_OLD_OPTIMISER if "optimizer can only be" in text else reason) from None
    after = iter([np.any(a != b) for a, b in zip(start, _weights(parts), strict=True)])
    moved = {name: [bool(next(after)) for _ in layer.weights] for name, layer in parts.items()}
    _judge_moved(moved, [*_NAMES[_NAMES.index(first) :], "head"], base, first)
    _judge_compiled(model, loss)


def _weights(parts: dict[str, Any]) -> list[np.ndarray]:
    return [np.array(weight) for part in parts.values() for weight in part.get_weights()]


def _judge_moved(moved: dict[str, list[bool]], wanted: list[str], base: Any, first: str) -> None:
    """Compare what moved with what should, and name the mistake that explains it."""
    names = [name for name, changes in moved.items() if any(changes)]
    if names == wanted:
        return
    rows = [name for name in names if name in _ROW]
    reached, below = [name for name in wanted if name in _ROW], _NAMES[: _NAMES.index(first)]
    norms = {name: changes for name, changes in moved.items() if name in _ROW.values()}
    if "head" not in names:
        reason = "The head does not move: freeze layers of `base`, not of the whole model."
    elif not rows:
        on = any(layer.trainable for layer in base.layers if layer.name in reached)
        reason = _NOT_COMPILED if on else f"All of `base` is still frozen: {first!r} should learn."
    elif rows == _NAMES and below:
        reason = f"The layers before {first!r} learn as well: freeze them."
    elif rows == below:
        reason = f"The wrong way round: the layers before {first!r} learn, the others rest."
    elif rows == [first]:
        reason = f"Only {first!r} itself learns; those after it should, too."
    elif rows == reached[1:]:
        reason = f"One too late: {first!r} itself is the first layer that learns."
    elif rows != reached:
        reason = "Not the layers that should learn: the one called first and all after it."
    elif [name for name in norms if name in names] == ["calm"]:
        reason = "'calm' is batch normalisation, too: ask for a layer's type, not for its name."
    elif not any(any(changes[:2]) for changes in norms.values()):
        reason = "γ and β rest, but the running averages move: set `trainable` of the whole layer."
    else:
        reason = "The right layers learn, but batch normalisation in `base` does not rest."
    moves = ", ".join(names) or "nothing"
    raise CheckFailed(reason, f"expected  moves: {', '.join(wanted)}", f"got       moves: {moves}")


_NOT_COMPILED = (
    "`trainable` was changed, but nothing of it counts before the model is compiled anew."
)
_OLD_OPTIMISER = (
    "The old optimiser knows only the weights it has trained so far: compile with a new one."
)


def _judge_compiled(model: Any, loss: Any) -> None:
    import keras

    y, logits = np.array([[0.0], [1.0], [1.0]]), np.array([[1.0], [-2.0], [3.0]])
    try:
        rate = float(np.asarray(model.optimizer.learning_rate))
        expected, got = (
            float(np.mean(keras.losses.get(of)(y, logits))) for of in (loss, model.loss)
        )
    except Exception:
        raise CheckFailed("Compile with an optimiser of one rate, and with `model.loss`.") from None
    if not np.isclose(rate, 1e-5, rtol=1e-3):
        rates = ("expected  a rate of 1e-05", f"got       a rate of {rate:.6g}")
        raise CheckFailed("The right weights move, but the rate is not the one asked for.", *rates)
    if not np.isclose(expected, got, rtol=1e-3):
        raise CheckFailed(
            "The loss is another one than before: the head gives logits, keep `model.loss`.",
            f"expected  {expected:.4f} for the logits 1, -2, 3 and the labels 0, 1, 1",
            f"got       {got:.4f}",
        )
