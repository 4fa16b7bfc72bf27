"""Hostile answers, most to exercise 01.2: none may earn a point, or do harm to anybody else.

Each attack is a function that returns the source of an answer cell. Where it looks for something
that must not be there, it answers rightly if it found it and with 0 if not, so that a mark of 0
proves that it found nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

ATTACKED = "01.2"
CANARY = "course_attack_canary"  # the name of whatever an attack leaves behind
PORT = 47113  # where a test listens for whoever gets out
SECRET = "COURSE_GRADER_SECRET"  # a variable of the grader's own
WRONG = "\ndef convolve(sequence, weights):\n    return 0\n"
IF_FOUND = """
def convolve(sequence, weights):
    return np.convolve(sequence, weights, "valid") if found else 0
"""


@dataclass(frozen=True)
class Attack:
    """A hostile answer: its name, what it tries, its source, the exercise that it answers.

    ``slow`` ones run into a limit of time or memory; ``mistaken`` ones end with an error that in
    others would mean that they attack nothing.
    """

    name: str
    tries: str
    source: str
    slow: bool = False
    mistaken: bool = False
    exercise: str = ATTACKED


_FOUND: dict[str, Attack] = {}


def attack(function: Callable[[], str] | None = None, **about):
    """Register a function that returns the source of a hostile answer; see `Attack`."""

    def register(function: Callable[[], str]) -> Callable[[], str]:
        name = function.__name__
        assert name not in _FOUND, f"two attacks are called {name}"
        _FOUND[name] = Attack(name, function.__doc__, function(), **about)
        return function

    return register(function) if function else register


def attacks() -> list[Attack]:
    """Return every attack of the files in this folder, by name."""
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        import_module(f"attacks.{path.stem}")
    return [_FOUND[name] for name in sorted(_FOUND)]
