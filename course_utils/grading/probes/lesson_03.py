"""Probes of lesson 03: parameters by hand."""

from course_utils.grading.probes.drawing import Drawn, Generator, probes


@probes("03.1", "parameters")
def parameters(rng: Generator) -> Drawn:
    """Ask for counts where sides come out even and odd."""
    for line, sides in {
        "sides that halve": (10, 14, 18),
        "sides that do not": (11, 13, 17),
    }.items():
        for channels in (1, 3):
            cases = [(n, channels, *map(int, rng.permutation(40)[:3] + 2)) for n in sides]
            yield f"{line}, {channels} of colour", cases
