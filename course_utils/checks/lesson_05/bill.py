"""Exercise 05.1: the multiply-adds of a stack of convolutions."""

from collections.abc import Callable, Sequence
from typing import Any

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.registry import exercise


def _up(H: int, K: int, S: int) -> int:
    return -(-H // S)


def _term(H: int, W: int, K: int, C: int, filters: int) -> int:
    return H * W * K * K * C * filters


def _bill(H, W, C, stack, *, rows=_up, columns=_up, term=_term, places="after") -> list[int]:
    """Return the multiply-adds layer by layer; the options are the mistakes that one can make."""
    terms = []
    for K, S, filters in stack:
        before, (H, W) = (H, W), (rows(H, K, S), columns(W, K, S))
        terms.append(term(*(before if places == "before" else (H, W)), K, C, filters))
        C = filters
    return terms


def multiply_adds(H: int, W: int, C: int, stack: Sequence[tuple[int, int, int]]) -> int:
    """Return the multiply-adds of convolutions (K, S, filters) with "same" padding."""
    return sum(_bill(H, W, C, stack))


@exercise(
    "05.1",
    answers=("multiply_adds",),
    hints=(
        "Do two layers on paper. For each: at how many places does it work, how many numbers does "
        "one kernel hold, how many kernels are there? What does the second layer find?",
        "A layer computes H x W x filters numbers, with the H and W that it leaves behind. Each is "
        "a dot product of K x K x C numbers. Then its filters are the next layer's channels.",
        "In a loop over `K, S, filters`: `H, W = math.ceil(H / S), math.ceil(W / S)`, then "
        "`total += H * W * K * K * C * filters`, then `C = filters`.",
    ),
    praise="Times six, times images, times epochs: the price of a whole training.",
)
def judge_multiply_adds(answer: Any) -> None:
    """Compare on one layer, on odd sizes that are not square, and on stacks."""
    cases = [(4, 4, 1, ((3, 1, 1),)), (6, 4, 3, ((3, 1, 5),)), (6, 4, 3, ((1, 2, 2),))]
    cases += [(7, 4, 2, ((3, 2, 4),)), (4, 7, 2, ((3, 2, 4),)), (8, 8, 3, ((3, 1, 4), (5, 1, 2)))]
    cases += [(9, 14, 3, ((5, 2, 4), (3, 1, 6), (2, 3, 2))), (8, 8, 1, ((3, 2, 2), (3, 2, 3)))]
    compare(answer, multiply_adds, cases, _MISCONCEPTIONS, name="multiply_adds")


def _at_each_place(of: Callable) -> Callable:
    return lambda H, W, K, C, filters: of(K, C, filters) * H * W


def _each_from_the_image(H, W, C, stack) -> int:
    inputs = [C, *(filters for _, _, filters in stack)]
    return sum(multiply_adds(H, W, c, (layer,)) for c, layer in zip(inputs, stack, strict=False))


def _always_the_image_channels(H, W, C, stack) -> int:
    return sum(_bill(H, W, C, stack, term=lambda H, W, K, _, filters: _term(H, W, K, C, filters)))


def _filters_before_stride(H, W, C, stack) -> int:
    return multiply_adds(H, W, C, [(K, S, filters) for K, filters, S in stack])


def _stay(H: int, K: int, S: int) -> int:
    return H


def _down(H: int, K: int, S: int) -> int:
    return H // S


def _unrounded(H: int, K: int, S: int) -> float:
    return H / S


def _valid(H: int, K: int, S: int) -> int:
    return (H - K) // S + 1


_SLIPS = {  # the thought, and the options of _bill that compute it
    "The stride is ignored: with stride S a layer works at every S-th row and column only.": {
        "rows": _stay,
        "columns": _stay,
    },
    "The places are counted before the stride: a layer pays for what it computes, so H and W "
    "shrink first.": {"places": "before"},
    "Rounded down: 7 rows at stride 2 leave 4, for it stops at 0, 2, 4, 6.": {
        "rows": _down,
        "columns": _down,
    },
    "Not rounded: 7 rows at stride 2 leave 4, not 3.5; use `math.ceil`.": {
        "rows": _unrounded,
        "columns": _unrounded,
    },
    "Only the rows shrink: a stride steps across the columns, too.": {"columns": _stay},
    "Only the columns shrink: a stride steps down the rows, too.": {"rows": _stay},
    "The borders are lost, as with 'valid'. Here all layers pad: H / S rows, rounded up.": {
        "rows": _valid,
        "columns": _valid,
    },
    "A kernel has K rows and K columns: K times K numbers for each channel, not K.": {
        "term": _at_each_place(lambda K, C, filters: K * C * filters)
    },
    "The channels that come in are missing: each kernel reaches through all of them.": {
        "term": _at_each_place(lambda K, C, filters: K * K * filters)
    },
    "The filters are missing: each of them works at every place.": {
        "term": _at_each_place(lambda K, C, filters: K * K * C)
    },
    "An image need not be square: rows times columns.": {
        "term": lambda H, W, K, C, filters: _term(H, H, K, C, filters)
    },
    "The biases are counted, too. Here a multiply-add is a weight times a number, added on.": {
        "term": _at_each_place(lambda K, C, filters: (K * K * C + 1) * filters)
    },
    "These are the weights. Each of them is used at every place: times H times W.": {
        "term": lambda H, W, K, C, filters: K * K * C * filters
    },
}
_SUMS = {  # the thought, and what becomes of the layers' terms
    "Twice too many: these are FLOP. A multiplication and its addition are one multiply-add.": (
        lambda terms: 2 * sum(terms)
    ),
    "Only the last layer is charged: add them all up.": lambda terms: terms[-1],
    "Only the first layer is charged: `return` stands inside the loop.": lambda terms: terms[0],
    "One number a layer. Each is right, and the bill is their sum.": list,
}
_MISCONCEPTIONS = [
    *(
        Misconception(thought, lambda *case, options=options: sum(_bill(*case, **options)))
        for thought, options in _SLIPS.items()
    ),
    *(
        Misconception(thought, lambda *case, combine=combine: combine(_bill(*case)))
        for thought, combine in _SUMS.items()
    ),
    Misconception(
        "Every layer is charged for the image's channels. The second one finds as many channels "
        "as the first has filters.",
        _always_the_image_channels,
    ),
    Misconception(
        "Every layer works on the image's size. The second one gets what the first has left.",
        _each_from_the_image,
    ),
    Misconception("A layer is (K, S, filters), in this order.", _filters_before_stride),
]
