"""Pictures that move and pictures with sliders, each with a static twin.

Both are plain PNG pictures in the stored notebook, so they show wherever it is read. Sliders
come on top where ipywidgets (7 or 8) and somebody to move them are present.
"""

import base64
import contextlib
import io
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from PIL import Image

from course_utils import settings

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def animate(
    frames: Iterable[Figure | np.ndarray],
    milliseconds: int | Sequence[int] = 500,
    *,
    alt: str = "An animated picture.",
) -> None:
    """Show frames one after the other, again and again, as an animated PNG.

    A browser plays it, on GitHub too; paper and whatever else knows only PNG show the first
    frame, so let that one make sense alone.

    Parameters
    ----------
    frames : Figures or arrays
        Figures of one size (each is closed once it is drawn, so give a generator to keep few
        open), or arrays (height, width) or (height, width, 3) uint8.
    milliseconds : int or sequence of int
        How long each frame stays.
    alt : str
        One sentence that says what moves, for readers without the picture.

    Raises
    ------
    ValueError
        If there is no frame, or sizes differ.

    Examples
    --------
    >>> dark, light = np.zeros((8, 8), "uint8"), np.full((8, 8), 255, "uint8")
    >>> animate([dark, light], 200, alt="A square blinks.")  # doctest: +SKIP
    """
    display(_bundle(apng(frames, milliseconds), alt), raw=True)


def apng(frames: Iterable[Figure | np.ndarray], milliseconds: int | Sequence[int] = 500) -> bytes:
    """Return ``frames`` as the bytes of an animated PNG; see `animate`."""
    pictures = [_picture(frame) for frame in frames]
    if not pictures:
        raise ValueError("animate needs at least one frame")
    if len({picture.size for picture in pictures}) > 1:
        raise ValueError("the frames of an animation have one size; make the figures alike")
    first, *others = pictures
    stream = io.BytesIO()
    durations = milliseconds if isinstance(milliseconds, int) else list(milliseconds)
    options = {"duration": durations, "loop": 0, "optimize": True}
    first.save(stream, "PNG", save_all=True, append_images=others, **options)
    return stream.getvalue()


def explore(
    draw: Callable[..., Figure],
    *,
    alt: str = "A picture with sliders.",
    start: dict[str, Any] | None = None,
    **sliders: Sequence[Any],
) -> None:
    """Show ``draw(**values)`` with a slider for each value.

    One output holds the picture at its start values and, where ipywidgets is installed, the
    sliders: a front end shows the richest it can. Builds and tests (``COURSE_STRICT=1``), where
    nobody moves anything, store the picture alone.

    Parameters
    ----------
    draw : function of the sliders' values
        Returns a Figure of constant size.
    alt : str
        One sentence that says what the picture shows, for readers without it.
    start : dict, optional
        First value of each slider; by default the first of its values.
    sliders : sequences
        The values that each slider walks through, by the name of ``draw``'s parameter.

    Raises
    ------
    ValueError
        If a start value is not among its slider's values.

    Examples
    --------
    >>> def draw(width):
    ...     figure, axes = plt.subplots()
    ...     return figure
    >>> explore(draw, width=[1, 3, 5], start={"width": 3})  # doctest: +SKIP
    """
    choices = {name: list(values) for name, values in sliders.items()}
    first = {name: values[0] for name, values in choices.items()} | (start or {})
    for name, value in first.items():
        if value not in choices.get(name, []):
            raise ValueError(f"{name} starts at {value!r}, which is none of its slider's values")

    @cache
    def picture(*values: Any) -> bytes:
        return _png(draw(**dict(zip(choices, values, strict=True))))

    bundle = _bundle(picture(*(first[name] for name in choices)), alt)
    if not settings.strict():
        with contextlib.suppress(ImportError):
            bundle[WIDGET_VIEW] = _slider_view(picture, choices, first)
    display(bundle, raw=True)


def _slider_view(
    picture: Callable[..., bytes], choices: dict[str, list[Any]], first: dict[str, Any]
) -> dict[str, Any]:
    """Return the view of sliders over an image that follows them."""
    import ipywidgets

    handles = [
        ipywidgets.SelectionSlider(
            options=values, value=first[name], description=name.replace("_", " ")
        )
        for name, values in choices.items()
    ]
    image = ipywidgets.Image(
        value=picture(*(handle.value for handle in handles)),
        format="png",
        layout={"align_self": "flex-start", "max_width": "100%"},  # its own size: not stretched
    )

    def redraw(_: Any) -> None:
        image.value = picture(*(handle.value for handle in handles))

    for handle in handles:
        handle.observe(redraw, names="value")
    box = ipywidgets.VBox([*handles, image])
    return {"version_major": 2, "version_minor": 0, "model_id": box.model_id}


def _bundle(png: bytes, alt: str) -> dict[str, Any]:
    """Return one output: the picture, and the sentence that stands for it."""
    return {"image/png": base64.b64encode(png).decode("ascii"), "text/plain": alt}


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=figure.dpi)
    plt.close(figure)
    return stream.getvalue()


def _picture(frame: Figure | np.ndarray) -> Image.Image:
    if isinstance(frame, Figure):
        return Image.open(io.BytesIO(_png(frame))).convert("RGB")
    return Image.fromarray(np.asarray(frame)).convert("RGB")
