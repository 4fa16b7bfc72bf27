"""Which logit of a classifier is meant."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_utils.settings import quiet


def scores(logits: Any, class_index: Any) -> Any:
    """Return one number an image: the logit of its class, or of its best class for None."""
    with quiet():
        import tensorflow as tf
    classes = logits.shape[-1]
    if class_index is None:
        class_index = best(logits)
    chosen = np.atleast_1d(class_index)
    if chosen.dtype.kind not in "iu" or chosen.min() < 0 or chosen.max() >= max(classes, 2):
        raise ValueError(
            f"there is no class {class_index}; the model has {max(classes, 2)}, from 0 to "
            f"{max(classes, 2) - 1}"
        )
    if len(chosen) not in (1, logits.shape[0]):
        raise ValueError(f"there are {len(chosen)} classes for {logits.shape[0]} images")
    if classes == 1:  # one logit: positive for class 1
        return logits[:, 0] * np.where(chosen == 1, 1.0, -1.0).astype("float32")
    if len(chosen) == 1:
        return logits[:, int(chosen[0])]
    return tf.gather(logits, chosen, axis=1, batch_dims=1)


def best(logits: Any) -> np.ndarray:
    """Return the class that each row of logits gives; one logit stands for two classes."""
    logits = np.asarray(logits)
    return (logits[:, 0] > 0).astype(int) if logits.shape[-1] == 1 else logits.argmax(axis=-1)
