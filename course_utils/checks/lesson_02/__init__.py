"""Lesson 02: a layer's output, a pooling mended, a layer with gaps, a gradient for winners."""

from course_utils.checks.lesson_02 import shapes, pooling, dilated, winners  # isort: skip

__all__ = ["dilated", "pooling", "shapes", "winners"]
