"""Embedded packs: many small images as the tiles of one large picture that anybody can open.

A sheet is a lossless WebP file, so its pixels are the originals'; it is read left to right and
top to bottom. Labels stand beside it as an ``.npy`` file of uint8.
"""

import io
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from course_utils.data.entries import catalog, embedded, known


def sheet(images: np.ndarray, *, columns: int) -> np.ndarray:
    """Lay images out as the tiles of one picture.

    Parameters
    ----------
    images : (n, height, width, channels) uint8
        ``n`` must fill whole rows.
    columns : int
        Images in a row.

    Returns
    -------
    (n / columns * height, columns * width, channels) uint8

    Examples
    --------
    >>> sheet(np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1), columns=2)[:, :, 0]
    array([[0, 1],
           [2, 3]], dtype=uint8)
    """
    n, height, width, channels = images.shape
    grid = images.reshape(n // columns, columns, height, width, channels)
    return grid.swapaxes(1, 2).reshape(n // columns * height, columns * width, channels)


def tiles(picture: np.ndarray, *, height: int, width: int) -> np.ndarray:
    """Cut a picture into its tiles: the inverse of `sheet`.

    Parameters
    ----------
    picture : (rows * height, columns * width, channels) uint8

    Returns
    -------
    (rows * columns, height, width, channels) uint8
    """
    rows, columns = picture.shape[0] // height, picture.shape[1] // width
    grid = picture.reshape(rows, height, columns, width, -1)
    return grid.swapaxes(1, 2).reshape(rows * columns, height, width, -1)


def png(image: np.ndarray) -> bytes:
    """Encode one small colour image as a PNG file whose bytes depend on its pixels alone.

    The pixels are stored, not compressed, so every version of zlib gives the same file.

    Parameters
    ----------
    image : (height, width, 3) uint8
        At most 65,535 bytes with one more for each row: what one stored block holds.

    Source: the PNG specification (third edition), RFC 1950 (zlib) and RFC 1951 (stored blocks).

    Examples
    --------
    >>> len(png(np.zeros((32, 32, 3), np.uint8)))
    3172
    """
    height, width, _ = image.shape
    rows = np.insert(image.reshape(height, 3 * width), 0, 0, axis=1).tobytes()  # 0: no filter
    block = struct.pack("<BHH", 1, len(rows), len(rows) ^ 0xFFFF) + rows
    stream = b"\x78\x01" + block + struct.pack(">I", zlib.adler32(rows))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, colour
    chunks = (b"IHDR", header), (b"IDAT", stream), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def pixels(content: bytes) -> np.ndarray:
    """Decode one picture to (height, width, 3) uint8."""
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))


def read_part(part: Mapping[str, Any]) -> np.ndarray:
    """Return the array that one part of an embedded pack holds.

    Parameters
    ----------
    part : mapping
        From the catalog: ``file`` and ``sha256``; for a sheet also ``tile``, the shape
        (height, width, channels) of one image.
    """
    content = embedded(part)
    if "tile" not in part:
        return np.load(io.BytesIO(content), allow_pickle=False)
    height, width, channels = part["tile"]
    picture = pixels(content)[:, :, :channels]  # WebP stores grey as three equal channels
    return tiles(picture, height=height, width=width)


def photo(name: str) -> np.ndarray:
    """Return one of the photographs: (height, width, 3) uint8, or (height, width) if it is grey.

    Parameters
    ----------
    name : str
        ``"cat"``, ``"coffee"``, ``"astronaut"``, ``"camera"``, ``"brick"``, ``"rocket"`` or
        ``"grace_hopper"``; all are in the public domain or CC0.

    Raises
    ------
    DataError
        If there is no such photograph.

    Examples
    --------
    >>> photo("cat").shape, photo("camera").shape
    ((300, 451, 3), (512, 512))
    """
    photos = catalog()["photos"].mini
    part = photos[known(name, list(photos), what="photograph")]
    picture = pixels(embedded(part))
    return picture[:, :, 0] if part["channels"] == 1 else picture
