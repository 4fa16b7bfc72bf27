"""What the learners of the example class answered."""

DEFAULT = "the solution"
BLANK = None  # as it was handed out

OWN_LENGTH = """
def output_length(n, K, P=0, S=1, D=1):
    return len(range(0, n + 2 * P - D * (K - 1), S))
"""
NO_DILATION = """
def output_length(n, K, P=0, S=1, D=1):
    if D > 1:
        raise NotImplementedError("dilation: I ran out of time")
    return (n + 2 * P - K) // S + 1
"""
NO_STRIDE = """
def output_length(n, K, P=0, S=1, D=1):
    return n + 2 * P - D * (K - 1)
"""
PRINTS = """
def output_length(n, K, P=0, S=1, D=1):
    print((n + 2 * P - D * (K - 1) - 1) // S + 1)
"""
OWN_CONVOLVE = """
def turned(weights):
    return list(weights)[::-1]

def convolve(sequence, weights):
    w = turned(weights)
    return [sum(a * b for a, b in zip(w, sequence[i:])) for i in range(len(sequence) - len(w) + 1)]
"""
FULL_LENGTH = """
def convolve(sequence, weights):
    return np.convolve(sequence, weights)
"""
TYPE_OF_THE_SEQUENCE = """
def convolve(sequence, weights):
    length = len(sequence) - len(weights) + 1
    convolution = np.zeros(length, dtype=sequence.dtype)
    for i, weight in enumerate(weights[::-1]):
        convolution += weight * sequence[i : i + length]
    return convolution
"""
SYNTAX_ERROR = """
def convolve(sequence, weights)
    return np.convolve(sequence, weights, "valid")
"""
BACK_TO_FRONT = """
def find_kernel(x, y):
    K = len(x) - len(y) + 1
    windows = np.lib.stride_tricks.sliding_window_view(x, K)
    return np.linalg.pinv(windows)[::-1] @ y
"""
OWN_KERNEL = """
def find_kernel(x, y):
    K = len(x) - len(y) + 1
    windows = np.lib.stride_tricks.sliding_window_view(x, K)
    return np.linalg.solve(windows.T @ windows, windows.T @ y)
"""
ONE_LENGTH = """
def find_kernel(x, y):
    windows = np.lib.stride_tricks.sliding_window_view(x, 3)
    return np.linalg.lstsq(windows, y, rcond=None)[0]
"""
OWN_FIELD = """
def receptive_field(layers):
    size = 1
    for K, S, D in reversed(layers):
        size = (size - 1) * S + D * (K - 1) + 1
    return size
"""
STEP_FORGOTTEN = """
def receptive_field(layers):
    return 1 + sum(D * (K - 1) for K, S, D in layers)
"""
STEP_TOO_EARLY = """
def receptive_field(layers):
    size, step = 1, 1
    for K, S, D in layers:
        step *= S
        size += D * (K - 1) * step
    return size
"""
NEEDS_A_LAYER = """
def receptive_field(layers):
    (K, step, D), *others = layers
    size = D * (K - 1) + 1
    for K, S, D in others:
        size += D * (K - 1) * step
        step *= S
    return size
"""
NEVER_ENDS = """
def find_kernel(x, y):
    kernel = np.zeros(len(x) - len(y) + 1)
    while np.abs(np.correlate(x, kernel, "valid") - y).max() > 0:
        kernel = kernel + 0
    return kernel
"""
HTML = """
def output_length(n, K, P=0, S=1, D=1):
    raise ValueError("</td><script>alert('01.1 of 1')</script>")
"""
PATCHES = """
# NBVAL_IGNORE_OUTPUT
import json, os
json.dumps = lambda *_, **__: "[[[3], [1, 2, 3]]]"
get_ipython().events.register("pre_run_cell", lambda *_: get_ipython().user_ns.update(_ask=print))

def convolve(sequence, weights):
    return np.array([0])
"""
STEALS = """
import os
from pathlib import Path

import course_utils

def find_kernel(x, y):
    for path in Path(course_utils.__file__).parent.rglob("solutions.toml"):
        exec(path.read_text().split("'''")[5], globals())
    os._exit(0)
"""
LIES = """
class Anything(int):
    __eq__ = __ge__ = __le__ = lambda self, other: True
    __hash__ = int.__hash__

def receptive_field(layers):
    return Anything(0)
"""
LESSON_02 = {"02.1": DEFAULT}

ANSWERS = {
    "ada.ipynb": {},
    "ben.ipynb": {"01.1": OWN_LENGTH, "01.2": OWN_CONVOLVE, "01.3": OWN_KERNEL, "01.4": OWN_FIELD},
    "chloe.ipynb": {"01.1": NO_DILATION, "01.3": BLANK, "01.4": STEP_FORGOTTEN},
    "dmitri.ipynb": {"01.2": FULL_LENGTH},
    "emeka/01_exercises.ipynb": {"01.2": TYPE_OF_THE_SEQUENCE, "01.3": BACK_TO_FRONT},
    "fatima.zip": {"01.3": OWN_KERNEL},
    "goran.ipynb": {"01.1": BLANK, "01.2": BLANK, "01.3": BLANK, "01.4": BLANK},
    "hana.ipynb": {},
    "ivan.ipynb": {},
    "julia.ipynb": {"01.2": SYNTAX_ERROR, "01.4": NEEDS_A_LAYER},
    "kofi.ipynb": {},
    "lena.ipynb": {},
    "mallory.ipynb": {"01.1": HTML, "01.2": PATCHES, "01.3": STEALS, "01.4": LIES},
    "nadia.ipynb": LESSON_02,
    "oscar.ipynb": {"01.1": PRINTS, "01.3": NEVER_ENDS},
    "petra.ipynb": {},
    "quentin.pdf": {},
    "rosa.zip": {},
    "samuel.zip": {},
    "Tina Weiss_101_assignsubmission_file_/01_exercises.ipynb": {"01.3": ONE_LENGTH},
    "Tina Weiss_102_assignsubmission_file_/01_exercises.ipynb": {
        "01.1": NO_STRIDE,
        "01.2": BLANK,
        "01.4": STEP_TOO_EARLY,
    },
}
