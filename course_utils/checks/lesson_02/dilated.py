"""02.3: a convolution layer with stride, dilation and several channels."""

import re
from math import ceil
from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception, compare, spelt
from course_utils.checks.registry import CheckFailed, exercise


def conv2d(images: np.ndarray, kernels: np.ndarray, S: int = 1, D: int = 1) -> np.ndarray:
    """Return the maps of a layer with stride and dilation, weight by weight of the kernels."""
    KH, KW, _, filters = kernels.shape
    down, across = (
        (n - D * (K - 1) - 1) // S + 1 for n, K in zip(images.shape[1:3], (KH, KW), strict=True)
    )
    output = np.zeros((len(images), down, across, filters))
    for i, j in np.ndindex(KH, KW):
        output += images[:, i * D :: S, j * D :: S][:, :down, :across] @ kernels[i, j]
    return output


@exercise(
    "02.3",
    answers=("conv2d",),
    hints=(
        "Start from one of the lesson's two functions. How far does a kernel reach when its "
        "weights lie D pixels apart? That reach decides how often it fits.",
        "The reach is D(K - 1) + 1, once down and once across. Cut out windows of that reach, S "
        "pixels apart, and of each window keep every D-th row and column: as many as the kernel "
        "has weights.",
        "In four loops: `window = images[i, y*S : y*S + reach_down : D, x*S : x*S + reach_across : "
        "D]`, then `(window * kernels[..., f]).sum()`, into an array of fractions, `np.zeros((n, "
        "down, across, filters))`.",
    ),
    praise="One function for most of the convolution layers that you will ever meet.",
)
def judge_conv2d(answer: Any) -> None:
    """Compare where S, D and the channels differ one at a time, then all together."""
    rng = np.random.default_rng(23)

    def numbers(*shape: int) -> np.ndarray:
        return rng.integers(-9, 10, shape)

    cases = [
        (numbers(1, *image, 1), numbers(*kernel, 1, 1), S, D)
        for image, kernel, S, D in (
            ((3, 4), (2, 2), 1, 1),
            ((4, 5), (2, 3), 1, 1),
            ((3, 5), (1, 2), 2, 1),
            ((4, 5), (2, 2), 1, 2),
        )
    ]
    cases += [(numbers(1, 2, 3, 2), numbers(1, 2, 2, 1), 1, 1)]
    cases += [(numbers(1, 3, 3, 1), numbers(2, 2, 1, 2), 1, 1)]
    cases += [(numbers(2, 2, 3, 1), np.array([3, -5]).reshape(1, 2, 1, 1) / 4, 1, 1)]
    for images, kernels, S, D in (
        ((2, 9, 12, 3), (2, 3, 3, 4), 2, 3),
        ((3, 11, 8, 2), (3, 2, 2, 5), 3, 2),
    ):
        cases += [(numbers(*images) / 2, numbers(*kernels) / 4, S, D)]
    try:
        compare(answer, conv2d, cases, _CONV_MISCONCEPTIONS, name="conv2d", tolerance=1e-6)
    except CheckFailed as failure:
        reason = _of_a_crash(failure, spelt("conv2d", cases[1])) or failure.reason
        raise CheckFailed(reason, *failure.details) from None


def _of_a_crash(failure: CheckFailed, first_not_square: str) -> str:
    """Return what lies behind an error that the answer stops with, if it is known."""
    if "Cannot cast ufunc" in failure.reason:
        return (
            "Whole numbers take in no fractions: the array for the answers took its type from the "
            "images. Start from `np.zeros(shape)`."
        )
    at_that_case = any(first_not_square in line for line in failure.details)
    if at_that_case and re.search("stops with (ValueError|IndexError)", failure.reason):
        return "Kernels need not be square: read KH and KW apart, `KH, KW = kernels.shape[:2]`."
    return ""


def _same_conv2d(images: np.ndarray, kernels: np.ndarray, S: int, D: int) -> np.ndarray:
    margins = [(0, 0)] * 4
    for axis in (1, 2):
        n, reach = images.shape[axis], D * (kernels.shape[axis - 1] - 1) + 1
        zeros = max((ceil(n / S) - 1) * S + reach - n, 0)
        margins[axis] = (zeros // 2, zeros - zeros // 2)
    return conv2d(np.pad(images, margins), kernels, S, D)


_CONV_MISCONCEPTIONS = [
    Misconception(
        "S and D have no say yet: this is the lesson's layer.", lambda x, k, S, D: conv2d(x, k)
    ),
    Misconception(
        "The stride has no say: windows are S pixels apart.", lambda x, k, S, D: conv2d(x, k, 1, D)
    ),
    Misconception(
        "The dilation has no say: the weights of a kernel lie D pixels apart.",
        lambda x, k, S, D: conv2d(x, k, S, 1),
    ),
    Misconception(
        "Weights lie D pixels apart, with D - 1 between them: D = 1 means side by side.",
        lambda x, k, S, D: conv2d(x, k, S, D + 1),
    ),
    Misconception(
        "Stride and dilation are exchanged: S is from window to window, D from weight to weight.",
        lambda x, k, S, D: conv2d(x, k, D, S),
    ),
    Misconception(
        "The last stop is missing, always: the first one, at 0, counts too (+ 1).",
        lambda x, k, S, D: conv2d(x, k, S, D)[:, :-1, :-1],
    ),
    Misconception(
        "The stride leads downwards only; across, the windows still stop everywhere.",
        lambda x, k, S, D: conv2d(x, k, 1, D)[:, ::S],
    ),
    Misconception(
        "The whole image is thinned out by D. Only the weights have gaps; windows still start S "
        "pixels apart.",
        lambda x, k, S, D: conv2d(x[:, ::D, ::D], k, S),
    ),
    Misconception(
        "The last stops are missing: between K weights are K - 1 gaps, so the reach is D(K - 1) + "
        "1, not D times K.",
        lambda x, k, S, D: conv2d(x[:, : 1 - D or None, : 1 - D or None], k, S, D),
    ),
    Misconception(
        "The kernels are turned by 180 degrees: networks lay them on as they are.",
        lambda x, k, S, D: conv2d(x, k[::-1, ::-1], S, D),
    ),
    Misconception(
        "The rows and columns of the kernels are exchanged: KH weights down, KW across.",
        lambda x, k, S, D: conv2d(x, k.swapaxes(0, 1), S, D),
    ),
    Misconception(
        "Zeros were put around the image. No padding here: stop only where the kernel fits.",
        _same_conv2d,
    ),
    Misconception(
        "Only the first channel is looked at: a window is as deep as the image.",
        lambda x, k, S, D: conv2d(x[..., :1], k[:, :, :1], S, D),
    ),
    Misconception(
        "The channels are averaged; their products are added up, like all others.",
        lambda x, k, S, D: conv2d(x, k, S, D) / x.shape[3],
    ),
    Misconception(
        "All filters are added into one map; each has a channel of its own in the output.",
        lambda x, k, S, D: conv2d(x, k, S, D).sum(axis=3, keepdims=True),
    ),
    Misconception(
        "Only the first image is looked at: `images` holds several.",
        lambda x, k, S, D: conv2d(x[:1], k, S, D),
    ),
    Misconception(
        "These are the right maps, channels first. Ours come last: (n, down, across, filters).",
        lambda x, k, S, D: np.moveaxis(conv2d(x, k, S, D), 3, 1),
    ),
    Misconception(
        "Fractions are cut off: the array for the answers took its type from the images.",
        lambda x, k, S, D: np.trunc(conv2d(x, k, S, D)) if x.dtype == int else conv2d(x, k, S, D),
    ),
]
