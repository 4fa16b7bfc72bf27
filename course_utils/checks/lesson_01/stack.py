"""01.4: how far one output of several layers sees."""

from collections.abc import Iterable, Sequence
from typing import Any

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.registry import exercise

Layers = Sequence[tuple[int, int, int]]


def receptive_field(layers: Iterable[tuple[int, int, int]]) -> int:
    """Return how many neighbouring inputs one output sees; layers are (K, S, D), first first."""
    size = step = 1
    for K, S, D in layers:
        size, step = size + D * (K - 1) * step, step * S
    return size


@exercise(
    "01.4",
    answers=("receptive_field",),
    hints=(
        "Take the first layer alone: how many numbers of the signal lie under its kernel, gaps "
        "included? Then: one step in the second layer is how many steps in the signal?",
        "Each layer adds what its kernel reaches beyond one number, D(K - 1), counted in steps of "
        "its own input. Such a step is as many places of the signal as the strides of all the "
        "layers before it multiplied.",
        "Begin with `size, step = 1, 1`. For each layer add `D * (K - 1) * step` to the size, and "
        "only then multiply the step by `S`.",
    ),
    praise="Kernels in a row see far; every stride on the way makes them see farther.",
)
def judge_receptive_field(answer: Any) -> None:
    """Compare on one layer, on two that differ in one thing, then on stacks."""
    cases = [([(3, 1, 1)],), ([(3, 1, 1), (3, 1, 1)],), ([(3, 1, 2)],)]
    cases += [([(3, 2, 1), (3, 1, 1)],), ([(3, 1, 1), (3, 2, 1)],), ([(2, 1, 1), (4, 3, 2)],)]
    cases += [([(5, 2, 1), (3, 2, 1), (2, 3, 1), (3, 1, 1)],), ([(2, 3, 1), (4, 2, 2), (3, 1, 3)],)]
    cases += [([],)]
    compare(answer, receptive_field, cases, _MISCONCEPTIONS, name="receptive_field")


def _plain(layers: Layers) -> Layers:
    return [(K, 1, D) for K, S, D in layers]


def _own_stride(layers: Layers) -> int:
    size = step = 1
    for K, S, D in layers:
        step *= S
        size += D * (K - 1) * step
    return size


def _last_stride(layers: Layers) -> int:
    strides = [1] + [S for K, S, D in layers]
    return 1 + sum(D * (K - 1) * S for (K, _, D), S in zip(layers, strides, strict=False))


def _product(layers: Layers) -> int:
    size = 1
    for K, _, D in layers:
        size *= D * (K - 1) + 1
    return size


_MISCONCEPTIONS = [
    Misconception(
        "The strides have no say yet: after a stride of 2, one step is two places of the signal.",
        lambda layers: receptive_field(_plain(layers)),
    ),
    Misconception(
        "A layer's own stride moves the layers after it, not its own kernel: add first, then "
        "multiply the step.",
        _own_stride,
    ),
    Misconception(
        "Only the stride just before counts here. A step is the product of all the strides before.",
        _last_stride,
    ),
    Misconception(
        "The dilation has no say yet: the ends of a kernel lie D(K - 1) places apart.",
        lambda layers: receptive_field([(K, S, 1) for K, S, D in layers]),
    ),
    Misconception(
        "The layers are taken from the last to the first; the list begins with the first.",
        lambda layers: receptive_field(layers[::-1]),
    ),
    Misconception(
        "The lengths are added up. Neighbouring windows overlap: each layer adds K - 1 steps.",
        lambda layers: sum(K for K, S, D in layers),
    ),
    Misconception(
        "The reaches are multiplied. Neighbouring windows overlap, so a layer adds, it doesn't "
        "multiply.",
        _product,
    ),
    Misconception(
        "One too few: begin with 1, the number that looks.",
        lambda layers: receptive_field(layers) - 1,
    ),
    Misconception(
        "Between K numbers there are K - 1 gaps: a layer adds D(K - 1), not D times K.",
        lambda layers: receptive_field([(K + 1, S, D) for K, S, D in layers]),
    ),
    Misconception(
        "Only the last layer is looked through: what it sees are numbers that see, too.",
        lambda layers: receptive_field(layers[-1:]),
    ),
]
