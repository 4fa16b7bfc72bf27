"""Wrong and right answers to the exercises of lesson 01."""

import math

import numpy as np

from banks import prints_only
from course_utils.checks.lesson_01.detection import find_kernel
from course_utils.checks.lesson_01.length import output_length
from course_utils.checks.lesson_01.stack import receptive_field


def loop(sequence, weights):
    """The mended loop, for wrong answers to start from."""
    weights = weights[::-1]
    stops = len(sequence) - len(weights) + 1
    return np.array([np.sum(weights * sequence[i : i + len(weights)]) for i in range(stops)])


def returns_in_the_loop(sequence, weights):
    weights = weights[::-1]
    convolution = np.zeros(len(sequence) - len(weights) + 1)
    for i in range(len(convolution)):
        convolution[i] = np.sum(weights * sequence[i : i + len(weights)])
        return convolution


def whole_numbers_only(sequence, weights):
    convolution = np.zeros(len(sequence) - len(weights) + 1, dtype=int)
    convolution[:] = loop(sequence, weights)
    return convolution


def flips_at_every_stop(sequence, weights):
    convolution = np.zeros(len(sequence) - len(weights) + 1)
    for i in range(len(convolution)):
        weights = weights[::-1]
        convolution[i] = np.sum(weights * sequence[i : i + len(weights)])
    return convolution


def flips_in_place(sequence, weights):
    weights[:] = weights[::-1].copy()
    return np.correlate(sequence, weights, "valid")


def windows(x, K):
    return np.lib.stride_tricks.sliding_window_view(x, K)


def downhill(x, y, steps, rate=0.2):
    K = len(x) - len(y) + 1
    k = np.zeros(K)
    for _ in range(steps):
        k = k - rate / len(y) * windows(x, K).T @ (windows(x, K) @ k - y)
    return k


def steps_first(layers):
    size = step = 1
    for K, S, D in layers:
        step *= S
        size += D * (K - 1) * step
    return size


def one_stride(layers):
    size = before = 1
    for K, S, D in layers:
        size, before = size + D * (K - 1) * before, S
    return size


def from_the_end(layers):
    size = 1
    for K, S, D in reversed(layers):
        size = (size - 1) * S + D * (K - 1) + 1
    return size


def marked_places(layers):
    places = {0}
    for K, S, D in layers[::-1]:
        places = {S * place + D * k for place in places for k in range(K)}
    return max(places) - min(places) + 1


WRONG = {
    "01.1": [
        (
            "counts steps, not stops",
            lambda n, K, P, S, D: (n + 2 * P - D * (K - 1) - 1) // S,
            "+ 1",
        ),
        (
            "one too many",
            lambda n, K, P, S, D: (n + 2 * P - D * (K - 1) - 1) // S + 2,
            "One too many",
        ),
        ("pads one side", lambda n, K, P, S, D: (n + P - D * (K - 1) - 1) // S + 1, "one side"),
        ("no padding", lambda n, K, P, S, D: (n - D * (K - 1) - 1) // S + 1, "padding is ignored"),
        ("no stride", lambda n, K, P, S, D: n + 2 * P - D * (K - 1), "stride is ignored"),
        ("no dilation", lambda n, K, P, S, D: (n + 2 * P - K) // S + 1, "dilation is ignored"),
        ("K gaps", lambda n, K, P, S, D: (n + 2 * P - D * K) // S + 1, "K - 1 gaps"),
        ("divides with /", lambda n, K, P, S, D: (n + 2 * P - D * (K - 1) - 1) / S + 1, "whole"),
        (
            "rounds up",
            lambda n, K, P, S, D: math.ceil((n + 2 * P - D * (K - 1) - 1) / S) + 1,
            "Rounded up",
        ),
        ("adds 1 too early", lambda n, K, P, S, D: (n + 2 * P - D * (K - 1)) // S, "not before"),
        ("prints", prints_only, "prints its result"),
        (
            "rounds to the nearest",
            lambda n, K, P, S, D: round((n + 2 * P - D * (K - 1) - 1) / S) + 1,
            "to the nearest",
        ),
        ("last stop only", lambda n, K, P, S, D: n - K, "P, S and D have no say"),
        ("bare kernel", lambda n, K, P, S, D: n - K + 1, "Right for a bare kernel"),
        ("P alone", lambda n, K, P, S, D: n + 2 * P - K + 1, "P has its say"),
        ("S alone", lambda n, K, P, S, D: (n - K) // S + 1, "S has its say"),
        ("D alone", lambda n, K, P, S, D: n - D * (K - 1), "D has its say"),
        ("an array", lambda *case: np.zeros(output_length(*case)), "a single number"),
    ],
    "01.2": [
        ("still nothing returned", lambda s, w: None, "returns None"),
        ("unflipped", lambda s, w: np.correlate(s, w, "valid"), "still a cross-correlation"),
        ("flips the sequence", lambda s, w: np.correlate(s[::-1], w, "valid"), "The sequence is"),
        ("flips both", lambda s, w: np.correlate(s[::-1], w[::-1], "valid"), "The answers are"),
        ("misses the last", lambda s, w: loop(s, w)[:-1], "missing at the end"),
        ("returns in the loop", returns_in_the_loop, "inside the loop: the function"),
        (
            "returns in the loop, unflipped",
            lambda s, w: returns_in_the_loop(s, w[::-1]),
            "not flipped yet",
        ),
        ("whole numbers", whole_numbers_only, "fractions are cut off"),
        ("full", np.convolve, "hangs over the ends"),
        ("flips in place", flips_in_place, "in place"),
        ("flips at every stop", flips_at_every_stop, "turn it once"),
        ("the last sum only", lambda s, w: loop(s, w)[-1], "a single number"),
    ],
    "01.3": [
        ("flipped", lambda x, y: find_kernel(x, y)[::-1], "back to front"),
        ("one short", lambda x, y: find_kernel(x[:-1], y), "One number is missing"),
        (
            "scaled",
            lambda x, y: find_kernel(x, y) / find_kernel(x, y).sum(),
            "add up to 1",
        ),
        ("correlated", lambda x, y: np.correlate(x, y, "valid") / len(y), "not solved for"),
        ("too few steps", lambda x, y: downhill(x, y, steps=60), "take more steps"),
        (
            "all that lstsq returns",
            lambda x, y: np.linalg.lstsq(windows(x, len(x) - len(y) + 1), y),
            "several things",
        ),
        ("square", lambda x, y: np.linalg.solve(windows(x, len(x) - len(y) + 1), y), "by least"),
        ("too large a step", lambda x, y: downhill(x, y, steps=100, rate=3), "overshoot"),
    ],
    "01.4": [
        ("no strides", lambda layers: 1 + sum(D * (K - 1) for K, S, D in layers), "The strides"),
        ("own stride", steps_first, "own stride"),
        ("last stride", one_stride, "just before"),
        (
            "no dilation",
            lambda layers: receptive_field([(K, S, 1) for K, S, D in layers]),
            "The dilation",
        ),
        ("back to front", lambda layers: receptive_field(layers[::-1]), "last to the first"),
        ("adds lengths", lambda layers: sum(K for K, S, D in layers), "The lengths"),
        (
            "multiplies",
            lambda layers: math.prod(D * (K - 1) + 1 for K, S, D in layers),
            "are multiplied",
        ),
        ("begins at 0", lambda layers: receptive_field(layers) - 1, "begin with 1"),
        (
            "K gaps",
            lambda layers: receptive_field([(K + 1, S, D) for K, S, D in layers]),
            "K - 1 gaps",
        ),
        ("last layer only", lambda layers: receptive_field(layers[-1:]), "Only the last layer"),
    ],
}
RIGHT = {
    "01.1": [
        ("counts them", lambda n, K, P, S, D: len(range(0, n + 2 * P - D * (K - 1), S))),
        ("math.floor", lambda n, K, P, S, D: math.floor((n + 2 * P - D * (K - 1) - 1) / S) + 1),
        ("NumPy's integer", lambda *case: np.int32(output_length(*case))),
    ],
    "01.2": [
        ("loop", loop),
        ("asks NumPy", lambda s, w: np.convolve(s, w, "valid")),
        ("a list", lambda s, w: [float(w[::-1] @ part) for part in windows(s, len(w))]),
    ],
    "01.3": [
        ("normal equations", lambda x, y: np.linalg.pinv(windows(x, len(x) - len(y) + 1)) @ y),
        ("downhill", lambda x, y: downhill(x, y, steps=3000)),
    ],
    "01.4": [
        ("from the end", from_the_end),
        ("marks the places", marked_places),
        ("NumPy", lambda layers: np.float32(receptive_field(layers))),
    ],
}
_BUFFER = "convolution = np.{}(len(sequence) - len(weights) + 1)"
EQUIVALENT = {
    "01.2": {
        f"{_BUFFER.format('zeros')} -> {_BUFFER.format('ones')}": "the loop writes every number",
    }
}
