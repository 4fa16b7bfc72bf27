"""Lesson 01: the length of an output, a web page mended, an unknown kernel found."""

from course_utils.checks.lesson_01 import detection, length, mended

__all__ = ["detection", "length", "mended"]
