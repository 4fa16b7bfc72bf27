"""Probes of lesson 01: lengths, a convolution, a kernel that is looked for, how far it sees."""

import numpy as np

from course_utils.grading.probes.drawing import Drawn, Generator, probes


@probes("01.1", "output_length")
def output_length(rng: Generator) -> Drawn:
    """Ask for lengths where P, S and D have a say one at a time, then all of them."""
    for line, varied in {
        "a bare kernel": "",
        "padding": "P",
        "a stride": "S",
        "a dilation": "D",
        "padding and a stride": "PS",
        "padding, a stride and a dilation": "PSD",
    }.items():
        cases = []
        for _ in range(4):
            n, K = int(rng.integers(20, 90)), int(rng.integers(2, 6))
            P, S, D = (
                int(rng.integers(low, low + 4)) if letter in varied else usual
                for letter, low, usual in (("P", 1, 0), ("S", 2, 1), ("D", 2, 1))
            )
            cases.append((n, K, P, S, D))
        yield line, cases


@probes("01.2", "convolve")
def convolve(rng: Generator) -> Drawn:
    """Ask for convolutions of whole numbers, of quarters, of short and long kernels."""

    def quarters(n: int) -> np.ndarray:
        return rng.integers(-40, 41, n) / 4

    def whole(n: int) -> np.ndarray:
        return rng.permutation(np.arange(1, n + 1)) * rng.choice([-1, 1], n)

    yield "whole numbers, a kernel of 3", [(whole(9), whole(3)) for _ in range(2)]
    yield "whole numbers, a kernel of 4", [(whole(12), whole(4)) for _ in range(2)]
    yield "fractions", [(quarters(11), quarters(5)) for _ in range(2)]
    yield (
        "kernels of 1 number, and as long as the sequence",
        [
            (whole(6), quarters(1)),
            (whole(5), quarters(5)),
        ],
    )


@probes("01.3", "find_kernel", step=0.25)
def find_kernel(rng: Generator) -> Drawn:
    """Hide kernels of quarters, none above 9, so that an error of 1 % stays within half a step."""
    for line, size in {"2 numbers": 2, "3 numbers": 3, "5 numbers": 5, "7 numbers": 7}.items():
        cases = []
        for _ in range(2):
            kernel = rng.permutation(np.arange(-36, 37))[:size] / 4
            x = rng.integers(-60, 61, 80) / 20
            cases.append((x, np.correlate(x, kernel, "valid")))
        yield f"a kernel of {line}", cases


@probes("01.4", "receptive_field")
def receptive_field(rng: Generator) -> Drawn:
    """Ask for one layer, for none, for stacks where strides and dilations have a say, or both."""

    def stack(depth: int, strides: bool, dilations: bool) -> list[tuple[int, int, int]]:
        tops = (7, 5 if strides else 2, 5 if dilations else 2)
        lows = (2, 2 if strides else 1, 2 if dilations else 1)
        return [tuple(map(int, rng.integers(lows, tops))) for _ in range(depth)]

    yield "one layer, and none", [(stack(1, True, True),), (stack(1, False, True),), ([],)]
    yield "kernels side by side", [(stack(n, False, False),) for n in (2, 4, 6)]
    yield "dilations", [(stack(n, False, True),) for n in (2, 3, 5)]
    yield "strides", [(stack(n, True, False),) for n in (2, 3, 5)]
    yield "strides and dilations", [(stack(n, True, True),) for n in (2, 3, 5)]
