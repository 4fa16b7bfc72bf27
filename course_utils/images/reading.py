"""One picture from its file: decoded, upright, red-green-blue, and resized."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from course_utils.images.listing import ImageError

NEAREST = Image.Resampling.NEAREST
INTERPOLATIONS = ("antialias", "nearest")
FEW = 1.2  # shrunk by less, too many of the four points of a new pixel are one and the same
MAX_PIXELS = 100_000_000  # a picture with more would take over 300 MB of memory
ORIENTATION = 0x0112  # the EXIF field for how the camera was held
TURNS = {  # what undoes each of its values
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Unreadable(ValueError):
    """A file gives no picture; the message is the reason, in a few words."""


def read(
    path: str | Path,
    image_size: tuple[int, int] | None = None,
    interpolation: str = "antialias",
) -> np.ndarray:
    """Return the picture in a file as red, green and blue, as `ImageFolder` would read it.

    Nothing is skipped when a picture shrinks (it is antialiased): a JPEG is decoded at the
    smallest of the scales 1, 1/2, 1/4 and 1/8 that is large enough, which saves time; then, for
    a factor up to 2, each new pixel is the mean of four points, and otherwise a triangle filter
    as wide as the factor demands is used (Pillow's bilinear). `ImageDataGenerator` takes the one
    nearest pixel and `image_dataset_from_directory` blends the four around one point, so both
    skip pixels of large photographs. Like both, this does not keep the ratio of height to width.

    With ``interpolation="nearest"`` the picture is decoded whole and each new pixel is the one
    nearest old pixel: the numbers that `ImageDataGenerator` gives, for what was trained with it.

    Pictures that a camera stored sideways are turned upright (EXIF orientation; both of Keras's
    readers ignore it). Grey, CMYK and palette colours become RGB; of 16 bits the upper 8 are
    kept; of an animation the first picture; transparency is dropped.

    Parameters
    ----------
    path : str or Path
    image_size : (height, width), optional
        Without it the picture keeps its own size.
    interpolation : str
        ``"antialias"`` or ``"nearest"``.

    Returns
    -------
    (height, width, 3) uint8

    Raises
    ------
    ImageError
        If the file holds no whole picture; the message names it and says why. If there is no
        such interpolation.

    Examples
    --------
    >>> from course_utils import folder
    >>> pets = folder("cats_vs_dogs") / "test"
    >>> read(next((pets / "cats").iterdir()), (24, 40)).shape
    (24, 40, 3)
    """
    interpolation = checked_interpolation(interpolation)
    try:
        with opened(content_of(path)) as image:
            return np.array(pixels(image, image_size, interpolation))
    except Unreadable as reason:
        raise ImageError(f"cannot read the picture {path}: {reason}") from reason


def checked_interpolation(interpolation: str) -> str:
    """Return an interpolation, or raise an `ImageError` that says what there is."""
    if interpolation not in INTERPOLATIONS:
        raise ImageError(
            f"interpolation is {interpolation!r}; choose one of {', '.join(INTERPOLATIONS)}"
        )
    return interpolation


def content_of(path: str | Path) -> bytes:
    """Return the bytes of a file, or raise `Unreadable`."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Unreadable(_reason(error)) from error


@contextlib.contextmanager
def opened(content: bytes) -> Iterator[Image.Image]:
    """Open a picture, and turn whatever goes wrong in it or with it into `Unreadable`."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Unreadable(_too_large(f"{image.width} x {image.height} pixels"))
            yield image
    except Unreadable:
        raise
    except UnidentifiedImageError:
        raise Unreadable(_what_it_is(content[:512])) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unreadable(_too_large(f"more than {MAX_PIXELS // 10**6} million pixels")) from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError) as error:
        raise Unreadable(_reason(error)) from error


def pixels(
    image: Image.Image,
    image_size: tuple[int, int] | None = None,
    interpolation: str = "antialias",
) -> Image.Image:
    """Return an opened picture as RGB, upright, at ``image_size`` (height, width)."""
    turn = orientation(image)
    if image_size is None:
        image = rgb(image)
    else:
        size = image_size if turn > 4 else image_size[::-1]  # Pillow counts width first
        nearest = interpolation == "nearest"
        image = rgb(image).resize(size, NEAREST) if nearest else _antialiased(image, size)
    return image.transpose(TURNS[turn]) if turn > 1 else image


def _antialiased(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Decode a picture no larger than needed, and bring it to ``size`` (width, height)."""
    # The box is the part that holds the picture: 375 rows, halved, are 187.5, stored in 188.
    _, box = image.draft(None, size) or (image.mode, (0, 0, *image.size))
    image = rgb(image)
    if image.size == size == box[2:]:
        return image
    factors = [old / new for old, new in zip(box[2:], size, strict=True)]
    if min(factors) < FEW or max(factors) > 2:
        return image.resize(size, Image.Resampling.BILINEAR, box)
    points = image.resize((2 * size[0], 2 * size[1]), NEAREST, box)
    return points.reduce(2)


def orientation(image: Image.Image) -> int:
    """Return how the camera was held: 1 is upright, more than 4 lies on a side."""
    if "exif" not in image.info:
        return 1
    turn = image.getexif().get(ORIENTATION, 1)
    return turn if turn in TURNS else 1


def rgb(image: Image.Image) -> Image.Image:
    """Decode a picture and return it as red, green and blue of 8 bits each."""
    image.load()
    if image.mode == "RGB":
        return image
    if has_sixteen_bits(image):
        upper = (np.asarray(image) >> 8).astype(np.uint8)
        return Image.fromarray(upper).convert("RGB")
    if image.mode in ("I", "F"):
        raise Unreadable("its 32-bit numbers have no agreed black and white")
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert("RGB")


def has_sixteen_bits(image: Image.Image) -> bool:
    """Return whether grey values have 16 bits (some Pillows call such a PNG's mode I)."""
    return image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG")


def _too_large(size: str) -> str:
    return f"too large ({size}; a small file can unfold to fill the memory)"


def _reason(error: Exception) -> str:
    text = (getattr(error, "strerror", None) or str(error) or type(error).__name__).strip()
    if isinstance(error, FileNotFoundError):
        return "a link that leads nowhere, or the file is gone"
    if isinstance(error, OSError) and error.errno:
        return text.lower()
    if any(word in text for word in ("truncated", "broken data stream", "Truncated")):
        return "cut short: the end of the picture is missing"
    return f"damaged ({text})"


def _what_it_is(start: bytes) -> str:
    """Say what a file is that is no picture, by its first bytes."""
    if not start:
        return "empty (0 bytes)"
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "a web page, not a picture"
    if start.startswith(b"\xff\xd8"):
        return "a damaged JPEG"
    with contextlib.suppress(UnicodeDecodeError):
        if start.decode("ascii").isprintable() or b"\n" in start:
            return "text, not a picture"
    return "not a picture of any known format"
