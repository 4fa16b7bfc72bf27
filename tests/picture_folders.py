"""Folders of small pictures for the tests, good ones and every kind of bad one."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

GREY16 = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000


def colours(seed, height=12, width=16):
    """Return a random picture (height, width, 3) uint8."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def encoded(picture, format="JPEG", **options):
    """Return a picture as the bytes of a file."""
    file = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(file, format, **options)
    return file.getvalue()


def jpeg(seed, **options):
    return encoded(colours(seed), quality=90, **options)


def png(seed, **options):
    return encoded(colours(seed), "PNG", **options)


def animation():
    frames = [Image.fromarray(colours(seed)) for seed in (1, 2, 3)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


def bomb(side):
    """Return a PNG of a few bytes that says it is so many pixels high and wide."""

    def chunk(name, content):
        crc = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


BAD = {  # file name: (content, the reason that is given)
    "zero.jpg": (b"", "empty (0 bytes)"),
    "page.jpg": (b"<!DOCTYPE html><html><body>404</body></html>", "a web page, not a picture"),
    "notes.jpg": (b"these are\nnotes\n", "text, not a picture"),
    "noise.jpg": (bytes(range(256)), "not a picture of any known format"),
    "header.jpg": (b"\xff\xd8\xff\xe0\0\x10JFIF", "cut short: the end of the picture is missing"),
    "start.jpg": (b"\xff\xd8" + bytes(100), "a damaged JPEG"),
    "short.jpg": (jpeg(5)[:-200], "cut short: the end of the picture is missing"),
    "short.png": (png(5)[:-200], "cut short: the end of the picture is missing"),
    "bomb.png": (
        bomb(60_000),
        "too large (more than 100 million pixels; a small file can unfold to fill the memory)",
    ),
    "large.png": (
        bomb(11_000),
        "too large (11000 x 11000 pixels; a small file can unfold to fill the memory)",
    ),
    "numbers.tif": (
        encoded(np.ones((4, 4), np.float32), "TIFF"),
        "its 32-bit numbers have no agreed black and white",
    ),
}
MISNAMED = {
    "really_png.jpg": (png(6), "a PNG picture named .jpg"),
    "really_gif.JPG": (animation(), "a GIF picture named .jpg"),
    "really_jpeg.png": (jpeg(7), "a JPEG picture named .png"),
}
ODD_BUT_GOOD = {
    "moving.gif": animation(),
    "cmyk.jpg": encoded(Image.fromarray(colours(8)).convert("CMYK")),
    "sixteen.png": encoded(GREY16, "PNG"),
    "grey.jpg": encoded(colours(9)[..., 0]),
    "palette.png": encoded(Image.fromarray(colours(10)).quantize(8), "PNG", transparency=b"\x80"),
    "alpha.png": encoded(Image.fromarray(colours(11)).convert("RGBA"), "PNG"),
    "two colours.png": encoded(Image.fromarray(colours(12)).convert("1"), "PNG"),
    "web.webp": encoded(colours(13), "WEBP", lossless=True),
    "LOUD.JPG": jpeg(14),
}


def write(folder, files):
    """Write files, given by their paths below a folder, and return the folder."""
    for path, content in files.items():
        place = Path(folder) / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return Path(folder)


def pets(folder, cats=3, dogs=2, make=jpeg, suffix=".jpg"):
    """Write two class folders of good pictures."""
    files = {f"cats/{n}{suffix}": make(n) for n in range(cats)}
    return write(folder, files | {f"dogs/{n}{suffix}": make(100 + n) for n in range(dogs)})


def tree(folder):
    """Return every file below a folder with its content; links that lead nowhere with None."""
    found = {}
    for root, _, files in os.walk(folder):
        for name in files:
            path = Path(root) / name
            found[path.relative_to(folder).as_posix()] = (
                path.read_bytes() if path.exists() else None
            )
    return found
