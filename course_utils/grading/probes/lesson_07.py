"""Probes of lesson 07: silent channels, Grad-CAM."""

import numpy as np

from course_utils.grading.probes.drawing import Drawn, Generator, probes


@probes("07.1", "channel_sparsity", step=1e-4)
def channel_sparsity(rng: Generator) -> Drawn:
    """Ask for maps after ReLU, and for maps with small and with negative numbers."""

    def maps() -> np.ndarray:
        return rng.normal(size=(3, 4, 5, 6)).round(2) * (rng.uniform(size=(3, 4, 5, 6)) < 0.7)

    yield "after ReLU", [(np.maximum(maps(), 0),) for _ in range(2)]
    yield "negative numbers", [(maps(),) for _ in range(2)]
    yield "very small numbers", [(maps() * 1e-9,) for _ in range(2)]


@probes("07.2", "heat_maps", step=1e-4)
def heat_maps(rng: Generator) -> Drawn:
    """Ask for maps of several images, and for those where nothing speaks for the class."""

    def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return rng.normal(size=shape).round(2), rng.normal(size=shape).round(2)

    yield "one image", [pair(1, 3, 4, 2)]
    yield "several images", [pair(3, 4, 3, 5), pair(2, 5, 5, 3)]
    features, gradients = pair(2, 3, 3, 4)
    features, gradients = abs(features), np.stack([-abs(gradients[0]), abs(gradients[1])])
    yield "nothing speaks for the class of the first", [(features, gradients)]
