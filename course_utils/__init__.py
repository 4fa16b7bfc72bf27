"""The helper package of the course: data, NumPy layers, models, plots, claims and checks.

Names are imported on first use, so ``import course_utils`` stays fast and needs no TensorFlow.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "profile": "settings",
    "quiet": "settings",
    "folder": "data",
    "load": "data",
    "photo": "data",
    "weights": "data",
    "claim": "claims",
    "recorded": "claims",
    "check": "checks",
    "hint": "checks",
    "solution": "checks",
}
_MODULES = (
    "checks",
    "claims",
    "data",
    "explain",
    "images",
    "models",
    "plots",
    "scratch",
    "settings",
    "training",
    "widgets",
)
__all__ = ["__version__", *sorted(_HOME), *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"course_utils.{_HOME[name]}"), name)
    if name in _MODULES:
        return import_module(f"course_utils.{name}")
    raise AttributeError(f"course_utils has no {name!r}; it has {', '.join(__all__[1:])}")


def __dir__() -> list[str]:
    return __all__
