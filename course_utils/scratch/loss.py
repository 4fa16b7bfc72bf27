"""From ten scores to one number that says how wrong they are."""

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities: ``exp(logits)``, divided by its sum over the last axis.

    The largest logit is subtracted first, which changes nothing but keeps ``exp`` finite.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    exponentials = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean of ``-log(probability given to the right class)``.

    Parameters
    ----------
    logits : (n, classes)
        Scores before any softmax.
    labels : (n,) integers from 0 to classes - 1

    Raises
    ------
    ValueError
        If the labels are not one integer for each row of logits.

    Examples
    --------
    >>> round(softmax_cross_entropy(np.zeros((4, 10)), np.arange(4)), 4)  # ln 10
    2.3026
    """
    logits, labels = _checked(logits, labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_total = np.log(np.exp(shifted).sum(axis=1))
    return float(np.mean(log_total - shifted[np.arange(len(labels)), labels]))


def softmax_cross_entropy_backward(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the gradient with respect to the logits: (probability - truth) / n.

    Examples
    --------
    >>> softmax_cross_entropy_backward(np.zeros((1, 2)), np.array([0])).tolist()
    [[-0.5, 0.5]]
    """
    logits, labels = _checked(logits, labels)
    gradient = softmax(logits)
    gradient[np.arange(len(labels)), labels] -= 1
    return gradient / len(labels)


def _checked(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    logits, labels = np.asarray(logits), np.asarray(labels)
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            f"logits need the shape (n, classes) and labels (n,); got {logits.shape} and "
            f"{labels.shape}: labels are class numbers, not one-hot rows"
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels are class numbers; these are {labels.dtype}: use .astype(int)")
    if labels.size and not 0 <= labels.min() <= labels.max() < logits.shape[1]:
        raise ValueError(
            f"labels run from {labels.min()} to {labels.max()}, "
            f"but {logits.shape[1]} logits allow 0 to {logits.shape[1] - 1} only"
        )
    return logits, labels
