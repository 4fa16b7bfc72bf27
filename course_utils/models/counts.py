"""What a network costs: multiply-adds layer by layer, and the floating-point work of training."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

FLOP_PER_MULTIPLY_ADD = 6  # 2 forward, 2 for the gradient of the input, 2 for that of the weights


@dataclass(frozen=True)
class LayerCount:
    """One row of the table: a layer that multiplies, its output and what an image costs there."""

    name: str
    kind: str
    output: tuple[int, ...]
    multiply_adds: int


@dataclass(frozen=True)
class Counts:
    """The multiply-adds of a model for one image; ``print`` shows them as a table."""

    rows: tuple[LayerCount, ...]

    @property
    def total(self) -> int:
        """The sum over all layers."""
        return sum(row.multiply_adds for row in self.rows)

    def __str__(self) -> str:
        cells = [
            (row.kind, " x ".join(map(str, row.output)), row.multiply_adds) for row in self.rows
        ]
        lines = [f"{'layer':<18}{'output':>16}{'multiply-adds':>16}"]
        lines += [f"{kind:<18}{output:>16}{count:>16,}" for kind, output, count in cells]
        return "\n".join([*lines, f"{'total':<34}{self.total:>16,}"])


def multiply_adds(model: keras.Model) -> Counts:
    """Count the multiply-adds that a model spends on one image, layer by layer.

    Every number of a kernel is used once at each place of the layer's output. So a layer costs
    (numbers in its kernels) x (places of its output): convolutions, depthwise and separable ones
    and dense layers alike. Biases, batch norm, pooling and activations are left out, as is usual:
    they cost a few operations a value, not hundreds.

    Parameters
    ----------
    model : keras.Model
        Built, Sequential or functional; models inside models are counted too.

    Returns
    -------
    Counts
        ``.rows`` (one for each layer that has a kernel), ``.total``.

    Examples
    --------
    >>> from course_utils import models
    >>> multiply_adds(models.dense_baseline()).total  # 784 x 128 + 128 x 10
    101632
    """
    return Counts(tuple(_rows(model)))


def _rows(model):
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _rows(layer)
        elif kernels := _kernels(layer):
            output = tuple(layer.output.shape[1:])
            count = prod(output[:-1]) * sum(prod(kernel.shape) for kernel in kernels)
            yield LayerCount(layer.name, type(layer).__name__, output, count)


def _kernels(layer) -> list:
    return [weight for weight in layer.weights if weight.name.endswith("kernel")]


def training_flop(multiply_adds: int | Counts, images: int, epochs: float) -> float:
    """Return the floating-point operations of a training: 6 x multiply-adds x images x epochs.

    A multiply-add is two operations. Going back costs twice what going forward costs: once for
    the gradient of the layer's input, once for that of its weights.

    Parameters
    ----------
    multiply_adds : int or Counts
        Of one image, going forward.
    images : int
        Training images in an epoch.
    epochs : float

    Examples
    --------
    >>> training_flop(1_000_000, images=50_000, epochs=10) / 1e12  # in TFLOP
    3.0
    """
    count = multiply_adds.total if isinstance(multiply_adds, Counts) else multiply_adds
    return FLOP_PER_MULTIPLY_ADD * count * images * epochs
