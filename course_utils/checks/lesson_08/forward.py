"""Exercise 08.4: what a block of ResNeXt computes, in NumPy, beside what a learner's computes."""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.checks.compare import shown
from course_utils.checks.registry import CheckFailed


def kernels_of(block: Any) -> list[Any]:
    """Return the kernels of the block from first to last; a dense one counts as 1 x 1."""
    return [w for w in block.weights if w.name.endswith("kernel")]


def norms_of(block: Any) -> list[Any]:
    """Return the batch normalisations from first to last, those of models inside included."""
    from keras.layers import BatchNormalization

    inner = (norms_of(layer) if hasattr(layer, "layers") else [layer] for layer in block.layers)
    return [layer for part in inner for layer in part if isinstance(layer, BatchNormalization)]


def shape_of(kernel: Any) -> tuple[int, ...]:
    """Return a kernel's shape with four axes."""
    return (1,) * (4 - len(kernel.shape)) + tuple(kernel.shape)


def judge_numbers(block: Any, tried: str) -> None:
    """Give all weights of a block random values and compare with the formula.

    Raises
    ------
    CheckFailed
        If the block computes something else; names what is left out or in the wrong place.
    """
    rng = np.random.default_rng(8)
    kernels = [rng.normal(size=shape_of(kernel)) / 3 for kernel in kernels_of(block)]
    for kernel, values in zip(kernels_of(block), kernels, strict=True):
        kernel.assign(values.reshape(kernel.shape))
    norms = [_randomised(norm, rng) for norm in norms_of(block)]
    x = rng.normal(size=(2, *block.input.shape[1:]))
    got, expected = _run(block, x), forward(x, kernels, norms)
    if _near(got, expected):
        return
    reason = next(
        (
            thought
            for thought, flags in _FORMS.items()
            if _near(got, forward(x, kernels, norms, **flags))
        ),
        "The block does not compute relu(x + F(x)), with convolution, normalisation, ReLU in F.",
    )
    raise CheckFailed(
        reason,
        f"{tried}, all weights random",
        f"expected  at the first place {shown(expected[0, 0, 0])}",
        f"got       at the first place {shown(got[0, 0, 0])}",
    )


def _run(block: Any, x: np.ndarray) -> np.ndarray:
    log = logging.getLogger("tensorflow")  # it would complain of traces when checked often
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        return np.asarray(block(x.astype("float32")))
    except Exception as error:
        raise CheckFailed(f"The block can't be run: {type(error).__name__}.") from None
    finally:
        log.setLevel(level)


def _near(got: np.ndarray, expected: np.ndarray) -> bool:
    return bool(np.abs(got - expected).max() <= 1e-3 * np.abs(expected).max())


def _randomised(norm: Any, rng: np.random.Generator) -> Callable:
    """Give a batch normalisation random numbers; return what it does to maps."""
    scale, variance = rng.uniform(0.5, 1.5, size=(2, norm.moving_mean.shape[0]))
    mean, offset = rng.normal(size=(2, norm.moving_mean.shape[0])) / 2
    norm.moving_mean.assign(mean)
    norm.moving_variance.assign(variance)
    if norm.gamma is None:
        scale = 1
    else:
        norm.gamma.assign(scale)
    if norm.beta is None:
        offset = 0
    else:
        norm.beta.assign(offset)
    return lambda y: scale * (y - mean) / np.sqrt(variance + norm.epsilon) + offset


def forward(x, kernels, norms, *, bends=(1, 1, 0), bent_first=False, merge=np.add, last=True):
    """Return what the block makes of x : (n, height, width, C), or what a wrong block makes."""
    y = x
    for kernel, norm, bend in zip(kernels, norms, bends, strict=True):
        y = _convolve(y, kernel)
        y = norm(np.maximum(y, 0)) if bend and bent_first else norm(y)
        y = np.maximum(y, 0) if bend and not bent_first else y
    y = merge(x, y)
    return np.maximum(y, 0) if last else y


def _convolve(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return a convolution with padding 'same'; the kernel's depth says in how many groups."""
    K, depth = kernel.shape[1:3]
    padded = np.pad(x, ((0, 0), (K // 2, K // 2), (K // 2, K // 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (K, K), axis=(1, 2))
    groups = x.shape[-1] // depth
    parts = zip(np.split(windows, groups, axis=3), np.split(kernel, groups, axis=3), strict=True)
    return np.concatenate([np.einsum("nhwcij,ijcf->nhwf", *part) for part in parts], axis=-1)


_FORMS = {
    "The shortcut is missing: this is relu(F(x)), and F alone must learn it all.": {
        "merge": lambda x, y: y
    },
    "The last ReLU is missing: it stands behind the sum.": {"last": False},
    "The ReLU bends F(x), not the sum: add first, then bend.": {
        "bends": (1, 1, 1),
        "last": False,
    },
    "A ReLU too many: F(x) must be able to take something away, so no ReLU before the sum.": {
        "bends": (1, 1, 1)
    },
    "No ReLU behind the first normalisation.": {"bends": (0, 1, 0)},
    "No ReLU behind the second normalisation, that of the 3 x 3.": {"bends": (1, 0, 0)},
    "Nothing bends inside F: without a ReLU three convolutions are one.": {"bends": (0, 0, 0)},
    "The ReLU comes before the normalisation; it should come behind it.": {"bent_first": True},
    "The shortcut is added twice.": {"merge": lambda x, y: 2 * x + y},
    "x and F(x) are multiplied; add them.": {"merge": np.multiply},
    "x and F(x) are averaged; add them.": {"merge": lambda x, y: (x + y) / 2},
    "The larger of x and F(x) is taken; add them.": {"merge": np.maximum},
    "F(x) is subtracted from x; add it.": {"merge": np.subtract},
    "The shortcut is bent before the sum; x goes past as it is.": {
        "merge": lambda x, y: np.maximum(x, 0) + y
    },
}
