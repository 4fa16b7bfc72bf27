"""Lesson 08: a bill, a promise that does not hold, a chain of exits, a block within a budget."""

from course_utils.checks.lesson_08 import bill, block, exits, promise

__all__ = ["bill", "block", "exits", "promise"]
