"""Random variations of pictures: turned, moved, zoomed and mirrored in one step."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from course_utils.images.listing import ImageError
from course_utils.images.threads import share_out


@dataclass(frozen=True)
class Augment:
    """Vary every picture at random: the augmentations of `ImageDataGenerator`, in one step.

    All of them are one affine map from each place of the new picture to a place of the old one,
    so a picture is sampled once (bilinear). Places outside the old picture take the colour of its
    nearest edge pixel (``fill_mode="nearest"``). Colours are rounded to whole numbers.

    Attributes
    ----------
    rotation : float
        The largest angle in degrees, either way.
    shift : float
        The furthest move, as a share of the width and of the height.
    shear : float
        The largest shear angle in degrees. (In `ImageDataGenerator`, too, it is degrees, so the
        often copied 0.2 leaves pictures practically as they are.)
    zoom : float
        0.2 draws a factor between 0.8 (larger) and 1.2 (smaller) for each axis.
    flip : bool
        Mirror half of the pictures, left to right.

    Source: the keyword arguments of `keras.preprocessing.image.ImageDataGenerator`.

    Examples
    --------
    >>> images = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    >>> mirror = Augment(flip=True)
    >>> [mirror(images, np.random.default_rng(seed))[0, 0, :, 0].tolist() for seed in (1, 2)]
    [[0, 3], [3, 0]]
    """

    rotation: float = 0.0
    shift: float = 0.0
    shear: float = 0.0
    zoom: float = 0.0
    flip: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.zoom < 1 or min(self.rotation, self.shift, self.shear) < 0:
            raise ImageError(f"{self}: ranges start at 0, and zoom stays below 1")

    def __call__(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return each picture varied differently.

        Parameters
        ----------
        images : (n, height, width, 3) uint8, or float between 0 and 255
        rng : numpy.random.Generator
            Where the variations are drawn from.

        Returns
        -------
        (n, height, width, 3) of the same dtype
        """
        if images.ndim != 4 or images.shape[3] != 3:
            raise ImageError(f"Augment takes images (n, height, width, 3), not {images.shape}")
        maps, varied = self.draw(images.shape, rng), np.empty_like(images)

        def vary(row: int) -> None:
            varied[row] = warp(_bytes(images[row]), maps[row])

        share_out(vary, range(len(images)))
        return varied

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return a random affine map for each of the images of a batch.

        Parameters
        ----------
        shape : (n, height, width, channels)

        Returns
        -------
        (n, 3, 3) float64
            Each takes (column, row, 1) of the new picture to that of the old one.
        """
        n, height, width, _ = shape
        angles = rng.uniform(-self.rotation, self.rotation, n)
        right, down = rng.uniform(-self.shift, self.shift, (2, n))
        shears = rng.uniform(-self.shear, self.shear, n)
        wide, high = rng.uniform(1 - self.zoom, 1 + self.zoom, (2, n))
        mirrored = self.flip & (rng.random(n) < 0.5)
        size = (height, width)
        return affine(angles, right * width, down * height, shears, wide, high, mirrored, size=size)


def affine(
    angle=0.0, right=0.0, down=0.0, shear=0.0, wide=1.0, high=1.0, mirrored=False, *, size
) -> np.ndarray:
    """Return the map of a picture: about its centre, mirror, zoom, shear, shift and rotation.

    Each argument is one number, or (n,) for as many maps.

    Parameters
    ----------
    angle, shear : float
        Degrees.
    right, down : float
        Pixels.
    wide, high : float
        More than 1 shrinks what is seen, less than 1 enlarges it.
    mirrored : bool
    size : (height, width)

    Returns
    -------
    (3, 3) or (n, 3, 3) float64

    Examples
    --------
    >>> affine(right=2, size=(4, 4)) @ [0, 0, 1]
    array([2., 0., 1.])
    """
    angle, shear, sign = np.deg2rad(angle), np.deg2rad(shear), np.where(mirrored, -1.0, 1.0)
    height, width = size
    turn = _matrix([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0]])
    move = _matrix([[1, 0, right], [0, 1, down]])
    lean = _matrix([[1, -np.sin(shear), 0], [0, np.cos(shear), 0]])
    zoom = _matrix([[wide * sign, 0, 0], [0, high, 0]])
    centre = _matrix([[1, 0, (width - 1) / 2], [0, 1, (height - 1) / 2]])
    return centre @ turn @ move @ lean @ zoom @ np.linalg.inv(centre)


def _matrix(rows: list[list]) -> np.ndarray:
    """Return (..., 3, 3) from two rows whose entries are numbers or arrays (...)."""
    entries = np.broadcast_arrays(*rows[0], *rows[1], 0.0, 0.0, 1.0)
    return np.stack(entries, axis=-1).reshape(*entries[0].shape, 3, 3).astype(float)


def warp(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return a picture whose pixel (column, row) is the old one's at ``matrix @ (column, row, 1)``.

    Parameters
    ----------
    image : (height, width, 3) uint8
    matrix : (3, 3) float64
        Between the places of the old pixels it is interpolated; outside, the edge goes on.

    Returns
    -------
    (height, width, 3) uint8

    Examples
    --------
    >>> image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    >>> warp(image, affine(right=1, size=(2, 2)))[0, :, 0], image[0, :, 0]
    (array([3, 3], dtype=uint8), array([0, 3], dtype=uint8))
    """
    height, width, _ = image.shape
    corners = matrix @ [[0, width - 1, 0, width - 1], [0, 0, height - 1, height - 1], [1, 1, 1, 1]]
    left, top = np.ceil(-corners.min(axis=1)[:2]).astype(int).clip(0) + 1
    right, bottom = np.ceil(corners.max(axis=1)[:2] - (width, height)).astype(int).clip(0) + 2
    padded = Image.fromarray(_continued(image, left, top, right, bottom))
    # Pillow counts from a pixel's corner, the matrix from its centre.
    (a, b, c), (d, e, f) = matrix[:2]
    c, f = c + left + 0.5 - (a + b) / 2, f + top + 0.5 - (d + e) / 2
    size, how = (width, height), Image.Resampling.BILINEAR
    return np.asarray(padded.transform(size, Image.Transform.AFFINE, (a, b, c, d, e, f), how))


def _continued(image: np.ndarray, left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """Return a picture with so many more pixels on each side, all like its edge."""
    height, width, channels = image.shape
    padded = np.empty((top + height + bottom, left + width + right, channels), np.uint8)
    middle = padded[top : top + height]
    middle[:, left : left + width] = image
    middle[:, :left] = image[:, :1]
    middle[:, left + width :] = image[:, -1:]
    padded[:top], padded[top + height :] = middle[0], middle[-1]
    return padded


def _bytes(image: np.ndarray) -> np.ndarray:
    if image.dtype == np.uint8:
        return image
    return np.rint(image).clip(0, 255).astype(np.uint8)
