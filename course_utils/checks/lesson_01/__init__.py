"""Lesson 01: the length of an output, a web page mended, a kernel found, a stack that sees far."""

from course_utils.checks.lesson_01 import detection, length, mended, stack

__all__ = ["detection", "length", "mended", "stack"]
