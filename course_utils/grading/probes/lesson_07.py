"""Probes of lesson 07: silent channels, Grad-CAM, a step uphill, occlusion."""

import numpy as np

from course_utils.grading.probes import inside
from course_utils.grading.probes.drawing import Drawn, Generator, probes


@probes("07.1", "channel_sparsity", step=1e-4, heavy=True)
def channel_sparsity(rng: Generator) -> Drawn:
    """Ask for maps after ReLU, and for maps with small and with negative numbers."""

    def maps() -> np.ndarray:
        return rng.normal(size=(3, 4, 5, 6)).round(2) * (rng.uniform(size=(3, 4, 5, 6)) < 0.7)

    yield "after ReLU", [(np.maximum(maps(), 0),) for _ in range(2)]
    yield "negative numbers", [(maps(),) for _ in range(2)]
    yield "very small numbers", [(maps() * 1e-9,) for _ in range(2)]


@probes("07.2", "heat_maps", step=1e-4, heavy=True)
def heat_maps(rng: Generator) -> Drawn:
    """Ask for maps of several images, and for those where nothing speaks for the class."""

    def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return rng.normal(size=shape).round(2), rng.normal(size=shape).round(2)

    yield "one image", [pair(1, 3, 4, 2)]
    yield "several images", [pair(3, 4, 3, 5), pair(2, 5, 5, 3)]
    features, gradients = pair(2, 3, 3, 4)
    features, gradients = abs(features), np.stack([-abs(gradients[0]), abs(gradients[1])])
    yield "nothing speaks for the class of the first", [(features, gradients)]


@probes(
    "07.3",
    "lambda *case: put_to_uphill(uphill, *case)",
    uses=(inside.put_to_uphill,),
    step=0.05,
    seconds=120,
    heavy=True,
)
def uphill(rng: Generator) -> Drawn:
    """Ask for steps on steep slopes, where a tiny number below the line has no say; then on none.

    Slopes of one sign have a mean, so that a standard deviation is no norm.
    """

    def image(*shape: int) -> np.ndarray:
        return rng.integers(60, 200, (1, *shape)) / 2

    def kernel(*shape: int) -> np.ndarray:
        return rng.integers(2, 13, shape) / 8

    def squares(*shape: int) -> tuple:
        return ((kernel(*shape), "square"),)

    yield (
        "steps of 1, the first channel and the last",
        [
            (squares(2, 2, 3, 3), image(3, 4, 3), 0, 1.0),
            (squares(2, 1, 2, 4), image(4, 3, 2), 3, 1.0),
        ],
    )
    yield (
        "longer and shorter steps",
        [
            (squares(1, 2, 3, 3), image(3, 5, 3), 1, 7.5),
            (squares(2, 2, 1, 2), image(5, 4, 1), 1, 0.25),
        ],
    )
    two = (kernel(2, 2, 3, 4), "relu"), (kernel(1, 1, 4, 3), "square")
    yield "a network of two layers", [(two, image(4, 4, 3), 2, 2.5)]
    half = kernel(2, 2, 3, 2) * [1, -1], "relu"  # its second channel is silent
    apart = 1.0 * np.eye(2)[None, None], "square"
    yield (
        "a channel with a slope, then one without",
        [((half, apart), image(3, 4, 3), channel, 1.5) for channel in (0, 1)],
    )


@probes(
    "07.4",
    "lambda *case: put_to_occlusion_map(occlusion_map, *case)",
    uses=(inside.put_to_occlusion_map,),
    step=1e-2,
    heavy=True,
)
def occlusion_map(rng: Generator) -> Drawn:
    """Ask for maps under squares side by side, with overlaps, with gaps; falls and rises."""

    def case(shape: tuple[int, int, int], patch: int, stride: int) -> tuple:
        weights, image = rng.normal(size=(2, *shape)).round(2)
        return weights, image, patch, stride, int(rng.integers(-9, 10)) / 4

    yield "squares side by side", [case((4, 6, 3), 2, 2), case((6, 3, 1), 3, 3)]
    yield "squares that overlap", [case((4, 6, 2), 3, 1), case((7, 5, 3), 3, 2)]
    yield "a rim that no square covers", [case((5, 7, 3), 2, 2), case((6, 5, 2), 4, 3)]
    yield "gaps between the squares", [case((5, 6, 2), 1, 2), case((6, 8, 3), 2, 3)]
