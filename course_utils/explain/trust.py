"""Can a heat map be believed? Two measurements that it can fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from course_utils.explain.naming import find_layer, layers_of

if TYPE_CHECKING:
    import keras


class Scene(NamedTuple):
    """A photograph pasted on a canvas, and where."""

    image: np.ndarray  # (side, side, 3) uint8
    top: int
    left: int
    size: int


def scenes(
    photographs: Sequence[np.ndarray],
    canvases: Sequence[np.ndarray],
    count: int,
    size: int = 96,
    side: int = 224,
    seed: int = 0,
) -> list[Scene]:
    """Paste photographs at random places on random parts of textured canvases.

    Parameters
    ----------
    photographs : sequence of (height, width, 3) uint8 arrays
        The middle square of each is brought to ``size`` pixels; they take turns.
    canvases : sequence of (height, width) or (height, width, 3) uint8 arrays
        Textures of at least ``side`` pixels, without an object of their own.
    count : int
        Scenes to make.
    size, side : int
        Pixels along one side of the photograph and of the scene.
    seed : int

    Returns
    -------
    list of Scene
        Scene ``i`` shows photograph ``i % len(photographs)``.

    Raises
    ------
    ValueError
        If a canvas is too small, the photograph does not fit, or there is none of either.

    Examples
    --------
    >>> grey = np.full((64, 64, 3), 128, np.uint8)
    >>> [scene] = scenes([grey], [grey], count=1, size=16, side=32)
    >>> scene.image.shape
    (32, 32, 3)
    """
    if not len(photographs) or not len(canvases):
        raise ValueError("give at least one photograph and one canvas")
    if not 1 <= size <= side:
        raise ValueError(f"a photograph of {size} pixels does not fit a scene of {side}")
    if small := [canvas.shape[:2] for canvas in canvases if min(canvas.shape[:2]) < side]:
        raise ValueError(f"canvases of {small} pixels are smaller than a scene of {side}")
    rng, made = np.random.default_rng(seed), []
    for number in range(count):
        canvas = canvases[rng.integers(len(canvases))]
        down, right = (rng.integers(0, length - side + 1) for length in canvas.shape[:2])
        image = canvas[down : down + side, right : right + side]
        image = np.repeat(image[..., None], 3, axis=-1) if image.ndim == 2 else image.copy()
        top, left = (int(place) for place in rng.integers(0, side - size + 1, 2))
        image[top : top + size, left : left + size] = square(
            photographs[number % len(photographs)], size
        )
        made.append(Scene(image, top, left, size))
    return made


def square(photograph: np.ndarray, size: int) -> np.ndarray:
    """Return the middle square of a photograph at ``size`` x ``size`` pixels.

    Parameters
    ----------
    photograph : (height, width, 3) uint8 array
    size : int

    Returns
    -------
    (size, size, 3) uint8 array

    Examples
    --------
    >>> square(np.zeros((40, 60, 3), np.uint8), 20).shape
    (20, 20, 3)
    """
    height, width = photograph.shape[:2]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    middle = Image.fromarray(photograph[top : top + short, left : left + short])
    return np.asarray(middle.resize((size, size), Image.Resampling.BICUBIC))


def hits(heat: np.ndarray, made: Sequence[Scene]) -> np.ndarray:
    """Return for each scene whether the heat map's peak lies on the photograph (*pointing game*).

    A heat map divides the scene into cells; the peak is the middle of the strongest cell. A peak
    anywhere at random hits with the probability ``(size / side) ** 2``, one that always stands in
    the middle of the scene more often.

    Parameters
    ----------
    heat : (n, rows, columns) array
        One heat map a scene, of any size.
    made : sequence of n Scene

    Returns
    -------
    (n,) bool array

    Raises
    ------
    ValueError
        If the numbers of heat maps and scenes differ.

    Notes
    -----
    Zhang et al. (2016), arXiv 1608.00507. There the objects stand in natural photographs.

    Examples
    --------
    >>> grey = np.full((64, 64, 3), 128, np.uint8)
    >>> made = [Scene(grey, top=0, left=0, size=32)]
    >>> hits(np.array([[[1.0, 0.0], [0.0, 0.0]]]), made)
    array([ True])
    """
    if len(heat) != len(made):
        raise ValueError(f"there are {len(heat)} heat maps for {len(made)} scenes")
    found = []
    for one, scene in zip(heat, made, strict=True):
        cell = np.unravel_index(np.argmax(one), one.shape)
        row, column = (np.array(cell) + 0.5) * scene.image.shape[0] / np.array(one.shape)
        found.append(
            scene.top <= row < scene.top + scene.size
            and scene.left <= column < scene.left + scene.size
        )
    return np.array(found)


def randomised(model: keras.Model, since: str | None = None, seed: int = 0) -> keras.Model:
    """Return a copy of a network in which the weights have lost their order, and so their meaning.

    Each layer keeps its own numbers and gets them back shuffled: the signals stay about as large
    as they were, but nothing that training has put together is left.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, also nested; it stays as it is.
    since : str, optional
        Name or path of the first layer to shuffle: those before it stay trained. By default all
        are shuffled.
    seed : int

    Returns
    -------
    keras.Model

    Raises
    ------
    ValueError
        If there is no such layer.

    Notes
    -----
    Sanity checks for saliency maps: Adebayo et al. (2018), arXiv 1810.03292, who draw new random
    weights; without a new training of the batch normalisation these make the signals vanish.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3, name="one")])
    >>> twin = randomised(model, since="one")
    >>> bool(np.allclose(twin.get_weights()[0], model.get_weights()[0]))
    False
    """
    import keras

    first = None if since is None else find_layer(model, since)
    twin, rng, shuffling = keras.models.clone_model(model), np.random.default_rng(seed), not since
    pairs = zip(layers_of(model).values(), layers_of(twin).values(), strict=True)
    for trained, layer in pairs:
        shuffling = shuffling or trained is first
        weights = trained.get_weights()
        if shuffling:
            weights = [rng.permutation(w.ravel()).reshape(w.shape) for w in weights]
        layer.set_weights(weights)
    return twin


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Return the rank correlation of heat maps: 1 for the same order of places, 0 for no relation.

    Parameters
    ----------
    one, other : arrays of the same shape
        ``(rows, columns)``, or several maps ``(n, rows, columns)``, whose mean is returned.

    Returns
    -------
    float
        Spearman's coefficient, from -1 to 1; 0 where a map is the same everywhere, so that its
        places have no order.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> heat = np.arange(6.0).reshape(2, 3)
    >>> likeness(heat, heat**3), likeness(heat, -heat)
    (1.0, -1.0)
    """
    from scipy.stats import spearmanr

    one, other = np.asarray(one, float), np.asarray(other, float)
    if one.shape != other.shape:
        raise ValueError(f"the maps have the shapes {one.shape} and {other.shape}")
    if one.ndim == 3:
        return float(np.mean([likeness(a, b) for a, b in zip(one, other, strict=True)]))
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return round(float(spearmanr(one.ravel(), other.ravel()).statistic), 12)
