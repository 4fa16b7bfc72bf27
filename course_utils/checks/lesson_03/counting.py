"""03.1: the parameters of a small network by hand."""

from typing import Any

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.registry import exercise


def parameters(n: int, channels: int, first: int, second: int, units: int) -> int:
    """Return the parameters of two convolutions with pooling and two dense layers."""
    return _parameters(n, channels, first, second, units)


def _parameters(n, channels, first, second, units, *, K=3, bias=1, side=None, depth=None, **parts):
    """Count with one thing changed: what a misconception does."""
    half = parts.get("half", lambda n: (n - 2) // 2)
    side = half(half(n)) if side is None else side(n)
    inputs = side ** parts.get("axes", 2) * (second if depth is None else depth)
    return (
        (K * K * (channels if parts.get("colour", True) else 1) + bias) * first
        + (K * K * (first if parts.get("deep", True) else 1) + bias) * second
        + (inputs + bias) * units
        + parts.get("last", (units + bias) * 10)
    )


@exercise(
    "03.1",
    answers=("parameters",),
    hints=(
        "Two questions, one after the other. How large is the image when it is flattened? And how "
        "many weights and biases has each of the four layers that have any?",
        "A convolution without padding takes 2 off the side, the pooling then halves it and rounds "
        "down: `(n - 2) // 2`, twice. A convolution has `(9 * channels_in + 1) * filters` "
        "parameters, a dense layer `(inputs + 1) * units`.",
        "With `side = ((n - 2) // 2 - 2) // 2` the flattened image has `side * side * second` "
        "numbers. Add `(9 * channels + 1) * first`, `(9 * first + 1) * second`, one dense layer "
        "with these inputs and one with `units` inputs and 10 outputs.",
    ),
    praise="You will never be surprised by a shape again.",
)
def judge_parameters(answer: Any) -> None:
    """Compare where sides come out even and odd, with every width different from the others."""
    cases = [(10, 1, 1, 1, 1), (10, 1, 2, 1, 1), (10, 3, 1, 1, 1), (10, 1, 1, 2, 3)]
    cases += [(14, 1, 2, 3, 4), (17, 2, 3, 4, 5), (28, 1, 32, 64, 64), (20, 3, 5, 7, 11)]
    compare(answer, parameters, cases, _PARAMETER_MISCONCEPTIONS, name="parameters")


def _guess(thought: str, **changed: Any) -> Misconception:
    return Misconception(thought, lambda *case: _parameters(*case, **changed))


_PARAMETER_MISCONCEPTIONS = [
    _guess(
        "The biases are missing: one for each filter and one for each unit, the last ten included.",
        bias=0,
    ),
    _guess(
        "A filter of the second convolution looks at 3 x 3 places in *each* of the channels that "
        "the first gave: 9 * first weights, not 9.",
        deep=False,
    ),
    _guess(
        "The images may have several channels: a filter of the first convolution has "
        "9 * channels weights.",
        colour=False,
    ),
    _guess(
        "Without padding a 3 x 3 convolution takes one row from each border: 2 off the side, "
        "before the pooling halves it.",
        half=lambda n: n // 2,
    ),
    _guess("The poolings are missing: each halves the side.", side=lambda n: n - 4),
    _guess("The first pooling is missing.", side=lambda n: (n - 4) // 2),
    _guess("The second pooling is missing.", side=lambda n: (n - 2) // 2 - 2),
    _guess(
        "Pooling rounds down: a row that has no partner is dropped.",
        half=lambda n: -(-(n - 2) // 2),
    ),
    _guess("Half a pixel is no pixel: pooling rounds down, `//`.", half=lambda n: (n - 2) / 2),
    _guess(
        "Flatten keeps all places: side * side numbers for each channel, not one.",
        side=lambda n: 1,
    ),
    _guess(
        "Flatten counts rows times columns times channels; only one side of the image is counted.",
        axes=1,
    ),
    _guess(
        "Flatten hands on all channels: side * side * second numbers, not one channel's.", depth=1
    ),
    _guess("The last dense layer, with its ten units, is missing.", last=0),
    Misconception(
        "The biases of the last dense layer are missing: ten units, ten of them.",
        lambda *case: _parameters(*case) - 10,
    ),
    Misconception(
        "Only the convolutions are counted; the dense layers have parameters too, most of them.",
        lambda n, c, a, b, units: (9 * c + 1) * a + (9 * a + 1) * b,
    ),
    Misconception(
        "A kernel has 3 x 3 = 9 places, not 3, in each channel.",
        lambda *case: _parameters(*case) - 6 * (case[1] * case[2] + case[2] * case[3]),
    ),
]
