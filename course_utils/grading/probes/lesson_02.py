"""Probes of lesson 02: a shape, a pooling, a layer with gaps, a gradient for winners."""

import numpy as np

from course_utils.grading.probes.drawing import Drawn, Generator, probes


@probes("02.1", "output_shape")
def output_shape(rng: Generator) -> Drawn:
    """Ask for shapes with both paddings, with and without a stride."""
    for padding in ("valid", "same"):
        for stride in (1, 2, 3):
            cases = []
            for _ in range(4):
                height, width, channels, filters = (int(n) for n in rng.integers(12, 70, 4))
                cases.append(((height, width, channels), filters, int(rng.integers(2, 7)), stride))
            yield f'"{padding}", S = {stride}', [(*case, padding) for case in cases]


@probes("02.2", "max_pool")
def max_pool(rng: Generator) -> Drawn:
    """Ask for tiles, overlaps, gaps, windows that do not fit, numbers below zero."""

    def image(*shape: int) -> np.ndarray:
        return rng.integers(0, 60, shape)

    yield "tiles that fit", [(image(6, 8), 2, None), (image(6, 9), 3, 3)]
    yield "tiles that do not fit", [(image(7, 9), 2, None), (image(8, 11), 3, None)]
    yield "windows that overlap", [(image(7, 8), 3, 2), (image(6, 7), 4, 1)]
    yield "windows with gaps between them", [(image(9, 8), 2, 3), (image(8, 11), 3, 5)]
    yield "fractions below zero", [(-(image(6, 6) + 1) / 4, 2, None), (image(5, 7) / 8 - 9, 3, 2)]


@probes("02.3", "conv2d")
def conv2d(rng: Generator) -> Drawn:
    """Ask for layers where channels, S and D differ one at a time, then all together."""

    def case(image: tuple, kernel: tuple, S: int = 1, D: int = 1, parts: int = 1) -> tuple:
        images, kernels = rng.integers(-9, 10, image), rng.integers(-9, 10, kernel) / parts
        return images, kernels if parts > 1 else kernels.astype(int), S, D

    yield (
        "one channel, one filter",
        [case((1, 6, 7, 1), (3, 3, 1, 1)), case((1, 5, 6, 1), (2, 3, 1, 1))],
    )
    yield "channels and filters", [case((2, 5, 6, 3), (2, 2, 3, 4))]
    yield (
        "a stride",
        [case((1, 8, 9, 1), (2, 3, 1, 1), S=2), case((1, 9, 11, 2), (3, 2, 2, 1), S=3)],
    )
    yield (
        "a dilation",
        [case((1, 8, 9, 1), (2, 3, 1, 1), D=2), case((1, 9, 11, 2), (3, 2, 2, 1), D=3)],
    )
    yield "fractions in the kernel", [case((2, 5, 5, 2), (3, 2, 2, 3), parts=4)]
    yield (
        "all of it",
        [
            case((2, 9, 12, 3), (2, 3, 3, 4), 2, 3, 4),
            case((3, 11, 8, 2), (3, 2, 2, 5), 3, 2, 8),
        ],
    )


@probes("02.4", "max_pool_backward")
def max_pool_backward(rng: Generator) -> Drawn:
    """Ask for gradients over tiles, overlaps and gaps; no window has two winners.

    Where windows lie apart, the least winner stands once more in the window of the greatest.
    """

    def case(shape: tuple[int, int], size: int, S: int, parts: int = 2) -> tuple:
        image = 3 * rng.permutation(shape[0] * shape[1]).reshape(shape) - 46
        down, across = ((n - size) // S + 1 for n in shape)
        if size <= S:
            starts = np.ndindex(down, across)
            windows = [image[y * S : y * S + size, x * S : x * S + size] for y, x in starts]
            least, *_, greatest = sorted(windows, key=np.max)
            greatest[greatest == greatest.min()] = least.max()
        return rng.integers(1, 40, (down, across)) / parts, image, size, S

    yield "tiles", [case((4, 6), 2, 2), case((6, 9), 3, 3)]
    yield "tiles, and a rim that no window meets", [case((5, 7), 2, 2), case((7, 8), 3, 3)]
    yield "windows that overlap", [case((5, 6), 3, 1), case((7, 7), 3, 2, 4)]
    yield "windows with gaps between them", [case((5, 7), 2, 3), case((8, 8), 2, 4, 4)]
