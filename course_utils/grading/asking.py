"""How an answer is asked: the code that runs in the learner's kernel, and what it must print."""

import base64
import contextlib
import inspect
import io
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

ASK = '''\
def _ask(function, cases, step):
    """Print what a function gives for each case, in whole steps, as one line of JSON."""
    import contextlib, io, json, warnings

    import numpy

    def numbers(answer):
        if answer is None or answer is Ellipsis:
            raise TypeError(f"returns {answer}")
        try:
            array = numpy.asarray(answer)
        except ValueError:  # several things of several shapes
            return [numbers(one) for one in answer]
        if array.dtype.kind not in "iuf":
            raise TypeError(f"returns {type(answer).__name__}, not numbers")
        steps = numpy.rint(array.astype(float) / step).ravel().tolist()
        return [list(array.shape), [int(n) if abs(n) < 1e15 else str(n) for n in steps]]

    given = []
    for case in cases:
        copies = [numpy.array(a) if isinstance(a, numpy.ndarray) else a for a in case]
        quiet = io.StringIO()
        try:
            with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    given.append(numbers(function(*copies)))
            for kept, used in zip(case, copies):
                if isinstance(kept, numpy.ndarray) and not numpy.array_equal(kept, used):
                    raise ValueError("changes its input in place")
        except Exception as error:
            given.append({"error": f"{type(error).__name__}: {error}"[:200]})
    print(json.dumps(given))


def _name(function, images):
    """Print the class that a function gives each image, as one line of JSON."""
    import contextlib, io, json

    import numpy

    quiet = io.StringIO()
    try:
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            classes = numpy.asarray(function(images))
        if classes.shape != (len(images),) or classes.dtype.kind not in "iu":
            raise TypeError(f"no class for each image, but {classes.dtype}, {classes.shape}")
        given = classes.tolist()
    except Exception as error:
        given = [{"error": f"{type(error).__name__}: {error}"[:200]}]
    print(json.dumps(given))


def _unpacked(text, shape):
    """Return the images in a text."""
    import base64, zlib

    import numpy

    content = zlib.decompress(base64.b64decode(text))
    return numpy.frombuffer(content, "uint8").reshape(shape).copy()'''


@dataclass(frozen=True)
class Asked:
    """One probe: a line for people, the code for the kernel, and what a right answer prints.

    With ``agree`` a right answer prints a list of whole numbers, of which at least this share is
    as in ``printed``: classes of images, which nobody gets all right. With ``judge`` a function of
    `judges` decides, and ``printed`` holds what it knows. With ``hands_over`` the network ``model``
    of at most so many parameters is asked, in a kernel without the answer's code.
    """

    line: str
    code: str
    printed: str
    agree: float | None = None
    judge: str = ""
    hands_over: int = 0


def question(name: str, cases: Sequence[tuple], step: float) -> str:
    """Return the code that puts ``cases`` to the function called ``name``.

    Examples
    --------
    >>> question("f", [(1, np.array([0.5]))], 0.25)
    "_ask(f, [(1, __import__('numpy').array([0.5], dtype='float64'))], 0.25)"
    """
    written = ", ".join(_written(tuple(case)) for case in cases)
    return f"_ask({name}, [{written}], {step!r})"


def naming(name: str, images: np.ndarray) -> str:
    """Return the code that asks the function called ``name`` for the classes of ``images``.

    Parameters
    ----------
    images : (n, height, width, channels) uint8
    """
    text = base64.b64encode(zlib.compress(images.tobytes(), 9)).decode()
    return f"_name({name}, _unpacked({text!r}, {images.shape}))"


def sources(functions: Iterable[Callable]) -> str:
    """Return the code of some functions, which import what they use themselves."""
    return "".join(f"{inspect.getsource(function)}\n\n" for function in functions)


def printed(namespace: dict[str, Any], code: str) -> str:
    """Return what ``code`` prints, run in this process: for our own solutions only."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(code, namespace)
    return output.getvalue()


def _written(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"__import__('numpy').array({value.tolist()}, dtype={str(value.dtype)!r})"
    if isinstance(value, tuple):
        return f"({', '.join(map(_written, value))},)" if len(value) == 1 else _several(value)
    if isinstance(value, np.generic):
        return repr(value.item())
    return repr(value)


def _several(values: tuple) -> str:
    return f"({', '.join(map(_written, values))})"
