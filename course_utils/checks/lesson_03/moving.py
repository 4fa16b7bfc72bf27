"""03.3: a network that is location-invariant indeed."""

from typing import Any

import numpy as np

from course_utils.checks.lesson_03.probes import built, changes, drawn_weights, relus_of
from course_utils.checks.registry import CheckFailed, exercise

_AS_ADVERTISED = 36_810  # parameters of the network to start from


@exercise(
    "03.3",
    answers=("location_invariant",),
    hints=(
        "Which layers treat one place of the image differently from another? A convolution does "
        "not. Look at what stands behind each of the two.",
        "Flatten gives each place weights of its own. A pooling with stride 2 keeps every second "
        "row and column, so it notices a move by one pixel. The lesson's deeper CNN ends with a "
        "layer that forgets places altogether.",
        "Take out both `layers.MaxPooling2D()`, and put `layers.GlobalAveragePooling2D()` in the "
        "place of `layers.Flatten()`.",
    ),
    praise="Equivariant layers, then one that forgets places: the sentence is true.",
)
def judge_location_invariant(answer: Any) -> None:
    """Move a garment by odd and even numbers of pixels, with weights that nobody has trained."""
    model = built(answer, "location_invariant")
    moves = [(0, 1), (1, 0), (0, 2), (2, 0), (0, -4), (-4, 0), (-3, 5), (6, -1), (5, -6)]
    with drawn_weights(model):
        change = changes(model, moves, "location_invariant()")
    kernels = [tuple(w.shape) for w in model.weights if len(w.shape) == 4]
    if kernels != [(3, 3, 1, 16), (3, 3, 16, 32)]:
        raise CheckFailed(
            "The convolutions are not the same any more: keep both, and add none.",
            "expected  kernels of the shapes [(3, 3, 1, 16), (3, 3, 16, 32)]",
            f"got       {kernels}",
        )
    if np.isinf(change).any():
        raise CheckFailed(
            "Two different garments get the same logits: invariant it is, but it looks at nothing."
        )
    varies = {move: size for move, size in zip(moves, change, strict=True) if not size < 1e-3}
    if varies:
        (down, right), size = next(iter(varies.items()))
        raise CheckFailed(
            _why_it_varies(model, varies),
            f"tried     a garment, moved {down} pixels down and {right} to the right",
            "expected  the same ten logits, so a change of 0",
            f"got       a change of {size:.2g} (1 would be another garment)",
        )
    if relus_of(model) < 2:
        raise CheckFailed("Each of the two convolutions is followed by a relu; one is missing.")


def _why_it_varies(model: Any, varies: dict[tuple[int, int], float]) -> str:
    if model.count_params() == _AS_ADVERTISED:
        return "This is still the network as advertised."
    if not {(0, 1), (1, 0)} & varies.keys():
        return (
            "Small moves leave the logits alone; near the border of the stage some windows of the "
            "garment are missing: every further layer with a window needs more room. Two 3 x 3 "
            "convolutions just fit."
        )
    for stride in (2, 4):
        if all(down % stride or right % stride for down, right in varies):
            return (
                f"Moves by {stride}, {2 * stride} ... pixels leave the logits alone, others don't: "
                f"somewhere only one in {stride} rows and columns is kept. Which layers do that?"
            )
    if all(right for down, right in varies) or all(down for down, right in varies):
        return "It forgets the place in one direction only; images have rows and columns."
    if any(type(layer).__name__ == "Flatten" for layer in model.layers):
        return (
            "Each place still has weights of its own, because Flatten hands them on one by one. "
            "Forget the places before the dense layer."
        )
    return "The logits still depend on the place. Which layer tells one place from another?"
