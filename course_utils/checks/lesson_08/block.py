"""Exercise 08.4: a block of ResNeXt within a budget, looked at and then run."""

import contextlib
import random
from collections.abc import Callable, Iterator
from typing import Any

from course_utils.checks.compare import call, shown
from course_utils.checks.lesson_08.forward import judge_numbers, kernels_of, norms_of, shape_of
from course_utils.checks.registry import CheckFailed, exercise

NAME = "resnext_block"
CASES = [((4, 3, 8), 4, 516), ((5, 7, 6), 2, 400), ((3, 4, 20), 1, 600), ((6, 5, 40), 8, 2500)]
CASES += [((4, 3, 8), 4, 272)]  # W = C


@exercise(
    "08.4",
    answers=(NAME,),
    hints=(
        "Paper first: how many weights have the three kernels, in C, W and the number of groups? "
        "Then find the widest W by trying, group by group.",
        "The first and the last kernel have C * W weights each. In the middle each of W filters "
        "sees W / groups channels only, at 9 places. Begin with W = groups and widen while the "
        "next width is still within the budget.",
        "`while 2 * C * (W + groups) + 9 * (W + groups) ** 2 // groups <= budget: W += groups`. "
        "Then lesson 8's `bottleneck_block` with `groups=groups` in its middle convolution only, "
        "and its ReLU by position, not by `count == width` (W may equal C).",
    ),
    praise="Groups buy width; were the last γ 0, only the shortcut would be left.",
)
def judge_resnext_block(answer: Any) -> None:
    """Build blocks, read their widths and kernels, then run two against the formula."""
    if not callable(answer) or isinstance(answer, type):
        raise CheckFailed(f"`{NAME}` must be a function; it is {shown(answer)}.")
    with _random_state_kept():
        blocks = [_built(answer, case) for case in CASES]
        for block, case in zip(blocks, CASES, strict=True):
            _judge_count(block, case)
        _judge_widths([_width(block) for block in blocks])
        for block, case in zip(blocks, CASES, strict=True):
            _judge_kernels(block, case)
        judge_numbers(blocks[0], _tried(CASES[0]))
        try:
            judge_numbers(blocks[-1], _tried(CASES[-1]))
        except CheckFailed as failure:
            raise CheckFailed(f"Only where W = C: {failure.reason}", *failure.details) from None


@contextlib.contextmanager
def _random_state_kept() -> Iterator[None]:
    """Keras draws the seeds of its layers from Python's own generator: put it back."""
    before = random.getstate()
    try:
        yield
    finally:
        random.setstate(before)


def _tried(case: tuple) -> str:
    shape, groups, budget = case
    return f"tried     {NAME}(keras.Input({shape}), groups={groups}, budget={budget})"


def _built(answer: Callable, case: tuple) -> Any:
    """Return a model from the input to the maps that the answer returns."""
    import keras

    shape, groups, budget = case
    x = keras.Input(shape)
    try:
        y = call(answer, (x, groups, budget), NAME)
        if isinstance(y, keras.Model):
            raise CheckFailed(f"`{NAME}` returns a model; return the maps y, so that it can go on.")
        if isinstance(y, keras.layers.Layer):
            raise CheckFailed(
                f"`{NAME}` returns a layer; call it on maps and return what it gives."
            )
        if not isinstance(y, keras.KerasTensor):
            raise CheckFailed(f"`{NAME}` must return maps made by layers; it returns {shown(y)}.")
        try:
            block = keras.Model(x, y)
        except Exception:
            raise CheckFailed("The maps are not made from x: feed x to the first layer.") from None
        if y.shape != (None, *shape):
            raise CheckFailed(
                _SHAPES.get(_difference(y.shape, shape), "The maps must come out with x's shape."),
                f"expected  {(None, *shape)}",
                f"got       {y.shape}",
            )
    except CheckFailed as failure:
        told = _SUM if "ncompatible shapes" in failure.reason else ""
        raise CheckFailed(failure.reason + told, _tried(case), *failure.details) from None
    return block


def _difference(got: tuple, wanted: tuple) -> str:
    if len(got) != 4:
        return "axes"
    if got[1:3] != wanted[:2]:
        return "places"
    return "twice" if got[3] == 2 * wanted[2] else "channels"


_SUM = ' - in the sum: padding="same" keeps rows and columns, the last 1 x 1 leads back to C.'
_SHAPES = {
    "places": "Height and width have changed: stride 1, and padding 'same' for the 3 x 3.",
    "twice": "Twice the channels: the shortcut is laid beside F(x). Add the two.",
    "channels": "The last 1 x 1 must lead back to the channels of x.",
}


def _width(block: Any) -> int:
    return shape_of(kernels_of(block)[0])[-1]


def weights(C: int, W: int, groups: int) -> int:
    """Return the weights of the three kernels."""
    return 2 * C * W + 9 * W * W // groups


def widest(C: int, groups: int, budget: int, cost: Callable = weights) -> int:
    """Return the largest multiple of ``groups`` that ``cost`` lets the budget pay for."""
    return max(
        (W for W in range(groups, budget + 1, groups) if cost(C, W, groups) <= budget),
        default=groups,
    )


_COSTS = [
    (
        "The groups have no say in W: in the middle each filter sees W / groups channels only.",
        lambda C, W, groups: 2 * C * W + 9 * W * W,
    ),
    (
        "Only one of the two 1 x 1 convolutions is on the bill; both have C * W weights.",
        lambda C, W, groups: C * W + 9 * W * W // groups,
    ),
    (
        "The middle kernel has 9 places, and weights at each.",
        lambda C, W, groups: 2 * C * W + W * W // groups,
    ),
    (
        "The middle convolution is on the bill as a depthwise one: its filters see W / groups "
        "channels, not one.",
        lambda C, W, groups: 2 * C * W + 9 * W,
    ),
    (
        "Only the middle kernel is on the bill; the two 1 x 1 have C * W weights each.",
        lambda C, W, groups: 9 * W * W // groups,
    ),
    (
        "The batch normalisations are on the bill; the budget is for the kernels only.",
        lambda C, W, groups: weights(C, W, groups) + 4 * W + 2 * C,
    ),
    (
        "At most the budget: the block may spend all of it, <=.",
        lambda C, W, groups: weights(C, W, groups) + 1,
    ),
]


def _judge_widths(got: list[int]) -> None:
    def wanted(cost: Callable = weights) -> list[int]:
        return [widest(shape[-1], groups, budget, cost) for shape, groups, budget in CASES]

    if got == wanted():
        return
    case, W, best = next(row for row in zip(CASES, got, wanted(), strict=True) if row[1] != row[2])
    (_, _, C), groups, _ = case
    named = (thought for thought, cost in _COSTS if got == wanted(cost))
    if best < W:
        reason = "The block is over its budget: 2CW for the two 1 x 1, 9W²/groups in the middle."
    elif W % groups:
        reason = "The width must be a multiple of groups."
    else:
        reason = "The block could be wider within its budget."
    raise CheckFailed(
        next(named, reason),
        _tried(case),
        f"expected  W = {best}, {weights(C, best, groups)} weights; "
        f"{best + groups} would have {weights(C, best + groups, groups)}",
        f"got       W = {W}",
    )


def _judge_count(block: Any, case: tuple) -> None:
    kernels, norms = len(kernels_of(block)), len(norms_of(block))
    if kernels > 3:
        reason = "F has three convolutions; the shortcut carries x as it is, without any."
    elif kernels < 3:
        reason = "F needs three convolutions: 1 x 1, 3 x 3 in groups, 1 x 1."
    elif norms != 3:
        reason = "Behind each of the three convolutions stands one batch normalisation."
    else:
        return
    got = f"got       {kernels} and {norms}"
    raise CheckFailed(reason, _tried(case), "expected  3 convolutions and 3 normalisations", got)


def _judge_kernels(block: Any, case: tuple) -> None:
    (_, _, C), groups, budget = case
    W = widest(C, groups, budget)
    got = [shape_of(kernel) for kernel in kernels_of(block)]
    right = [(1, 1, C, W), (3, 3, W // groups, W), (1, 1, W, C)]
    if got[1] == (3, 3, W, W) != right[1]:
        reason = "The middle convolution is not in groups: its filters see all channels."
    elif got[1] in ((3, 3, W, 1), (3, 3, 1, W)) and got[1] != right[1]:
        reason = "Every channel of the middle stands by itself; there should be `groups` groups."
    elif got != right:
        reason = "The three kernels should be 1 x 1, 3 x 3 in groups, 1 x 1, as wide as that."
    elif any(weight.name == "bias" for weight in block.weights):
        reason = "The convolutions have biases; the normalisation behind takes them away again."
    else:
        return
    raise CheckFailed(
        reason, _tried(case), f"expected  kernels {right}", f"got       kernels {got}"
    )
