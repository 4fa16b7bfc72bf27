"""Show the solution of an exercise, after asking."""

import tomllib
from functools import cache
from importlib.resources import files

from course_utils.checks.registry import find

_YES = ("y", "yes")


def solution(id: str, *, sure: bool = False) -> None:
    """Print the solution of exercise ``id``, once the learner has said yes.

    Parameters
    ----------
    id : str
        Such as ``"01.2"``.
    sure : bool
        Print it without asking, for places where nobody can answer.

    Raises
    ------
    ValueError
        If there is no such exercise.

    Examples
    --------
    >>> solution("01.1", sure=True)
    One solution of 01.1 (yours may be another):
    <BLANKLINE>
    def output_length(n, K, P=0, S=1, D=1):
        reach = D * (K - 1) + 1
        last_start = n + 2 * P - reach
        return last_start // S + 1
    """
    find(id)
    if not sure:
        try:
            answer = input(f"Show the solution of {id}? There is hint({id!r}), too. [y/n] ")
        except (NotImplementedError, EOFError, OSError):  # no keyboard: a test, a script
            print(f'Nobody can be asked here. To see it: solution("{id}", sure=True)')
            return
        if answer.strip().lower() not in _YES:
            print(f'Not shown. For a nudge: hint("{id}")')
            return
    print(f"One solution of {id} (yours may be another):\n\n{all_solutions()[id]}", end="")


@cache
def all_solutions() -> dict[str, str]:
    """Return the source of every exercise's solution by id."""
    path = files("course_utils.checks") / "solutions.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
