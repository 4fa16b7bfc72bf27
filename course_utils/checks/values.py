"""Take a learner's number or model as it is, or say what came in its place."""

import math
from typing import Any

import numpy as np

from course_utils.checks.compare import shown
from course_utils.checks.registry import CheckFailed


def a_number(answer: Any, name: str, what: str = "") -> float:
    """Return ``answer`` as a float: a number, an array or a tensor of one element.

    Parameters
    ----------
    answer : object
        What the learner's name holds; anything at all.
    name : str
        That name.
    what : str
        What the number counts, such as ``"the number of weights"``.

    Raises
    ------
    CheckFailed
        If it is no finite number.

    Examples
    --------
    >>> a_number(np.array([3]), "width")
    3.0
    """
    wanted = f"`{name}` must be a number" + (f", {what}" if what else "")
    if answer is None or answer is Ellipsis:
        raise CheckFailed(f"{wanted}; it is still `{answer}`: put your own in its place.")
    if isinstance(answer, bool | np.bool_):
        raise CheckFailed(f"{wanted}; it is {answer}.")
    if isinstance(answer, str):
        raise CheckFailed(f"{wanted}; it is a text, {shown(answer)}: write it without quotes.")
    if _is_function(answer):
        raise CheckFailed(f"{wanted}; it is a function. Call it, and keep what it returns.")
    try:
        array = np.asarray(answer)
        number = float(array.item() if array.size == 1 else "several")
        is_real = array.dtype.kind in "iuf" or (array.dtype.kind == "O" and array.ndim == 0)
    except Exception:
        raise CheckFailed(f"{wanted}; it is {shown(answer)}.") from None
    if not is_real:
        raise CheckFailed(f"{wanted}; it is {shown(answer)}.")
    if not math.isfinite(number):
        raise CheckFailed(f"{wanted}; it is {number}.")
    return number


def a_model(answer: Any, name: str, *, built: bool = True) -> Any:
    """Return ``answer`` if it is a Keras model, with its weights made if ``built``.

    Raises
    ------
    CheckFailed
        If it is something else, or not built yet.
    """
    import keras

    wanted = f"`{name}` must be a Keras model"
    if answer is None or answer is Ellipsis:
        raise CheckFailed(f"{wanted}; it is still `{answer}`: put your own in its place.")
    if isinstance(answer, list | tuple) and answer:
        raise CheckFailed(f"{wanted}; it is {_list_of(answer)}: hand it to keras.Sequential.")
    if _is_function(answer):
        raise CheckFailed(f"{wanted}; it is a function. Call it, and keep the model it returns.")
    if isinstance(answer, keras.layers.Layer) and not isinstance(answer, keras.Model):
        raise CheckFailed(f"{wanted}; it is a single layer, {type(answer).__name__}.")
    if isinstance(answer, keras.KerasTensor):
        raise CheckFailed(f"{wanted}; it is an output: hand it on to keras.Model(inputs, outputs).")
    if not isinstance(answer, keras.Model):
        raise CheckFailed(f"{wanted}; it is {shown(answer)}.")
    if built and not (answer.built and answer.layers):
        raise CheckFailed(
            f"`{name}` has no weights yet: begin with keras.Input(shape), then layers."
        )
    return answer


def _is_function(answer: Any) -> bool:
    return callable(answer) and (isinstance(answer, type) or hasattr(answer, "__code__"))


def _list_of(answer: list | tuple) -> str:
    import keras

    kind = "list" if isinstance(answer, list) else "tuple"
    layers = all(isinstance(item, keras.layers.Layer) for item in answer)
    return f"a {kind} of layers" if layers else f"a {kind}"
