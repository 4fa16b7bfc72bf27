"""The exercises' checks, hints and solutions: ``check("01.2")``, ``hint("01.2")`` in a notebook.

A folder for each lesson, a file for each exercise: a function that judges the learner's answer,
decorated with `exercise`, and the wrong answers that it knows by name. `check` finds it by the id.
"""

from course_utils.checks.registry import CheckFailed, Exercise, check, exercise, find, hint
from course_utils.checks.solutions import solution

__all__ = ["CheckFailed", "Exercise", "check", "exercise", "find", "hint", "solution"]
