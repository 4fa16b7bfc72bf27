"""Probes of lesson 06: the cost of a head, a head without training."""

import numpy as np

from course_utils.grading.probes.drawing import Drawn, Generator, probes


@probes("06.1", "head_parameters")
def head_parameters(rng: Generator) -> Drawn:
    """Ask for heads of one and of several layers, on flattened features and on averages."""
    for flatten in (True, False):
        for depth in (1, 3):
            cases = []
            for _ in range(3):
                shape = tuple(map(int, rng.integers(2, 30, 3)))
                cases.append((shape, tuple(map(int, rng.integers(2, 50, depth))), flatten))
            yield f"{'flattened' if flatten else 'averaged'}, layers: {depth}", cases


_CLASSES = """\
lambda features, labels, new, head=mean_head: (new @ head(features, labels)[0] \
+ head(features, labels)[1]).argmax(axis=1)"""


@probes("06.4", _CLASSES)
def mean_head(rng: Generator) -> Drawn:
    """Ask for the classes of new pictures, none of which lies near a border."""
    for line, C, F in (("two classes", 2, 1), ("three classes", 3, 4), ("six classes", 6, 5)):
        means = rng.permutation(20 * F).reshape(F, 20).T[:C] - 8.0
        labels = rng.permutation(np.arange(6 * C) % C)
        features = means[labels] + rng.integers(-4, 5, (6 * C, F)) / 8
        centres = np.array([features[labels == c].mean(axis=0) for c in range(C)])
        new = rng.integers(-200, 300, (400, F)) / 10
        distances = np.sort(((new[:, None] - centres) ** 2).sum(axis=2), axis=1)
        yield line, [(features, labels, new[distances[:, 1] - distances[:, 0] > 0.1][:60])]
