"""The dense layer and the rectifier."""

import numpy as np


def dense(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """Return ``inputs @ weights + bias``.

    Parameters
    ----------
    inputs : (n, features)
    weights : (features, units)
    bias : (units,), optional

    Returns
    -------
    (n, units)

    Raises
    ------
    ValueError
        If the shapes do not fit; images must be flattened first.

    Examples
    --------
    >>> dense(np.ones((2, 3)), np.ones((3, 4)), np.ones(4)).tolist()
    [[4.0, 4.0, 4.0, 4.0], [4.0, 4.0, 4.0, 4.0]]
    """
    inputs, weights = _matrices(inputs, weights)
    return inputs @ weights if bias is None else inputs @ weights + np.asarray(bias)


def dense_backward(
    gradient: np.ndarray, inputs: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients with respect to inputs, weights and bias.

    Examples
    --------
    >>> parts = dense_backward(np.ones((2, 4)), np.ones((2, 3)), np.ones((3, 4)))
    >>> [part.shape for part in parts]
    [(2, 3), (3, 4), (4,)]
    """
    inputs, weights = _matrices(inputs, weights)
    return gradient @ weights.T, inputs.T @ gradient, gradient.sum(axis=0)


def relu(inputs: np.ndarray) -> np.ndarray:
    """Return ``max(inputs, 0)``, element by element.

    Examples
    --------
    >>> relu(np.array([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 3.0]
    """
    return np.maximum(inputs, 0)


def relu_backward(gradient: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Return the gradient where the input was positive, zero elsewhere.

    Examples
    --------
    >>> relu_backward(np.array([5.0, 5.0, 5.0]), np.array([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 5.0]
    """
    return gradient * (inputs > 0)


def _matrices(inputs: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    inputs, weights = np.asarray(inputs), np.asarray(weights)
    if inputs.ndim != 2:
        raise ValueError(
            f"a dense layer takes (n, features); this has shape {inputs.shape}: "
            "flatten images with images.reshape(len(images), -1)"
        )
    if weights.ndim != 2 or len(weights) != inputs.shape[1]:
        raise ValueError(
            f"{inputs.shape[1]} features need weights of shape ({inputs.shape[1]}, units); "
            f"these have shape {weights.shape}"
        )
    return inputs, weights
