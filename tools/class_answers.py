"""What the learners of the example class answered."""

DEFAULT = "the solution"
BLANK = None  # as it was handed out

OWN_LENGTH = """
def output_length(n, K, P=0, S=1, D=1):
    return len(range(0, n + 2 * P - D * (K - 1), S))
"""
NO_DILATION = """
def output_length(n, K, P=0, S=1, D=1):
    return (n + 2 * P - K) // S + 1
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
UNFLIPPED = """
def convolve(sequence, weights):
    return np.correlate(sequence, weights, "valid")
"""
WHOLE_NUMBERS = """
def convolve(sequence, weights):
    convolution = np.zeros(len(sequence) - len(weights) + 1, dtype=int)
    convolution[:] = np.convolve(sequence, weights, "valid")
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
LESSON_02 = {"02.1": DEFAULT}

ANSWERS = {
    "ada.ipynb": {},
    "ben.ipynb": {"01.1": OWN_LENGTH, "01.2": OWN_CONVOLVE, "01.3": OWN_KERNEL},
    "chloe.ipynb": {"01.1": NO_DILATION, "01.3": BLANK},
    "dmitri.ipynb": {"01.2": UNFLIPPED},
    "emeka/01_exercises.ipynb": {"01.2": WHOLE_NUMBERS, "01.3": BACK_TO_FRONT},
    "fatima.zip": {"01.3": OWN_KERNEL},
    "goran.ipynb": {"01.1": BLANK, "01.2": BLANK, "01.3": BLANK},
    "hana.ipynb": {},
    "ivan.ipynb": {},
    "julia.ipynb": {"01.2": SYNTAX_ERROR},
    "kofi.ipynb": {},
    "lena.ipynb": {},
    "mallory.ipynb": {"01.1": HTML, "01.2": PATCHES, "01.3": STEALS},
    "nadia.ipynb": LESSON_02,
    "oscar.ipynb": {"01.1": PRINTS, "01.3": NEVER_ENDS},
    "petra.ipynb": {},
}
